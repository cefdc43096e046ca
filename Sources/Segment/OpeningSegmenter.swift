// Pictures to the opening's logits.

private import Foundation
package import Frames

/// Runs a network of the task `opening`.
///
/// Owned by one task.
package final class OpeningSegmenter {
    package let card: ModelCard
    private let engine: any Engine
    private var answer: [Float] = []
    private let opening: Int
    /// The classes that lie within the laryngeal inlet as it is seen: the opening and the vocal folds.
    private let within: [Int]
    private let beyond: [Int]

    /// The engine that computes it.
    package var engineName: String { engine.name }
    /// The picture size that `segment` takes.
    package var inputSize: PixelSize { engine.inputSize }
    /// The size of the map it gives.
    package var outputSize: PixelSize { PixelSize(width: engine.outputShape[2], height: engine.outputShape[1]) }

    package init(card: ModelCard, engine: any Engine) throws(SegmentError) {
        guard card.task == .opening, let opening = card.classes.firstIndex(of: "opening"),
            engine.outputShape.count == 3, engine.outputShape[0] == card.classes.count
        else { throw SegmentError(.badCard, "the model is not one for the opening.") }
        self.card = card
        self.engine = engine
        self.opening = opening
        let within = card.classes.indices.filter { $0 == opening || Self.folds.contains(card.classes[$0]) }
        self.within = within
        beyond = card.classes.indices.filter { !within.contains($0) }
    }

    /// What label maps call the vocal folds, both or one.
    private static let folds: Set<String> = ["vocal_folds", "fold_left", "fold_right"]

    /// Whether the network tells the vocal folds from what lies above them, and so the two levels of narrowing apart.
    ///
    /// Classes that share their probability need one more, for what is neither.
    package var seesLevels: Bool { within.count > 1 && (!beyond.isEmpty || card.activation == .sigmoid) }

    /// A segmenter on the model's engine.
    package convenience init(model: Model, for part: LookPart = .wholePane, threads: Int = 1) throws(SegmentError) {
        try self.init(card: model.card, engine: try model.makeEngine(for: part, threads: threads))
    }

    /// The opening's logit for every pixel of the network's output; above 0 is opening.
    ///
    /// With several classes it is the margin over the best of the others, and over even chances where each stands for
    /// itself, so that above 0 means the same.
    package func segment(_ picture: borrowing RGBPicture, into map: inout ValueMap) throws(SegmentError) {
        try engine.run(picture, into: &answer)
        let size = outputSize
        map.resize(to: size)
        let plane = size.count
        let (classes, activation) = (card.classes.count, card.activation)
        for i in 0..<plane {
            var value = logit(answer[opening * plane + i], activation, alone: classes == 1)
            if classes > 1 {
                var best = leastRival
                for other in 0..<classes where other != opening {
                    best = max(best, logit(answer[other * plane + i], activation, alone: false))
                }
                value -= best
            }
            map.values[i] = value
        }
    }

    /// The inlet's logit in the picture that `segment` saw last; above 0 is opening or vocal fold.
    ///
    /// Of classes that share their probability it is that of all within against all beyond; of independent ones the
    /// margin of the best within over the best beyond, and over even chances. What is opening is inlet. Asked only of
    /// one that `seesLevels`.
    /// - Parameter opening: what `segment` gave.
    package func inlet(around opening: ValueMap, into map: inout ValueMap) {
        map.resize(to: outputSize)
        for i in 0..<outputSize.count {
            map.values[i] = max(opening.values[i], joined(within, at: i) - max(leastRival, joined(beyond, at: i)))
        }
    }

    /// What a class has to surpass where no other is more probable: even chances where each stands for itself.
    private var leastRival: Float { card.activation == .sigmoid ? 0 : -Float.greatestFiniteMagnitude }

    /// The logit of any of `classes`.
    private func joined(_ classes: [Int], at i: Int) -> Float {
        let plane = outputSize.count
        var best = -Float.greatestFiniteMagnitude
        for one in classes { best = max(best, logit(answer[one * plane + i], card.activation, alone: false)) }
        guard card.activation != .sigmoid else { return best }
        var sum: Float = 0
        for one in classes { sum += exp(logit(answer[one * plane + i], card.activation, alone: false) - best) }
        return best + log(sum)
    }
}

/// A network's number as a logit: as it is, or won back from a probability.
@inline(__always)
private func logit(_ value: Float, _ activation: ModelCard.Activation, alone: Bool) -> Float {
    if activation == .logits { return value }
    let p = min(max(value, 1e-7), 1 - 1e-7)
    return alone || activation == .sigmoid ? log(p / (1 - p)) : log(p)
}
