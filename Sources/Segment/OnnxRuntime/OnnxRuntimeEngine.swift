// A network on ONNX Runtime: the second engine, for what the native one does not know.

internal import COnnxRuntime
package import Frames

/// Runs one network with ONNX Runtime.
///
/// Owned by one task. The library itself allocates a little in every run.
package final class OnnxRuntimeEngine: Engine {
    package let name: String
    package let inputSize: PixelSize
    package let outputShape: [Int]
    private let session: OpaquePointer
    private let card: ModelCard
    private let instances: InstanceOutputs?
    private var message = [CChar](repeating: 0, count: 512)

    /// - Parameter size: the picture's; nil takes that for whole panes.
    /// - **Units** `threads`: cores that one run may use.
    package init(
        library: OnnxRuntimeLibrary, path: String, card: ModelCard, size: PixelSize? = nil, threads: Int = 1
    ) throws(SegmentError) {
        let size = size ?? card.inputSize
        let shape = [1, 3, Int64(size.height), Int64(size.width)]
        let session = try withMessage(.runtime) { message, room in
            rima_ort_create(
                library.pointer, path, Int32(max(1, min(threads, 64))), shape, Int32(shape.count), message, room)
        }
        do throws(SegmentError) {
            switch card.form {
            case .map:
                var output = dimensions(rima_ort_declared(session, 0))
                if output.dropFirst().contains(where: { $0 <= 0 }) {
                    // The file leaves it open, and a run on nothing tells.
                    var (shape, text) = (rima_ort_shape(), [CChar](repeating: 0, count: 512))
                    let failed = text.withUnsafeMutableBufferPointer {
                        rima_ort_run(session, $0.baseAddress!, $0.count)
                    }
                    guard failed == 0, rima_ort_output(session, 0, &shape) != nil else {
                        throw SegmentError(.runtime, "ONNX Runtime failed: \(plainText(text))")
                    }
                    output = dimensions(shape)
                }
                guard rima_ort_declared(session, 0).type == Int32(rima_ort_float) else {
                    throw SegmentError(.badGraph, "the network's output is not of 32-bit floats.")
                }
                guard output.dropFirst().allSatisfy({ $0 > 0 }) else {
                    throw SegmentError(
                        .badGraph, "the network's output \(output) has no fixed size.",
                        remedy: "Export the model with a fixed height and width.")
                }
                // A batch of unknown size is run one by one.
                try card.check(outputShape: [1] + output.dropFirst())
                outputShape = Array(output.dropFirst())
                instances = nil
            case .instances:
                instances = try InstanceOutputs(session)
                outputShape = [card.classes.count, size.height, size.width]
            }
        } catch {
            rima_ort_destroy(session)
            throw error
        }
        self.session = session
        self.card = card
        inputSize = size
        name = "onnxruntime \(library.version)"
    }

    deinit { rima_ort_destroy(session) }

    package func run(_ picture: borrowing RGBPicture, into output: inout [Float]) throws(SegmentError) {
        guard picture.size == inputSize, picture.pixels.count == inputSize.count * 3 else {
            throw SegmentError(
                .wrongInput,
                "the picture is \(picture.size.width)x\(picture.size.height), but the network takes "
                    + "\(inputSize.width)x\(inputSize.height).")
        }
        let plane = inputSize.count
        // SAFETY: the session's input holds 3 x height x width floats, as it was made.
        let input = rima_ort_input(session)!
        picture.pixels.withUnsafeBufferPointer { pixels in
            for channel in 0..<3 {
                let from = card.colorOrder == .rgb ? channel : 2 - channel
                let (scale, bias) = (
                    1 / (255 * card.deviation[channel]), -card.mean[channel] / card.deviation[channel]
                )
                for i in 0..<plane { input[channel * plane + i] = Float(pixels[i * 3 + from]) * scale + bias }
            }
        }
        try run(into: &output)
    }

    /// The answer for floats instead of a picture.
    ///
    /// - **Shape** `input` is (3, height, width).
    package func run(_ input: [Float]) throws(SegmentError) -> [Float] {
        precondition(input.count == inputSize.count * 3, "the input has the network's size")
        // SAFETY: as above.
        for (i, value) in input.enumerated() { rima_ort_input(session)[i] = value }
        var output: [Float] = []
        try run(into: &output)
        return output
    }

    private func run(into output: inout [Float]) throws(SegmentError) {
        let failed = message.withUnsafeMutableBufferPointer { rima_ort_run(session, $0.baseAddress!, $0.count) }
        guard failed == 0 else { throw SegmentError(.runtime, "ONNX Runtime failed: \(plainText(message))") }
        let count = outputShape.reduce(1, *)
        if output.count != count { output = [Float](repeating: 0, count: count) }
        if let instances {
            return try instances.read(session, classes: card.classes.count, size: inputSize, into: &output)
        }
        var shape = rima_ort_shape()
        guard let data = rima_ort_output(session, 0, &shape), dimensions(shape).reduce(1, *) == count else {
            throw SegmentError(.runtime, "ONNX Runtime gave an answer of another size than the file says.")
        }
        // SAFETY: the output is of floats, as was checked, and as many as its shape says.
        let values = data.assumingMemoryBound(to: Float.self)
        output.withUnsafeMutableBufferPointer { $0.baseAddress!.update(from: values, count: count) }
    }
}

/// The dimensions of an output; those that only a run can tell are below 0.
func dimensions(_ shape: rima_ort_shape) -> [Int] {
    withUnsafeBytes(of: shape.shape) { raw in
        (0..<Int(shape.rank)).map { Int(raw.load(fromByteOffset: 8 * $0, as: Int64.self)) }
    }
}
