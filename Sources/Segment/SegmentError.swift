// What can go wrong between a model file and a mask.

/// A model that cannot be used, with the place and, where there is one, the way out.
package struct SegmentError: Error, Sendable, Equatable {
    package enum Code: String, Sendable {
        /// The file cannot be opened or read.
        case unreadable
        /// The bytes are no ONNX model, or a damaged one.
        case notAModel = "not_a_model"
        /// The model's card lacks an entry, or has one that makes no sense.
        case badCard = "bad_card"
        /// The network uses an operator that the native engine does not have.
        case unsupportedOperator = "unsupported_operator"
        /// ONNX Runtime is wanted and not there.
        case noLibrary = "no_library"
        /// ONNX Runtime refused the network, or failed in it.
        case runtime
        /// The network contradicts itself: shapes, names, weights.
        case badGraph = "bad_graph"
        /// The network is beyond what this engine accepts.
        case tooLarge = "too_large"
        /// What was handed in does not fit the network.
        case wrongInput = "wrong_input"
    }

    package var code: Code
    /// One sentence, without the file's name.
    package var message: String
    package var file: String?
    /// The node or entry at fault.
    package var place: String?
    package var remedy: String?

    package init(_ code: Code, _ message: String, file: String? = nil, place: String? = nil, remedy: String? = nil) {
        self.code = code
        self.message = message
        self.file = file
        self.place = place
        self.remedy = remedy
    }

    func at(file: String) -> SegmentError { at(file) }

    /// The same with a file's name, where there is one and none is said yet.
    func at(_ file: String?) -> SegmentError {
        var copy = self
        if copy.file == nil { copy.file = file }
        return copy
    }

    /// Whether the file may be sound and only beyond the native engine.
    var isForOtherEngine: Bool { [.unsupportedOperator, .badGraph, .tooLarge].contains(code) }
}

extension SegmentError: CustomStringConvertible {
    package var description: String {
        var text = file.map { "\($0): " } ?? ""
        text += message
        if let place { text += " (at \(place))" }
        if let remedy { text += " \(remedy)" }
        return text
    }
}
