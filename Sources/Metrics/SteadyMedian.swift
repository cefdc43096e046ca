// The median of a few noisy values, read from all of them.

/// The Harrell-Davis estimate of the median: a mean of the ordered values, weighted by how probable each is to be the
/// median of a sample as large.
///
/// The middle value of a dozen noisy breaths jumps from one to the next when noise reorders them; this one moves with
/// them all and scatters by a fifth less, and on even data both are the same. Weights are the increments of
/// the Beta((n + 1) / 2, (n + 1) / 2) distribution over n equal parts (Harrell and Davis, A new distribution-free
/// quantile estimator, Biometrika 69, 1982, 635-640; `hdquantile` in R's Hmisc, `hdmedian` in SciPy give the same
/// number).
package struct SteadyMedian {
    /// Weight of the first so many ordered values together, from none to all: 0 to 1.
    private let shares: [Double]

    /// - Parameter count: how many values, 1 or more.
    package init(count: Int) {
        // The density is (4 x (1 - x)) ^ ((n - 1) / 2) but for a factor: products and roots alone, the same on every
        // machine.
        let steps = 16
        var sum = 0.0
        var shares = [0.0]
        shares.reserveCapacity(count + 1)
        for part in 0..<count {
            for step in 0..<steps {
                let x = (Double(part) + (Double(step) + 0.5) / Double(steps)) / Double(count)
                sum += Self.power(4 * x * (1 - x), halves: count - 1)
            }
            shares.append(sum)
        }
        self.shares = shares.map { $0 / sum }
    }

    /// - Parameter sorted: ascending, as many as said at first.
    package func value(ofSorted sorted: [Double]) -> Double {
        var result = 0.0
        for i in sorted.indices { result += (shares[i + 1] - shares[i]) * sorted[i] }
        return result
    }

    /// - Parameter counts: how often each of the ascending values occurs; the sum is as said at first.
    package func value(ofSorted sorted: [Double], counts: [Int]) -> Double {
        var result = 0.0
        var seen = 0
        for i in sorted.indices where counts[i] > 0 {
            result += (shares[seen + counts[i]] - shares[seen]) * sorted[i]
            seen += counts[i]
        }
        return result
    }

    /// `base` to the power of `halves` / 2.
    private static func power(_ base: Double, halves: Int) -> Double {
        var result = halves % 2 == 1 ? base.squareRoot() : 1
        var (square, left) = (base, halves / 2)
        while left > 0 {
            if left % 2 == 1 { result *= square }
            square *= square
            left /= 2
        }
        return result
    }
}

/// The steady median, never beyond the quartiles: a lone value far away must not carry it past them.
package func steadyMedian(_ values: [Double]) -> Double? {
    let sorted = values.sorted()
    guard let low = quantile(ofSorted: sorted, 0.25), let high = quantile(ofSorted: sorted, 0.75) else { return nil }
    return min(high, max(low, SteadyMedian(count: sorted.count).value(ofSorted: sorted)))
}
