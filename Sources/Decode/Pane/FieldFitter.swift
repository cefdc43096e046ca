// Which form explains the edge: rectangle, octagon, circle, ellipse, each cut by straight sides where there are some.

import Foundation
import Frames

/// Sines and cosines of turns.
enum Angle {
    /// Sine and cosine of a share of the full turn.
    static func sinCos(_ turn: Double) -> (Double, Double) { (sin(turn * 2 * .pi), cos(turn * 2 * .pi)) }
}

/// Fits forms to edge points.
///
/// Where the picture is dark at its edge, the points found lie inside the true edge, and never outside. So a form is
/// good when many points lie on it and hardly any beyond it, however many lie within.
struct FieldFitter: Sendable {
    let points: OutlinePoints
    let limits: PixelRect
    let middle: Point
    /// Points this near to the edge count as lying on it, pixels.
    private let tolerance = 1.5
    private let need: Int

    init(points: OutlinePoints, limits: PixelRect, middle: Point) {
        self.points = points
        self.limits = limits
        self.middle = middle
        need = max(8, (points.edge.count + points.limit.count) / 40)
    }

    /// The form with the best score; simpler forms win ties.
    func best() -> FieldFit? {
        let all: [FieldForm] = [.rectangle, .circle, .octagon, .ellipse, .hull]
        return all.compactMap { fit($0) }.max { $0.score < $1.score }
    }

    func fit(_ form: FieldForm) -> FieldFit? {
        let shape: FieldShape?
        let price: Double
        switch form {
        case .rectangle:
            shape = rectangle()
            price = 0
        case .octagon:
            shape = octagon()
            price = 0.02
        case .circle:
            shape = circle().map { flattened(FieldShape(ellipse: $0)) }
            price = 0.01
        case .ellipse:
            shape = ellipse().map { flattened(FieldShape(ellipse: $0)) }
            price = 0.03
        case .hull:
            shape = hull()
            price = 0.15
        }
        return shape.map {
            // Every side that flattens a round form costs a little: an octagon is not a circle with four of them.
            let flats = $0.ellipse == nil ? 0 : $0.sides.count
            return FieldFit(shape: $0, form: form, score: support($0) - price - 0.01 * Double(flats))
        }
    }

    /// Share of points on the edge, less the share beyond it.
    private func support(_ shape: FieldShape) -> Double {
        var on = 0
        var beyond = 0
        for p in points.edge {
            let d = shape.beyond(p)
            if abs(d) <= tolerance { on += 1 } else if d > 0 { beyond += 1 }
        }
        for p in points.limit { if shape.beyond(p) <= tolerance { on += 1 } else { beyond += 1 } }
        for p in points.fade where shape.beyond(p) > tolerance { beyond += 1 }
        let seen = Double(points.edge.count + points.limit.count) + 0.25 * Double(points.fade.count)
        return (Double(on) - 2 * Double(beyond)) / max(1, seen)
    }

    // MARK: Straight sides

    private static let axes: [(Double, Double)] = [(1, 0), (-1, 0), (0, 1), (0, -1)]

    /// Where points gather along a direction: the outermost line on which at least `need` points lie.
    private func line(_ nx: Double, _ ny: Double, among points: [Point], need: Int) -> Double? {
        // Only this side of the middle: the opposite side is a line as well.
        let heights = points.map { nx * $0.x + ny * $0.y }.filter { $0 > nx * middle.x + ny * middle.y }.sorted(by: >)
        guard heights.count >= need else { return nil }
        let width = 2.5
        var end = 0
        var found: (count: Int, start: Int)?
        for start in heights.indices {
            if let found, heights[found.start] - heights[start] > width { break }
            while end < heights.count && heights[start] - heights[end] <= width { end += 1 }
            if end - start >= need && end - start > (found?.count ?? 0) { found = (end - start, start) }
        }
        return found.map { heights[$0.start + $0.count / 2] }
    }

    private func limit(_ nx: Double, _ ny: Double) -> Double {
        if nx > 0 { return Double(limits.maxX) }
        if nx < 0 { return -Double(limits.x) }
        return ny > 0 ? Double(limits.maxY) : -Double(limits.y)
    }

    /// Four upright sides: where the picture reaches the limits, the limits; else where points gather.
    ///
    /// A side that is too dark to be seen lies where the form is square, or further out where points say so.
    private func rectangle() -> FieldShape? {
        let everything = points.edge + points.fade
        var heights = Self.axes.map { nx, ny -> Double? in
            let bound = limit(nx, ny)
            let reaches = points.limit.count { nx * $0.x + ny * $0.y >= bound - 1 } >= need
            return reaches ? bound : line(nx, ny, among: points.edge, need: need)
        }
        for (axis, (nx, ny)) in Self.axes.enumerated() where heights[axis] == nil {
            let outermost = everything.map { nx * $0.x + ny * $0.y }.max() ?? limit(nx, ny)
            let other = axis ^ 1
            let across = axis < 2 ? (heights[2], heights[3]) : (heights[0], heights[1])
            var h = outermost
            let ends = [other] + (axis < 2 ? [2, 3] : [0, 1])
            let bound = limit(nx, ny)
            let span = bound + limit(-nx, -ny)
            if ends.allSatisfy({ heights[$0] == limit(Self.axes[$0].0, Self.axes[$0].1) }),
                bound - outermost < 0.25 * span
            {
                // The picture fills the recording at all other sides.
                heights[axis] = bound
                continue
            }
            if let opposite = heights[other], let one = across.0, let two = across.1 {
                let square = one + two - opposite
                if square > outermost && square - outermost < 0.5 * (one + two) { h = square }
            }
            heights[axis] = min(h, bound)
        }
        return FieldShape(
            sides: zip(Self.axes, heights).compactMap { axis, h in h.map { HalfPlane(nx: axis.0, ny: axis.1, h: $0) } })
    }

    /// A rectangle with cut corners; a corner that is too dark to be seen is cut like the others.
    private func octagon() -> FieldShape? {
        guard var shape = rectangle() else { return nil }
        let box = shape
        let width = box.sides[0].h + box.sides[1].h
        let height = box.sides[2].h + box.sides[3].h
        guard width > 0, height > 0 else { return nil }
        var cuts: [Double?] = []
        var planes: [HalfPlane?] = []
        for (sx, sy) in [(1.0, 1.0), (1, -1), (-1, 1), (-1, -1)] {
            let hx = sx > 0 ? box.sides[0].h : box.sides[1].h
            let hy = sy > 0 ? box.sides[2].h : box.sides[3].h
            let near = points.edge.filter {
                let dx = hx - sx * $0.x
                let dy = hy - sy * $0.y
                return dx > 2.5 && dy > 2.5 && dx + dy < 0.35 * (width + height)
            }
            guard let plane = diagonal(sx, sy, among: near) else {
                cuts.append(nil)
                planes.append(nil)
                continue
            }
            // How far the cut reaches along both sides, on average.
            let atSide = (plane.h - plane.ny * hy * sy) / plane.nx
            let atTop = (plane.h - plane.nx * hx * sx) / plane.ny
            cuts.append((abs(hx * sx - atSide) + abs(hy * sy - atTop)) / 2)
            planes.append(plane)
        }
        let known = cuts.compactMap { $0 }.sorted()
        guard known.count >= 2 else { return nil }
        let usual = known[known.count / 2]
        for (i, (sx, sy)) in [(1.0, 1.0), (1, -1), (-1, 1), (-1, -1)].enumerated() {
            if let plane = planes[i], let cut = cuts[i], abs(cut - usual) < 0.06 * min(width, height) {
                shape.sides.append(plane)
                continue
            }
            let hx = sx > 0 ? box.sides[0].h : box.sides[1].h
            let hy = sy > 0 ? box.sides[2].h : box.sides[3].h
            let root = 0.5.squareRoot()
            shape.sides.append(HalfPlane(nx: sx * root, ny: sy * root, h: (hx + hy - usual) * root))
        }
        return shape
    }

    /// A corner's cut: the outermost line near 45 degrees on which points gather, its slope from those points.
    private func diagonal(_ sx: Double, _ sy: Double, among near: [Point]) -> HalfPlane? {
        let least = max(6, need / 2)
        guard near.count >= least else { return nil }
        var best: (count: Int, plane: HalfPlane)?
        for degrees in stride(from: 33.0, through: 57.0, by: 2.0) {
            let (s, c) = Angle.sinCos(degrees / 360)
            guard let h = line(sx * c, sy * s, among: near, need: least) else { continue }
            let plane = HalfPlane(nx: sx * c, ny: sy * s, h: h)
            let count = near.count { abs(plane.beyond($0)) <= tolerance }
            if count > (best?.count ?? 0) { best = (count, plane) }
        }
        guard let found = best else { return nil }
        // The line of least squares through the points near it.
        let on = near.filter { abs(found.plane.beyond($0)) <= 2 }
        guard on.count >= least else { return found.plane }
        let n = Double(on.count)
        let mx = on.reduce(0) { $0 + $1.x } / n
        let my = on.reduce(0) { $0 + $1.y } / n
        var xx = 0.0
        var xy = 0.0
        var yy = 0.0
        for p in on {
            xx += (p.x - mx) * (p.x - mx)
            xy += (p.x - mx) * (p.y - my)
            yy += (p.y - my) * (p.y - my)
        }
        let theta = 0.5 * atan2(2 * xy, xx - yy)
        var nx = -sin(theta)
        var ny = cos(theta)
        if nx * sx + ny * sy < 0 {
            nx = -nx
            ny = -ny
        }
        guard nx * sx > 0.3, ny * sy > 0.3 else { return found.plane }
        return HalfPlane(nx: nx, ny: ny, h: nx * mx + ny * my)
    }

    /// A round form with the upright sides on which points gather well inside it.
    private func flattened(_ shape: FieldShape) -> FieldShape {
        guard let e = shape.ellipse else { return shape }
        var result = shape
        let inside = points.edge.filter { e.beyond($0) < -2.5 }
        for (nx, ny) in Self.axes {
            let outermost = nx * e.center.x + ny * e.center.y + (nx != 0 ? e.a : e.b)
            guard let h = line(nx, ny, among: inside, need: need), h < outermost - 3,
                h > nx * e.center.x + ny * e.center.y + 0.5 * (nx != 0 ? e.a : e.b)
            else { continue }
            result.sides.append(HalfPlane(nx: nx, ny: ny, h: h))
        }
        return support(result) > support(shape) + 0.02 ? result : shape
    }

    // MARK: Round forms

    /// The circle that most points lie on, from trials over triples of points, then least squares.
    private func circle() -> Ellipse? {
        let edge = points.edge
        guard edge.count >= 24 else { return nil }
        var random = Lottery()
        var best: (score: Double, ellipse: Ellipse)?
        for _ in 0..<400 {
            guard
                let e = Self.circle(
                    edge[random.next(edge.count)], edge[random.next(edge.count)], edge[random.next(edge.count)])
            else { continue }
            consider(e, &best)
        }
        guard var e = best?.ellipse else { return nil }
        for _ in 0..<4 {
            let on = edge.filter { abs(e.beyond($0)) <= 2 }
            guard on.count >= 12, let next = Self.leastSquares(on, circle: true) else { break }
            e = next
        }
        return e
    }

    /// The upright ellipse that most points lie on.
    private func ellipse() -> Ellipse? {
        let edge = points.edge
        guard edge.count >= 16 else { return nil }
        var random = Lottery()
        var best: (score: Double, ellipse: Ellipse)?
        for _ in 0..<500 {
            let four = (0..<4).map { _ in edge[random.next(edge.count)] }
            if let e = Self.leastSquares(four, circle: false) { consider(e, &best) }
        }
        guard var e = best?.ellipse else { return nil }
        for _ in 0..<4 {
            let on = edge.filter { abs(e.beyond($0)) <= 2 }
            guard on.count >= 16, let next = Self.leastSquares(on, circle: false) else { break }
            e = next
        }
        return e
    }

    private func consider(_ e: Ellipse, _ best: inout (score: Double, ellipse: Ellipse)?) {
        let reach = Double(max(limits.width, limits.height))
        guard e.a > 20, e.b > 20, e.a < 1.5 * reach, e.b < 1.5 * reach, e.a < 2.5 * e.b, e.b < 2.5 * e.a,
            e.beyond(middle) < 0
        else { return }
        let score = support(FieldShape(ellipse: e))
        if score > (best?.score ?? -.infinity) { best = (score, e) }
    }

    private static func circle(_ p: Point, _ q: Point, _ r: Point) -> Ellipse? {
        let ax = q.x - p.x
        let ay = q.y - p.y
        let bx = r.x - p.x
        let by = r.y - p.y
        let d = 2 * (ax * by - ay * bx)
        guard abs(d) > 1 else { return nil }
        let aa = ax * ax + ay * ay
        let bb = bx * bx + by * by
        let ux = (by * aa - ay * bb) / d
        let uy = (ax * bb - bx * aa) / d
        let radius = (ux * ux + uy * uy).squareRoot()
        return Ellipse(center: Point(x: p.x + ux, y: p.y + uy), a: radius, b: radius)
    }

    /// Least squares of x^2 (+ k y^2) + c x + d y = e; `k` is 1 for a circle.
    private static func leastSquares(_ on: [Point], circle: Bool) -> Ellipse? {
        let n = Double(on.count)
        let mx = on.reduce(0) { $0 + $1.x } / n
        let my = on.reduce(0) { $0 + $1.y } / n
        let scale = max(1, on.map { max(abs($0.x - mx), abs($0.y - my)) }.max() ?? 1)
        let unknowns = circle ? 3 : 4
        var normal = [[Double]](repeating: [Double](repeating: 0, count: unknowns + 1), count: unknowns)
        for p in on {
            let x = (p.x - mx) / scale
            let y = (p.y - my) / scale
            let row = circle ? [x, y, 1] : [x, y, 1, y * y]
            let target = circle ? -(x * x + y * y) : -(x * x)
            for i in 0..<unknowns {
                for j in 0..<unknowns { normal[i][j] += row[i] * row[j] }
                normal[i][unknowns] += row[i] * target
            }
        }
        guard let s = solve(&normal) else { return nil }
        let k = circle ? 1 : s[3]
        guard k > 0.1, k < 10 else { return nil }
        let cx = -s[0] / 2
        let cy = -s[1] / (2 * k)
        let rest = cx * cx + k * cy * cy - s[2]
        guard rest > 0 else { return nil }
        return Ellipse(
            center: Point(x: cx * scale + mx, y: cy * scale + my), a: rest.squareRoot() * scale,
            b: (rest / k).squareRoot() * scale)
    }

    /// Gauss's elimination with row exchange.
    private static func solve(_ m: inout [[Double]]) -> [Double]? {
        let n = m.count
        for i in 0..<n {
            guard let pivot = (i..<n).max(by: { abs(m[$0][i]) < abs(m[$1][i]) }), abs(m[pivot][i]) > 1e-9 else {
                return nil
            }
            m.swapAt(i, pivot)
            for r in 0..<n where r != i {
                let f = m[r][i] / m[i][i]
                for c in i...n { m[r][c] -= f * m[i][c] }
            }
        }
        return (0..<n).map { m[$0][n] / m[$0][$0] }
    }

    // MARK: No form

    /// The hull of all points.
    private func hull() -> FieldShape? {
        let sorted = (points.edge + points.fade + points.limit).sorted { ($0.x, $0.y) < ($1.x, $1.y) }
        guard sorted.count >= 3 else { return nil }
        func chain(_ list: [Point]) -> [Point] {
            var result: [Point] = []
            for p in list {
                while result.count >= 2 {
                    let a = result[result.count - 2]
                    let b = result[result.count - 1]
                    if (b.x - a.x) * (p.y - a.y) - (b.y - a.y) * (p.x - a.x) > 0 { break }
                    result.removeLast()
                }
                result.append(p)
            }
            return result
        }
        let corners = chain(sorted).dropLast() + chain(sorted.reversed()).dropLast()
        let ring = Array(corners)
        guard ring.count >= 3 else { return nil }
        var shape = FieldShape()
        for (i, a) in ring.enumerated() {
            let b = ring[(i + 1) % ring.count]
            let dx = b.x - a.x
            let dy = b.y - a.y
            let length = (dx * dx + dy * dy).squareRoot()
            guard length > 1e-9 else { continue }
            let nx = dy / length
            let ny = -dx / length
            shape.sides.append(HalfPlane(nx: nx, ny: ny, h: nx * a.x + ny * a.y))
        }
        return shape
    }
}

/// Drawn lots that are the same every time.
private struct Lottery {
    private var state: UInt64 = 0x9E37_79B9_7F4A_7C15

    mutating func next(_ limit: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % limit
    }
}
