// Small statistics on sorted numbers.

/// The quantile of ascending values with linear interpolation between ranks (type 7); nil when there are none.
package func quantile(ofSorted values: some RandomAccessCollection<Double>, _ q: Double) -> Double? {
    guard !values.isEmpty else { return nil }
    let place = min(max(q, 0), 1) * Double(values.count - 1)
    let low = Int(place)
    let a = values[values.index(values.startIndex, offsetBy: low)]
    guard low + 1 < values.count else { return a }
    let b = values[values.index(values.startIndex, offsetBy: low + 1)]
    return a + (b - a) * (place - Double(low))
}
