// The native engine's view of a network: fewer, fused steps.

/// A step with what follows it folded in: result = activation(op(inputs) + summand).
struct Layer: Sendable {
    var name: String
    var op: Operator
    var inputs: [Int?]
    var output: Int
    var activation: Unary = .identity
    /// A value of the result's shape, added before the activation.
    var summand: Int?
    /// A convolution's weights where it works on bytes; inputs 1 and 2 are then unused.
    var byteWeights: ByteWeights?
}

/// 8-bit weights of a convolution, one scale for each output channel, and the bias as numbers.
struct ByteWeights: Sendable {
    var weights: [Int8]
    var scale: [Float]
    var bias: [Float]
}

/// A network on its way to a plan.
struct LayerGraph: Sendable {
    var values: [Value]
    var layers: [Layer]
    var input: Int
    var outputs: [Int]
    /// Values kept as bytes, with what the bytes mean.
    var quantisation: [Int: Quantisation] = [:]

    init(_ graph: Graph) {
        values = graph.values
        layers = graph.nodes.map { Layer(name: $0.name, op: $0.op, inputs: $0.inputs, output: $0.output) }
        input = graph.input
        outputs = graph.outputs
    }

    func constant(_ layer: Layer, _ index: Int) -> Tensor? {
        guard index < layer.inputs.count, let value = layer.inputs[index] else { return nil }
        return values[value].constant
    }

    /// The layers that read each value.
    func readers() -> [Int: [Int]] {
        var result: [Int: [Int]] = [:]
        for (index, layer) in layers.enumerated() {
            for case let input? in layer.inputs { result[input, default: []].append(index) }
            if let summand = layer.summand { result[summand, default: []].append(index) }
        }
        return result
    }

    func producers() -> [Int: Int] {
        var result: [Int: Int] = [:]
        for (index, layer) in layers.enumerated() { result[layer.output] = index }
        return result
    }

    /// Puts `value` wherever `old` is read.
    mutating func replace(_ old: Int, by value: Int) {
        for index in layers.indices {
            for i in layers[index].inputs.indices where layers[index].inputs[i] == old {
                layers[index].inputs[i] = value
            }
            if layers[index].summand == old { layers[index].summand = value }
        }
        for index in outputs.indices where outputs[index] == old { outputs[index] = value }
    }

    mutating func add(_ value: Value) -> Int {
        values.append(value)
        return values.count - 1
    }

    /// Removes the layers at these places.
    mutating func remove(_ places: Set<Int>) {
        layers = layers.indices.filter { !places.contains($0) }.map { layers[$0] }
    }
}
