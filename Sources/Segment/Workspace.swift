// One run of the native engine: its memory and its steps.

package import Frames
private import Kernels

/// The native engine with the memory for one run at a time.
package final class Workspace: Engine {
    package let model: Model
    package var inputSize: PixelSize { model.card.inputSize }
    package let outputShape: [Int]
    private var input: [Float]

    /// - **Units** `threads`: cores that one run may use.
    package init(model: Model, threads: Int = 1) {
        self.model = model
        outputShape = Array(model.network.outputShape.dropFirst())
        input = [Float](repeating: 0, count: model.card.inputSize.count * 3)
    }

    package func run(_ picture: borrowing RGBPicture, into output: inout [Float]) throws(SegmentError) {
        guard picture.size == inputSize else {
            throw SegmentError(
                .wrongInput, "the picture is \(picture.size.width)x\(picture.size.height), but the network takes "
                    + "\(inputSize.width)x\(inputSize.height).")
        }
        let card = model.card
        let plane = inputSize.count
        for channel in 0..<3 {
            let source = card.colorOrder == .rgb ? channel : 2 - channel
            let scale = 1 / (255 * card.deviation[channel])
            let shift = card.mean[channel] / card.deviation[channel]
            for i in 0..<plane { input[channel * plane + i] = Float(picture.pixels[i * 3 + source]) * scale - shift }
        }
        output = Workspace.run(model.network, input)
    }

    /// A network's first output for an input of (1, channels, height, width).
    package static func run(_ network: Network, _ input: [Float]) -> [Float] {
        let graph = network.graph
        var results = [Tensor?](repeating: nil, count: graph.values.count)
        results[graph.input] = Tensor(shape: graph.values[graph.input].shape, floats: input)
        func value(_ id: Int) -> Tensor { results[id] ?? graph.values[id].constant! }
        for node in graph.nodes {
            let shape = graph.values[node.output].shape
            let inputs = node.inputs.map { $0.map(value) }
            if case .conv(let window, 1) = node.op {
                let bias = node.inputs.count > 2 ? inputs[2]?.floats : nil
                results[node.output] = Tensor(
                    shape: shape, floats: convolve(inputs[0]!, inputs[1]!.floats, bias, window, shape))
            } else {
                results[node.output] = Reference.run(node.op, inputs, shape: shape)
            }
        }
        return value(graph.outputs[0]).floats
    }

    /// Gathers the windows as columns, then one matrix product.
    private static func convolve(_ x: Tensor, _ weights: [Float], _ bias: [Float]?, _ window: Window, _ shape: [Int]) -> [Float] {
        let (ci, h, w) = (x.shape[1], x.shape[2], x.shape[3])
        let (co, oh, ow) = (shape[1], shape[2], shape[3])
        let input = x.floats
        let (kh, kw) = (window.kernel[0], window.kernel[1])
        var columns = [Float](repeating: 0, count: ci * kh * kw * oh * ow)
        for row in 0..<ci * kh * kw {
            let (c, ky, kx) = (row / (kh * kw), row / kw % kh, row % kw)
            for oy in 0..<oh {
                let y = oy * window.stride[0] - window.before[0] + ky * window.dilation[0]
                guard y >= 0, y < h else { continue }
                for ox in 0..<ow {
                    let x = ox * window.stride[1] - window.before[1] + kx * window.dilation[1]
                    if x >= 0, x < w { columns[(row * oh + oy) * ow + ox] = input[(c * h + y) * w + x] }
                }
            }
        }
        var result = [Float](repeating: 0, count: co * oh * ow)
        rima_sgemm(
            Int32(co), Int32(oh * ow), Int32(ci * kh * kw), weights, Int32(ci * kh * kw), columns, Int32(oh * ow),
            &result, Int32(oh * ow))
        if let bias {
            for i in result.indices { result[i] += bias[i / (oh * ow)] }
        }
        return result
    }
}
