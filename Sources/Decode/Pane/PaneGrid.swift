// Tells the endoscope picture from panels and ground, cell by cell.

import Frames

/// The part of a recording that is the endoscope picture, by cells.
struct PaneRegion: Sendable {
    /// Where the picture may reach: the recording's edge, or the line where a panel begins.
    var limits: PixelRect
    /// The middle of the cells that are surely picture, pixels.
    var middle: Point
    /// Cells to be taken for ground whatever their brightness: panels, icons, captions.
    var excluded: [Bool]
    /// Mean evidence over the picture's cells, 0...1.
    var strength: Double
    /// Mean brightness of the picture's cells.
    var brightness: Double
    /// The cells that are surely picture.
    var core: [Int]
}

/// Brightness and evidence of every cell.
struct PaneGrid: Sendable {
    let size: PixelSize
    let cell: Int
    let columns: Int
    let rows: Int
    let brightness: [Double]
    /// How much a cell speaks for an endoscope picture, 0...1: warm continuous tones, change from frame to frame.
    let tissue: [Double]

    /// Brightness from which a cell is lit: above the colourless dark ground, wherever that lies.
    var litLevel: Double {
        let dark = brightness.indices.filter { brightness[$0] < 38 && tissue[$0] < 0.2 }.map { brightness[$0] }.sorted()
        guard dark.count * 50 > brightness.count else { return 24 }
        return max(20, min(42, dark[dark.count * 19 / 20] + 8))
    }

    /// The whole area, for a pane that is known.
    func everything() -> PaneRegion {
        PaneRegion(
            limits: PixelRect(size), middle: Point(x: Double(size.width) / 2, y: Double(size.height) / 2),
            excluded: [Bool](repeating: false, count: brightness.count), strength: 1,
            brightness: brightness.reduce(0, +) / Double(brightness.count), core: Array(brightness.indices))
    }

    /// The endoscope picture's cells; nil when none speak for one.
    func picture(_ evidence: PaneEvidence) -> PaneRegion? {
        let level = litLevel
        let lit = brightness.map { $0 >= level }
        let smooth = smoothed(tissue, where: lit)
        let core = opened(indicesOf(smooth) { lit[$0] && smooth[$0] > 0.28 })
        let parts = components(core)
        guard
            let best = parts.max(by: { a, b in weight(a, smooth) < weight(b, smooth) }),
            best.count * 200 >= brightness.count
        else { return nil }
        guard !evidence.isDrawn(best) else { return nil }
        let strength = weight(best, smooth) / Double(best.count)
        var inCore = [Bool](repeating: false, count: brightness.count)
        for at in best { inCore[at] = true }
        let limits = limits(around: best, lit: lit, smooth: smooth, evidence: evidence)
        let reach = connected(from: best, through: lit, limits: limits)
        var excluded = [Bool](repeating: false, count: brightness.count)
        for at in excluded.indices where lit[at] && !reach[at] { excluded[at] = true }
        var sx = 0.0
        var sy = 0.0
        for at in best {
            sx += (Double(at % columns) + 0.5) * Double(cell)
            sy += (Double(at / columns) + 0.5) * Double(cell)
        }
        return PaneRegion(
            limits: limits, middle: Point(x: sx / Double(best.count), y: sy / Double(best.count)), excluded: excluded,
            strength: strength, brightness: best.reduce(0) { $0 + brightness[$1] } / Double(best.count), core: best)
    }

    /// Share of the lit cells within a field that are surely picture: little in a panel with a coloured plot.
    func share(of core: [Int], in rows: FieldRows) -> Double {
        func inside(_ at: Int) -> Bool {
            let row = at / columns * cell + cell / 2 - rows.top
            let x = at % columns * cell + cell / 2
            return row >= 0 && row < rows.starts.count && x >= rows.starts[row] && x < rows.ends[row]
        }
        let level = litLevel
        let lit = brightness.indices.count { brightness[$0] >= level && inside($0) }
        return lit > 0 ? Double(core.count { inside($0) }) / Double(lit) : 0
    }

    private func weight(_ part: [Int], _ smooth: [Double]) -> Double { part.reduce(0) { $0 + smooth[$1] } }

    private func indicesOf(_ values: [Double], _ test: (Int) -> Bool) -> [Bool] { values.indices.map(test) }

    /// Means over 3 x 3 lit cells.
    private func smoothed(_ values: [Double], where lit: [Bool]) -> [Double] {
        var result = values
        for row in 0..<rows {
            for column in 0..<columns {
                var sum = 0.0
                var seen = 0.0
                for v in max(0, row - 1)...min(rows - 1, row + 1) {
                    for u in max(0, column - 1)...min(columns - 1, column + 1) where lit[v * columns + u] {
                        sum += values[v * columns + u]
                        seen += 1
                    }
                }
                result[row * columns + column] = seen > 0 ? sum / seen : 0
            }
        }
        return result
    }

    /// Takes away what is thinner than three cells: digits, curves.
    private func opened(_ set: [Bool]) -> [Bool] {
        func sweep(_ set: [Bool], all: Bool) -> [Bool] {
            var result = set
            for row in 0..<rows {
                for column in 0..<columns {
                    var hit = all
                    for v in max(0, row - 1)...min(rows - 1, row + 1) {
                        for u in max(0, column - 1)...min(columns - 1, column + 1) where set[v * columns + u] != all {
                            hit = !all
                        }
                    }
                    result[row * columns + column] = hit
                }
            }
            return result
        }
        return sweep(sweep(set, all: true), all: false)
    }

    private func components(_ set: [Bool]) -> [[Int]] {
        var seen = [Bool](repeating: false, count: set.count)
        var parts: [[Int]] = []
        for start in set.indices where set[start] && !seen[start] {
            var part = [start]
            seen[start] = true
            var next = 0
            while next < part.count {
                let at = part[next]
                next += 1
                for neighbour in neighbours(at) where set[neighbour] && !seen[neighbour] {
                    seen[neighbour] = true
                    part.append(neighbour)
                }
            }
            parts.append(part)
        }
        return parts
    }

    private func neighbours(_ at: Int) -> [Int] {
        let column = at % columns
        var list: [Int] = []
        if column > 0 { list.append(at - 1) }
        if column < columns - 1 { list.append(at + 1) }
        if at >= columns { list.append(at - columns) }
        if at < columns * (rows - 1) { list.append(at + columns) }
        return list
    }

    /// Lit cells that hang together with the picture, without crossing its limits.
    private func connected(from part: [Int], through lit: [Bool], limits: PixelRect) -> [Bool] {
        var seen = [Bool](repeating: false, count: lit.count)
        for at in part { seen[at] = true }
        var queue = part
        var next = 0
        while next < queue.count {
            let at = queue[next]
            next += 1
            for neighbour in neighbours(at) where lit[neighbour] && !seen[neighbour] {
                let x = neighbour % columns * cell
                let y = neighbour / columns * cell
                guard x + cell > limits.x, x < limits.maxX, y + cell > limits.y, y < limits.maxY else { continue }
                seen[neighbour] = true
                queue.append(neighbour)
            }
        }
        return seen
    }

    /// The recording's edges, or closer in where a panel touches the picture.
    private func limits(around part: [Int], lit: [Bool], smooth: [Double], evidence: PaneEvidence) -> PixelRect {
        let left = part.map { $0 % columns }.min() ?? 0
        let right = part.map { $0 % columns }.max() ?? 0
        let top = part.map { $0 / columns }.min() ?? 0
        let bottom = part.map { $0 / columns }.max() ?? 0
        /// Whether a panel lies along a line of cells: lit, and nothing like tissue.
        func panel(_ cells: [Int]) -> Bool {
            cells.count { lit[$0] && smooth[$0] < 0.2 } * 10 >= cells.count * 3
        }
        let middleColumn = part.reduce(0) { $0 + $1 % columns } / part.count
        let middleRow = part.reduce(0) { $0 + $1 / columns } / part.count
        let x0 = (0..<middleColumn).last { column in panel((top...bottom).map { $0 * columns + column }) }
        let x1 = (middleColumn + 1..<max(middleColumn + 1, columns)).first { column in
            panel((top...bottom).map { $0 * columns + column })
        }
        let y0 = (0..<middleRow).last { row in panel((left...right).map { row * columns + $0 }) }
        let y1 = (middleRow + 1..<max(middleRow + 1, rows)).first { row in
            panel((left...right).map { row * columns + $0 })
        }
        let ys = top * cell..<min(size.height, (bottom + 1) * cell)
        let xs = left * cell..<min(size.width, (right + 1) * cell)
        let minX = x0.flatMap { evidence.step(columns: $0 * cell..<($0 + 5) * cell, rows: ys, last: true) } ?? 0
        let maxX =
            x1.flatMap { evidence.step(columns: ($0 - 4) * cell..<($0 + 1) * cell, rows: ys, last: false) }
            ?? size.width
        let minY = y0.flatMap { evidence.step(rows: $0 * cell..<($0 + 5) * cell, columns: xs, last: true) } ?? 0
        let maxY =
            y1.flatMap { evidence.step(rows: ($0 - 4) * cell..<($0 + 1) * cell, columns: xs, last: false) }
            ?? size.height
        return PixelRect(x: minX, y: minY, width: max(1, maxX - minX), height: max(1, maxY - minY))
    }
}
