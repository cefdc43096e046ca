// How the samples along one axis become the pixels of a smaller or larger picture.

/// Weights for one axis: area averaging when shrinking, linear interpolation when growing.
///
/// Exact in place: the interval that the target covers may begin and end anywhere between samples.
struct AxisFilter {
    /// Where an axis of the target lies on the samples.
    struct Geometry: Equatable {
        /// Begin and end of the target in sample units; sample k covers the unit from k on.
        var begin: Double
        var end: Double
        /// Number of target pixels.
        var count: Int
        /// Samples that may be looked at.
        var limits: Range<Int>
    }

    /// Sum of the weights of every pixel, 2^14.
    static let unit = 16384

    let geometry: Geometry
    /// First sample of every pixel.
    private(set) var starts: [Int32]
    /// Samples per pixel; shorter runs are padded with weight zero.
    let taps: Int
    /// - **Shape** (count, laneCount): `taps` weights, then zeros that fill whole vectors.
    private(set) var weights: [Int16]
    let laneCount: Int
    /// All samples that are used.
    let span: Range<Int>

    init(_ geometry: Geometry) {
        self.geometry = geometry
        let scale = (geometry.end - geometry.begin) / Double(geometry.count)
        let (low, high) = (geometry.limits.lowerBound, geometry.limits.upperBound)
        let taps = min(high - low, scale > 1 ? Int(scale.rounded(.up)) + 1 : 2)
        let laneCount = taps <= 4 ? 4 : (taps + 7) / 8 * 8
        starts = []
        starts.reserveCapacity(geometry.count)
        weights = [Int16](repeating: 0, count: geometry.count * laneCount)
        var exact = [Double](repeating: 0, count: taps)
        for index in 0..<geometry.count {
            let begin = geometry.begin + Double(index) * scale
            let first: Int
            for k in 0..<taps { exact[k] = 0 }
            if scale > 1 {
                let end = begin + scale
                first = min(max(Int(begin.rounded(.down)), low), high - taps)
                for k in 0..<taps {
                    exact[k] = max(0, min(end, Double(first + k + 1)) - max(begin, Double(first + k)))
                }
            } else {
                let centre = begin + scale / 2 - 0.5
                let floor = Int(centre.rounded(.down))
                let fraction = centre - centre.rounded(.down)
                first = min(max(floor, low), high - taps)
                exact[min(max(floor, low), high - 1) - first] += 1 - fraction
                exact[min(max(floor + 1, low), high - 1) - first] += fraction
            }
            starts.append(Int32(first))
            Self.write(
                exact, to: &weights, at: index * laneCount,
                fallback: begin + scale / 2 < Double(first) ? 0 : taps - 1)
        }
        self.taps = taps
        self.laneCount = laneCount
        span = Int(starts.min() ?? 0)..<(Int(starts.max() ?? 0) + taps)
    }

    /// Rounds the weights so that they sum to exactly one.
    private static func write(_ exact: [Double], to weights: inout [Int16], at base: Int, fallback: Int) {
        let sum = exact.reduce(0, +)
        var left = unit
        var largest = 0
        for (k, value) in exact.enumerated() {
            let weight = sum > 0 ? Int((value / sum * Double(unit)).rounded()) : (k == fallback ? unit : 0)
            weights[base + k] = Int16(weight)
            left -= weight
            if weights[base + k] > weights[base + largest] { largest = k }
        }
        weights[base + largest] += Int16(left)
    }
}
