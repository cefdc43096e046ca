// Reference activations: tiny networks with ONNX Runtime's answers, written by training/reference_activations.py.

import Foundation
import Testing

/// One network, one input and the answer that ONNX Runtime gave.
struct Case: CustomTestStringConvertible, Sendable {
    var name: String
    var onnx: [UInt8]
    var input: [Float]
    var output: [Float]

    var testDescription: String { name }

    static let operators = read("operators")
    static let networks = read("networks")

    private static func read(_ name: String) -> [Case] {
        guard let url = Bundle.module.url(forResource: name, withExtension: "cases", subdirectory: "Fixtures"),
            let cases = try? read(url)
        else {
            Issue.record("Fixtures/\(name).cases is missing: run training/reference_activations.py")
            return []
        }
        return cases
    }

    /// Reads a file of cases.
    static func read(_ url: URL) throws -> [Case] {
        let data = try Data(contentsOf: url)
        guard data.prefix(8) == Data("RIMACASE".utf8) else { throw CocoaError(.fileReadCorruptFile) }
        var offset = 8
        func word() -> Int {
            defer { offset += 4 }
            return data.withUnsafeBytes { Int($0.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) }
        }
        func bytes() -> [UInt8] {
            let count = word()
            defer { offset += count }
            return [UInt8](data[offset..<offset + count])
        }
        func floats() -> [Float] {
            let count = word()
            defer { offset += 4 * count }
            return data.withUnsafeBytes { raw in
                (0..<count).map { raw.loadUnaligned(fromByteOffset: offset + 4 * $0, as: Float.self) }
            }
        }
        precondition(word() == 1, "version 1 of the format; run training/reference_activations.py again")
        return (0..<word()).map { _ in
            Case(name: String(decoding: bytes(), as: UTF8.self), onnx: bytes(), input: floats(), output: floats())
        }
    }
}

/// Greatest difference, as a share of the range of `truth`.
func difference(_ values: [Float], from truth: [Float]) -> Float {
    guard values.count == truth.count else { return .infinity }
    var largest: Float = 0
    for (value, expected) in zip(values, truth) {
        let difference = abs(value - expected)
        largest = difference.isNaN ? .infinity : max(largest, difference)
    }
    return largest / max(1, (truth.max() ?? 0) - (truth.min() ?? 0))
}
