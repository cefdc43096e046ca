// The plain form of every operator: one number at a time. Slow; the fast engine is judged by it, and constants are
// folded with it.

/// Runs a network step by step, as its file says it, without any shortcut.
struct Reference {
    let graph: Graph

    /// The network's outputs for one input, (1, channels, height, width).
    func run(_ input: [Float]) -> [Tensor] {
        var results = [Tensor?](repeating: nil, count: graph.values.count)
        results[graph.input] = Tensor(shape: graph.values[graph.input].shape, floats: input)
        func value(_ id: Int) -> Tensor { results[id] ?? graph.values[id].constant! }
        for node in graph.nodes {
            results[node.output] = Reference.run(
                node.op, node.inputs.map { $0.map(value) }, shape: graph.values[node.output].shape)
        }
        return graph.outputs.map(value)
    }

    /// A step whose inputs are all constants.
    static func fold(_ op: Operator, constants: [Tensor?], shape: [Int]) -> Tensor {
        run(op, constants, shape: shape)
    }

    /// One step.
    ///
    /// Shapes have been checked when the file was read.
    static func run(_ op: Operator, _ inputs: [Tensor?], shape: [Int]) -> Tensor {
        func input(_ index: Int) -> Tensor { inputs[index]! }
        func optional(_ index: Int) -> [Float]? { index < inputs.count ? inputs[index]?.floats : nil }
        switch op {
        case .conv(let window, let group):
            return Tensor(
                shape: shape,
                floats: convolve(input(0), weights: input(1), bias: optional(2), window, group: group, shape: shape))
        case .convTranspose(let window, let group):
            return Tensor(
                shape: shape,
                floats: spread(input(0), weights: input(1), bias: optional(2), window, group: group, shape: shape))
        case .batchNormalization(let epsilon):
            let inner = shape[2...].reduce(1, *)
            let (scale, bias, mean, variance) = (
                input(1).floats, input(2).floats, input(3).floats, input(4).floats
            )
            var values = input(0).floats
            for i in values.indices {
                let c = i / inner % shape[1]
                values[i] = (values[i] - mean[c]) / (variance[c] + epsilon).squareRoot() * scale[c] + bias[c]
            }
            return Tensor(shape: shape, floats: values)
        case .unary(let unary):
            if case .identity = unary { return input(0) }
            if unary == .floor || unary == .ceil, input(0).isInteger { return input(0) }
            return Tensor(shape: shape, floats: input(0).floats.map(unary.callAsFunction))
        case .binary(let binary): return combine(binary, input(0), input(1), shape: shape)
        case .maxPool(let window):
            return Tensor(shape: shape, floats: pool(input(0), window, shape: shape, countPadding: nil))
        case .averagePool(let window, let countPadding):
            return Tensor(shape: shape, floats: pool(input(0), window, shape: shape, countPadding: countPadding))
        case .reduceMean(let axes): return mean(input(0), axes: axes, shape: shape)
        case .resize(let resize): return Tensor(shape: shape, floats: resized(input(0), resize, shape: shape))
        case .gemm(let alpha, let beta, let transposeA, let transposeB):
            let (a, b) = (input(0), input(1))
            var values = product(a, b, transposeA: transposeA, transposeB: transposeB, shape: shape).map { $0 * alpha }
            if index(2, in: inputs) != nil {
                let bias = rearranged(input(2), shape: shape) { place in
                    spreadIndex(place, over: input(2).shape, rank: 2)
                }.floats
                for i in values.indices { values[i] += beta * bias[i] }
            }
            return Tensor(shape: shape, floats: values)
        case .matmul:
            return Tensor(
                shape: shape, floats: product(input(0), input(1), transposeA: false, transposeB: false, shape: shape))
        case .softmax(let axis): return softmax(input(0), axis: axis)
        case .quantize(let q):
            return scaled(input(0), q) { x, scale, zero in
                // Round half to even, as ONNX asks.
                min(max((x / scale).rounded(.toNearestOrEven) + zero, q.low), q.high)
            }
        case .dequantize(let q): return scaled(input(0), q) { x, scale, zero in (x - zero) * scale }
        case .cast(let toInteger):
            if toInteger, !input(0).isInteger {
                return Tensor(shape: shape, ints: input(0).floats.map { Int64(exactly: $0.rounded(.towardZero)) ?? 0 })
            }
            return toInteger ? input(0) : Tensor(shape: shape, floats: input(0).floats)
        case .concat, .pad, .depthToSpace, .reshape, .transpose, .slice, .gather, .expand:
            return rearrange(op, inputs.compactMap { $0 }, shape: shape)
        }
    }

    private static func index(_ i: Int, in inputs: [Tensor?]) -> Tensor? { i < inputs.count ? inputs[i] : nil }

    /// `body(x, scale, zero)` of every number, with the scale of its index along the axis.
    private static func scaled(_ x: Tensor, _ q: Quantisation, _ body: (Float, Float, Float) -> Float) -> Tensor {
        let inner = x.shape.isEmpty ? 1 : x.shape[(q.axis + 1)...].reduce(1, *)
        var values = x.floats
        for i in values.indices {
            let c = q.scale.count == 1 ? 0 : i / inner % q.scale.count
            values[i] = body(values[i], q.scale[c], Float(q.zero[c]))
        }
        return Tensor(shape: x.shape, floats: values)
    }
}

extension Unary {
    /// The function's value at `x`.
    func callAsFunction(_ x: Float) -> Float {
        switch self {
        case .identity: x
        case .relu: max(x, 0)
        case .leakyRelu(let slope): x < 0 ? slope * x : x
        case .sigmoid: 1 / (1 + exponential(-x))
        case .hardSigmoid(let a, let b): min(max(a * x + b, 0), 1)
        case .hardSwish: x * min(max(x / 6 + 0.5, 0), 1)
        case .silu: x / (1 + exponential(-x))
        case .clip(let low, let high): min(max(x, low), high)
        case .tanh: hyperbolicTangent(x)
        case .sqrt: x.squareRoot()
        case .exp: exponential(x)
        case .negate: -x
        case .floor: x.rounded(.down)
        case .ceil: x.rounded(.up)
        }
    }
}
