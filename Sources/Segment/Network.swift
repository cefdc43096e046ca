// A network without a card: what is computed, apart from what it means.

internal import Foundation
package import Frames
internal import SwiftProtobuf

/// A model file taken apart, before anybody has looked at what its network computes.
struct NetworkHeader {
    fileprivate let proto: Onnx_ModelProto
    let metadata: [String: String]

    init(bytes: Data) throws(SegmentError) {
        proto = try OnnxFile.parse(bytes)
        metadata = OnnxFile.metadata(of: proto)
    }

    /// Reads a file, with its name in whatever error comes of it.
    init(path: String) throws(SegmentError) {
        let bytes: Data
        do {
            let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            defer { try? handle.close() }
            bytes = try handle.read(upToCount: Limits.fileBytes + 1) ?? Data()
        } catch {
            throw SegmentError(.unreadable, "the model file cannot be read.", file: path)
        }
        do {
            try self.init(bytes: bytes)
        } catch {
            throw error.at(file: path)
        }
    }
}

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

    /// - Parameter picture: what a height and a width that the file leaves open are taken to be.
    init(_ header: NetworkHeader, picture: PixelSize? = nil) throws(SegmentError) {
        graph = try OnnxFile.graph(of: header.proto, picture: picture)
        metadata = header.metadata
    }

    package convenience init(bytes: [UInt8], picture: PixelSize? = nil) throws(SegmentError) {
        try self.init(NetworkHeader(bytes: Data(bytes)), picture: picture)
    }

    /// Reads a file, with its name in whatever error comes of it.
    package convenience init(path: String, picture: PixelSize? = nil) throws(SegmentError) {
        let header = try NetworkHeader(path: path)
        do {
            try self.init(header, picture: picture)
        } catch {
            throw error.at(file: path)
        }
    }

    /// The first output by the plain operators.
    ///
    /// Slow: for judging the fast engine.
    package func reference(_ input: [Float]) -> [Float] { Reference(graph: graph).run(input)[0].floats }
}
