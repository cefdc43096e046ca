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

/// Median, quartiles and the bootstrap interval of the median.
///
/// Draws `rounds` samples of the same size with replacement and takes the 2.5th and 97.5th percentile of their
/// medians. Values are drawn by rank, so a sample needs counting only and no sorting.
package func spread(_ values: [Double], rounds: Int, seed: UInt64) -> Spread? {
    let sorted = values.sorted()
    guard let median = quantile(ofSorted: sorted, 0.5), let low = quantile(ofSorted: sorted, 0.25),
        let high = quantile(ofSorted: sorted, 0.75)
    else { return nil }
    var numbers = SeededNumbers(seed: seed)
    var counts = [Int](repeating: 0, count: sorted.count)
    var medians: [Double] = []
    medians.reserveCapacity(rounds)
    for _ in 0..<rounds {
        for i in counts.indices { counts[i] = 0 }
        for _ in sorted.indices { counts[numbers.below(sorted.count)] += 1 }
        medians.append(medianByCounts(counts, sorted))
    }
    medians.sort()
    return Spread(
        count: sorted.count, median: median, lowerQuartile: low, upperQuartile: high,
        low: quantile(ofSorted: medians, 0.025) ?? median, high: quantile(ofSorted: medians, 0.975) ?? median)
}

private func medianByCounts(_ counts: [Int], _ sorted: [Double]) -> Double {
    let n = sorted.count
    let (first, second) = ((n - 1) / 2, n / 2)
    var seen = 0
    var lower: Double?
    for i in counts.indices {
        seen += counts[i]
        if lower == nil, seen > first { lower = sorted[i] }
        if seen > second { return ((lower ?? sorted[i]) + sorted[i]) / 2 }
    }
    return sorted[n - 1]
}
