// Which pixels of the pane show the patient.

/// The lit part of the endoscope picture: octagon, circle or the whole pane.
///
/// - **Shape** one half-open run of columns for every row of the pane; an empty run is an unlit row. Convex shapes,
///   which is what optics and recorders make, need no more.
/// - **Units** pane pixels.
package struct FieldOfView: Sendable, Hashable, Codable {
    package var size: PixelSize
    /// Column runs, row by row: `starts[y] ..< ends[y]` is lit.
    package var starts: [Int]
    package var ends: [Int]

    package init(size: PixelSize, starts: [Int], ends: [Int]) {
        precondition(starts.count == size.height && ends.count == size.height, "one run per row")
        self.size = size
        self.starts = starts
        self.ends = ends
    }

    /// A pane lit to its corners.
    package init(full size: PixelSize) {
        self.init(
            size: size, starts: [Int](repeating: 0, count: size.height),
            ends: [Int](repeating: size.width, count: size.height))
    }

    /// Number of lit pixels.
    package var area: Int {
        var sum = 0
        for y in 0..<size.height { sum += max(0, ends[y] - starts[y]) }
        return sum
    }

    /// Whether the pixel at column `x`, row `y` is lit.
    package func contains(x: Int, y: Int) -> Bool {
        y >= 0 && y < size.height && x >= starts[y] && x < ends[y]
    }

    /// The same shape drawn on a grid of another size.
    package func scaled(to newSize: PixelSize) -> FieldOfView {
        var starts = [Int](repeating: 0, count: newSize.height)
        var ends = starts
        let fx = Double(newSize.width) / Double(size.width)
        for y in 0..<newSize.height {
            let source = min(size.height - 1, Int((Double(y) + 0.5) * Double(size.height) / Double(newSize.height)))
            guard self.ends[source] > self.starts[source] else { continue }
            starts[y] = Int((Double(self.starts[source]) * fx).rounded())
            ends[y] = min(newSize.width, Int((Double(self.ends[source]) * fx).rounded()))
        }
        return FieldOfView(size: newSize, starts: starts, ends: ends)
    }
}
