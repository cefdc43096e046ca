// Breaths per minute by counting.
package import Frames

/// Breaths per minute by counting from narrowing to narrowing.
///
/// Every interval holds a whole number of breaths at the pace around it: one, none where a breath was seen twice,
/// several where some were hidden. What the last narrowing came too early or too late is carried on in part, since the
/// next one is due a breath after where it should have been. An interval that fits no whole number, or holds more than
/// eight breaths, is left out with its time: it says nothing.
///
/// A stage begins with a breath at the pace of the stage before. Where that one was seen without a break it counts
/// once, however quick the breaths after it are: `firstIsOne` says so of the first interval.
package func breathingRate(_ troughs: [StreamTime], firstIsOne: Bool = false) -> Double? {
    guard troughs.count >= 2 else { return nil }
    let intervals = zip(troughs.dropFirst(), troughs).map { ($0 - $1).seconds }
    // One breath's length at every interval: at first the median around it, then the mean of those that hold one.
    var paces = intervals.indices.map { i in
        median(Array(intervals[max(0, i - 5)...min(intervals.count - 1, i + 5)])) ?? 0
    }
    guard paces.allSatisfy({ $0 > 0 }) else { return nil }
    var isSingle = zip(intervals, paces).map { $0 > 0.6 * $1 && $0 < 1.45 * $1 }
    var rate: Double?
    for _ in 0..<3 {
        guard let refined = meanPaces(intervals, isSingle) else { return rate }
        paces = refined
        var (breaths, seconds, late) = (0.0, 0.0, 0.0)
        for i in intervals.indices {
            let length = intervals[i] / paces[i]
            if i == 0, firstIsOne, length > 1.3, length < 1.75 {
                breaths += 1
                seconds += intervals[i]
                isSingle[i] = length < 1.5
                continue
            }
            let count = max(0, (late + length).rounded())
            let error = late + length - count
            guard length <= 8, length < 1.5 || abs(error) <= 0.45 else {
                isSingle[i] = false
                late = 0
                continue
            }
            breaths += count
            seconds += intervals[i]
            late = 0.4 * error
            isSingle[i] = count == 1 && length > 0.5 && length < 1.5
        }
        rate = seconds > 0 ? 60 * breaths / seconds : nil
    }
    return rate
}

/// The same for a stage's usable breaths; `before` are the usable ones before the stage.
package func breathingRate(_ breaths: [Breath], before: [Breath]) -> Double? {
    let troughs = breaths.map(\.narrowestTime)
    guard breaths.count >= 2, before.count >= 3 else { return breathingRate(troughs) }
    // As long as a breath was before the stage, and no time between them that was not seen.
    let last = before.suffix(6)
    let intervals = zip(last.dropFirst(), last).map { ($0.narrowestTime - $1.narrowestTime).seconds }
    let first = (troughs[1] - troughs[0]).seconds
    let isOne = breaths[0].end == breaths[1].start && first < 1.3 * (median(intervals) ?? 0)
    return breathingRate(troughs, firstIsOne: isOne)
}

/// Mean of the sixteen nearest intervals that hold one breath, for every interval; nil where none does.
private func meanPaces(_ intervals: [Double], _ isSingle: [Bool]) -> [Double]? {
    let singles = intervals.indices.filter { isSingle[$0] }
    guard !singles.isEmpty else { return nil }
    var first = 0
    return intervals.indices.map { i in
        while first + 16 < singles.count, abs(singles[first + 16] - i) < abs(singles[first] - i) { first += 1 }
        let near = singles[first..<min(singles.count, first + 16)]
        return near.reduce(0) { $0 + intervals[$1] } / Double(near.count)
    }
}
