// How decided a logit is.

/// |2p - 1| of a logit's probability p, from a table: the same on every machine, and quick.
enum Sureness {
    private static let steps: [Double] = (0...512).map { tanhOfHalf(Double($0) / 32) }

    static func of(_ logit: Float) -> Double {
        let size = abs(logit)
        guard size < 16 else { return 1 }
        let place = Double(size) * 32
        let index = Int(place)
        return steps[index] + (steps[index + 1] - steps[index]) * (place - Double(index))
    }

    /// Probability of a logit.
    static func probability(_ logit: Float) -> Double { logit < 0 ? (1 - of(logit)) / 2 : (1 + of(logit)) / 2 }

    /// tanh(x / 2) for x >= 0 by its continued fraction after halving four times.
    private static func tanhOfHalf(_ x: Double) -> Double {
        let y = x / 32
        let square = y * y
        var t = y / (1 + square / (3 + square / (5 + square / (7 + square / 9))))
        for _ in 0..<4 { t = 2 * t / (1 + t * t) }
        return t
    }
}
