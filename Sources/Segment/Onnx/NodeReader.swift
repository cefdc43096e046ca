// One ONNX node with its attributes and the constants among its inputs.

/// Reads what a node says, with the checks that every operator needs.
struct NodeReader {
    let proto: Onnx_NodeProto
    let opset: Int
    /// Inputs by position; nil where the file leaves one out.
    let inputs: [Value?]

    var place: String { proto.name.isEmpty ? proto.opType : "\(proto.opType) '\(proto.name)'" }

    func bad(_ message: String) -> SegmentError { SegmentError(.badGraph, message, place: place) }

    func unsupported(_ detail: String) -> SegmentError {
        SegmentError(
            .unsupportedOperator, "the native engine does not run the operator \(proto.opType)\(detail).",
            place: proto.name.isEmpty ? nil : proto.name,
            remedy: "Set 'engine: auto' or 'engine: onnxruntime' to run this network with ONNX Runtime.")
    }

    // MARK: Attributes

    func attribute(_ name: String) -> Onnx_AttributeProto? { proto.attribute.first { $0.name == name } }

    func int(_ name: String, _ standard: Int) -> Int { attribute(name).map { Int(clamping: $0.i) } ?? standard }

    func flag(_ name: String, _ standard: Bool = false) -> Bool { int(name, standard ? 1 : 0) != 0 }

    func float(_ name: String, _ standard: Float) throws(SegmentError) -> Float {
        let value = attribute(name)?.f ?? standard
        guard value.isFinite else { throw bad("the attribute \(name) is not a number.") }
        return value
    }

    func ints(_ name: String) -> [Int]? { attribute(name)?.ints.map { Int(clamping: $0) } }

    func text(_ name: String, _ standard: String) -> String {
        guard let bytes = attribute(name)?.s else { return standard }
        return String(decoding: bytes, as: UTF8.self)
    }

    // MARK: Inputs

    func input(_ index: Int) throws(SegmentError) -> Value {
        guard index < inputs.count, let value = inputs[index] else { throw bad("input \(index) is missing.") }
        return value
    }

    func has(_ index: Int) -> Bool { index < inputs.count && inputs[index] != nil }

    func constant(_ index: Int) throws(SegmentError) -> Tensor {
        guard let tensor = try input(index).constant else {
            throw bad("input \(index) must be a constant.")
        }
        return tensor
    }

    /// A list of whole numbers from an attribute (older files) or an input (newer ones); nil where both are absent.
    func list(_ name: String, input index: Int) throws(SegmentError) -> [Int]? {
        if let attribute = ints(name) { return attribute }
        guard has(index) else { return nil }
        guard let values = try constant(index).ints else { throw bad("\(name) must be whole numbers.") }
        return values.map { Int(clamping: $0) }
    }

    /// A shape with the given number of dimensions.
    func shape(_ index: Int, rank: Int) throws(SegmentError) -> [Int] {
        let value = try input(index)
        guard value.shape.count == rank else {
            throw bad("input \(index) has the shape \(value.shape); \(rank) dimensions were expected.")
        }
        return value.shape
    }

    /// An axis counted from the front.
    func axis(_ value: Int, rank: Int) throws(SegmentError) -> Int {
        guard value >= -rank, value < rank else { throw bad("axis \(value) is outside \(rank) dimensions.") }
        return value < 0 ? value + rank : value
    }

    func axes(_ values: [Int], rank: Int) throws(SegmentError) -> [Int] {
        var result: [Int] = []
        for value in values { result.append(try axis(value, rank: rank)) }
        guard Set(result).count == result.count else { throw bad("an axis is named twice.") }
        return result
    }

    /// The shape of two operands spread over each other by ONNX's rule.
    func broadcast(_ a: [Int], _ b: [Int]) throws(SegmentError) -> [Int] {
        let rank = max(a.count, b.count)
        var result: [Int] = []
        for index in 0..<rank {
            let x = index < rank - a.count ? 1 : a[index - rank + a.count]
            let y = index < rank - b.count ? 1 : b[index - rank + b.count]
            guard x == y || x == 1 || y == 1 else { throw bad("the shapes \(a) and \(b) do not fit together.") }
            result.append(x == 1 ? y : x)
        }
        return result
    }

    // MARK: Windows

    /// The sliding window of a convolution or a pooling over an input of (batch, channels, height, width).
    func window(kernel: [Int], input: [Int]) throws(SegmentError) -> Window {
        func pair(_ name: String) throws(SegmentError) -> [Int] {
            let values = ints(name) ?? [1, 1]
            guard values.count == 2, values.allSatisfy({ $0 >= 1 && $0 <= Limits.kernel }) else {
                throw bad("\(name) \(values) is not acceptable; networks over height and width are run here.")
            }
            return values
        }
        guard kernel.count == 2, kernel.allSatisfy({ $0 >= 1 && $0 <= Limits.kernel }) else {
            throw bad("a kernel of \(kernel) is not acceptable; networks over height and width are run here.")
        }
        if let said = ints("kernel_shape"), said != kernel { throw bad("kernel_shape \(said) contradicts \(kernel).") }
        let pads = ints("pads") ?? [0, 0, 0, 0]
        guard pads.count == 4, pads.allSatisfy({ $0 >= 0 && $0 <= Limits.kernel }) else {
            throw bad("pads \(pads) are not acceptable.")
        }
        var window = Window(
            kernel: kernel, stride: try pair("strides"), dilation: try pair("dilations"),
            before: [pads[0], pads[1]], after: [pads[2], pads[3]])
        switch text("auto_pad", "NOTSET") {
        case "NOTSET", "": break
        case "VALID":
            window.before = [0, 0]
            window.after = [0, 0]
        case let mode where mode == "SAME_UPPER" || mode == "SAME_LOWER":
            for axis in 0..<2 {
                let size = input[axis + 2]
                let output = (size + window.stride[axis] - 1) / window.stride[axis]
                let total = max(0, (output - 1) * window.stride[axis] + window.extent(axis) - size)
                let small = total / 2
                window.before[axis] = mode == "SAME_UPPER" ? small : total - small
                window.after[axis] = mode == "SAME_UPPER" ? total - small : small
            }
        case let mode: throw bad("auto_pad '\(mode)' is unknown.")
        }
        return window
    }

    /// Output height and width of a window that slides over (batch, channels, height, width).
    ///
    /// With `ceil`, the last window may reach past the end as long as it starts inside; `window.after` then grows.
    func slide(_ window: inout Window, over input: [Int], ceil: Bool = false) throws(SegmentError) -> [Int] {
        var size: [Int] = []
        for axis in 0..<2 {
            let span = input[axis + 2] + window.before[axis] + window.after[axis] - window.extent(axis)
            guard span >= 0 else { throw bad("the window is larger than its input of \(input).") }
            var count = span / window.stride[axis] + 1
            if ceil, span % window.stride[axis] != 0,
                count * window.stride[axis] < input[axis + 2] + window.before[axis]
            {
                count += 1
            }
            size.append(count)
        }
        return size
    }
}
