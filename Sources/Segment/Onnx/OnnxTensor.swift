// Numbers out of an ONNX tensor, whichever of its fields they stand in.

internal import Foundation

/// ONNX data types that the engine reads.
enum OnnxType: Int32 {
    case float = 1
    case uint8 = 2
    case int8 = 3
    case int32 = 6
    case int64 = 7
    case bool = 9
    case float16 = 10
    case double = 11

    var isInteger: Bool { self != .float && self != .float16 && self != .double }

    var bytes: Int {
        switch self {
        case .uint8, .int8, .bool: 1
        case .float16: 2
        case .float, .int32: 4
        case .int64, .double: 8
        }
    }
}

extension Tensor {
    init(_ proto: Onnx_TensorProto) throws(SegmentError) {
        func bad(_ message: String) -> SegmentError { SegmentError(.badGraph, message, place: proto.name) }
        guard proto.dataLocation == 0 else {
            throw SegmentError(
                .badGraph, "weights outside the model file are not read.", place: proto.name,
                remedy: "Save the model with its weights inside.")
        }
        guard let type = OnnxType(rawValue: proto.dataType) else {
            throw bad("a tensor has the data type \(proto.dataType), which the native engine does not read.")
        }
        let shape = proto.dims.map { Int(clamping: $0) }
        guard let count = Limits.count(shape) else { throw bad("a tensor's shape \(shape) is not acceptable.") }
        let raw = proto.rawData
        if !raw.isEmpty || count == 0 {
            guard raw.count == count * type.bytes else {
                throw bad("a tensor holds \(raw.count) bytes instead of \(count * type.bytes).")
            }
            self = raw.withUnsafeBytes { Tensor(shape: shape, type: type, raw: $0, count: count) }
            return
        }
        switch type {
        case .float where proto.floatData.count == count:
            self.init(shape: shape, floats: proto.floatData)
        case .double where proto.doubleData.count == count:
            self.init(shape: shape, floats: proto.doubleData.map { Float($0) })
        case .int64 where proto.int64Data.count == count:
            self.init(shape: shape, ints: proto.int64Data)
        case .float16 where proto.int32Data.count == count:
            self.init(shape: shape, floats: proto.int32Data.map { half(UInt16(truncatingIfNeeded: $0)) })
        case .int32, .int8, .uint8, .bool:
            guard proto.int32Data.count == count else { fallthrough }
            self.init(shape: shape, ints: proto.int32Data.map { Int64($0) })
        default:
            throw bad("a tensor of \(count) numbers does not hold that many.")
        }
    }

    private init(shape: [Int], type: OnnxType, raw: UnsafeRawBufferPointer, count: Int) {
        // SAFETY: the caller has checked that `raw` holds `count` numbers of `type`; loads are unaligned.
        func load<T>(_: T.Type, _ i: Int) -> T {
            raw.loadUnaligned(fromByteOffset: i * MemoryLayout<T>.size, as: T.self)
        }
        switch type {
        case .float:
            self.init(shape: shape, floats: (0..<count).map { Float(bitPattern: load(UInt32.self, $0).littleEndian) })
        case .double:
            self.init(
                shape: shape,
                floats: (0..<count).map { Float(Double(bitPattern: load(UInt64.self, $0).littleEndian)) })
        case .float16:
            self.init(shape: shape, floats: (0..<count).map { half(load(UInt16.self, $0).littleEndian) })
        case .int64:
            self.init(shape: shape, ints: (0..<count).map { load(Int64.self, $0).littleEndian })
        case .int32:
            self.init(shape: shape, ints: (0..<count).map { Int64(load(Int32.self, $0).littleEndian) })
        case .int8:
            self.init(shape: shape, ints: (0..<count).map { Int64(load(Int8.self, $0)) })
        case .uint8, .bool:
            self.init(shape: shape, ints: (0..<count).map { Int64(load(UInt8.self, $0)) })
        }
    }
}

/// A half-precision number as a float.
private func half(_ bits: UInt16) -> Float {
    let sign: Float = bits & 0x8000 == 0 ? 1 : -1
    let exponent = Int(bits >> 10 & 31)
    let fraction = Float(bits & 1023) / 1024
    switch exponent {
    case 0: return sign * fraction * Float(sign: .plus, exponent: -14, significand: 1)
    case 31: return fraction == 0 ? sign * .infinity : .nan
    default: return sign * Float(sign: .plus, exponent: exponent - 15, significand: 1 + fraction)
    }
}
