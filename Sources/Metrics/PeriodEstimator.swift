// How long a breath is here: the autocorrelation of the recent curve.

/// Estimates the local breathing period.
struct PeriodEstimator: Sendable, Hashable, Codable {
    /// Seconds; nil until something periodic was seen.
    private(set) var period: Double?
    /// Correlation of the curve with itself one period earlier, 0...1.
    private(set) var strength = 0.0
    private var work: [Double] = []
    private var sorted: [Double] = []

    /// - Parameters:
    ///   - bins: the curve up to now, 40 ms a bin.
    ///   - shortest, longest: periods looked for, seconds.
    mutating func update(_ bins: ArraySlice<Double>, shortest: Double, longest: Double) {
        let short = estimate(bins.suffix(Int(12 / 0.04)), shortest: shortest, longest: min(longest, 5), reach: 4)
        // A few seconds hold several turns of the noise before they hold two slow breaths.
        let isEarly = period == nil && Double(bins.count) * AreaTrack.stepSeconds < 10
        if let short, short.strength > (isEarly ? 0.8 : 0.55) {
            (period, strength) = (short.period, short.strength)
            return
        }
        let long = estimate(bins.suffix(Int(28 / 0.04)), shortest: shortest, longest: longest, reach: 7)
        if let best = [short, long].compactMap({ $0 }).max(by: { $0.strength < $1.strength }),
            best.strength > (isEarly ? 0.8 : 0.25)
        {
            (period, strength) = (best.period, best.strength)
        } else {
            strength = 0
        }
    }

    private mutating func estimate(
        _ bins: ArraySlice<Double>, shortest: Double, longest: Double, reach: Int
    ) -> (period: Double, strength: Double)? {
        // 80 ms resolution is enough here, and four times quicker.
        work.removeAll(keepingCapacity: true)
        var i = bins.startIndex
        while i + 1 < bins.endIndex {
            work.append((bins[i] + bins[i + 1]) / 2)
            i += 2
        }
        guard work.count >= 50 else { return nil }
        difference(reach)
        clip()
        let count = work.count
        let first = max(2, Int(shortest / 0.08))
        let last = min(Int(longest / 0.08), count * 3 / 5)
        guard last > first + 2 else { return nil }
        var energy = 0.0
        for value in work { energy += value * value }
        guard energy > 0 else { return nil }
        // Correlation at every lag, and the first peak nearly as high as the highest.
        sorted.removeAll(keepingCapacity: true)
        for lag in (first - 1)...(last + 1) {
            var (sum, a, b) = (0.0, 0.0, 0.0)
            for i in 0..<max(0, count - lag) {
                sum += work[i] * work[i + lag]
                a += work[i] * work[i]
                b += work[i + lag] * work[i + lag]
            }
            sorted.append(a > 0 && b > 0 ? sum / (a * b).squareRoot() : 0)
        }
        var highest = 0.0
        for i in 1..<(sorted.count - 1) where sorted[i] >= sorted[i - 1] && sorted[i] >= sorted[i + 1] {
            highest = max(highest, sorted[i])
        }
        guard highest > 0 else { return nil }
        for i in 1..<(sorted.count - 1) where sorted[i] >= sorted[i - 1] && sorted[i] >= sorted[i + 1] {
            if sorted[i] >= 0.5 * highest {
                return (Double(first - 1 + half(of: i, first: first)) * 0.08, sorted[i])
            }
        }
        return nil
    }

    /// The peak of `sorted` at half the lag of peak `i`, or `i` itself where there is none.
    ///
    /// Deep and shallow breaths by turns, as a sway at half their pace makes them, agree best two breaths apart;
    /// between two such breaths, where one even breath would be at its opposite, the correlation has a low peak of
    /// its own.
    private func half(of i: Int, first: Int) -> Int {
        let lag = Double(first - 1 + i)
        let least = max(0.15, 0.3 * sorted[i])
        for k in 1..<i where sorted[k] >= sorted[k - 1] && sorted[k] >= sorted[k + 1] && sorted[k] >= least {
            if abs(Double(first - 1 + k) / lag - 0.5) < 0.07 { return k }
        }
        return i
    }

    /// Mean of the next bins less that of the last, a third to half a second each: slow changes vanish, breathing's
    /// flanks stand out.
    private mutating func difference(_ reach: Int) {
        sorted.removeAll(keepingCapacity: true)
        var sum = 0.0
        sorted.append(0)
        for value in work {
            sum += value
            sorted.append(sum)
        }
        let count = work.count
        work.removeAll(keepingCapacity: true)
        guard count > 2 * reach else { return }
        for i in reach..<(count - reach) {
            work.append(sorted[i + reach + 1] - sorted[i + 1] - (sorted[i] - sorted[i - reach]))
        }
    }

    /// Clips what stands out: single events must not set the period.
    private mutating func clip() {
        sorted.removeAll(keepingCapacity: true)
        sorted.append(contentsOf: work)
        sorted.sort()
        let low = quantile(ofSorted: sorted, 0.1) ?? 0
        let high = quantile(ofSorted: sorted, 0.9) ?? 0
        let reach = 0.25 * (high - low)
        for i in work.indices { work[i] = min(max(work[i], low - reach), high + reach) }
    }
}
