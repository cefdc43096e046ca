// What a recorder's compression leaves behind: coarse 8x8 cosine coefficients, colour at half resolution.
import Glibc

/// Quantises blocks as a still or motion codec of the given quality would.
struct BlockCodec {
    private let cosines: [Float]
    private let luma: [Float]
    private let chroma: [Float]

    /// - Parameter quality: 0 none of the detail ... 100 nearly all, like a JPEG's.
    init(quality: Float) {
        cosines = (0..<64).map { i in
            let (k, x) = (i / 8, i % 8)
            let scale: Float = k == 0 ? sqrtf(1 / 8) : 0.5
            return scale * cosf((2 * Float(x) + 1) * Float(k) * Float.pi / 16)
        }
        let q = clamp(quality, 5, 98)
        let factor = q < 50 ? 50 / q : 2 - q / 50
        // Steps grow with frequency; colour is coarser.
        luma = (0..<64).map { i in
            let f = Float(i / 8 + i % 8)
            return max(1, (11 + 3.2 * f + 0.55 * f * f) * factor)
        }
        chroma = (0..<64).map { i in max(1, min(99, 17 + 9 * Float(i / 8 + i % 8)) * factor) }
    }

    func spoil(_ canvas: inout Canvas) {
        let n = canvas.side
        guard n % 16 == 0 else { return }
        let m = n / 2
        var y = [Float](repeating: 0, count: n * n)
        var cb = [Float](repeating: 0, count: m * m)
        var cr = cb
        for i in 0..<(n * n) {
            let (r, g, b) = (
                clamp(canvas.red[i], 0, 255), clamp(canvas.green[i], 0, 255), clamp(canvas.blue[i], 0, 255)
            )
            let l = 0.299 * r + 0.587 * g + 0.114 * b
            y[i] = l
            let j = (i / n / 2) * m + (i % n) / 2
            cb[j] += (b - l) * (0.564 / 4)
            cr[j] += (r - l) * (0.713 / 4)
        }
        quantise(&y, n, luma, centre: 128)
        quantise(&cb, m, chroma, centre: 0)
        quantise(&cr, m, chroma, centre: 0)
        for row in 0..<n {
            let up = row / 2
            for x in 0..<n {
                let i = row * n + x
                let j = up * m + x / 2
                let (u, v) = (cb[j], cr[j])
                canvas.red[i] = y[i] + 1.402 * v
                canvas.green[i] = y[i] - 0.344 * u - 0.714 * v
                canvas.blue[i] = y[i] + 1.772 * u
            }
        }
    }

    private func quantise(_ plane: inout [Float], _ n: Int, _ steps: [Float], centre: Float) {
        // SAFETY: blocks start at multiples of 8 below n, and n is a multiple of 8.
        plane.withUnsafeMutableBufferPointer { plane in
            cosines.withUnsafeBufferPointer { c in
                steps.withUnsafeBufferPointer { steps in
                    withUnsafeTemporaryAllocation(of: SIMD8<Float>.self, capacity: 16) { rows in
                        let basis = rows.baseAddress! + 8
                        for k in 0..<8 { basis[k] = SIMD8((0..<8).map { c[k * 8 + $0] }) }
                        for by in stride(from: 0, to: n, by: 8) {
                            for bx in stride(from: 0, to: n, by: 8) {
                                let base = by * n + bx
                                var lines = (SIMD8<Float>.zero, SIMD8<Float>.zero)
                                for k in 0..<8 {
                                    lines.0 = .zero
                                    for y in 0..<8 {
                                        let p = plane.baseAddress! + base + y * n
                                        let line = SIMD8(p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7])
                                        lines.0 += (line - centre) * c[k * 8 + y]
                                    }
                                    rows[k] = lines.0
                                }
                                // Rows hold the vertical coefficients; now across, quantised and back.
                                for k in 0..<8 {
                                    var back = SIMD8<Float>.zero
                                    for j in 0..<8 {
                                        let step = steps[k * 8 + j]
                                        let v = ((rows[k] * basis[j]).sum() / step).rounded() * step
                                        if v != 0 { back += basis[j] * v }
                                    }
                                    rows[k] = back
                                }
                                for y in 0..<8 {
                                    lines.1 = SIMD8(repeating: centre)
                                    for k in 0..<8 { lines.1 += rows[k] * c[k * 8 + y] }
                                    let p = plane.baseAddress! + base + y * n
                                    for x in 0..<8 { p[x] = lines.1[x] }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
