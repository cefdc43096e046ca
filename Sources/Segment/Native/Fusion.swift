// Steps that need no pass of their own: normalisation, activations, sums.

extension LayerGraph {
    /// Folds what can be folded, in the order in which one makes room for the next.
    mutating func fuse() {
        dropIdentities()
        foldNormalisation()
        useBytes()
        joinGates()
        fuseActivations()
        fuseSums()
    }

    mutating func dropIdentities() {
        var removed: Set<Int> = []
        for (index, layer) in layers.enumerated() {
            guard case .unary(.identity) = layer.op, let input = layer.inputs[0], values[input].constant == nil,
                !outputs.contains(layer.output) || input != self.input
            else { continue }
            replace(layer.output, by: input)
            removed.insert(index)
        }
        remove(removed)
    }

    /// A trained normalisation after a convolution is another convolution.
    private mutating func foldNormalisation() {
        let readers = readers()
        let producers = producers()
        var removed: Set<Int> = []
        for (index, layer) in layers.enumerated() {
            guard case .batchNormalization(let epsilon) = layer.op, let input = layer.inputs[0],
                let source = producers[input], readers[input]?.count == 1, !outputs.contains(input),
                let weights = constant(layers[source], 1),
                layers[source].inputs.count < 3 || layers[source].inputs[2] == nil
                    || constant(layers[source], 2) != nil
            else { continue }
            let channels: (Int) -> Int
            switch layers[source].op {
            case .conv:
                let inner = weights.count / weights.shape[0]
                channels = { $0 / inner }
            case .convTranspose(let window, group: 1):
                let plane = window.kernel[0] * window.kernel[1]
                channels = { $0 / plane % weights.shape[1] }
            default: continue
            }
            let (factor, shift) = affine(layer, epsilon: epsilon)
            var scaled = weights.floats
            for i in scaled.indices { scaled[i] *= factor[channels(i)] }
            var bias = constant(layers[source], 2)?.floats ?? [Float](repeating: 0, count: factor.count)
            for i in bias.indices { bias[i] = bias[i] * factor[i] + shift[i] }
            let w = add(Value(name: "", shape: weights.shape, constant: Tensor(shape: weights.shape, floats: scaled)))
            let b = add(Value(name: "", shape: [bias.count], constant: Tensor(shape: [bias.count], floats: bias)))
            layers[source].inputs = [layers[source].inputs[0], w, b]
            replace(layer.output, by: input)
            removed.insert(index)
        }
        remove(removed)
    }

    /// A normalisation as factor and shift for each channel.
    func affine(_ layer: Layer, epsilon: Float) -> (factor: [Float], shift: [Float]) {
        let parts = (1...4).map { constant(layer, $0)?.floats ?? [] }
        let factor = zip(parts[0], parts[3]).map { $0 / ($1 + epsilon).squareRoot() }
        let shift = parts[1].indices.map { parts[1][$0] - parts[2][$0] * factor[$0] }
        return (factor, shift)
    }

    /// `x * sigmoid(x)` is SiLU; the same with a hard sigmoid is hard swish.
    private mutating func joinGates() {
        let readers = readers()
        let producers = producers()
        var removed: Set<Int> = []
        for index in layers.indices {
            guard case .binary(.multiply) = layers[index].op, let a = layers[index].inputs[0],
                let b = layers[index].inputs[1]
            else { continue }
            for (x, gate) in [(a, b), (b, a)] {
                guard let source = producers[gate], readers[gate]?.count == 1, !outputs.contains(gate),
                    layers[source].inputs.first == x
                else { continue }
                switch layers[source].op {
                case .unary(.sigmoid): layers[index].op = .unary(.silu)
                case .unary(.hardSigmoid(let alpha, 0.5)) where abs(alpha - 1 / 6) < 1e-6:
                    layers[index].op = .unary(.hardSwish)
                default: continue
                }
                layers[index].inputs = [x]
                removed.insert(source)
                break
            }
        }
        remove(removed)
    }

    private func takesActivation(_ op: Operator) -> Bool {
        switch op {
        case .conv, .convTranspose, .batchNormalization, .binary, .gemm, .matmul: true
        default: false
        }
    }

    private mutating func fuseActivations() {
        let readers = readers()
        let producers = producers()
        var removed: Set<Int> = []
        for (index, layer) in layers.enumerated() {
            guard case .unary(let unary) = layer.op, let input = layer.inputs[0], let source = producers[input],
                readers[input]?.count == 1, !outputs.contains(input), layers[source].activation == .identity,
                takesActivation(layers[source].op), quantisation[input] == nil, quantisation[layer.output] == nil
            else { continue }
            layers[source].activation = unary
            layers[source].output = layer.output
            removed.insert(index)
        }
        remove(removed)
    }

    /// `convolution + x` adds while the result is still in registers.
    private mutating func fuseSums() {
        let readers = readers()
        let producers = producers()
        var removed: Set<Int> = []
        for (index, layer) in layers.enumerated() {
            guard case .binary(.add) = layer.op, let a = layer.inputs[0], let b = layer.inputs[1], a != b,
                values[a].shape == values[b].shape, values[a].shape.count == 4, values[a].constant == nil,
                values[b].constant == nil
            else { continue }
            for (x, other) in [(a, b), (b, a)] {
                guard let source = producers[x], !removed.contains(source), readers[x]?.count == 1,
                    !outputs.contains(x), layers[source].activation == .identity, layers[source].summand == nil,
                    case .conv = layers[source].op, quantisation[x] == nil, quantisation[other] == nil,
                    quantisation[layer.output] == nil
                else { continue }
                // The sum's place in the order is kept: there both operands are ready.
                var fused = layers[source]
                fused.summand = other
                fused.activation = layer.activation
                fused.output = layer.output
                layers[index] = fused
                removed.insert(source)
                break
            }
        }
        remove(removed)
    }
}
