// A network without a card: what is computed, apart from what it means.

private import Foundation

/// A network read from ONNX, with static shapes.
///
/// Immutable and shared; what one run needs lives elsewhere.
package final class Network: Sendable {
    let graph: Graph
    /// The file's metadata entries.
    package let metadata: [String: String]

    /// **Shape** (1, channels, height, width).
    package var inputShape: [Int] { graph.values[graph.input].shape }
    /// **Shape** of the first output, with its batch of 1 in front.
    package var outputShape: [Int] { graph.values[graph.outputs[0]].shape }

    package init(bytes: [UInt8]) throws(SegmentError) {
        let file = try OnnxFile(bytes: Data(bytes))
        graph = file.graph
        metadata = file.metadata
    }

    /// Reads a file, with its name in whatever error comes of it.
    package convenience init(path: String) throws(SegmentError) {
        let bytes: Data
        do {
            let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            defer { try? handle.close() }
            bytes = try handle.read(upToCount: Limits.fileBytes + 1) ?? Data()
        } catch {
            throw SegmentError(.unreadable, "the model file cannot be read.", file: path)
        }
        do {
            try self.init(bytes: [UInt8](bytes))
        } catch {
            throw error.at(file: path)
        }
    }

    /// The first output by the plain operators.
    ///
    /// Slow: for judging the fast engine.
    package func reference(_ input: [Float]) -> [Float] { Reference(graph: graph).run(input)[0].floats }
}
