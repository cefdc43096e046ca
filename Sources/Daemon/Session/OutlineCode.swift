// Outlines as bytes: every measured frame keeps its own, so that pictures can be drawn later without measuring again.

import Frames
import Metrics

/// Writes and reads outlines, in eighths of a pane pixel.
///
/// Points that lie within a fifth of a pixel of the line between their neighbours are left out. The bytes are variable
/// length numbers: rings; for each ring its points; for each point how far it lies from the one before, x then y.
enum OutlineCode {
    private static let unit = 8.0
    private static let tolerance = 0.2
    /// At most so many points are left out in a row.
    private static let longestSkip = 24

    /// Appends a frame's outline to `bytes`.
    static func append(_ result: MeterResult, to bytes: inout [UInt8]) {
        append(number: result.ringStarts.count, to: &bytes)
        var last = (x: 0, y: 0)
        for index in result.ringStarts.indices {
            let ring = result.ring(index)
            // The count is known only in the end; two bytes hold it, and outlines are far shorter than 16 384 points.
            let place = bytes.count
            bytes.append(contentsOf: [0, 0])
            var kept = 0
            var at = ring.startIndex
            while at < ring.endIndex, kept < 16_383 {
                append(ring[at], after: &last, to: &bytes)
                kept += 1
                at = next(after: at, in: ring)
            }
            bytes[place] = UInt8(kept & 0x7F) | 0x80
            bytes[place + 1] = UInt8(kept >> 7)
        }
    }

    /// Reads rings back, pane pixels; nil for bytes that are no outline.
    static func rings(_ bytes: [UInt8]) -> [[Point]]? {
        var reader = Reader(bytes: bytes)
        guard let count = reader.number(), count <= bytes.count else { return nil }
        var rings: [[Point]] = []
        var (x, y) = (0, 0)
        for _ in 0..<count {
            guard let points = reader.number(), points <= bytes.count else { return nil }
            var ring: [Point] = []
            ring.reserveCapacity(points)
            for _ in 0..<points {
                guard let dx = reader.signed(), let dy = reader.signed() else { return nil }
                (x, y) = (x &+ dx, y &+ dy)
                ring.append(Point(x: Double(x) / unit, y: Double(y) / unit))
            }
            rings.append(ring)
        }
        return reader.isAtEnd ? rings : nil
    }

    /// The next point to keep: the farthest from which all points since `start` are near the line.
    private static func next(after start: Int, in ring: ArraySlice<Point>) -> Int {
        var good = start + 1
        var candidate = start + 2
        while candidate < ring.endIndex, candidate - start <= longestSkip,
            isStraight(ring, from: start, to: candidate)
        {
            good = candidate
            candidate += 1
        }
        return good
    }

    private static func isStraight(_ ring: ArraySlice<Point>, from start: Int, to end: Int) -> Bool {
        let (a, b) = (ring[start], ring[end])
        let (dx, dy) = (b.x - a.x, b.y - a.y)
        let square = dx * dx + dy * dy
        for index in (start + 1)..<end {
            let (px, py) = (ring[index].x - a.x, ring[index].y - a.y)
            let along = square > 0 ? min(1, max(0, (px * dx + py * dy) / square)) : 0
            let (ox, oy) = (px - along * dx, py - along * dy)
            if ox * ox + oy * oy > tolerance * tolerance { return false }
        }
        return true
    }

    private static func append(_ point: Point, after last: inout (x: Int, y: Int), to bytes: inout [UInt8]) {
        let x = Int((min(max(point.x, -1e6), 1e6) * unit).rounded())
        let y = Int((min(max(point.y, -1e6), 1e6) * unit).rounded())
        append(number: zigzag(x - last.x), to: &bytes)
        append(number: zigzag(y - last.y), to: &bytes)
        last = (x, y)
    }

    private static func zigzag(_ value: Int) -> Int { value >= 0 ? value << 1 : (-value << 1) - 1 }

    private static func append(number: Int, to bytes: inout [UInt8]) {
        var rest = number
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    private struct Reader {
        let bytes: [UInt8]
        var place = 0

        var isAtEnd: Bool { place == bytes.count }

        mutating func number() -> Int? {
            var value = 0
            var shift = 0
            while place < bytes.count, shift < 35 {
                let byte = bytes[place]
                place += 1
                value |= Int(byte & 0x7F) << shift
                if byte < 0x80 { return value }
                shift += 7
            }
            return nil
        }

        mutating func signed() -> Int? {
            number().map { $0 & 1 == 0 ? $0 >> 1 : -(($0 + 1) >> 1) }
        }
    }
}

/// Outlines that wait for their rows' commit; storage is kept from commit to commit.
struct OutlineBatch {
    private(set) var bytes: [UInt8] = []
    private(set) var entries: [(frame: Int, range: Range<Int>)] = []

    mutating func append(frame: Int, _ result: MeterResult) {
        let start = bytes.count
        OutlineCode.append(result, to: &bytes)
        entries.append((frame, start..<bytes.count))
    }

    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        entries.removeAll(keepingCapacity: true)
    }
}
