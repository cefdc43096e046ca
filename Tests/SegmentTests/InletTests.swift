import Foundation
import Frames
import Segment
import Testing

@Suite("The inlet of a network that names the vocal folds")
struct InletTests {
    private func segmenter(_ classes: String, _ activation: String, _ numbers: [Float]) throws -> OpeningSegmenter {
        let card = try ModelCard(metadata: [
            "rima.task": "opening", "rima.name": "fixed", "rima.version": "1", "rima.input_width": "8",
            "rima.input_height": "8", "rima.color_order": "RGB", "rima.mean": "0,0,0", "rima.std": "1,1,1",
            "rima.classes": classes, "rima.licence": "none", "rima.training_data": "none",
            "rima.activation": activation,
        ])
        return try OpeningSegmenter(card: card, engine: FixedAnswer(numbers, shape: [numbers.count / 2, 1, 2]))
    }

    private func inlet(_ segmenter: OpeningSegmenter) throws -> [Float] {
        var map = ValueMap(size: PixelSize(width: 1, height: 1))
        try segmenter.segment(RGBPicture(size: segmenter.inputSize), into: &map)
        var inlet = map
        segmenter.inlet(around: map, into: &inlet)
        for (one, all) in zip(map.values, inlet.values) { #expect(all >= one, "what is opening is inlet") }
        return inlet.values
    }

    @Test("is opening and folds together: their probabilities add up where classes exclude each other")
    func exclusive() throws {
        // Pixel 1: other 0.35, opening 0.33, folds 0.32. Pixel 2: 0.8, 0.1, 0.1.
        let shares: [Float] = [0.35, 0.8, 0.33, 0.1, 0.32, 0.1]
        let wanted = [log(Float(0.65) / 0.35), log(Float(0.2) / 0.8)]
        for (activation, numbers) in [("softmax", shares), ("logits", shares.map { log($0) + 3 })] {
            let segmenter = try segmenter("other,opening,vocal_folds", activation, numbers)
            #expect(segmenter.seesLevels)
            for (value, want) in zip(try inlet(segmenter), wanted) { #expect(abs(value - want) < 1e-4) }
        }
    }

    @Test("needs no further class where each stands for itself")
    func independent() throws {
        let segmenter = try segmenter("fold_left,fold_right,opening", "sigmoid", [0.9, 0.1, 0.2, 0.3, 0.1, 0.4])
        #expect(segmenter.seesLevels)
        let values = try inlet(segmenter)
        #expect(values[0] > 2 && values[1] < 0)
    }

    @Test("holds the opening also where folds are hardly there, and nothing where all classes are improbable")
    func edges() throws {
        // Opening 0.4, fold 0.05, false fold 0.3, rest 0.25: the opening leads, though more lies beyond than within.
        let shares: [Float] = [0.25, 0.9, 0.4, 0.02, 0.05, 0.03, 0.3, 0.05]
        let values = try inlet(try segmenter("other,opening,vocal_folds,false_folds", "softmax", shares))
        #expect(values[0] > 0 && values[1] < 0)
        // Independent classes, none of them probable: nothing is open.
        let faint = try segmenter("fold_left,fold_right,opening", "sigmoid", [0.001, 0.001, 0.001, 0.001, 0.01, 0.02])
        #expect(try inlet(faint).allSatisfy { $0 < 0 })
    }

    @Test(
        "is not known of other networks",
        arguments: [("opening", "logits"), ("opening,other", "softmax"), ("opening,vocal_folds", "softmax")])
    func unknown(classes: String, activation: String) throws {
        let count = classes.split(separator: ",").count * 2
        #expect(!(try segmenter(classes, activation, [Float](repeating: 0.5, count: count)).seesLevels))
    }
}
