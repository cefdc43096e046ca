// ONNX operators to steps of the engine: parameters resolved, shapes inferred.

/// A step's operator, the inputs that stay data, and the shape of its result.
struct Resolved {
    var op: Operator
    /// Positions of the node's inputs that the step takes.
    var inputs: [Int]
    var shape: [Int]
}

extension NodeReader {
    /// What this node does, with all shapes checked: later stages trust them.
    func resolve() throws(SegmentError) -> Resolved {
        guard proto.domain.isEmpty || proto.domain == "ai.onnx" else { throw unsupported(" of '\(proto.domain)'") }
        if let unary = try unary() {
            return Resolved(op: .unary(unary), inputs: [0], shape: try input(0).shape)
        }
        if let binary = binary() {
            return Resolved(
                op: .binary(binary), inputs: [0, 1], shape: try broadcast(try input(0).shape, try input(1).shape))
        }
        switch proto.opType {
        case "Conv": return try convolution()
        case "ConvTranspose": return try transposedConvolution()
        case "BatchNormalization": return try batchNormalization()
        case "MaxPool", "AveragePool": return try pooling()
        case "GlobalAveragePool", "ReduceMean": return try mean()
        case "Resize", "Upsample": return try resize()
        case "Pad": return try pad()
        case "DepthToSpace": return try depthToSpace()
        case "Gemm": return try gemm()
        case "MatMul": return try matmul()
        case "Softmax": return try softmax()
        case "QuantizeLinear": return try quantization(into: true)
        case "DequantizeLinear": return try quantization(into: false)
        default: return try rearrangement()
        }
    }

    private func unary() throws(SegmentError) -> Unary? {
        switch proto.opType {
        case "Identity", "Dropout": return .identity
        case "Relu": return .relu
        case "LeakyRelu": return .leakyRelu(try float("alpha", 0.01))
        case "Sigmoid": return .sigmoid
        case "HardSigmoid": return .hardSigmoid(try float("alpha", 0.2), try float("beta", 0.5))
        case "HardSwish": return .hardSwish
        case "Tanh": return .tanh
        case "Sqrt": return .sqrt
        case "Exp": return .exp
        case "Neg": return .negate
        case "Floor": return .floor
        case "Ceil": return .ceil
        case "Clip":
            func bound(_ name: String, _ index: Int, _ standard: Float) throws(SegmentError) -> Float {
                if attribute(name) != nil { return try float(name, standard) }
                guard has(index) else { return standard }
                guard let value = try constant(index).floats.first else { throw bad("the bound '\(name)' is empty.") }
                return value
            }
            let low = try bound("min", 1, -.greatestFiniteMagnitude)
            let high = try bound("max", 2, .greatestFiniteMagnitude)
            guard low <= high else { throw bad("the bounds \(low) and \(high) are out of order.") }
            return .clip(low, high)
        default: return nil
        }
    }

    private func binary() -> Binary? {
        switch proto.opType {
        case "Add": .add
        case "Sub": .subtract
        case "Mul": .multiply
        case "Div": .divide
        case "Pow": .power
        case "Min" where proto.input.count == 2: .minimum
        case "Max" where proto.input.count == 2: .maximum
        default: nil
        }
    }

    private func checkBias(_ index: Int, _ channels: Int) throws(SegmentError) {
        guard has(index) else { return }
        let shape = try input(index).shape
        guard shape == [channels] else { throw bad("the bias has the shape \(shape) instead of [\(channels)].") }
    }

    private func convolution() throws(SegmentError) -> Resolved {
        let data = try shape(0, rank: 4)
        let weights = try shape(1, rank: 4)
        let group = int("group", 1)
        guard group >= 1, group <= data[1], data[1] % group == 0, weights[0] >= 1, weights[0] % group == 0,
            weights[1] == data[1] / group
        else { throw bad("weights \(weights) in \(group) groups do not fit an input of \(data).") }
        try checkBias(2, weights[0])
        var window = try window(kernel: Array(weights[2...]), input: data)
        let size = try slide(&window, over: data)
        return Resolved(
            op: .conv(window, group: group), inputs: [0, 1, 2], shape: [data[0], weights[0], size[0], size[1]])
    }

    private func transposedConvolution() throws(SegmentError) -> Resolved {
        let data = try shape(0, rank: 4)
        let weights = try shape(1, rank: 4)
        let group = int("group", 1)
        guard group >= 1, group <= data[1], weights[0] == data[1], data[1] % group == 0, weights[1] >= 1,
            weights[1] <= Limits.dimension
        else { throw bad("weights \(weights) in \(group) groups do not fit an input of \(data).") }
        try checkBias(2, weights[1] * group)
        guard ints("output_shape") == nil, ["NOTSET", ""].contains(text("auto_pad", "NOTSET")) else {
            throw unsupported(" with output_shape or auto_pad")
        }
        var window = try window(kernel: Array(weights[2...]), input: data)
        let extra = ints("output_padding") ?? [0, 0]
        guard extra.count == 2, extra.allSatisfy({ $0 >= 0 && $0 <= Limits.kernel }) else {
            throw bad("output_padding \(extra) is not acceptable.")
        }
        var size: [Int] = []
        for axis in 0..<2 {
            window.after[axis] -= extra[axis]
            let full = (data[axis + 2] - 1) * window.stride[axis] + window.extent(axis)
            let kept = full - window.before[axis] - window.after[axis]
            guard kept >= 1 else { throw bad("the pads leave nothing of the output.") }
            size.append(kept)
        }
        return Resolved(
            op: .convTranspose(window, group: group), inputs: [0, 1, 2],
            shape: [data[0], weights[1] * group, size[0], size[1]])
    }

    private func batchNormalization() throws(SegmentError) -> Resolved {
        let data = try input(0).shape
        guard data.count >= 2, int("training_mode", 0) == 0 else { throw bad("only trained normalisation is run.") }
        for index in 1...4 {
            guard try constant(index).shape == [data[1]] else { throw bad("input \(index) does not fit \(data).") }
        }
        return Resolved(
            op: .batchNormalization(epsilon: try float("epsilon", 1e-5)), inputs: [0, 1, 2, 3, 4], shape: data)
    }

    private func pooling() throws(SegmentError) -> Resolved {
        let data = try shape(0, rank: 4)
        guard int("storage_order", 0) == 0 else { throw unsupported(" with storage_order") }
        var window = try window(kernel: ints("kernel_shape") ?? [], input: data)
        guard (0..<2).allSatisfy({ window.before[$0] < window.extent($0) && window.after[$0] < window.extent($0) })
        else { throw bad("the pads are larger than the window.") }
        let size = try slide(&window, over: data, ceil: flag("ceil_mode"))
        let op: Operator =
            proto.opType == "MaxPool"
            ? .maxPool(window) : .averagePool(window, countPadding: flag("count_include_pad"))
        return Resolved(op: op, inputs: [0], shape: [data[0], data[1], size[0], size[1]])
    }

    private func mean() throws(SegmentError) -> Resolved {
        var shape = try input(0).shape
        var axes: [Int]
        if proto.opType == "GlobalAveragePool" {
            guard shape.count >= 3 else { throw bad("an input of \(shape) has no height and width.") }
            axes = Array(2..<shape.count)
        } else {
            axes = try self.axes(try list("axes", input: 1) ?? Array(0..<shape.count), rank: shape.count).sorted()
            if axes.isEmpty { axes = flag("noop_with_empty_axes") ? [] : Array(shape.indices) }
        }
        let keep = proto.opType == "GlobalAveragePool" || flag("keepdims", true)
        for axis in axes {
            guard shape[axis] > 0 else { throw bad("there is nothing to average.") }
            shape[axis] = 1
        }
        if !keep { shape = shape.indices.filter { !axes.contains($0) }.map { shape[$0] } }
        return Resolved(op: .reduceMean(axes: axes), inputs: [0], shape: shape)
    }

    private func resize() throws(SegmentError) -> Resolved {
        let data = try shape(0, rank: 4)
        let scalesAt = proto.opType == "Upsample" || opset < 11 ? 1 : 2
        var scale: [Float]
        var size: [Int]
        if has(3), try input(3).shape != [0] {
            guard let sizes = try constant(3).ints?.map({ Int(clamping: $0) }), sizes.count == 4,
                sizes[0] == data[0], sizes[1] == data[1]
            else { throw bad("only height and width can be resized.") }
            size = Array(sizes[2...])
            scale = (0..<2).map { Float(size[$0]) / Float(data[$0 + 2]) }
        } else {
            let scales = has(scalesAt) ? try constant(scalesAt).floats : attribute("scales")?.floats ?? []
            guard scales.count == 4, scales[0] == 1, scales[1] == 1, scales.allSatisfy({ $0 > 0 && $0 <= 1024 }) else {
                throw bad("only height and width can be resized.")
            }
            scale = Array(scales[2...])
            size = (0..<2).map { Int((Float(data[$0 + 2]) * scale[$0]).rounded(.down)) }
        }
        guard size.allSatisfy({ $0 >= 1 && $0 <= Limits.dimension }) else {
            throw bad("size \(size) is not acceptable.")
        }
        let mode: Resize.Mode
        switch text("mode", "nearest") {
        case "nearest": mode = .nearest
        case "linear", "bilinear": mode = .linear
        case let other: throw unsupported(" with mode '\(other)'")
        }
        let coordinates: Resize.Coordinates
        switch text("coordinate_transformation_mode", opset < 11 ? "asymmetric" : "half_pixel") {
        case "asymmetric": coordinates = .asymmetric
        case "half_pixel": coordinates = .halfPixel
        case "pytorch_half_pixel": coordinates = .pytorchHalfPixel
        case "align_corners": coordinates = .alignCorners
        case let other: throw unsupported(" with coordinate_transformation_mode '\(other)'")
        }
        let rounding: Resize.Rounding
        switch text("nearest_mode", opset < 11 ? "floor" : "round_prefer_floor") {
        case "round_prefer_floor": rounding = .preferFloor
        case "round_prefer_ceil": rounding = .preferCeil
        case "floor": rounding = .floor
        case "ceil": rounding = .ceil
        case let other: throw unsupported(" with nearest_mode '\(other)'")
        }
        guard !flag("antialias") else { throw unsupported(" with antialias") }
        return Resolved(
            op: .resize(Resize(mode: mode, coordinates: coordinates, rounding: rounding, scale: scale, size: size)),
            inputs: [0], shape: [data[0], data[1], size[0], size[1]])
    }

    private func pad() throws(SegmentError) -> Resolved {
        let data = try input(0).shape
        guard let said = try list("pads", input: 1) else { throw bad("pads are missing.") }
        let axes = has(3) ? try self.axes((try list("", input: 3)) ?? [], rank: data.count) : Array(data.indices)
        guard said.count == 2 * axes.count, said.allSatisfy({ abs($0) <= Limits.dimension }) else {
            throw bad("pads \(said) do not fit \(data).")
        }
        var before = [Int](repeating: 0, count: data.count)
        var after = before
        for (index, axis) in axes.enumerated() {
            before[axis] = said[index]
            after[axis] = said[index + axes.count]
        }
        let mode: PadMode
        switch text("mode", "constant") {
        case "constant": mode = .constant
        case "edge": mode = .edge
        case "reflect": mode = .reflect
        case let other: throw unsupported(" with mode '\(other)'")
        }
        let value = has(2) ? try constant(2).floats.first ?? 0 : try float("value", 0)
        let shape = data.indices.map { data[$0] + before[$0] + after[$0] }
        guard shape.allSatisfy({ $0 >= 1 }), data.allSatisfy({ $0 >= 1 }),
            mode != .reflect || data.indices.allSatisfy({ before[$0] < data[$0] && after[$0] < data[$0] })
        else { throw bad("pads \(said) do not fit \(data).") }
        return Resolved(
            op: .pad(before: before, after: after, mode: mode, value: value), inputs: [0], shape: shape)
    }

    private func depthToSpace() throws(SegmentError) -> Resolved {
        let data = try shape(0, rank: 4)
        let block = int("blocksize", 0)
        guard block >= 1, block <= 64, data[1] % (block * block) == 0 else {
            throw bad("blocks of \(block) do not fit \(data).")
        }
        return Resolved(
            op: .depthToSpace(block: block, columnsFirst: text("mode", "DCR") == "DCR"), inputs: [0],
            shape: [data[0], data[1] / (block * block), data[2] * block, data[3] * block])
    }

    private func gemm() throws(SegmentError) -> Resolved {
        let a = try shape(0, rank: 2)
        let b = try shape(1, rank: 2)
        let (ta, tb) = (flag("transA"), flag("transB"))
        let shape = [ta ? a[1] : a[0], tb ? b[0] : b[1]]
        guard (ta ? a[0] : a[1]) == (tb ? b[1] : b[0]) else { throw bad("\(a) and \(b) cannot be multiplied.") }
        if has(2) {
            guard try broadcast(try input(2).shape, shape) == shape else {
                throw bad("the bias does not fit \(shape).")
            }
        }
        return Resolved(
            op: .gemm(alpha: try float("alpha", 1), beta: try float("beta", 1), transposeA: ta, transposeB: tb),
            inputs: [0, 1, 2], shape: shape)
    }

    private func matmul() throws(SegmentError) -> Resolved {
        let a = try shape(0, rank: 2)
        let b = try shape(1, rank: 2)
        guard a[1] == b[0] else { throw bad("\(a) and \(b) cannot be multiplied.") }
        return Resolved(op: .matmul, inputs: [0, 1], shape: [a[0], b[1]])
    }

    private func softmax() throws(SegmentError) -> Resolved {
        let data = try input(0).shape
        let axis = try axis(int("axis", opset < 13 ? 1 : -1), rank: data.count)
        guard opset >= 13 || data[(axis + 1)...].allSatisfy({ $0 == 1 }) else {
            throw unsupported(" of an opset below 13 over several axes")
        }
        return Resolved(op: .softmax(axis: axis), inputs: [0], shape: data)
    }

    private func quantization(into: Bool) throws(SegmentError) -> Resolved {
        let data = try input(0)
        let scale = try constant(1).floats
        guard !scale.isEmpty, scale.allSatisfy({ $0.isFinite && $0 > 0 }) else { throw bad("a scale is not positive.") }
        let zero: [Int]
        let signed: Bool
        if has(2) {
            guard let ints = try constant(2).ints else { throw bad("the zero point is not a whole number.") }
            zero = ints.map { Int(clamping: $0) }
            // The element type is kept beside integer constants: see GraphReader.
            guard let type = try input(2).type, [.int8, .uint8, .int32].contains(type) else {
                throw unsupported(" with this data type")
            }
            signed = type != .uint8
            guard into == false || type != .int32, zero.allSatisfy({ $0 >= -128 && $0 <= 255 }) else {
                throw bad("the zero point is out of range.")
            }
        } else {
            zero = [Int](repeating: 0, count: scale.count)
            signed = into ? false : data.type != .uint8
        }
        guard int("block_size", 0) == 0 else { throw unsupported(" with blocks") }
        var axis = 0
        if scale.count > 1 {
            axis = try self.axis(int("axis", 1), rank: data.shape.count)
            guard data.shape[axis] == scale.count else { throw bad("\(scale.count) scales do not fit \(data.shape).") }
        }
        guard zero.count == scale.count else { throw bad("scales and zero points differ in number.") }
        let quantisation = Quantisation(scale: scale, zero: zero, axis: axis, isSigned: signed)
        return Resolved(
            op: into ? .quantize(quantisation) : .dequantize(quantisation), inputs: [0], shape: data.shape)
    }
}
