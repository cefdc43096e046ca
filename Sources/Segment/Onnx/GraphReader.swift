// An ONNX file to a graph with static shapes; what depends on no picture is worked out here.

internal import Foundation
internal import Frames
internal import SwiftProtobuf

/// The steps from a file's bytes to a network.
enum OnnxFile {
    static func parse(_ bytes: Data) throws(SegmentError) -> Onnx_ModelProto {
        guard bytes.count <= Limits.fileBytes else {
            throw SegmentError(.tooLarge, "the model file is larger than 1 GiB.")
        }
        let proto: Onnx_ModelProto
        do {
            proto = try Onnx_ModelProto(serializedBytes: bytes)
        } catch {
            throw SegmentError(.notAModel, "this is no ONNX model, or a damaged one.")
        }
        guard proto.hasGraph, !proto.graph.node.isEmpty, proto.irVersion > 0 else {
            throw SegmentError(.notAModel, "this is no ONNX model: it holds no network.")
        }
        return proto
    }

    static func metadata(of proto: Onnx_ModelProto) -> [String: String] {
        var metadata: [String: String] = [:]
        for entry in proto.metadataProps { metadata[entry.key] = entry.value }
        return metadata
    }

    /// - Parameter picture: the size that stands for a height and a width which the file leaves open.
    static func graph(of proto: Onnx_ModelProto, picture: PixelSize?) throws(SegmentError) -> Graph {
        let domain = proto.opsetImport.first { $0.domain.isEmpty || $0.domain == "ai.onnx" }
        var reader = GraphReader(opset: domain.map { Int(clamping: $0.version) } ?? 0, picture: picture)
        return try reader.read(proto.graph)
    }
}

private struct GraphReader {
    let opset: Int
    let picture: PixelSize?
    var values: [Value] = []
    var index: [String: Int] = [:]
    var nodes: [Node] = []

    init(opset: Int, picture: PixelSize?) {
        self.opset = opset
        self.picture = picture
    }

    mutating func read(_ proto: Onnx_GraphProto) throws(SegmentError) -> Graph {
        guard opset >= 9 else {
            throw SegmentError(.badGraph, "the model uses opset \(opset); 9 and later are read.")
        }
        guard proto.node.count <= Limits.nodes else {
            throw SegmentError(.tooLarge, "the network has more than \(Limits.nodes) steps.")
        }
        for weight in proto.initializer {
            let tensor = try Tensor(weight)
            add(
                Value(
                    name: weight.name, shape: tensor.shape, constant: tensor, type: OnnxType(rawValue: weight.dataType))
            )
        }
        let inputs = proto.input.filter { index[$0.name] == nil }
        guard inputs.count == 1 else {
            throw SegmentError(.badGraph, "the network has \(inputs.count) inputs; one picture was expected.")
        }
        let input = add(Value(name: inputs[0].name, shape: try inputShape(inputs[0]), constant: nil, type: .float))
        for node in proto.node { try read(node) }
        var outputs: [Int] = []
        for output in proto.output {
            guard let value = index[output.name] else {
                throw SegmentError(.badGraph, "the output '\(output.name)' is never computed.")
            }
            outputs.append(value)
        }
        guard !outputs.isEmpty else { throw SegmentError(.badGraph, "the network has no output.") }
        var graph = Graph(values: values, nodes: nodes, input: input, outputs: outputs)
        graph.removeUnused()
        return graph
    }

    @discardableResult
    private mutating func add(_ value: Value) -> Int {
        values.append(value)
        index[value.name] = values.count - 1
        return values.count - 1
    }

    private func inputShape(_ proto: Onnx_ValueInfoProto) throws(SegmentError) -> [Int] {
        guard proto.type.tensorType.elemType == OnnxType.float.rawValue else {
            throw SegmentError(.badGraph, "the network's input is not of 32-bit floats.", place: proto.name)
        }
        // A batch of unknown size is run one by one.
        let open = [1, 0, picture?.height ?? 0, picture?.width ?? 0]
        var shape: [Int] = []
        for (axis, dimension) in proto.type.tensorType.shape.dim.enumerated() {
            let size = Int(clamping: dimension.dimValue)
            shape.append(size <= 0 && axis < open.count ? open[axis] : size)
        }
        guard shape.count == 4, shape.allSatisfy({ $0 >= 1 }), Limits.count(shape) != nil else {
            throw SegmentError(
                .badGraph, "the network's input must be (batch, channels, height, width) of fixed size, not \(shape).",
                place: proto.name,
                remedy: "Export the model with a fixed height and width, or name them in rima.input_height and "
                    + "rima.input_width.")
        }
        guard shape[0] == 1 else {
            throw SegmentError(.badGraph, "the network wants \(shape[0]) pictures at once; one was expected.")
        }
        return shape
    }

    private mutating func read(_ proto: Onnx_NodeProto) throws(SegmentError) {
        guard let name = proto.output.first else { return }
        if proto.opType == "Constant" {
            add(try constant(proto, name: name))
            return
        }
        var ids: [Int?] = []
        for input in proto.input {
            guard !input.isEmpty else {
                ids.append(nil)
                continue
            }
            guard let id = index[input] else {
                throw SegmentError(
                    .badGraph, "the value '\(input)' is used before it is computed.", place: proto.name)
            }
            ids.append(id)
        }
        let reader = NodeReader(proto: proto, opset: opset, inputs: ids.map { id in id.map { values[$0] } })
        if proto.opType == "Shape" {
            let shape = try reader.input(0).shape
            let start = reader.int("start", 0)
            let end = reader.int("end", shape.count)
            let from = min(max(start < 0 ? start + shape.count : start, 0), shape.count)
            let to = min(max(end < 0 ? end + shape.count : end, from), shape.count)
            let tensor = Tensor(shape: [to - from], ints: shape[from..<to].map { Int64($0) })
            add(Value(name: name, shape: tensor.shape, constant: tensor, type: .int64))
            return
        }
        if proto.opType == "ConstantOfShape" {
            add(try filled(reader, name: name))
            return
        }
        let resolved = try reader.resolve()
        guard Limits.count(resolved.shape) != nil else {
            throw SegmentError(.tooLarge, "a result of \(resolved.shape) is too large.", place: reader.place)
        }
        var type = reader.inputs.first??.type ?? .float
        if case .cast(let integer) = resolved.op { type = integer ? .int64 : .float }
        if case .quantize(let quantisation) = resolved.op { type = quantisation.isSigned ? .int8 : .uint8 }
        if case .dequantize = resolved.op { type = .float }
        let taken = resolved.inputs.map { $0 < ids.count ? ids[$0] : nil }
        let constants = taken.compactMap { id in id.flatMap { values[$0].constant } }
        // Weights stay quantised until the engine has seen them so.
        let keeps = if case .dequantize = resolved.op { constants.first?.count ?? 0 > 1 } else { false }
        if !keeps, constants.count == taken.compactMap({ $0 }).count {
            guard (Limits.count(resolved.shape) ?? .max) <= Limits.moved, !resolved.op.isHeavy else {
                throw SegmentError(.tooLarge, "a constant of \(resolved.shape) is too large.", place: reader.place)
            }
            let tensor = Reference.fold(
                resolved.op, constants: taken.map { id in id.flatMap { values[$0].constant } },
                shape: resolved.shape)
            add(Value(name: name, shape: resolved.shape, constant: tensor, type: type))
            return
        }
        let output = add(Value(name: name, shape: resolved.shape, constant: nil, type: type))
        nodes.append(Node(name: reader.place, op: resolved.op, inputs: taken, output: output))
    }

    private func constant(_ proto: Onnx_NodeProto, name: String) throws(SegmentError) -> Value {
        let reader = NodeReader(proto: proto, opset: opset, inputs: [])
        guard let attribute = proto.attribute.first else { throw reader.bad("a constant holds nothing.") }
        switch attribute.name {
        case "value":
            let tensor = try Tensor(attribute.t)
            return Value(
                name: name, shape: tensor.shape, constant: tensor, type: OnnxType(rawValue: attribute.t.dataType))
        case "value_float":
            return Value(name: name, shape: [], constant: Tensor(shape: [], floats: [attribute.f]), type: .float)
        case "value_floats":
            let tensor = Tensor(shape: [attribute.floats.count], floats: attribute.floats)
            return Value(name: name, shape: tensor.shape, constant: tensor, type: .float)
        case "value_int":
            return Value(name: name, shape: [], constant: Tensor(shape: [], ints: [attribute.i]), type: .int64)
        case "value_ints":
            let tensor = Tensor(shape: [attribute.ints.count], ints: attribute.ints)
            return Value(name: name, shape: tensor.shape, constant: tensor, type: .int64)
        default: throw reader.unsupported(" with '\(attribute.name)'")
        }
    }

    private func filled(_ reader: NodeReader, name: String) throws(SegmentError) -> Value {
        guard let shape = try reader.list("", input: 0), let count = Limits.count(shape), count <= Limits.moved else {
            throw reader.bad("the shape is not acceptable.")
        }
        let sample = try reader.attribute("value").map { attribute throws(SegmentError) in try Tensor(attribute.t) }
        let tensor: Tensor
        if let value = sample?.ints?.first {
            tensor = Tensor(shape: shape, ints: [Int64](repeating: value, count: count))
        } else {
            tensor = Tensor(shape: shape, floats: [Float](repeating: sample?.floats.first ?? 0, count: count))
        }
        return Value(name: name, shape: shape, constant: tensor, type: tensor.isInteger ? .int64 : .float)
    }
}
