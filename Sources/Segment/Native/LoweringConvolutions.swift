// Convolutions: the choice of the kernel, packed weights, shares.

internal import Kernels

extension Lowering {
    mutating func convolution(_ layer: Layer, _ window: Window, _ group: Int) throws(SegmentError) {
        let input = layer.inputs[0]!
        guard placement.places[input] != nil else { throw unsupported(layer, "a convolution of constants") }
        guard window.kernel[0] * window.kernel[1] <= 1024 else { throw unsupported(layer, "a window of this size") }
        let channels = (input: layout(input).channels, output: layout(layer.output).channels)
        if group > 1, group == channels.input, channels.output == channels.input {
            try depthwise(layer, window)
            return
        }
        let weights = try weights(layer)
        let (cg, og) = (channels.input / group, channels.output / group)
        for g in 0..<group {
            var step = step(rima_op_conv, layer)
            set(window, &step)
            (step.step.c, step.step.oc) = (Int32(cg), Int32(og))
            let size = step.step.bytes != 0 ? 1 : 4
            step.src!.offset += g * cg * size
            step.dst!.offset += g * og * (step.step.bytes_out != 0 ? 1 : 4)
            set(layer.activation, &step)
            if let summand = layer.summand {
                guard placement.places[summand] != nil else { throw unsupported(layer, "a sum with a constant") }
                step.src2 = slot(summand)
                step.src2!.offset += g * og * 4
                step.step.ld2 = pitch(summand)
            }
            step.work = Int(step.step.oh * step.step.ow) * og * cg * window.kernel[0] * window.kernel[1]
            choose(&step, window)
            let range = g * og..<(g + 1) * og
            bias(&step, layer, range)
            let size9 = cg * window.kernel[0] * window.kernel[1]
            pack(&step, weights, g * og * size9..<(g + 1) * og * size9)
            append(step)
        }
    }

    /// A convolution's weights, floats or bytes.
    private func weights(_ layer: Layer) throws(SegmentError) -> Packable {
        if let bytes = layer.byteWeights { return .bytes(bytes.weights) }
        guard let tensor = graph.constant(layer, 1),
            layer.inputs.count < 3 || layer.inputs[2] == nil
                || graph.constant(layer, 2) != nil
        else { throw unsupported(layer, "a convolution with computed weights") }
        return .floats(tensor.floats)
    }

    enum Packable {
        case floats([Float])
        case bytes([Int8])
    }

    mutating func pack(_ step: inout ProgramStep, _ weights: Packable, _ range: Range<Int>) {
        let packed = pool.allocate(bytes: rima_packed_size(level, &step.step))
        switch weights {
        case .floats(let all):
            all.withUnsafeBufferPointer { rima_pack(level, &step.step, $0.baseAddress! + range.lowerBound, packed) }
        case .bytes(let all):
            all.withUnsafeBufferPointer {
                rima_pack_bytes(level, &step.step, $0.baseAddress! + range.lowerBound, packed)
            }
        }
        step.step.weights = UnsafeRawPointer(packed)
    }

    func set(_ window: Window, _ step: inout ProgramStep) {
        (step.step.kh, step.step.kw) = (Int32(window.kernel[0]), Int32(window.kernel[1]))
        (step.step.sh, step.step.sw) = (Int32(window.stride[0]), Int32(window.stride[1]))
        (step.step.dh, step.step.dw) = (Int32(window.dilation[0]), Int32(window.dilation[1]))
        (step.step.top, step.step.left) = (Int32(window.before[0]), Int32(window.before[1]))
        (step.step.bottom, step.step.right) = (Int32(window.after[0]), Int32(window.after[1]))
    }

    /// Bias, and for bytes the scale of each channel: from sums of products to the result's numbers or bytes.
    mutating func bias(_ step: inout ProgramStep, _ layer: Layer, _ range: Range<Int>) {
        let padded = range.count + 64
        guard let bytes = layer.byteWeights, let input = graph.quantisation[layer.inputs[0]!] else {
            var bias = graph.constant(layer, 2).map { Array($0.floats[range]) } ?? []
            bias += [Float](repeating: 0, count: padded - bias.count)
            step.step.bias = pool.store(bias)
            return
        }
        let perChannel = bytes.weights.count / bytes.scale.count
        var scale = [Float](repeating: 0, count: padded)
        var bias = scale
        for (index, channel) in range.enumerated() {
            let sum = bytes.weights[channel * perChannel..<(channel + 1) * perChannel].reduce(0) { $0 + Int($1) }
            let unit = input.scale[0] * bytes.scale[channel]
            scale[index] = unit
            bias[index] = bytes.bias[channel] - Float(input.byteZero * sum) * unit
            if step.step.op == rima_op_depthwise { bias[index] = bytes.bias[channel] }
        }
        step.step.zero = Int32(input.byteZero)
        if let output = graph.quantisation[layer.output] {
            let factor = 1 / output.scale[0]
            let zero = Float(output.byteZero)
            for i in scale.indices {
                scale[i] *= factor
                bias[i] = bias[i] * factor + zero
            }
            let (low, high) = layer.activation.bounds
            step.step.low = low.isFinite ? Float(byte(low, output)) : 0
            step.step.high = high.isFinite ? Float(byte(high, output)) : 255
        }
        step.step.scale = pool.store(scale)
        step.step.bias = pool.store(bias)
    }

    /// The kernel by estimated cycles of one thread: arithmetic at the measured share of peak, weights at the rate at
    /// which they come in.
    ///
    /// The choice depends on shapes only, so that the same file always gives the same numbers.
    private func choose(_ step: inout ProgramStep, _ window: Window) {
        let s = step.step
        if s.oc <= 2, s.c % 16 == 0, window.dilation == [1, 1], Int(s.c * s.kh * s.kw) <= 512, s.ow >= 16 {
            step.step.op = rima_op_conv_thin
            return
        }
        if window.kernel == [1, 1], window.stride == [1, 1], window.before == [0, 0], window.after == [0, 0] {
            step.step.op = rima_op_conv_point
            return
        }
        guard s.bytes == 0, window.kernel == [3, 3], window.stride == [1, 1], window.dilation == [1, 1] else { return }
        let (ci, co) = (Double(s.c), Double(s.oc))
        guard ci >= 8, co >= 8 else { return }
        let lanes: Double = level.rawValue >= 2 ? 16 : level.rawValue == 1 ? 8 : 4
        func tiles(_ m: Int32) -> Double { Double((s.oh + m - 1) / m * ((s.ow + m - 1) / m)) }
        func cycles(tiles: Double, side: Double) -> Double {
            let multiplies = tiles * side * side * ci * co / (2 * lanes) * 1.1
            let transforms = tiles * side * side * (ci + co) / lanes * 2.2
            return multiplies + transforms + side * side * ci * co * 4 / weightRate
        }
        let direct = Double(s.oh * s.ow) * 9 * ci * co / (2 * lanes) * 1.05 + 9 * ci * co * 4 / weightRate
        let four = cycles(tiles: tiles(4), side: 6)
        let two = cycles(tiles: tiles(2), side: 4)
        guard min(four, two) < direct else { return }
        step.step.op = rima_op_winograd
        step.step.tile = four <= two ? 4 : 2
    }

    /// Cuts a convolution into shares and appends it, Winograd maybe in three phases.
    mutating func append(_ step: ProgramStep) {
        var step = step
        let s = step.step
        let lanes = level.rawValue >= 2 ? 16 : level.rawValue == 1 ? 8 : 4
        let vectors = (Int(s.oc) + lanes - 1) / lanes
        switch s.op {
        case rima_op_conv_point:
            let pixels = Int(s.oh * s.ow)
            share(&step, units: pixels, least: 56)
            step.step.block = min(step.step.block, 504)
            step.step.chunks = (Int32(pixels) + step.step.block - 1) / step.step.block
            splitChannels(&step, vectors)
            steps.append(step)
        case rima_op_winograd:
            let m = Int(s.tile)
            let tiles = (Int(s.oh) + m - 1) / m * ((Int(s.ow) + m - 1) / m)
            let side = (m + 2) * (m + 2)
            // Transformed pixels and products of one share stay in the second-level cache.
            let fitting = max(20, 420_000 / (4 * side * (Int(s.c) + Int(s.oc))))
            if threads > 1, tiles < fitting * threads * 2 {
                phases(step, tiles: tiles, side: side, vectors: vectors)
                return
            }
            let shares = (tiles + fitting - 1) / fitting
            let rounds = max(1, (shares + threads - 1) / threads) * threads
            step.step.block = Int32((tiles + rounds - 1) / rounds)
            step.step.chunks = Int32((tiles + Int(step.step.block) - 1) / Int(step.step.block))
            steps.append(step)
        default:
            let rows = Int(s.oh)
            let bytes = Int(s.ow * s.sw) * Int(s.c) * (s.bytes != 0 ? 1 : 4)
            // Gathered rows of one share stay in the second-level cache; few rows are gathered twice.
            let fitting = max(1, 260_000 / max(1, bytes * Int(s.sh)) - Int(s.kh))
            var block = min(rows, max(2, fitting))
            if threads > 1 { block = min(block, max(2, (rows + threads * 3 - 1) / (threads * 3))) }
            step.step.block = Int32(max(1, block))
            step.step.chunks = Int32((rows + block - 1) / max(1, block))
            splitChannels(&step, vectors)
            steps.append(step)
        }
    }

    /// Few shares over rows are cut once more, over output channels.
    private func splitChannels(_ step: inout ProgramStep, _ vectors: Int) {
        guard threads > 1, Int(step.step.chunks) < threads * 2, vectors >= 4 else { return }
        step.step.split = Int32(min(threads, vectors / 2))
        step.step.chunks *= step.step.split
    }

    private mutating func phases(_ step: ProgramStep, tiles: Int, side: Int, vectors: Int) {
        let lanes = level.rawValue >= 2 ? 16 : level.rawValue == 1 ? 8 : 4
        func plane(_ channels: Int32) -> Int { tiles * ((Int(channels) + lanes - 1) / lanes * lanes) + 16 }
        let v = placement.addScratch(bytes: side * plane(step.step.c) * 4, step: at)
        let m = placement.addScratch(bytes: side * plane(step.step.oc) * 4, step: at)
        var phase = step
        phase.v = Slot(stretch: v)
        phase.m = Slot(stretch: m)
        phase.step.block = Int32(max(1, (tiles + threads * 2 - 1) / (threads * 2)))
        let runs = Int32((tiles + Int(phase.step.block) - 1) / Int(phase.step.block))
        phase.work = 0
        phase.step.op = rima_op_winograd_in
        phase.step.chunks = runs
        steps.append(phase)
        phase.step.op = rima_op_winograd_gemm
        phase.work = step.work
        phase.step.chunks = Int32(side)
        steps.append(phase)
        phase.work = 0
        phase.step.op = rima_op_winograd_out
        phase.step.chunks = runs
        steps.append(phase)
    }

    private mutating func depthwise(_ layer: Layer, _ window: Window) throws(SegmentError) {
        let weights = try weights(layer)
        var step = step(rima_op_depthwise, layer)
        set(window, &step)
        set(layer.activation, &step)
        if let summand = layer.summand {
            step.src2 = slot(summand)
            step.step.ld2 = pitch(summand)
        }
        let channels = Int(step.step.oc)
        step.work = Int(step.step.oh * step.step.ow) * channels * window.kernel[0] * window.kernel[1]
        bias(&step, layer, 0..<channels)
        pack(&step, weights, 0..<channels * window.kernel[0] * window.kernel[1])
        appendRows(step)
    }

    /// A normalisation that stands alone is a 1x1 window for each channel.
    mutating func normalisation(_ layer: Layer, _ epsilon: Float) {
        let (factor, shift) = graph.affine(layer, epsilon: epsilon)
        var step = step(rima_op_depthwise, layer)
        set(Window(kernel: [1, 1], stride: [1, 1], dilation: [1, 1], before: [0, 0], after: [0, 0]), &step)
        set(layer.activation, &step)
        step.step.bias = pool.store(shift + [Float](repeating: 0, count: 64))
        pack(&step, .floats(factor), 0..<factor.count)
        appendRows(step)
    }

    /// Every phase of the output's grid is an ordinary convolution with some of the kernel's rows and columns.
    mutating func transposedConvolution(_ layer: Layer, _ window: Window, _ group: Int) throws(SegmentError) {
        guard window.dilation == [1, 1] else { throw unsupported(layer, "ConvTranspose with dilation") }
        guard let tensor = graph.constant(layer, 1),
            layer.inputs.count < 3 || layer.inputs[2] == nil
                || graph.constant(layer, 2) != nil
        else { throw unsupported(layer, "ConvTranspose with computed weights") }
        let kernel = tensor.floats
        let (ci, co) = (layout(layer.inputs[0]!).channels, layout(layer.output).channels)
        let (cg, og) = (ci / group, co / group)
        let (kh, kw) = (window.kernel[0], window.kernel[1])
        for g in 0..<group {
            for py in 0..<window.stride[0] {
                for px in 0..<window.stride[1] {
                    let rows = taps(window, axis: 0, phase: py)
                    let columns = taps(window, axis: 1, phase: px)
                    var step = step(rima_op_conv, layer)
                    let (oh, ow) = (Int(step.step.oh), Int(step.step.ow))
                    guard py < oh, px < ow else { continue }
                    // A phase that no kernel row or column reaches holds the bias alone: one weight of zero.
                    let (th, tw) = (max(1, rows.indices.count), max(1, columns.indices.count))
                    set(
                        Window(
                            kernel: [th, tw], stride: [1, 1], dilation: [1, 1], before: [rows.before, columns.before],
                            after: [0, 0]), &step)
                    (step.step.c, step.step.oc) = (Int32(cg), Int32(og))
                    step.src!.offset += g * cg * 4
                    step.dst!.offset += g * og * 4
                    step.step.oh = Int32((oh - py + window.stride[0] - 1) / window.stride[0])
                    step.step.ow = Int32((ow - px + window.stride[1] - 1) / window.stride[1])
                    (step.step.out_step_y, step.step.out_step) = (Int32(window.stride[0]), Int32(window.stride[1]))
                    (step.step.out_y, step.step.out_x, step.step.out_w) = (Int32(py), Int32(px), Int32(ow))
                    set(layer.activation, &step)
                    bias(&step, layer, g * og..<(g + 1) * og)
                    var weights = [Float](repeating: 0, count: og * cg * th * tw)
                    for o in 0..<og {
                        for c in 0..<cg {
                            for (i, ky) in rows.indices.enumerated() {
                                for (j, kx) in columns.indices.enumerated() {
                                    weights[((o * cg + c) * th + i) * tw + j] =
                                        kernel[(((g * cg + c) * og + o) * kh + ky) * kw + kx]
                                }
                            }
                        }
                    }
                    step.work = Int(step.step.oh * step.step.ow) * og * cg * th * tw
                    pack(&step, .floats(weights), 0..<weights.count)
                    append(step)
                }
            }
        }
    }

    /// Kernel indices that reach output positions of one phase, in the order of rising input position, and how far
    /// before the phase's own index the first of them reads.
    private func taps(_ window: Window, axis: Int, phase: Int) -> (indices: [Int], before: Int) {
        let (stride, pad) = (window.stride[axis], window.before[axis])
        let indices = (0..<window.kernel[axis]).filter { (phase + pad - $0) % stride == 0 }.sorted(by: >)
        guard let first = indices.first else { return ([], 0) }
        return (indices, -((phase + pad - first) / stride))
    }

    /// A matrix product with constant weights: every row is a pixel.
    mutating func product(
        _ layer: Layer, _ alpha: Float, _ beta: Float, _ transposeA: Bool, _ transposeB: Bool
    ) throws(SegmentError) {
        guard let b = graph.constant(layer, 1), let a = layer.inputs[0], placement.places[a] != nil, !transposeA else {
            throw unsupported(layer, "a product of two computed matrices")
        }
        let (k, n) = transposeB ? (b.shape[1], b.shape[0]) : (b.shape[0], b.shape[1])
        let source = b.floats
        var weights = [Float](repeating: 0, count: n * k)
        for o in 0..<n {
            for c in 0..<k { weights[o * k + c] = alpha * (transposeB ? source[o * k + c] : source[c * n + o]) }
        }
        var bias = [Float](repeating: 0, count: n + 64)
        if layer.inputs.count > 2, layer.inputs[2] != nil {
            guard let values = graph.constant(layer, 2),
                values.count == 1 || (values.count == n && values.shape.last == n)
            else { throw unsupported(layer, "Gemm with this bias") }
            let floats = values.floats
            for o in 0..<n { bias[o] = beta * floats[floats.count == 1 ? 0 : o] }
        }
        var step = step(rima_op_conv_point, layer)
        set(Window(kernel: [1, 1], stride: [1, 1], dilation: [1, 1], before: [0, 0], after: [0, 0]), &step)
        set(layer.activation, &step)
        step.step.bias = pool.store(bias)
        step.work = Int(step.step.ow) * n * k
        pack(&step, .floats(weights), 0..<weights.count)
        append(step)
    }
}
