// The lit field's edge as seen: points on rays from the picture's middle, and then across the fitted form.

import Frames

/// Points on the edge between ground and picture.
struct OutlinePoints: Sendable {
    /// Where dark ground turns into picture within a few pixels.
    var edge: [Point] = []
    /// Where the picture slowly gets dark: the form must not exclude these, but its edge may lie further out.
    var fade: [Point] = []
    /// Where the picture goes on to the limits: the form must not exclude these.
    var limit: [Point] = []
}

struct FieldFit: Sendable {
    var shape: FieldShape
    var form: FieldForm
    var score: Double
}

/// Measures the edge and finds the form that explains it.
struct FieldOutline: Sendable {
    private let evidence: PaneEvidence
    private let grid: PaneGrid
    private let region: PaneRegion
    private let level: Double

    init(evidence: PaneEvidence, grid: PaneGrid, region: PaneRegion) {
        self.evidence = evidence
        self.grid = grid
        self.region = region
        level = grid.litLevel
    }

    /// The best form, refined on the edge measured across it.
    func fit() -> FieldFit? {
        let rays = points(rays: 720)
        guard rays.edge.count + rays.limit.count >= 60 else { return nil }
        guard var best = FieldFitter(points: rays, limits: region.limits, middle: region.middle).best() else {
            return nil
        }
        for _ in 0..<2 {
            let across = points(across: best.shape)
            guard across.edge.count >= 24 else { break }
            let fitter = FieldFitter(points: across, limits: region.limits, middle: region.middle)
            guard let next = fitter.fit(best.form) else { break }
            best.shape = next.shape
        }
        return best
    }

    /// The outermost change from ground to picture, on every ray.
    private func points(rays count: Int) -> OutlinePoints {
        var found = OutlinePoints()
        var rises: [(point: Point, rise: Double)] = []
        let c = region.middle
        let box = region.limits
        for i in 0..<count {
            let (uy, ux) = Angle.sinCos(Double(i) / Double(count))
            // Where the ray leaves the limits.
            var reach = Double.infinity
            if ux > 1e-9 { reach = min(reach, (Double(box.maxX) - c.x) / ux) }
            if ux < -1e-9 { reach = min(reach, (Double(box.x) - c.x) / ux) }
            if uy > 1e-9 { reach = min(reach, (Double(box.maxY) - c.y) / uy) }
            if uy < -1e-9 { reach = min(reach, (Double(box.y) - c.y) / uy) }
            let steps = Int(reach)
            guard steps > 8 else { continue }
            var profile: [Double] = []
            profile.reserveCapacity(steps)
            // Outside in: profile[0] is at the limit.
            for s in 0..<steps {
                let r = reach - 0.5 - Double(s)
                profile.append(
                    brightness(at: Point(x: c.x + ux * r, y: c.y + uy * r), alongX: -uy, alongY: ux, width: 2))
            }
            // Lit without a break for some pixels: lines and stray pixels are thinner.
            let run = 5
            let first = (0..<max(0, steps - run)).first { s in (s..<s + run).allSatisfy { profile[$0] >= level } }
            guard let s = first else { continue }
            if s <= 2 {
                found.limit.append(Point(x: c.x + ux * reach, y: c.y + uy * reach))
                continue
            }
            // Half-way between the ground outside and the picture inside.
            let outside = average(profile, s - 8, s - 4)
            let inside = average(profile, s + 3, s + 7)
            let half = (outside + inside) / 2
            var at = Double(s)
            for t in max(1, s - 6)...min(steps - 1, s + 6) where profile[t] >= half && profile[t - 1] < half {
                at = Double(t - 1) + (half - profile[t - 1]) / (profile[t] - profile[t - 1])
                break
            }
            let r = reach - 0.5 - at
            let point = Point(x: c.x + ux * r, y: c.y + uy * r)
            // A sharp edge rises over few pixels; a fade has the same slope further in.
            let deeper = average(profile, s + 12, s + 16)
            let rise = inside - outside
            rises.append((point, rise > 0.6 * (deeper - outside) ? rise : 0))
        }
        // Texture in a fade looks like a weak edge: an edge rises by some part of what is usual here, and of the
        // picture's brightness.
        let usual = rises.map(\.rise).sorted()
        let least = usual.isEmpty ? 0 : max(7, usual[usual.count / 2] / 8, (region.brightness - level) / 6)
        for (point, rise) in rises {
            if rise >= least { found.edge.append(point) } else { found.fade.append(point) }
        }
        return found
    }

    private func average(_ profile: [Double], _ from: Int, _ to: Int) -> Double {
        let range = max(0, min(profile.count - 1, from))...max(0, min(profile.count - 1, to))
        return profile[range].reduce(0, +) / Double(range.count)
    }

    /// The change from ground to picture within a few pixels of a form's edge, measured at right angles to it.
    private func points(across shape: FieldShape) -> OutlinePoints {
        var found = OutlinePoints()
        let box = region.limits
        let reach = 7
        let count = 900
        for i in 0..<count {
            let (uy, ux) = Angle.sinCos(Double(i) / Double(count))
            guard let (p, nx, ny) = edge(of: shape, alongX: ux, alongY: uy) else { continue }
            let margin = 2.0
            if p.x < Double(box.x) + margin || p.y < Double(box.y) + margin || p.x > Double(box.maxX) - margin
                || p.y > Double(box.maxY) - margin
            {
                found.limit.append(
                    Point(
                        x: max(Double(box.x), min(Double(box.maxX), p.x)),
                        y: max(Double(box.y), min(Double(box.maxY), p.y))))
                continue
            }
            var profile: [Double] = []
            for s in -reach * 2...reach * 2 {
                let r = -Double(s) / 2
                profile.append(
                    brightness(at: Point(x: p.x + nx * r, y: p.y + ny * r), alongX: -ny, alongY: nx, width: 3))
            }
            let outside = profile[0..<6].reduce(0, +) / 6
            let inside = profile[(profile.count - 6)...].reduce(0, +) / 6
            guard inside - outside >= 6 else { continue }
            let half = (inside + outside) / 2
            // The crossing nearest to the form.
            var nearest: Double?
            for t in 1..<profile.count where profile[t] >= half && profile[t - 1] < half {
                let at = Double(t - 1) + (half - profile[t - 1]) / (profile[t] - profile[t - 1])
                let r = Double(reach) - at / 2
                if abs(r) < abs(nearest ?? .infinity) { nearest = r }
            }
            if let r = nearest { found.edge.append(Point(x: p.x + nx * r, y: p.y + ny * r)) }
        }
        return found
    }

    /// Where a ray from the middle leaves a form, and the edge's outward normal there.
    private func edge(of shape: FieldShape, alongX ux: Double, alongY uy: Double) -> (Point, Double, Double)? {
        let c = region.middle
        var reach = Double.infinity
        var normal = (0.0, 0.0)
        for side in shape.sides {
            let slope = side.nx * ux + side.ny * uy
            guard slope > 1e-9 else { continue }
            let r = -side.beyond(c) / slope
            if r > 0 && r < reach {
                reach = r
                normal = (side.nx, side.ny)
            }
        }
        if let e = shape.ellipse {
            let px = (c.x - e.center.x) / e.a
            let py = (c.y - e.center.y) / e.b
            let dx = ux / e.a
            let dy = uy / e.b
            let qa = dx * dx + dy * dy
            let qb = px * dx + py * dy
            let root = qb * qb - qa * (px * px + py * py - 1)
            if root > 0 {
                let r = (-qb + root.squareRoot()) / qa
                if r > 0 && r < reach {
                    reach = r
                    let gx = (px + r * dx) / e.a
                    let gy = (py + r * dy) / e.b
                    let length = (gx * gx + gy * gy).squareRoot()
                    normal = (gx / length, gy / length)
                }
            }
        }
        guard reach.isFinite else { return nil }
        return (Point(x: c.x + ux * reach, y: c.y + uy * reach), normal.0, normal.1)
    }

    /// Mean brightness over a short line; excluded cells are dark.
    private func brightness(at p: Point, alongX: Double, alongY: Double, width: Int) -> Double {
        let column = max(0, min(grid.columns - 1, Int(p.x) / grid.cell))
        let row = max(0, min(grid.rows - 1, Int(p.y) / grid.cell))
        if region.excluded[row * grid.columns + column] { return 0 }
        var sum = 0.0
        for k in -width...width {
            sum += evidence.mean(x: p.x + alongX * Double(k), y: p.y + alongY * Double(k))
        }
        return sum / Double(2 * width + 1)
    }
}
