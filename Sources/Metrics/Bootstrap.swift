// How sure a median is.
package import Frames

/// SplitMix64: small, even, and the same everywhere.
package struct SeededNumbers: Sendable, Hashable, Codable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A whole number below `bound`, evenly.
    package mutating func below(_ bound: Int) -> Int {
        Int(next().multipliedFullWidth(by: UInt64(bound)).high)
    }
}

/// Steady median, quartiles and the bootstrap interval of the median.
///
/// Draws `rounds` samples of the same size with replacement and takes the 2.5th and 97.5th percentile of their
/// medians. Values are drawn by rank, so a sample needs counting only and no sorting.
package func spread(_ values: [Double], rounds: Int, seed: UInt64) -> Spread? {
    let sorted = values.sorted()
    guard let middle = steadyMedian(sorted), let low = quantile(ofSorted: sorted, 0.25),
        let high = quantile(ofSorted: sorted, 0.75)
    else { return nil }
    let estimate = SteadyMedian(count: sorted.count)
    var numbers = SeededNumbers(seed: seed)
    var counts = [Int](repeating: 0, count: sorted.count)
    var medians: [Double] = []
    medians.reserveCapacity(rounds)
    for _ in 0..<rounds {
        for i in counts.indices { counts[i] = 0 }
        for _ in sorted.indices { counts[numbers.below(sorted.count)] += 1 }
        medians.append(estimate.value(ofSorted: sorted, counts: counts))
    }
    medians.sort()
    return Spread(
        count: sorted.count, median: middle, lowerQuartile: low, upperQuartile: high,
        low: min(middle, quantile(ofSorted: medians, 0.025) ?? middle),
        high: max(middle, quantile(ofSorted: medians, 0.975) ?? middle))
}
