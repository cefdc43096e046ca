// Sends single pictures the way of a recording's frame and compares the outcome with the truth.

import Decode
import Encode
import Foundation
import Frames
import Metrics
import Report
import Segment

/// Measures labelled pictures, each as the first frame of a recording of its own.
struct Evaluator {
    private var measurer: FrameMeasurer
    private let explicitPane: PixelRect?

    init(settings: MeasuringSettings, model: Model, gate: Model?) throws {
        measurer = try FrameMeasurer(settings: settings, model: model, gate: gate, state: nil)
        explicitPane = settings.pane
    }

    /// What computes the network.
    var engineName: String { measurer.engineName }

    /// Measures one picture.
    /// - Parameter overlayFolder: where to write it with outline and truth drawn in; nil does not.
    mutating func evaluate(_ pair: LabelledPicture, overlayFolder: String?) throws -> EvaluationResult.Image {
        let frame = try PictureFile.frame(pair.picture)
        let truth = try truthMask(pair, size: frame.displaySize)
        let pane = try pane(of: frame)
        measurer.forget()
        let sample = try measurer.measure(frame, in: pane)
        // A frame that the gate refused was not looked at: its mask is made all the same, to be compared.
        if sample.confidence == nil { try measurer.look(at: frame, pane: pane) }
        let rings = measurer.result.ringStarts.indices.map { index in
            measurer.result.ring(index).map {
                Point(x: $0.x + Double(pane.rect.x), y: $0.y + Double(pane.rect.y))
            }
        }
        let predicted = Mask(rings: rings, size: frame.displaySize)
        if let overlayFolder { try writeOverlay(pair, frame, rings: rings, truth: truth, folder: overlayFolder) }
        var both = 0
        for index in truth.pixels.indices where truth.pixels[index] != 0 && predicted.pixels[index] != 0 { both += 1 }
        let (a, b) = (truth.area, predicted.area)
        return EvaluationResult.Image(
            name: pair.name, dice: a + b == 0 ? 1 : 2 * Double(both) / Double(a + b),
            iou: a + b == 0 ? 1 : Double(both) / Double(a + b - both), truthPx: a, predictedPx: b,
            state: sample.state.rawValue, reasons: sample.reasons.map(\.rawValue), confidence: sample.confidence)
    }

    private func pane(of frame: borrowing VideoFrame) throws -> Pane {
        let size = frame.displaySize
        var picture = RGBPicture(size: size)
        try PictureScaler().rgb(frame, from: PixelRect(size), into: &picture)
        // The pictures are endoscope pictures already: only their field of view is looked for.
        var finder = try PaneFinder(explicit: explicitPane ?? PixelRect(size), frameSize: size)
        _ = finder.observe(picture)
        return try finder.find() ?? Pane(explicit: explicitPane ?? PixelRect(size), frameSize: size)
    }

    private func truthMask(_ pair: LabelledPicture, size: PixelSize) throws -> Mask {
        let truth = try PictureFile.readLuma(pair.truth)
        guard truth.size == size else {
            throw CommandError(
                .badData,
                "\(pair.truth) is \(truth.size.width)x\(truth.size.height), its picture \(size.width)x\(size.height)",
                remedy: "save both at the same size")
        }
        var mask = Mask(size: size)
        for index in truth.pixels.indices {
            mask.pixels[index] = (pair.isLabelMap ? truth.pixels[index] == 3 : truth.pixels[index] >= 128) ? 255 : 0
        }
        return mask
    }

    private func writeOverlay(
        _ pair: LabelledPicture, _ frame: borrowing VideoFrame, rings: [[Point]], truth: Mask, folder: String
    ) throws {
        var picture = RGBPicture(size: frame.displaySize)
        try PictureScaler().rgb(frame, from: PixelRect(picture.size), into: &picture)
        let width = truth.size.width
        for y in 1..<max(1, truth.size.height - 1) {
            for x in 1..<max(1, width - 1) where truth.pixels[y * width + x] != 0 {
                let at = y * width + x
                let isEdge = [at - 1, at + 1, at - width, at + width].contains { truth.pixels[$0] == 0 }
                guard isEdge else { continue }
                (picture.pixels[at * 3], picture.pixels[at * 3 + 1], picture.pixels[at * 3 + 2]) = (255, 214, 0)
            }
        }
        OutlineDrawing.draw(rings: rings, colour: .outline, width: 1.2, on: &picture)
        let name = pair.name.replacingOccurrences(of: "/", with: "_")
        try PictureWriter.png(picture, to: folder + "/" + name + ".png")
    }
}
