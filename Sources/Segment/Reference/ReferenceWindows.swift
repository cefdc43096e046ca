// Convolutions, pooling and resizing in their plain form.

extension Reference {
    /// **Shape** input (n, ci, h, w), weights (co, ci / group, kh, kw), result (n, co, oh, ow).
    static func convolve(
        _ x: Tensor, weights: Tensor, bias: [Float]?, _ window: Window, group: Int, shape: [Int]
    ) -> [Float] {
        let (ci, h, w) = (x.shape[1], x.shape[2], x.shape[3])
        let (co, oh, ow) = (shape[1], shape[2], shape[3])
        let (kh, kw, cg) = (window.kernel[0], window.kernel[1], ci / group)
        var result = [Float](repeating: 0, count: shape.reduce(1, *))
        let (input, kernel) = (x.floats, weights.floats)
        for n in 0..<shape[0] {
            for o in 0..<co {
                let first = o / (co / group) * cg
                for oy in 0..<oh {
                    for ox in 0..<ow {
                        var sum = bias?[o] ?? 0
                        for ky in 0..<kh {
                            let y = oy * window.stride[0] - window.before[0] + ky * window.dilation[0]
                            guard y >= 0, y < h else { continue }
                            for kx in 0..<kw {
                                let x = ox * window.stride[1] - window.before[1] + kx * window.dilation[1]
                                guard x >= 0, x < w else { continue }
                                for c in 0..<cg {
                                    sum +=
                                        input[((n * ci + first + c) * h + y) * w + x]
                                        * kernel[((o * cg + c) * kh + ky) * kw + kx]
                                }
                            }
                        }
                        result[((n * co + o) * oh + oy) * ow + ox] = sum
                    }
                }
            }
        }
        return result
    }

    /// A transposed convolution: each input number spreads its kernel over the output.
    ///
    /// **Shape** input (n, ci, h, w), weights (ci, co / group, kh, kw), result (n, co, oh, ow).
    static func spread(
        _ x: Tensor, weights: Tensor, bias: [Float]?, _ window: Window, group: Int, shape: [Int]
    ) -> [Float] {
        let (ci, h, w) = (x.shape[1], x.shape[2], x.shape[3])
        let (co, oh, ow) = (shape[1], shape[2], shape[3])
        let (kh, kw, cg, og) = (window.kernel[0], window.kernel[1], ci / group, co / group)
        var result = [Float](repeating: 0, count: shape.reduce(1, *))
        let (input, kernel) = (x.floats, weights.floats)
        for n in 0..<shape[0] {
            for c in 0..<ci {
                for y in 0..<h {
                    for x in 0..<w {
                        let value = input[((n * ci + c) * h + y) * w + x]
                        for o in 0..<og {
                            let plane = (n * co + c / cg * og + o) * oh
                            for ky in 0..<kh {
                                let oy = y * window.stride[0] - window.before[0] + ky * window.dilation[0]
                                guard oy >= 0, oy < oh else { continue }
                                for kx in 0..<kw {
                                    let ox = x * window.stride[1] - window.before[1] + kx * window.dilation[1]
                                    guard ox >= 0, ox < ow else { continue }
                                    result[(plane + oy) * ow + ox] +=
                                        value * kernel[((c * og + o) * kh + ky) * kw + kx]
                                }
                            }
                        }
                    }
                }
            }
        }
        if let bias {
            for i in result.indices { result[i] += bias[i / (oh * ow) % co] }
        }
        return result
    }

    /// Largest value of each window, or its mean: over the pixels inside, or over padding as well.
    static func pool(_ x: Tensor, _ window: Window, shape: [Int], countPadding: Bool?) -> [Float] {
        let (h, w, oh, ow) = (x.shape[2], x.shape[3], shape[2], shape[3])
        let input = x.floats
        var result = [Float](repeating: 0, count: shape.reduce(1, *))
        for plane in 0..<shape[0] * shape[1] {
            for oy in 0..<oh {
                for ox in 0..<ow {
                    var (sum, largest) = (Float(0), -Float.infinity)
                    var (inside, padded) = (0, 0)
                    for ky in 0..<window.kernel[0] {
                        let y = oy * window.stride[0] - window.before[0] + ky * window.dilation[0]
                        for kx in 0..<window.kernel[1] {
                            let x = ox * window.stride[1] - window.before[1] + kx * window.dilation[1]
                            if y < h + window.after[0], x < w + window.after[1] { padded += 1 }
                            guard y >= 0, y < h, x >= 0, x < w else { continue }
                            let value = input[(plane * h + y) * w + x]
                            inside += 1
                            sum += value
                            largest = max(largest, value)
                        }
                    }
                    result[(plane * oh + oy) * ow + ox] =
                        countPadding.map { sum / Float(max(1, $0 ? padded : inside)) } ?? largest
                }
            }
        }
        return result
    }

    static func resized(_ x: Tensor, _ resize: Resize, shape: [Int]) -> [Float] {
        let (h, w) = (x.shape[2], x.shape[3])
        let input = x.floats
        var result: [Float] = []
        result.reserveCapacity(shape.reduce(1, *))
        let rows = (0..<shape[2]).map { resize.linear($0, axis: 0, input: h) }
        let columns = (0..<shape[3]).map { resize.linear($0, axis: 1, input: w) }
        let nearestRows = (0..<shape[2]).map { resize.nearest($0, axis: 0, input: h) }
        let nearestColumns = (0..<shape[3]).map { resize.nearest($0, axis: 1, input: w) }
        for plane in 0..<shape[0] * shape[1] {
            for oy in 0..<shape[2] {
                for ox in 0..<shape[3] {
                    func at(_ y: Int, _ x: Int) -> Float { input[(plane * h + y) * w + x] }
                    switch resize.mode {
                    case .nearest: result.append(at(nearestRows[oy], nearestColumns[ox]))
                    case .linear:
                        let (r, c) = (rows[oy], columns[ox])
                        let top = at(r.first, c.first) * (1 - c.share) + at(r.first, c.second) * c.share
                        let bottom = at(r.second, c.first) * (1 - c.share) + at(r.second, c.second) * c.share
                        result.append(top * (1 - r.share) + bottom * r.share)
                    }
                }
            }
        }
        return result
    }
}
