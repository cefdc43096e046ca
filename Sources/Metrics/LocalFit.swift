// Single frames' noise taken out of a breath before its extremes are read.

/// Fits a parabola around every point and reads it there: unlike a mean it keeps the height of peaks and troughs.
enum LocalFit {
    /// - Parameters:
    ///   - points: in order of time.
    ///   - range: indices of `points` to be read.
    ///   - reach: half the window, ns.
    /// - Returns: one area for every index of `range`, px^2, at least 0; the point's own where too few are near.
    static func areas(_ points: [TrackPoint], _ range: Range<Int>, reach: Int64) -> [Double] {
        var low = range.lowerBound
        var result: [Double] = []
        result.reserveCapacity(range.count)
        for i in range {
            let time = points[i].time
            while low > 0, points[low - 1].time >= time - reach { low -= 1 }
            while points[low].time < time - reach { low += 1 }
            var high = i
            while high + 1 < points.count, points[high + 1].time <= time + reach { high += 1 }
            guard i - low >= 2, high - i >= 2 else {
                result.append(points[i].area)
                continue
            }
            result.append(max(0, value(points[low...high], at: time, reach: Double(reach))))
        }
        return result
    }

    /// The area at a moment between points; nil where fewer than two are near on either side.
    static func area(_ points: [TrackPoint], at time: Int64, reach: Int64) -> Double? {
        var high = points.count
        while high > 0, points[high - 1].time > time + reach { high -= 1 }
        var low = high
        while low > 0, points[low - 1].time >= time - reach { low -= 1 }
        let near = points[low..<high].filter { !$0.isMasked }
        guard near.count(where: { $0.time < time }) >= 2, near.count(where: { $0.time > time }) >= 2 else { return nil }
        return max(0, value(near[...], at: time, reach: Double(reach)))
    }

    /// Least squares of a + b t + c t^2 by its normal equations; `a` is the value at `time`.
    private static func value(_ points: ArraySlice<TrackPoint>, at time: Int64, reach: Double) -> Double {
        var (s0, s1, s2, s3, s4) = (0.0, 0.0, 0.0, 0.0, 0.0)
        var (y0, y1, y2) = (0.0, 0.0, 0.0)
        for point in points where !point.isMasked {
            let t = Double(point.time - time) / reach
            let square = t * t
            s0 += 1
            s1 += t
            s2 += square
            s3 += square * t
            s4 += square * square
            y0 += point.area
            y1 += point.area * t
            y2 += point.area * square
        }
        let (m0, m1, m2) = (s2 * s4 - s3 * s3, s2 * s3 - s1 * s4, s1 * s3 - s2 * s2)
        let determinant = s0 * m0 + s1 * m1 + s2 * m2
        guard determinant > 1e-9 else { return s0 > 0 ? y0 / s0 : 0 }
        return (y0 * m0 + y1 * m1 + y2 * m2) / determinant
    }
}
