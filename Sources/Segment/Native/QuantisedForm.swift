// Quantised networks come as floats between pairs of QuantizeLinear and DequantizeLinear. Here they become bytes.

extension LayerGraph {
    /// Lets every layer that can work on bytes do so; floats remain where a layer needs them.
    mutating func useBytes() {
        if layers.contains(where: { if case .quantize = $0.op { true } else { false } }) {
            widenRectifiers()
            takeBytes()
            giveBytes()
        }
        unpackWeights()
    }

    /// Quantised weights of layers that work on floats become floats, once and for all.
    private mutating func unpackWeights() {
        var removed: Set<Int> = []
        for (index, layer) in layers.enumerated() {
            guard case .dequantize = layer.op, let stored = constant(layer, 0) else { continue }
            values[layer.output].constant = Reference.run(layer.op, [stored], shape: stored.shape)
            removed.insert(index)
        }
        remove(removed)
    }

    /// What the bytes of a dequantised value mean, and where they are.
    private func bytes(_ value: Int, _ producers: [Int: Int]) -> (value: Int, meaning: Quantisation)? {
        guard let source = producers[value], case .dequantize(let meaning) = layers[source].op,
            let input = layers[source].inputs[0], values[input].constant == nil, meaning.scale.count == 1,
            quantisation[input] != nil
        else { return nil }
        return (input, meaning)
    }

    /// An activation belongs to its convolution before anything else is decided.
    private mutating func widenRectifiers() {
        let readers = readers()
        let producers = producers()
        var removed: Set<Int> = []
        for (index, layer) in layers.enumerated() {
            if case .quantize(let meaning) = layer.op, meaning.scale.count == 1 { quantisation[layer.output] = meaning }
            guard case .unary(let unary) = layer.op, unary.isClamp, let input = layer.inputs[0],
                let source = producers[input], case .conv = layers[source].op, readers[input]?.count == 1,
                layers[source].activation == .identity, !outputs.contains(input)
            else { continue }
            layers[source].activation = unary
            layers[source].output = layer.output
            removed.insert(index)
        }
        remove(removed)
    }

    /// Layers that read dequantised values read the bytes instead, where they can.
    private mutating func takeBytes() {
        var producers = producers()
        for index in layers.indices {
            let layer = layers[index]
            switch layer.op {
            case .conv:
                guard let input = layer.inputs[0], let data = bytes(input, producers),
                    let weights = weightBytes(layer)
                else { continue }
                layers[index].inputs = [data.value]
                layers[index].byteWeights = weights
            case .maxPool, .resize:
                if case .resize(let resize) = layer.op, resize.mode != .nearest { continue }
                guard let input = layer.inputs[0], let data = bytes(input, producers) else { continue }
                layers[index].inputs[0] = data.value
                emitBytes(index, data.meaning, &producers)
            case .concat(axis: 1):
                let parts = layer.inputs.compactMap { $0.flatMap { bytes($0, producers) } }
                guard parts.count == layer.inputs.count, values[layer.output].shape.count == 4,
                    let meaning = sharedMeaning(layer, parts)
                else { continue }
                layers[index].inputs = parts.map { $0.value }
                emitBytes(index, meaning, &producers)
            default: continue
            }
        }
        sortLayers()
    }

    /// What a joint of bytes holds: what its reader quantises to, or what all parts hold.
    private func sharedMeaning(_ layer: Layer, _ parts: [(value: Int, meaning: Quantisation)]) -> Quantisation? {
        let after = layers.filter { $0.inputs.contains(layer.output) }
        if after.count == 1, case .quantize(let meaning) = after[0].op, meaning.scale.count == 1 { return meaning }
        return parts.allSatisfy { $0.meaning == parts[0].meaning } ? parts[0].meaning : nil
    }

    /// Makes a layer's result bytes; its readers find them behind a dequantisation.
    private mutating func emitBytes(_ index: Int, _ meaning: Quantisation, _ producers: inout [Int: Int]) {
        let old = layers[index].output
        let new = add(Value(name: values[old].name, shape: values[old].shape))
        quantisation[new] = meaning
        layers[index].output = new
        layers.append(
            Layer(name: layers[index].name, op: .dequantize(meaning), inputs: [new], output: old))
        producers[old] = layers.count - 1
    }

    /// Layers whose result is only quantised give bytes; a dequantisation and quantisation in a row fall together.
    private mutating func giveBytes() {
        var changed = true
        while changed {
            changed = false
            let producers = producers()
            let readers = readers()
            for (index, layer) in layers.enumerated() {
                guard case .quantize(let meaning) = layer.op, meaning.scale.count == 1, let input = layer.inputs[0],
                    let source = producers[input]
                else { continue }
                if case .dequantize(let before) = layers[source].op, before == meaning,
                    let bytes = layers[source].inputs[0], quantisation[bytes] == meaning
                {
                    replace(layer.output, by: bytes)
                    remove([index])
                    changed = true
                    break
                }
                if layers[source].byteWeights != nil, readers[input]?.count == 1, !outputs.contains(input),
                    layers[source].activation.isClamp
                {
                    layers[source].output = layer.output
                    remove([index])
                    changed = true
                    break
                }
            }
        }
        removeUnused()
    }

    /// 8-bit weights of a convolution with their scales and the whole-number bias, if the file gives them so.
    private func weightBytes(_ layer: Layer) -> ByteWeights? {
        guard case .conv(_, let group) = layer.op, let weights = layer.inputs[1],
            let source = layers.first(where: { $0.output == weights }), case .dequantize(let meaning) = source.op,
            let stored = constant(source, 0), let ints = stored.ints, meaning.zero.allSatisfy({ $0 == 0 }),
            meaning.scale.count == 1 || meaning.axis == 0, ints.allSatisfy({ $0 >= -128 && $0 <= 127 }),
            group == 1 || (group == stored.shape[0] && stored.shape[1] == 1)
        else { return nil }
        let channels = stored.shape[0]
        let scale = meaning.scale.count == 1 ? [Float](repeating: meaning.scale[0], count: channels) : meaning.scale
        var bias = [Float](repeating: 0, count: channels)
        if layer.inputs.count > 2, let value = layer.inputs[2] {
            if let constant = values[value].constant {
                bias = constant.floats
            } else if let source = layers.first(where: { $0.output == value }), case .dequantize(let q) = source.op,
                let stored = constant(source, 0)
            {
                bias = Reference.run(.dequantize(q), [stored], shape: stored.shape).floats
            } else {
                return nil
            }
        }
        return ByteWeights(weights: ints.map { Int8($0) }, scale: scale, bias: bias)
    }

    mutating func removeUnused() {
        var needed = Set(outputs)
        var kept: [Layer] = []
        for layer in layers.reversed() where needed.contains(layer.output) {
            kept.append(layer)
            for case let input? in layer.inputs { needed.insert(input) }
            if let summand = layer.summand { needed.insert(summand) }
        }
        layers = kept.reversed()
    }

    /// Restores an order in which every input is ready, keeping the given one where it can.
    mutating func sortLayers() {
        var ready = Set(values.indices.filter { values[$0].constant != nil })
        ready.insert(input)
        var sorted: [Layer] = []
        var waiting = layers
        while !waiting.isEmpty {
            var rest: [Layer] = []
            for layer in waiting {
                if layer.inputs.allSatisfy({ $0.map(ready.contains) ?? true }),
                    layer.summand.map(ready.contains) ?? true
                {
                    sorted.append(layer)
                    ready.insert(layer.output)
                } else {
                    rest.append(layer)
                }
            }
            precondition(rest.count < waiting.count, "a network has no circles")
            waiting = rest
        }
        layers = sorted
    }
}

extension Unary {
    /// Whether the function only cuts off at two bounds.
    var isClamp: Bool {
        switch self {
        case .identity, .relu, .clip: true
        default: false
        }
    }

    /// The bounds of a clamp.
    var bounds: (low: Float, high: Float) {
        switch self {
        case .relu: (0, .infinity)
        case .clip(let low, let high): (low, high)
        default: (-.infinity, .infinity)
        }
    }
}
