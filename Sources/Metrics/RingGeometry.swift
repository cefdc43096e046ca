// Exact measures of polygons with holes, from their edges alone.
import Frames

/// Area, centroid and second moments of rings; holes count negative because they run the other way round.
struct RingMoments: Sendable {
    private(set) var area = 0.0
    private var sx = 0.0
    private var sy = 0.0
    private var sxx = 0.0
    private var sxy = 0.0
    private var syy = 0.0
    private let origin: Point

    /// - Parameter origin: a place near the rings, to keep the sums small.
    init(origin: Point) { self.origin = origin }

    mutating func add(_ a: Point, _ b: Point) {
        let (ax, ay) = (a.x - origin.x, a.y - origin.y)
        let (bx, by) = (b.x - origin.x, b.y - origin.y)
        let cross = ax * by - bx * ay
        area += cross / 2
        sx += cross * (ax + bx) / 6
        sy += cross * (ay + by) / 6
        sxx += cross * (ax * ax + ax * bx + bx * bx) / 12
        syy += cross * (ay * ay + ay * by + by * by) / 12
        sxy += cross * (2 * ax * ay + ax * by + bx * ay + 2 * bx * by) / 24
    }

    var centroid: Point { Point(x: origin.x + sx / area, y: origin.y + sy / area) }

    /// Covariance of the area about its centroid, px^2.
    var covariance: (xx: Double, xy: Double, yy: Double) {
        let (mx, my) = (sx / area, sy / area)
        return (sxx / area - mx * mx, sxy / area - mx * my, syy / area - my * my)
    }
}

/// The frame of the opening: along its long axis and across it.
struct LongAxis: Sendable {
    var center: Point
    /// Unit direction towards the anterior commissure.
    var dx: Double
    var dy: Double

    /// The direction of greatest spread.
    ///
    /// Where the opening is nearly as wide as long, its axis wavers: then of its two axes the one nearer to the
    /// picture's vertical is taken, and the vertical itself where it is round.
    init(_ moments: RingMoments) {
        center = moments.centroid
        let (xx, xy, yy) = moments.covariance
        let mean = (xx + yy) / 2
        let half = ((xx - yy) * (xx - yy) / 4 + xy * xy).squareRoot()
        let ratio = (mean + half) / max(mean - half, .leastNormalMagnitude)
        guard ratio > 1.05 else {
            (dx, dy) = (0, 1)
            return
        }
        // Of the two forms of the eigenvector, the one that does not cancel.
        let (x, y) = xx >= yy ? (mean + half - yy, xy) : (xy, mean + half - xx)
        let norm = (x * x + y * y).squareRoot()
        (dx, dy) = (x / norm, y / norm)
        if ratio < 1.2, abs(dx) > abs(dy) { (dx, dy) = (-dy, dx) }
    }

    mutating func flip() { (dx, dy) = (-dx, -dy) }

    /// Along the axis, towards the commissure.
    func along(_ p: Point) -> Double { (p.x - center.x) * dx + (p.y - center.y) * dy }

    /// Across it; positive is the picture's left when the commissure points down.
    func across(_ p: Point) -> Double { (p.y - center.y) * dx - (p.x - center.x) * dy }
}

/// Twice the area swept, seen from `origin`, by the part of edge a-b on the positive side of a line through `origin`.
///
/// `sideA`, `sideB` are signed distances from the line. What closes the clipped ring runs along the line and sweeps
/// nothing, so the sum over a ring's edges is twice the area on that side.
func sweptArea(_ a: Point, _ b: Point, sideA: Double, sideB: Double, origin: Point) -> Double {
    var (p, q) = (a, b)
    if sideA < 0, sideB < 0 { return 0 }
    if sideA < 0 || sideB < 0 {
        let t = sideA / (sideA - sideB)
        let cut = Point(x: a.x + (b.x - a.x) * t, y: a.y + (b.y - a.y) * t)
        if sideA < 0 { p = cut } else { q = cut }
    }
    return (p.x - origin.x) * (q.y - origin.y) - (q.x - origin.x) * (p.y - origin.y)
}

/// A straight line through weighted points, by least squared distance.
struct EdgeFit: Sendable {
    private var weight = 0.0
    private var sx = 0.0
    private var sy = 0.0
    private var sxx = 0.0
    private var sxy = 0.0
    private var syy = 0.0
    private(set) var count = 0
    private var first: Point?
    private var last = Point(x: 0, y: 0)

    mutating func add(_ p: Point, weight w: Double) {
        let start = first ?? p
        first = start
        last = p
        let (x, y) = (p.x - start.x, p.y - start.y)
        weight += w
        sx += w * x
        sy += w * y
        sxx += w * x * x
        sxy += w * x * y
        syy += w * y * y
        count += 1
    }

    /// Direction of the line from the first point to the last, and the share of the scatter that lies along it.
    var line: EdgeLine? {
        guard count >= 2, weight > 0, let first else { return nil }
        let (mx, my) = (sx / weight, sy / weight)
        let (xx, xy, yy) = (sxx / weight - mx * mx, sxy / weight - mx * my, syy / weight - my * my)
        let mean = (xx + yy) / 2
        let half = ((xx - yy) * (xx - yy) / 4 + xy * xy).squareRoot()
        guard mean + half > 0 else { return nil }
        var (x, y) = xx >= yy ? (mean + half - yy, xy) : (xy, mean + half - xx)
        let norm = (x * x + y * y).squareRoot()
        guard norm > 0 else { return nil }
        if x * (last.x - first.x) + y * (last.y - first.y) < 0 { (x, y) = (-x, -y) }
        return EdgeLine(
            dx: x / norm, dy: y / norm, middle: Point(x: first.x + mx, y: first.y + my),
            straightness: 2 * half / (mean + half))
    }
}

/// A fitted edge: unit direction away from the commissure, a point on it, and how straight it is (0...1).
struct EdgeLine: Sendable {
    var dx: Double
    var dy: Double
    var middle: Point
    var straightness: Double
}
