// Blurs of one square plane.
import Glibc

/// Mean over a square window, edges held.
func boxBlur(_ map: [Float], _ width: Int, _ height: Int, _ radius: Int) -> [Float] {
    var middle = map
    var out = map
    let weight = 1 / Float(2 * radius + 1)
    for y in 0..<height {
        let row = y * width
        var sum: Float = 0
        for k in -radius...radius { sum += map[row + min(width - 1, max(0, k))] }
        for x in 0..<width {
            middle[row + x] = sum * weight
            sum += map[row + min(width - 1, x + radius + 1)] - map[row + max(0, x - radius)]
        }
    }
    for x in 0..<width {
        var sum: Float = 0
        for k in -radius...radius { sum += middle[min(height - 1, max(0, k)) * width + x] }
        for y in 0..<height {
            out[y * width + x] = sum * weight
            sum += middle[min(height - 1, y + radius + 1) * width + x] - middle[max(0, y - radius) * width + x]
        }
    }
    return out
}

/// Separable Gaussian blur of a square plane, edges held; wide ones as three box means.
func gauss(_ plane: inout [Float], _ n: Int, _ sigma: Float) {
    if sigma > 3 {
        let radius = max(1, Int((sigma * 0.94).rounded()))
        for _ in 0..<3 { plane = boxBlur(plane, n, n, radius) }
        return
    }
    let reach = max(1, Int((sigma * 2.6).rounded(.up)))
    var taps = (-reach...reach).map { expf(-Float($0 * $0) / (2 * sigma * sigma)) }
    let sum = taps.reduce(0, +)
    for i in taps.indices { taps[i] /= sum }
    var padded = [Float](repeating: 0, count: n + 2 * reach)
    var middle = [Float](repeating: 0, count: n * n)
    // SAFETY: all three buffers are sized above; every index stays below n * n or n + 2 * reach.
    plane.withUnsafeMutableBufferPointer { plane in
        middle.withUnsafeMutableBufferPointer { middle in
            padded.withUnsafeMutableBufferPointer { padded in
                for y in 0..<n {
                    let row = y * n
                    for x in 0..<(n + 2 * reach) { padded[x] = plane[row + min(n - 1, max(0, x - reach))] }
                    for k in taps.indices {
                        let t = taps[k]
                        for x in 0..<n { middle[row + x] += t * padded[x + k] }
                    }
                }
                for y in 0..<n {
                    let row = y * n
                    for x in 0..<n { plane[row + x] = 0 }
                    for k in taps.indices {
                        let t = taps[k]
                        let from = min(n - 1, max(0, y + k - reach)) * n
                        for x in 0..<n { plane[row + x] += t * middle[from + x] }
                    }
                }
            }
        }
    }
}
