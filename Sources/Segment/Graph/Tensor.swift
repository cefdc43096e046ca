// Numbers with a shape: weights and folded constants.

/// A dense constant.
///
/// - **Shape** row-major; networks use (batch, channels, height, width).
struct Tensor: Sendable, Equatable {
    enum Storage: Sendable, Equatable {
        case float([Float])
        /// Shapes, indices and quantised weights.
        case int([Int64])
    }

    var shape: [Int]
    var storage: Storage

    init(shape: [Int], floats: [Float]) {
        precondition(floats.count == shape.reduce(1, *), "as many numbers as the shape says")
        self.shape = shape
        storage = .float(floats)
    }

    init(shape: [Int], ints: [Int64]) {
        precondition(ints.count == shape.reduce(1, *), "as many numbers as the shape says")
        self.shape = shape
        storage = .int(ints)
    }

    var count: Int {
        switch storage {
        case .float(let values): values.count
        case .int(let values): values.count
        }
    }

    /// All numbers as floats.
    var floats: [Float] {
        switch storage {
        case .float(let values): values
        case .int(let values): values.map { Float($0) }
        }
    }

    /// All numbers as integers, nil where the tensor holds fractions.
    var ints: [Int64]? {
        switch storage {
        case .float: nil
        case .int(let values): values
        }
    }

    var isInteger: Bool { ints != nil }

    /// The same numbers under another shape of equal size.
    func reshaped(_ shape: [Int]) -> Tensor {
        switch storage {
        case .float(let values): Tensor(shape: shape, floats: values)
        case .int(let values): Tensor(shape: shape, ints: values)
        }
    }
}

/// Limits that keep a hostile file from exhausting the machine.
enum Limits {
    static let fileBytes = 1 << 30
    static let elements = 1 << 28
    /// Largest constant that is computed, and largest tensor that is rearranged number by number.
    static let moved = 1 << 24
    static let arenaBytes = 4 << 30
    static let dimension = 1 << 20
    static let nodes = 20_000
    static let rank = 8
    static let kernel = 1 << 10

    /// Number of elements of a shape, nil when it is negative or too large.
    static func count(_ shape: [Int]) -> Int? {
        guard shape.count <= rank else { return nil }
        var product = 1
        for dimension in shape {
            guard dimension >= 0, dimension <= Limits.elements else { return nil }
            let (value, overflow) = product.multipliedReportingOverflow(by: dimension)
            guard !overflow, value <= elements else { return nil }
            product = value
        }
        return product
    }
}
