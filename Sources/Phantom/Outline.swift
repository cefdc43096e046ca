// Closed outlines: how much of each pixel they cover (the truth) and how far away they are (for shading).
import Frames

/// A closed polygon in pixels; the last point joins the first.
///
/// Inside is what the even-odd rule calls inside.
struct Outline: Sendable {
    var points: [SIMD2<Float>]

    init(_ points: [SIMD2<Float>]) { self.points = points }

    /// Area by the shoelace formula, px^2.
    var area: Double {
        var sum = 0.0
        for i in points.indices {
            let a = points[i]
            let b = points[(i + 1) % points.count]
            sum += Double(a.x) * Double(b.y) - Double(b.x) * Double(a.y)
        }
        return abs(sum) / 2
    }

    /// Where the horizontal line at `y` is inside: sorted, an even count of columns.
    func crossings(at y: Float, into out: inout [Float]) {
        out.removeAll(keepingCapacity: true)
        guard var a = points.last else { return }
        for b in points {
            if (a.y <= y) != (b.y <= y) { out.append(a.x + (y - a.y) / (b.y - a.y) * (b.x - a.x)) }
            a = b
        }
        if out.count == 2 {
            if out[0] > out[1] { out.swapAt(0, 1) }
        } else {
            out.sort()
        }
    }

    /// Rows the outline touches in a picture of `height` rows.
    func rows(height: Int) -> Range<Int> {
        guard let first = points.first else { return 0..<0 }
        var low = first.y
        var high = first.y
        for p in points {
            low = min(low, p.y)
            high = max(high, p.y)
        }
        let a = Int(clamp(low.rounded(.down), 0, Float(height)))
        let b = Int(clamp(high.rounded(.up), 0, Float(height)))
        return a..<max(a, b)
    }

    /// Columns the outline touches in a picture of `width` columns.
    func columns(width: Int) -> Range<Int> {
        Outline(points.map { SIMD2($0.y, $0.x) }).rows(height: width)
    }
}

/// The share of every pixel that lies inside, 0...1.
///
/// - **Shape** (side height, width), row-major.
struct Coverage: Sendable {
    let size: PixelSize
    private(set) var values: [Float]
    private(set) var rows: Range<Int>
    let columns: Range<Int>

    /// Lines that sample each row of pixels; along a line the share is exact.
    static let lines = 8

    /// What is inside `outline`, outside every one of `holes` and inside the field of view.
    init(_ outline: Outline, without holes: [Outline] = [], field: FieldOfView? = nil, size: PixelSize) {
        self.size = size
        values = [Float](repeating: 0, count: size.count)
        rows = outline.rows(height: size.height)
        columns = outline.columns(width: size.width)
        var spans: [Float] = []
        var cuts: [Float] = []
        var rest: [Float] = []
        let weight = 1 / Float(Coverage.lines)
        let width = size.width
        let holeRows = holes.map { $0.rows(height: size.height) }
        values.withUnsafeMutableBufferPointer { out in
            for y in rows {
                for line in 0..<Coverage.lines {
                    let at = Float(y) + (Float(line) + 0.5) * weight
                    outline.crossings(at: at, into: &spans)
                    if spans.isEmpty { continue }
                    for (k, hole) in holes.enumerated() where holeRows[k].contains(y) {
                        hole.crossings(at: at, into: &cuts)
                        if cuts.isEmpty { continue }
                        Coverage.subtract(cuts, from: spans, into: &rest)
                        swap(&spans, &rest)
                    }
                    var i = 0
                    while i + 1 < spans.count {
                        var a = max(0, spans[i])
                        var b = min(Float(width), spans[i + 1])
                        if let field {
                            a = max(a, Float(field.starts[y]))
                            b = min(b, Float(field.ends[y]))
                        }
                        Coverage.add(a, b, weight, out, y * width)
                        i += 2
                    }
                }
            }
        }
    }

    @inline(__always)
    private static func add(
        _ a: Float, _ b: Float, _ weight: Float, _ out: UnsafeMutableBufferPointer<Float>, _ row: Int
    ) {
        guard b > a else { return }
        let first = Int(a)
        let last = Int(b)
        if first == last {
            out[row + first] += (b - a) * weight
            return
        }
        out[row + first] += (Float(first + 1) - a) * weight
        var x = first + 1
        while x < last {
            out[row + x] += weight
            x += 1
        }
        if b > Float(last) { out[row + last] += (b - Float(last)) * weight }
    }

    /// Interval arithmetic: `spans` less `cuts`, both sorted pairs.
    static func subtract(_ cuts: [Float], from spans: [Float], into out: inout [Float]) {
        out.removeAll(keepingCapacity: true)
        var i = 0
        while i + 1 < spans.count {
            var a = spans[i]
            let b = spans[i + 1]
            var k = 0
            while k + 1 < cuts.count {
                if cuts[k + 1] > a && cuts[k] < b {
                    if cuts[k] > a {
                        out.append(a)
                        out.append(cuts[k])
                    }
                    a = max(a, cuts[k + 1])
                }
                k += 2
            }
            if b > a {
                out.append(a)
                out.append(b)
            }
            i += 2
        }
    }

    /// Area covered, px^2.
    var area: Double {
        var sum = 0.0
        for y in rows {
            for x in columns { sum += Double(values[y * size.width + x]) }
        }
        return sum
    }

    /// The pixels that are at least half inside.
    var mask: Mask {
        var mask = Mask(size: size)
        for y in rows {
            for i in (y * size.width + columns.lowerBound)..<(y * size.width + columns.upperBound)
            where values[i] >= 0.5 { mask.pixels[i] = 255 }
        }
        return mask
    }
}
