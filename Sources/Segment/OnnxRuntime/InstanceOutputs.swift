// What a detector of instances found, as one map for each class.

internal import COnnxRuntime
internal import Frames

/// Where a detector's labels, scores and masks stand among its outputs.
///
/// Classes are counted from 1 in the labels, since 0 is the background.
struct InstanceOutputs {
    private let labels: Int32
    private let scores: Int32
    private let masks: Int32

    init(_ session: OpaquePointer) throws(SegmentError) {
        func index(_ name: String) throws(SegmentError) -> Int32 {
            for index in 0..<rima_ort_output_count(session)
            where String(cString: rima_ort_output_name(session, index)) == name { return index }
            throw SegmentError(.badCard, "the card promises an output '\(name)', which the network does not have.")
        }
        labels = try index("labels")
        scores = try index("scores")
        masks = try index("masks")
    }

    /// The surest instance's probability for every class and pixel: its score times its mask.
    ///
    /// - **Shape** `maps` is (classes, height, width).
    func read(_ session: OpaquePointer, classes: Int, size: PixelSize, into maps: inout [Float]) throws(SegmentError) {
        var (labelShape, scoreShape, maskShape) = (rima_ort_shape(), rima_ort_shape(), rima_ort_shape())
        let labelData = rima_ort_output(session, labels, &labelShape)
        let scoreData = rima_ort_output(session, scores, &scoreShape)
        let maskData = rima_ort_output(session, masks, &maskShape)
        let count = dimensions(labelShape).reduce(1, *)
        for i in maps.indices { maps[i] = 0 }
        guard count > 0 else { return }
        guard let labelData, let scoreData, let maskData, labelShape.type == Int32(rima_ort_int64),
            scoreShape.type == Int32(rima_ort_float), maskShape.type == Int32(rima_ort_float),
            dimensions(scoreShape) == [count], dimensions(maskShape) == [count, 1, size.height, size.width]
        else {
            throw SegmentError(
                .runtime,
                "the network's instances have the shapes \(dimensions(labelShape)), \(dimensions(scoreShape)) and "
                    + "\(dimensions(maskShape)).")
        }
        // SAFETY: types and sizes were checked just now; the values live until the next run.
        let label = labelData.assumingMemoryBound(to: Int64.self)
        let score = scoreData.assumingMemoryBound(to: Float.self)
        let mask = maskData.assumingMemoryBound(to: Float.self)
        let plane = size.count
        maps.withUnsafeMutableBufferPointer { maps in
            for instance in 0..<count where label[instance] >= 1 && label[instance] <= classes {
                let map = maps.baseAddress! + (Int(label[instance]) - 1) * plane
                for i in 0..<plane { map[i] = max(map[i], score[instance] * mask[instance * plane + i]) }
            }
        }
    }
}
