// Convex forms of a lit field, and the rows of pixels they cover.

import Frames

/// All points with `nx * x + ny * y <= h`; the normal has length 1.
struct HalfPlane: Sendable {
    var nx: Double
    var ny: Double
    var h: Double

    /// Distance of a point beyond the edge; negative inside.
    func beyond(_ p: Point) -> Double { nx * p.x + ny * p.y - h }
}

/// An ellipse with upright axes.
struct Ellipse: Sendable {
    var center: Point
    var a: Double
    var b: Double

    /// Distance of a point beyond the edge, to first order; negative inside.
    func beyond(_ p: Point) -> Double {
        let u = (p.x - center.x) / a
        let v = (p.y - center.y) / b
        let rho = (u * u + v * v).squareRoot()
        guard rho > 1e-9 else { return -min(a, b) }
        let gx = u / a
        let gy = v / b
        return rho * (rho - 1) / (gx * gx + gy * gy).squareRoot()
    }
}

/// What half-planes and an ellipse have in common.
struct FieldShape: Sendable {
    var sides: [HalfPlane] = []
    var ellipse: Ellipse?

    /// Distance of a point beyond the edge; negative inside.
    func beyond(_ p: Point) -> Double {
        var most = -Double.infinity
        for side in sides { most = max(most, side.beyond(p)) }
        if let ellipse { most = max(most, ellipse.beyond(p)) }
        return most
    }

    /// The pixels of `limits` whose centre lies inside.
    func rows(within limits: PixelRect) -> FieldRows {
        var rows = FieldRows(top: limits.y, starts: [], ends: [])
        for row in limits.y..<limits.maxY {
            let y = Double(row) + 0.5
            var low = Double(limits.x)
            var high = Double(limits.maxX)
            for side in sides {
                let rest = side.h - side.ny * y
                if side.nx > 1e-9 {
                    high = min(high, rest / side.nx)
                } else if side.nx < -1e-9 {
                    low = max(low, rest / side.nx)
                } else if rest < 0 {
                    high = -.infinity
                }
            }
            if let ellipse {
                let v = (y - ellipse.center.y) / ellipse.b
                if v * v < 1 {
                    let half = ellipse.a * (1 - v * v).squareRoot()
                    low = max(low, ellipse.center.x - half)
                    high = min(high, ellipse.center.x + half)
                } else {
                    high = -.infinity
                }
            }
            let start = high > low ? max(limits.x, Int((low - 0.5).rounded(.up))) : 0
            let end = high > low ? min(limits.maxX, Int((high - 0.5).rounded(.down)) + 1) : 0
            rows.starts.append(end > start ? start : 0)
            rows.ends.append(end > start ? end : 0)
        }
        return rows
    }
}

/// Column runs in the recording's pixels, from row `top` on.
struct FieldRows: Sendable {
    var top: Int
    var starts: [Int]
    var ends: [Int]

    /// The smallest rectangle around all runs.
    var box: PixelRect? {
        guard let first = starts.indices.first(where: { ends[$0] > starts[$0] }),
            let last = starts.indices.last(where: { ends[$0] > starts[$0] })
        else { return nil }
        var left = Int.max
        var right = 0
        for row in first...last where ends[row] > starts[row] {
            left = min(left, starts[row])
            right = max(right, ends[row])
        }
        return PixelRect(x: left, y: top + first, width: right - left, height: last - first + 1)
    }

    /// The runs in the pixels of a pane.
    func field(in pane: PixelRect) -> FieldOfView {
        var field = FieldOfView(
            size: pane.size, starts: [Int](repeating: 0, count: pane.height),
            ends: [Int](repeating: 0, count: pane.height))
        for y in 0..<pane.height {
            let row = y + pane.y - top
            guard row >= 0, row < starts.count, ends[row] > starts[row] else { continue }
            let start = max(0, starts[row] - pane.x)
            let end = min(pane.width, ends[row] - pane.x)
            guard end > start else { continue }
            field.starts[y] = start
            field.ends[y] = end
        }
        return field
    }
}
