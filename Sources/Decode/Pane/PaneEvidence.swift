// What the finder remembers of the frames it was shown.

import Frames

/// Sums over frames: brightness of every pixel; colour and change of every cell.
///
/// Brightness here is the greater of red and green, plus half of what red has over blue: mucosa is red, fog and panels
/// are white, and the ground of recordings is grey or bluish, so a dim edge of the picture stands out better than in luma.
struct PaneEvidence: Sendable {
    let size: PixelSize
    /// Side of a cell, pixels.
    let cell: Int
    let columns: Int
    let rows: Int
    private(set) var count = 0
    /// Brightness of every pixel, summed over frames.
    private(set) var sums: [UInt16]
    /// Per cell: red, green, blue and brightness, summed over pixels and frames.
    private var colours: [Int32]
    /// Per cell: brightness in the last frame, and the sum of its steps from frame to frame (in 1/16 level).
    private var last: [Int32]
    private var steps: [Int32]

    init(size: PixelSize) {
        self.size = size
        cell = max(4, max(size.width, size.height) / 160)
        columns = (size.width + cell - 1) / cell
        rows = (size.height + cell - 1) / cell
        sums = [UInt16](repeating: 0, count: size.count)
        colours = [Int32](repeating: 0, count: columns * rows * 4)
        last = [Int32](repeating: 0, count: columns * rows)
        steps = last
    }

    mutating func startOver() {
        count = 0
        for i in sums.indices { sums[i] = 0 }
        for i in colours.indices { colours[i] = 0 }
        for i in steps.indices { steps[i] = 0 }
    }

    mutating func add(_ picture: borrowing RGBPicture, area: PixelRect) {
        let pixels = picture.pixels.span
        let stride = picture.size.width
        let (size, cell, columns, rows, count) = (self.size, self.cell, self.columns, self.rows, self.count)
        // Taken out for the time of the loop, so that it is changed in place while the other sums change as well.
        var brightness: [UInt16] = []
        swap(&brightness, &self.sums)
        defer { swap(&brightness, &self.sums) }
        var sums = brightness.mutableSpan
        for row in 0..<rows {
            for column in 0..<columns {
                let x0 = column * cell
                let x1 = min(size.width, x0 + cell)
                let y1 = min(size.height, (row + 1) * cell)
                var red = 0
                var green = 0
                var blue = 0
                var bright = 0
                for y in row * cell..<y1 {
                    var from = ((y + area.y) * stride + x0 + area.x) * 3
                    var to = y * size.width + x0
                    for _ in x0..<x1 {
                        let r = pixels[from]
                        let g = pixels[from + 1]
                        let b = pixels[from + 2]
                        let value = min(255, Int(max(r, g)) &+ (r > b ? Int(r &- b) / 2 : 0))
                        red &+= Int(r)
                        green &+= Int(g)
                        blue &+= Int(b)
                        bright &+= value
                        sums[to] &+= UInt16(value)
                        from += 3
                        to += 1
                    }
                }
                let at = row * columns + column
                colours[at * 4] &+= Int32(red)
                colours[at * 4 + 1] &+= Int32(green)
                colours[at * 4 + 2] &+= Int32(blue)
                colours[at * 4 + 3] &+= Int32(bright)
                let mean = Int32(bright * 16 / ((x1 - x0) * (y1 - row * cell)))
                if count > 0 { steps[at] &+= abs(mean - last[at]) }
                last[at] = mean
            }
        }
        self.count += 1
    }

    /// Mean brightness of the pixel at column `x`, row `y`, clamped to the picture.
    func mean(x: Int, y: Int) -> Double {
        let u = max(0, min(size.width - 1, x))
        let v = max(0, min(size.height - 1, y))
        return Double(sums[v * size.width + u]) / Double(count)
    }

    /// Mean brightness between pixels: straight lines from centre to centre.
    func mean(x: Double, y: Double) -> Double {
        let u = x - 0.5
        let v = y - 0.5
        let left = Int(u.rounded(.down))
        let top = Int(v.rounded(.down))
        let fx = u - Double(left)
        let fy = v - Double(top)
        let upper = mean(x: left, y: top) * (1 - fx) + mean(x: left + 1, y: top) * fx
        let lower = mean(x: left, y: top + 1) * (1 - fx) + mean(x: left + 1, y: top + 1) * fx
        return upper * (1 - fy) + lower * fy
    }

    /// Whether half of the cells' pixels share nearly one brightness, as drawn surfaces do.
    func isDrawn(_ cells: [Int]) -> Bool {
        var histogram = [Int](repeating: 0, count: 260)
        var pixels = 0
        for at in cells {
            for y in at / columns * cell..<min(size.height, (at / columns + 1) * cell) {
                for x in at % columns * cell..<min(size.width, (at % columns + 1) * cell) {
                    histogram[Int(sums[y * size.width + x]) / max(1, count)] += 1
                    pixels += 1
                }
            }
        }
        let most = (0..<256).map { histogram[$0...$0 + 3].reduce(0, +) }.max() ?? 0
        return most * 2 > pixels
    }

    /// The upright line between two columns across which the brightness jumps on most rows; nil where there is none.
    ///
    /// - Parameter last: of lines about equally good, takes the last (the nearest to a picture on the right) or the first.
    func step(columns: Range<Int>, rows: Range<Int>, last: Bool) -> Int? {
        line(columns.clamped(to: 1..<max(2, size.width)), rows.count, last: last) { x, i in
            abs(mean(x: x, y: rows.lowerBound + i) - mean(x: x - 1, y: rows.lowerBound + i))
        }
    }

    /// The same for a level line between two rows.
    func step(rows: Range<Int>, columns: Range<Int>, last: Bool) -> Int? {
        line(rows.clamped(to: 1..<max(2, size.height)), columns.count, last: last) { y, i in
            abs(mean(x: columns.lowerBound + i, y: y) - mean(x: columns.lowerBound + i, y: y - 1))
        }
    }

    private func line(_ places: Range<Int>, _ length: Int, last: Bool, _ jump: (Int, Int) -> Double) -> Int? {
        let counts = places.map { place in (0..<length).count { jump(place, $0) >= 12 } }
        guard let most = counts.max(), most * 10 >= length * 3 else { return nil }
        let good = counts.indices.filter { counts[$0] * 10 >= most * 8 }
        return (last ? good.last : good.first).map { places.lowerBound + $0 }
    }

    /// The cells' brightness, and how much each speaks for an endoscope picture.
    func grid() -> PaneGrid {
        var brightness = [Double](repeating: 0, count: columns * rows)
        var warmth = brightness
        var changes = brightness
        for row in 0..<rows {
            for column in 0..<columns {
                let at = row * columns + column
                let x1 = min(size.width, (column + 1) * cell)
                let y1 = min(size.height, (row + 1) * cell)
                let pixels = (x1 - column * cell) * (y1 - row * cell)
                let scale = 1 / Double(pixels * count)
                let red = Double(colours[at * 4]) * scale
                let green = Double(colours[at * 4 + 1]) * scale
                let blue = Double(colours[at * 4 + 2]) * scale
                let bright = Double(colours[at * 4 + 3]) * scale
                let change = count > 1 ? Double(steps[at]) / 16 / Double(count - 1) : 0
                let warm = unit((red - (green + blue) / 2) / (0.1 * bright + 4))
                brightness[at] = bright
                warmth[at] = warm * tone(column: column, row: row)
                changes[at] = unit((change - 0.4) / 1.6)
            }
        }
        var tissue = brightness
        for row in 0..<rows {
            for column in 0..<columns {
                let at = row * columns + column
                tissue[at] = 0.6 * warmth[at] * relief(brightness, column: column, row: row) + 0.4 * changes[at]
            }
        }
        return PaneGrid(size: size, cell: cell, columns: columns, rows: rows, brightness: brightness, tissue: tissue)
    }

    /// How much the brightness of neighbouring cells differs: tissue is lit unevenly, drawn surfaces are even.
    private func relief(_ brightness: [Double], column: Int, row: Int) -> Double {
        let here = brightness[row * columns + column]
        var differences: [Double] = []
        for (dx, dy) in [(-2, 0), (2, 0), (0, -2), (0, 2), (-2, -2), (2, 2), (2, -2), (-2, 2)] {
            let u = column + dx
            let v = row + dy
            guard u >= 0, v >= 0, u < columns, v < rows else { continue }
            differences.append(abs(brightness[v * columns + u] - here))
        }
        differences.sort()
        return differences.isEmpty ? 0 : unit((differences[differences.count / 3] - 0.3) / 1.2)
    }

    /// Share of a cell's neighbouring pixels that differ by little: neither exactly alike, as drawn surfaces are,
    /// nor by a hard edge, as letters are.
    private func tone(column: Int, row: Int) -> Double {
        let x1 = min(size.width - 1, (column + 1) * cell)
        let y1 = min(size.height - 1, (row + 1) * cell)
        var soft = 0
        var seen = 0
        for y in row * cell..<max(row * cell, y1) {
            for x in column * cell..<max(column * cell, x1) {
                let at = y * size.width + x
                let dx = abs(Int(sums[at + 1]) - Int(sums[at]))
                let dy = abs(Int(sums[at + size.width]) - Int(sums[at]))
                // A sixth of a level to 16 levels of the mean.
                if max(dx, dy) * 6 > count && max(dx, dy) <= 16 * count { soft += 1 }
                seen += 1
            }
        }
        return seen > 0 ? Double(soft) / Double(seen) : 0
    }
}

/// `value` brought into 0...1.
func unit(_ value: Double) -> Double { max(0, min(1, value)) }
