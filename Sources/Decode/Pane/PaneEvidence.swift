// What the finder remembers of the frames it was shown.

import Frames

/// Sums over frames: brightness of every pixel; colour and change of every cell.
///
/// Brightness is the greater of red and green: mucosa is red, fog and panels are white, and the ground of recordings
/// is often bluish.
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
                        let value = max(r, g)
                        red &+= Int(r)
                        green &+= Int(g)
                        blue &+= Int(pixels[from + 2])
                        bright &+= Int(value)
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

    /// The cells' brightness, and how much each speaks for an endoscope picture.
    func grid() -> PaneGrid {
        var brightness = [Double](repeating: 0, count: columns * rows)
        var tissue = brightness
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
                tissue[at] = 0.6 * warm * tone(column: column, row: row) + 0.4 * unit((change - 0.4) / 1.6)
            }
        }
        return PaneGrid(size: size, cell: cell, columns: columns, rows: rows, brightness: brightness, tissue: tissue)
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
