// Layers to steps of the C engine: which kernel, which weights, which shares.

internal import Kernels

/// Compiles a fused network, layer by layer.
struct Lowering {
    let graph: LayerGraph
    let mode: ProgramInput
    let level: rima_level
    let threads: Int
    let pool = ConstantPool()
    var placement: Placement
    var steps: [ProgramStep] = []
    /// Bytes of weights that a cycle brings in: from the third-level cache, or from memory where F(4x4) weights of the
    /// whole network, four times the plain ones, would not stay there from one run to the next.
    let weightRate: Double
    /// The layer at hand.
    var at = 0

    init(_ graph: LayerGraph, mode: ProgramInput, level: rima_level, threads: Int) {
        self.graph = graph
        self.mode = mode
        self.level = level
        self.threads = threads
        placement = Placement(graph)
        let weights = graph.layers.reduce(0) { sum, layer in
            if case .conv = layer.op { sum + (graph.constant(layer, 1)?.count ?? 0) } else { sum }
        }
        weightRate = weights * 16 > 24 << 20 ? 4 : 10
    }

    mutating func run() throws(SegmentError) {
        lowerInput()
        for (index, layer) in graph.layers.enumerated() {
            at = index
            try lower(layer)
        }
    }

    private mutating func lower(_ layer: Layer) throws(SegmentError) {
        switch layer.op {
        case .conv(let window, let group): try convolution(layer, window, group)
        case .convTranspose(let window, let group): try transposedConvolution(layer, window, group)
        case .batchNormalization(let epsilon): normalisation(layer, epsilon)
        case .gemm(let alpha, let beta, let transposeA, let transposeB):
            try product(layer, alpha, beta, transposeA, transposeB)
        case .matmul: try product(layer, 1, 1, false, false)
        case .unary(let unary): self.unary(layer, unary)
        case .binary(let binary): try self.binary(layer, binary)
        case .maxPool(let window): pooling(layer, window, rima_op_max_pool, countPadding: false)
        case .averagePool(let window, let counts): pooling(layer, window, rima_op_average_pool, countPadding: counts)
        case .reduceMean(let axes): mean(layer, axes)
        case .resize(let resize): self.resize(layer, resize)
        case .concat(let axis): joint(layer, axis)
        case .softmax(let axis): softmax(layer, axis)
        case .quantize(let meaning): try quantise(layer, meaning)
        case .dequantize(let meaning): try dequantise(layer, meaning)
        case .pad, .depthToSpace, .reshape, .transpose, .slice, .expand: try rearrange(layer)
        case .gather, .cast:
            guard case .cast = layer.op else { throw unsupported(layer, "Gather") }
            unary(layer, .identity)
        }
    }

    func unsupported(_ layer: Layer, _ what: String) -> SegmentError {
        SegmentError(
            .unsupportedOperator, "the native engine does not run \(what) in this form.", place: layer.name,
            remedy: "Set 'engine: auto' or 'engine: onnxruntime' to run this network with ONNX Runtime.")
    }

    // MARK: Values

    func layout(_ value: Int) -> Layout { Layout(graph.values[value].shape) }

    func isBytes(_ value: Int) -> Bool { graph.quantisation[value] != nil }

    func slot(_ value: Int) -> Slot {
        let place = placement.places[value]!
        return Slot(stretch: place.stretch, offset: place.channel * (isBytes(value) ? 1 : 4))
    }

    func pitch(_ value: Int) -> Int32 { Int32(placement.places[value]!.pitch) }

    /// A constant in the layout of its shape.
    func physical(_ tensor: Tensor) -> [Float] {
        let layout = Layout(tensor.shape)
        let floats = tensor.floats
        guard layout.isPicture, layout.pixels > 1 else { return floats }
        var result: [Float] = []
        result.reserveCapacity(floats.count)
        for pixel in 0..<layout.pixels {
            for channel in 0..<layout.channels {
                result.append(floats[layout.position(pixel: pixel, channel: channel)])
            }
        }
        return result
    }

    /// Sets source and result of a step that reads input 0 of a layer.
    func step(_ op: rima_op, _ layer: Layer) -> ProgramStep {
        var result = ProgramStep(op, name: layer.name)
        if let input = layer.inputs.first.flatMap({ $0 }), placement.places[input] != nil { source(&result, input) }
        target(&result, layer.output)
        return result
    }

    func source(_ step: inout ProgramStep, _ value: Int) {
        let layout = layout(value)
        step.src = slot(value)
        step.step.bytes = isBytes(value) ? 1 : 0
        (step.step.h, step.step.w) = (Int32(layout.height), Int32(layout.width))
        (step.step.c, step.step.ld) = (Int32(layout.channels), pitch(value))
    }

    func target(_ step: inout ProgramStep, _ value: Int) {
        let layout = layout(value)
        step.dst = slot(value)
        step.step.bytes_out = isBytes(value) ? 1 : 0
        (step.step.oh, step.step.ow) = (Int32(layout.height), Int32(layout.width))
        (step.step.oc, step.step.old) = (Int32(layout.channels), pitch(value))
        step.step.out_step = 1
        step.step.out_step_y = 1
        step.step.out_w = step.step.ow
    }

    /// Cuts `units` of work into shares: several for each thread, none too small to be worth the asking.
    func share(_ step: inout ProgramStep, units: Int, least: Int) {
        let block = threads == 1 ? max(least, (units + 3) / 4) : max(least, (units + threads * 4 - 1) / (threads * 4))
        step.step.block = Int32(max(1, min(block, units)))
        step.step.chunks = Int32((units + Int(step.step.block) - 1) / Int(step.step.block))
    }

    /// Shares of a step that goes over its result's rows.
    mutating func appendRows(_ step: ProgramStep) {
        var step = step
        let width = Int(step.step.ow) * Int(step.step.oc)
        share(&step, units: Int(step.step.oh), least: max(1, 16384 / max(1, width)))
        steps.append(step)
    }

    /// Shares of a step that goes over its result's pixels.
    mutating func appendPixels(_ step: ProgramStep) {
        var step = step
        let pixels = Int(step.step.oh) * Int(step.step.ow)
        share(&step, units: pixels, least: max(1, 16384 / max(1, Int(step.step.oc))))
        steps.append(step)
    }

    /// Shares of a step that treats all numbers alike; thin pixels that lie side by side are taken as long rows.
    mutating func appendFlat(_ step: ProgramStep) {
        var step = step
        let count = Int(step.step.oh) * Int(step.step.ow) * Int(step.step.oc)
        if step.step.ld == step.step.oc, step.step.old == step.step.oc,
            let row = [4096, 1024, 256, 64, 16].first(where: { count % $0 == 0 && count > $0 })
        {
            (step.step.oh, step.step.ow, step.step.oc) = (1, Int32(count / row), Int32(row))
            (step.step.ld, step.step.old) = (Int32(row), Int32(row))
        }
        appendPixels(step)
    }

    func set(_ activation: Unary, _ step: inout ProgramStep) {
        let (low, high) = activation.bounds
        (step.step.low, step.step.high) = (low, high)
        switch activation {
        case .identity, .relu, .clip: step.step.act = rima_act_clamp
        case .leakyRelu(let slope): (step.step.act, step.step.p0) = (rima_act_leaky, slope)
        case .sigmoid: step.step.act = rima_act_sigmoid
        case .hardSigmoid(let a, let b):
            (step.step.act, step.step.p0, step.step.p1) = (rima_act_hard_sigmoid, a, b)
        case .hardSwish: step.step.act = rima_act_hard_swish
        case .silu: step.step.act = rima_act_silu
        case .tanh: step.step.act = rima_act_tanh
        case .sqrt: step.step.act = rima_act_sqrt
        case .exp: step.step.act = rima_act_exp
        case .negate: step.step.act = rima_act_negate
        case .floor: step.step.act = rima_act_floor
        case .ceil: step.step.act = rima_act_ceil
        }
    }

    // MARK: The input

    private mutating func lowerInput() {
        guard case .picture(let card) = mode else { return }
        var step = ProgramStep(rima_op_input_float, name: "input")
        target(&step, graph.input)
        let order: [Int32] = card.colorOrder == .rgb ? [0, 1, 2] : [2, 1, 0]
        step.step.order = (order[0], order[1], order[2])
        step.step.scale = pool.store(card.deviation.map { 1 / (255 * $0) })
        step.step.bias = pool.store((0..<3).map { -card.mean[$0] / card.deviation[$0] })
        // A network that quantises its input at once gets bytes at once.
        let readers = graph.layers.filter { $0.inputs.contains(graph.input) }
        if readers.count == 1, case .quantize(let meaning) = readers[0].op, meaning.scale.count == 1,
            isBytes(readers[0].output)
        {
            step.step.op = rima_op_input_bytes
            target(&step, readers[0].output)
            step.step.table = pool.store(
                (0..<768).map { i in
                    let x =
                        Float(i % 256) * (1 / (255 * card.deviation[i / 256])) - card.mean[i / 256]
                        / card.deviation[i / 256]
                    return byte(x, meaning)
                })
        }
        appendRows(step)
    }

    /// A number as the byte that stands for it.
    func byte(_ x: Float, _ meaning: Quantisation) -> Int32 {
        let rounded = (x / meaning.scale[0]).rounded(.toNearestOrEven) + Float(meaning.byteZero)
        return Int32(min(max(rounded, 0), 255))
    }
}
