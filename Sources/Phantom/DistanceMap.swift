// How far every pixel is from an outline, for shading.
import Frames

/// Signed distance to an outline, px, positive inside, known on a coarse lattice and read in between.
struct DistanceMap: Sendable {
    let step: Int
    let columns: Int
    let rows: Int
    private(set) var values: [Float]

    /// - Parameter margin: how far outside the outline's box distances are wanted; further out the map says far away.
    init(_ outline: Outline, size: PixelSize, step: Int, margin: Float = .greatestFiniteMagnitude) {
        self.step = step
        columns = (size.width + step - 1) / step + 2
        rows = (size.height + step - 1) / step + 2
        var out = [Float](repeating: -1e5, count: columns * rows)
        let window = DistanceMap.window(outline, margin: margin + 2 * Float(step), columns, rows, step)
        let points = outline.points
        let ramp8 = SIMD8<Float>(0, 1, 2, 3, 4, 5, 6, 7)
        for row in window.rows {
            let y = Float(row * step)
            var column = window.columns.lowerBound
            while column < window.columns.upperBound {
                let x = (ramp8 + Float(column)) * Float(step)
                var best = SIMD8<Float>(repeating: 1e12)
                var inside = SIMD8<Float>(repeating: -1)
                guard var a = points.last else { break }
                for b in points {
                    let ex = b.x - a.x
                    let ey = b.y - a.y
                    let length = max(1e-9, ex * ex + ey * ey)
                    let dx = x - a.x
                    let dy = y - a.y
                    var t = (dx * ex + dy * ey) * (1 / length)
                    t.replace(with: 0, where: t .< 0)
                    t.replace(with: 1, where: t .> 1)
                    let qx = dx - t * ex
                    let qy = SIMD8<Float>(repeating: dy) - t * ey
                    let near = qx * qx + qy * qy
                    best.replace(with: near, where: near .< best)
                    if (a.y <= y) != (b.y <= y) {
                        let at = a.x + (y - a.y) / (b.y - a.y) * ex
                        inside.replace(with: -inside, where: x .< at)
                    }
                    a = b
                }
                let distance = best.squareRoot() * inside
                for lane in 0..<8 where column + lane < columns { out[row * columns + column + lane] = distance[lane] }
                column += 8
            }
        }
        values = out
    }

    /// Lattice points within `margin` of the outline's box.
    private static func window(
        _ outline: Outline, margin: Float, _ columns: Int, _ rows: Int, _ step: Int
    ) -> (columns: Range<Int>, rows: Range<Int>) {
        guard var low = outline.points.first else { return (0..<0, 0..<0) }
        var high = low
        for p in outline.points {
            low = SIMD2(min(low.x, p.x), min(low.y, p.y))
            high = SIMD2(max(high.x, p.x), max(high.y, p.y))
        }
        let scale = 1 / Float(step)
        func index(_ place: Float, _ limit: Int) -> Int { Int(clamp(place * scale, 0, Float(limit))) }
        let x0 = index(low.x - margin, columns)
        let y0 = index(low.y - margin, rows)
        let x1 = index(high.x + margin, columns - 1) + 1
        let y1 = index(high.y + margin, rows - 1) + 1
        return (x0..<max(x0, x1), y0..<max(y0, y1))
    }
}

extension DistanceMap {
    /// Between the lattice points, for a pixel's centre.
    @inline(__always)
    func value(_ x: Int, _ y: Int) -> Float {
        let fx = (Float(x) + 0.5) / Float(step)
        let fy = (Float(y) + 0.5) / Float(step)
        let x0 = Int(fx)
        let y0 = Int(fy)
        let tx = fx - Float(x0)
        let ty = fy - Float(y0)
        let at = y0 * columns + x0
        let top = values[at] + (values[at + 1] - values[at]) * tx
        let low = values[at + columns] + (values[at + columns + 1] - values[at + columns]) * tx
        return top + (low - top) * ty
    }
}
