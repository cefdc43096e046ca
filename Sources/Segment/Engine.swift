// What the rest of Rima knows of an inference engine.

package import Frames

/// A network ready to run, with the memory for one run at a time.
///
/// Owned by one task; make one for each.
package protocol Engine: AnyObject {
    /// For people and records: which engine, and in what form.
    var name: String { get }
    /// The one picture size it takes.
    var inputSize: PixelSize { get }
    /// **Shape** of the answer: (channels, height, width), or (numbers) for a classifier.
    var outputShape: [Int] { get }
    /// Runs the network on one picture of `inputSize`.
    ///
    /// - **Shape** `output` is row-major in `outputShape`; it is resized once and then reused.
    func run(_ picture: borrowing RGBPicture, into output: inout [Float]) throws(SegmentError)
}

/// Which engine is wanted.
package struct EngineSettings: Sendable, Equatable {
    package enum Choice: Sendable, Equatable {
        /// The native engine where it knows every layer, else ONNX Runtime.
        case auto
        case native
        case onnxRuntime
    }

    package var choice: Choice
    /// Path of ONNX Runtime's library, or of a folder that holds it; nil looks in the usual places.
    package var library: String?

    package init(choice: Choice = .auto, library: String? = nil) {
        self.choice = choice
        self.library = library
    }
}
