// The gate's second form: a small network that has seen many pictures.

private import Foundation
package import Frames

/// What a gate network thinks of one picture, each 0...1; nil where the network was not taught the question.
package struct GateAnswer: Sendable, Equatable {
    /// The picture cannot be measured.
    package var bad: Double?
    /// Something else than a larynx is in view.
    package var other: Double?
}

/// Runs a network of the task `gate`.
///
/// Its card names what it was taught: the pair `good`, `bad`, the pair `larynx`, `other`, or both. Owned by one task.
package final class GateNetwork {
    package let card: ModelCard
    private let engine: any Engine
    private var answer: [Float] = []
    private let bad: Pair?
    private let other: Pair?

    package var inputSize: PixelSize { engine.inputSize }

    package init(card: ModelCard, engine: any Engine) throws(SegmentError) {
        guard card.task == .gate else { throw SegmentError(.badCard, "the model is not one for the gate.") }
        bad = Pair(card.classes, "bad", not: "good")
        other = Pair(card.classes, "other", not: "larynx")
        guard bad != nil || other != nil else {
            throw SegmentError(
                .badCard,
                "rima.classes is '\(card.classes.joined(separator: ","))', but a gate answers good,bad or larynx,other "
                    + "or both.")
        }
        self.card = card
        self.engine = engine
        try checkActivation()
    }

    /// A card that calls probabilities logits is refused: the gate would never be sure of anything, and never refuse.
    private func checkActivation() throws(SegmentError) {
        guard card.activation == .logits else { return }
        try engine.run(RGBPicture(size: inputSize), into: &answer)
        let isShared = abs(answer.reduce(0, +) - 1) < 1e-4 && answer.allSatisfy { $0 >= 0 }
        guard isShared || [bad, other].allSatisfy({ $0?.sumsToOne(answer) ?? true }) else { return }
        throw SegmentError(
            .badCard, "the gate's answers are probabilities, but its card calls them logits.",
            remedy: "Write rima.activation = softmax into its metadata, or export it again with the training kit.")
    }

    package convenience init(model: Model, threads: Int = 1) throws(SegmentError) {
        let engine = try model.makeEngine(threads: threads)
        do {
            try self.init(card: model.card, engine: engine)
        } catch {
            throw error.at(model.path)
        }
    }

    /// Looks at the whole pane, scaled to `inputSize`.
    package func judge(_ picture: borrowing RGBPicture) throws(SegmentError) -> GateAnswer {
        try engine.run(picture, into: &answer)
        return GateAnswer(
            bad: bad?.share(of: answer, card.activation), other: other?.share(of: answer, card.activation))
    }
}

/// Two classes that exclude each other, by their places in the network's answer.
private struct Pair {
    let asked: Int
    let against: Int

    init?(_ classes: [String], _ asked: String, not against: String) {
        guard let one = classes.firstIndex(of: asked), let two = classes.firstIndex(of: against) else { return nil }
        (self.asked, self.against) = (one, two)
    }

    func sumsToOne(_ answer: [Float]) -> Bool { abs(answer[asked] + answer[against] - 1) < 1e-4 }

    /// The probability of the class asked for, 0...1.
    func share(of answer: [Float], _ activation: ModelCard.Activation) -> Double {
        let (yes, no) = (Double(answer[asked]), Double(answer[against]))
        if activation == .logits { return 1 / (1 + exp(no - yes)) }
        return yes + no > 0 ? yes / (yes + no) : 0.5
    }
}
