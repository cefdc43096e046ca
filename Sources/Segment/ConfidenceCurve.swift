// What a network's sureness is worth, learned on patients it was not trained on.

/// Turns a network's own sureness into the probability that its outline is right.
///
/// A rising line through a few knots; below the first and above the last it stays level. Written by the training kit
/// (`rima-train calibrate`) by isotonic regression: Zadrozny and Elkan, KDD 2002.
package struct ConfidenceCurve: Sendable, Equatable {
    private let knots: [Knot]

    private struct Knot: Sendable, Equatable {
        var sureness: Double
        var probability: Double
    }

    /// Reads `sureness:probability` pairs, separated by commas, rising in both.
    ///
    /// Nil when the text is not that.
    package init?(_ text: String) {
        var knots: [Knot] = []
        for pair in text.split(separator: ",") {
            let numbers = pair.split(separator: ":", omittingEmptySubsequences: false).map { Double(String($0)) }
            guard numbers.count == 2, let x = numbers[0], let y = numbers[1], (0...1).contains(x), (0...1).contains(y)
            else { return nil }
            if let last = knots.last, x <= last.sureness || y < last.probability { return nil }
            knots.append(Knot(sureness: x, probability: y))
        }
        guard !knots.isEmpty else { return nil }
        self.knots = knots
    }

    /// The probability that an outline of this sureness is right; both 0...1.
    package func callAsFunction(_ sureness: Double) -> Double {
        guard let above = knots.firstIndex(where: { $0.sureness > sureness }) else {
            return knots[knots.count - 1].probability
        }
        guard above > 0 else { return knots[0].probability }
        let (a, b) = (knots[above - 1], knots[above])
        return a.probability
            + (b.probability - a.probability) * (sureness - a.sureness) / (b.sureness - a.sureness)
    }
}
