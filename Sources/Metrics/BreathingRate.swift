// Breaths per minute by counting.
package import Frames

/// Breaths per minute by counting from narrowing to narrowing.
///
/// An interval near a multiple of its neighbours' median holds as many breaths, so a hidden breath is counted; two short
/// ones that make up one are one breath. An interval that fits no count, or one of more than four breaths, is left
/// out with its time: it says nothing.
package func breathingRate(_ troughs: [StreamTime]) -> Double? {
    guard troughs.count >= 2 else { return nil }
    let intervals = zip(troughs.dropFirst(), troughs).map { ($0 - $1).seconds }
    var breaths = 0.0
    var seconds = 0.0
    var carried = 0.0
    for i in intervals.indices {
        let near = intervals[max(0, i - 5)...min(intervals.count - 1, i + 5)].sorted()
        let usual = near[near.count / 2]
        guard usual > 0 else { continue }
        let length = carried + intervals[i]
        carried = 0
        let ratio = length / usual
        if ratio < 0.6, i + 1 < intervals.count {
            carried = length
            continue
        }
        let count = max(1, ratio.rounded())
        // Breaths differ in length, so their sum is the less certain the more there are.
        guard count <= 4, count == 1 ? ratio < 1.45 : abs(ratio - count) <= 0.3 else { continue }
        breaths += count
        seconds += length
    }
    return seconds > 0 ? 60 * breaths / seconds : nil
}
