// The operators of the native engine, with every parameter resolved to a number.

/// A sliding window over height and width; index 0 is height, 1 is width.
struct Window: Sendable, Equatable {
    var kernel: [Int]
    var stride: [Int]
    var dilation: [Int]
    /// Zeros before the first and after the last row and column.
    var before: [Int]
    var after: [Int]

    /// Number of input rows or columns that one window spans.
    func extent(_ axis: Int) -> Int { (kernel[axis] - 1) * dilation[axis] + 1 }
}

enum Unary: Sendable, Equatable {
    case identity
    case relu
    case leakyRelu(Float)
    case sigmoid
    case hardSigmoid(Float, Float)
    case hardSwish
    case silu
    case clip(Float, Float)
    case tanh
    case sqrt
    case exp
    case negate
    case floor
    case ceil
}

enum Binary: Sendable, Equatable {
    case add, subtract, multiply, divide, power, minimum, maximum
}

struct Resize: Sendable, Equatable {
    enum Mode: Sendable { case nearest, linear }
    enum Coordinates: Sendable { case asymmetric, halfPixel, pytorchHalfPixel, alignCorners }
    enum Rounding: Sendable { case preferFloor, preferCeil, floor, ceil }

    var mode: Mode
    var coordinates: Coordinates
    var rounding: Rounding
    /// Output over input, (height, width), as the file says; used for coordinates.
    var scale: [Float]
    /// (height, width).
    var size: [Int]

    /// Where output index `index` lies in the input, along `axis`.
    func source(_ index: Int, axis: Int, input: Int) -> Float {
        let i = Float(index)
        switch coordinates {
        case .asymmetric: return i / scale[axis]
        case .halfPixel: return (i + 0.5) / scale[axis] - 0.5
        case .pytorchHalfPixel: return size[axis] > 1 ? (i + 0.5) / scale[axis] - 0.5 : 0
        case .alignCorners:
            return size[axis] > 1 ? i * Float(input - 1) / Float(size[axis] - 1) : 0
        }
    }

    /// The input row or column that the nearest mode takes for output `index`.
    func nearest(_ index: Int, axis: Int, input: Int) -> Int {
        let x = source(index, axis: axis, input: input)
        let rounded: Float =
            switch rounding {
            case .preferFloor: (x - 0.5).rounded(.up)
            case .preferCeil: (x + 0.5).rounded(.down)
            case .floor: x.rounded(.down)
            case .ceil: x.rounded(.up)
            }
        return min(max(Int(rounded), 0), input - 1)
    }

    /// The two input rows or columns that the linear mode mixes for output `index`, and the second one's share.
    func linear(_ index: Int, axis: Int, input: Int) -> (first: Int, second: Int, share: Float) {
        let x = min(max(source(index, axis: axis, input: input), 0), Float(input - 1))
        let first = min(Int(x), input - 1)
        return (first, min(first + 1, input - 1), x - Float(first))
    }
}

enum PadMode: Sendable { case constant, edge, reflect }

/// Scales and zero points, one for all or one for each index along `axis`.
struct Quantisation: Sendable, Equatable {
    var scale: [Float]
    var zero: [Int]
    var axis: Int
    var isSigned: Bool

    /// Zero point of the same numbers kept as unsigned bytes, which is how the engine stores them.
    var byteZero: Int { zero[0] + (isSigned ? 128 : 0) }

    var low: Float { isSigned ? -128 : 0 }
    var high: Float { isSigned ? 127 : 255 }
}

/// One step of a network.
enum Operator: Sendable, Equatable {
    /// Inputs: data, weights (out, in / group, kernel height, kernel width), bias.
    case conv(Window, group: Int)
    /// Inputs: data, weights (in, out / group, kernel height, kernel width), bias. Pads are cut from the output.
    case convTranspose(Window, group: Int)
    /// Inputs: data, scale, bias, mean, variance.
    case batchNormalization(epsilon: Float)
    case unary(Unary)
    case binary(Binary)
    case concat(axis: Int)
    case maxPool(Window)
    case averagePool(Window, countPadding: Bool)
    case reduceMean(axes: [Int])
    case resize(Resize)
    case pad(before: [Int], after: [Int], mode: PadMode, value: Float)
    /// `columnsFirst` is ONNX's DCR mode.
    case depthToSpace(block: Int, columnsFirst: Bool)
    case reshape
    case transpose([Int])
    case slice(axes: [Int], starts: [Int], steps: [Int])
    /// Data and weights as given: (m, k) x (k, n), each maybe transposed, plus a bias.
    case gemm(alpha: Float, beta: Float, transposeA: Bool, transposeB: Bool)
    case matmul
    case softmax(axis: Int)
    case quantize(Quantisation)
    case dequantize(Quantisation)
    /// Constants only: picks indices along an axis.
    case gather(axis: Int)
    /// Constants only.
    case cast(toInteger: Bool)
    case expand
}

extension Operator {
    /// Whether the plain form takes long even for small results; no exporter leaves these between constants.
    var isHeavy: Bool {
        switch self {
        case .conv, .convTranspose, .gemm, .matmul, .maxPool, .averagePool: true
        default: false
        }
    }
}
