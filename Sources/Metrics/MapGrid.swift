// Where a map's pixels lie in the pane, and which of them the field of view holds.
import Frames

/// The nodes (pixel centres) of a map and a ring of ghost nodes around it.
///
/// - **Shape** node (u, v) with u in -1...width, v in -1...height; its index is `(v + 1) * stride + u + 1`.
/// - **Units** columns and rows in map pixels, places in pane pixels.
struct MapGrid: Sendable {
    private(set) var size = PixelSize(width: 0, height: 0)
    private(set) var stride = 2
    private(set) var scaleX = 1.0
    private(set) var scaleY = 1.0
    private var originX = 0.0
    private var originY = 0.0
    /// Columns of row v - 1 that lie within the field of view; they may reach into the ghost ring.
    private var starts: [Int] = []
    private var ends: [Int] = []
    /// The same, shrunk by the margin.
    private var innerStarts: [Int] = []
    private var innerEnds: [Int] = []
    private var margin = 0

    var nodeCount: Int { stride * (size.height + 2) }

    mutating func lay(_ newSize: PixelSize, over crop: PixelRect, in field: FieldOfView, margin: Int) {
        size = newSize
        stride = size.width + 2
        scaleX = Double(crop.width) / Double(size.width)
        scaleY = Double(crop.height) / Double(size.height)
        originX = Double(crop.x)
        originY = Double(crop.y)
        self.margin = margin
        let rows = size.height + 2
        if starts.count < rows {
            starts = [Int](repeating: 0, count: rows)
            ends = starts
            innerStarts = starts
            innerEnds = starts
        }
        for v in -1...size.height {
            let paneRow = Int(y(Double(v)).rounded(.down))
            var start = 0
            var end = 0
            if paneRow >= 0, paneRow < field.size.height, field.ends[paneRow] > field.starts[paneRow] {
                start = firstColumn(from: field.starts[paneRow])
                end = firstColumn(from: field.ends[paneRow])
            }
            starts[v + 1] = max(-1, start)
            ends[v + 1] = min(size.width + 1, end)
        }
        for row in 0..<rows {
            let above = max(0, row - margin)
            let below = min(rows - 1, row + margin)
            innerStarts[row] = max(starts[row] + (starts[row] < 0 ? 0 : margin), max(starts[above], starts[below]))
            innerEnds[row] = min(ends[row] - (ends[row] > size.width ? 0 : margin), min(ends[above], ends[below]))
        }
    }

    func x(_ u: Double) -> Double { originX + (u + 0.5) * scaleX }
    func y(_ v: Double) -> Double { originY + (v + 0.5) * scaleY }

    /// Columns of the map itself, without ghosts, that the field of view holds in row `v`.
    func columns(_ v: Int) -> Range<Int> {
        let start = max(0, starts[v + 1])
        return start..<max(start, min(size.width, ends[v + 1]))
    }

    /// Whether a node, ghosts included, lies in the field of view.
    func isInField(_ u: Int, _ v: Int) -> Bool { u >= starts[v + 1] && u < ends[v + 1] }

    /// Whether a node is one of the map's.
    func isInMap(_ u: Int, _ v: Int) -> Bool { u >= 0 && v >= 0 && u < size.width && v < size.height }

    /// The border that a node beyond the outline belongs to, if any.
    func border(_ u: Int, _ v: Int) -> Border {
        if u < innerStarts[v + 1] || u >= innerEnds[v + 1] { return .field }
        if u < margin || v < margin || u >= size.width - margin || v >= size.height - margin { return .crop }
        return .none
    }

    /// First column whose node lies at pane column `column` or right of it.
    private func firstColumn(from column: Int) -> Int {
        let exact = (Double(column) - originX) / scaleX - 0.5
        return Int(max(-1, min(Double(size.width + 1), exact.rounded(.up))))
    }
}

/// What an outline point runs along.
enum Border: UInt8, Sendable {
    case none
    case field
    case crop
}
