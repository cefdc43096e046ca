// The recent area curve: every measured frame as it is, and the same on an even time grid.
import Frames

/// One measured frame.
struct TrackPoint: Sendable, Hashable, Codable {
    var time: Int64
    var frame: Int
    var area: Double
    /// Normalised area over area; nil without a reference length.
    var normalisation: Double?
    /// Area of the inlet, px^2; nil where the network does not tell it.
    var inlet: Double?
    /// Part of an interruption.
    var isMasked = false
}

/// A frame's place in time, measured or not.
struct TrackFrame: Sendable, Hashable, Codable {
    var time: Int64
    var frame: Int
    /// Nanoseconds until the next frame, capped where frames are missing.
    var span: Int64
    /// Measured and not interrupted.
    var isMeasured: Bool
}

/// The last minute of one unbroken stretch.
///
/// - **Shape** bins of 40 ms from `firstBin`; each holds the mean of its frames' areas, or what lies on the straight
///   line between its neighbours when it has none.
struct AreaTrack: Sendable, Hashable, Codable {
    static let step: Int64 = 40_000_000
    /// Seconds of one bin.
    static let stepSeconds = 0.04
    private static let keep: Int64 = 60_000_000_000

    private(set) var points: [TrackPoint] = []
    private(set) var frames: [TrackFrame] = []
    private(set) var bins: [Double] = []
    /// Whether the bin holds a measured, uninterrupted frame.
    private(set) var isReal: [Bool] = []
    private(set) var firstBin: Int64 = 0
    private var openSum = 0.0
    private var openCount = 0
    private var openBin: Int64 = 0

    /// One past the last finished bin.
    var endBin: Int64 { firstBin + Int64(bins.count) }

    static func bin(_ time: Int64) -> Int64 { time >= 0 ? time / step : (time - step + 1) / step }
    static func time(_ bin: Double) -> Int64 { Int64((bin + 0.5) * Double(step)) }

    func value(_ bin: Int64) -> Double { bins[Int(bin - firstBin)] }
    func isReal(_ bin: Int64) -> Bool { isReal[Int(bin - firstBin)] }

    mutating func reset() {
        points.removeAll(keepingCapacity: true)
        frames.removeAll(keepingCapacity: true)
        bins.removeAll(keepingCapacity: true)
        isReal.removeAll(keepingCapacity: true)
        openCount = 0
        openSum = 0
    }

    /// Whether nothing was measured since the last reset.
    var isEmpty: Bool { points.isEmpty }

    /// The frame at `time` showed a slip of the mask and no area.
    mutating func dropFrame(at time: Int64) {
        guard let place = frames.lastIndex(where: { $0.time == time }) else { return }
        frames[place].isMeasured = false
    }

    mutating func addFrame(time: Int64, frame: Int, isMeasured: Bool) {
        if let last = frames.last { frames[frames.count - 1].span = max(0, min(time - last.time, 500_000_000)) }
        frames.append(TrackFrame(time: time, frame: frame, span: 0, isMeasured: isMeasured))
    }

    /// Adds a measured frame; finishes the bins before its own.
    mutating func addPoint(_ point: TrackPoint) {
        removeSpike(before: point)
        points.append(point)
        let bin = Self.bin(point.time)
        if openCount > 0, bin != openBin { finishBin() }
        if openCount == 0 {
            if bins.isEmpty { firstBin = bin }
            openBin = bin
        }
        openSum += point.area
        openCount += 1
    }

    /// Finishes the bin that is being filled.
    mutating func finishBin() {
        guard openCount > 0 else { return }
        let value = openSum / Double(openCount)
        let missing = Int(openBin - endBin)
        if missing > 0, let last = bins.last {
            for i in 1...missing {
                bins.append(last + (value - last) * Double(i) / Double(missing + 1))
                isReal.append(false)
            }
        }
        bins.append(value)
        isReal.append(true)
        openSum = 0
        openCount = 0
    }

    /// Takes bins `range` out of the curve: they become a straight line, and their frames are masked.
    mutating func mask(_ range: Range<Int64>) {
        let low = max(firstBin, range.lowerBound)
        let high = min(endBin, range.upperBound)
        guard low < high else { return }
        let before = low > firstBin ? value(low - 1) : (high < endBin ? value(high) : value(low))
        let after = high < endBin ? value(high) : before
        for bin in low..<high {
            let share = Double(bin - low + 1) / Double(high - low + 1)
            bins[Int(bin - firstBin)] = before + (after - before) * share
            isReal[Int(bin - firstBin)] = false
        }
        let (from, to) = (low * Self.step, high * Self.step)
        var i = points.count - 1
        while i >= 0, points[i].time >= from {
            if points[i].time < to { points[i].isMasked = true }
            i -= 1
        }
        i = frames.count - 1
        while i >= 0, frames[i].time >= from {
            if frames[i].time < to { frames[i].isMeasured = false }
            i -= 1
        }
    }

    /// Forgets what is older than a minute before `bin`.
    mutating func forget(before bin: Int64) {
        let surplus = bin - firstBin - Self.keep / Self.step
        guard surplus > 500 else { return }
        bins.removeFirst(Int(surplus))
        isReal.removeFirst(Int(surplus))
        firstBin += surplus
        let limit = firstBin * Self.step
        points.removeFirst(points.firstIndex { $0.time >= limit } ?? points.count)
        frames.removeFirst(frames.firstIndex { $0.time >= limit } ?? frames.count)
    }

    /// A single frame far off both neighbours, on the same side of both, is a slip of the mask and not a movement.
    private mutating func removeSpike(before point: TrackPoint) {
        guard points.count >= 2 else { return }
        let middle = points[points.count - 1]
        let first = points[points.count - 2]
        guard point.time - first.time <= 120_000_000 else { return }
        let low = min(first.area, point.area)
        let high = max(first.area, point.area)
        let reach = 0.25 * high
        guard middle.area > high + reach || middle.area < low - reach, high - low < reach else { return }
        let repaired = (first.area + point.area) / 2
        if openCount > 0, Self.bin(middle.time) == openBin {
            openSum += repaired - middle.area
        } else if let last = bins.indices.last, Self.bin(middle.time) == firstBin + Int64(last) {
            bins[last] = repaired
        }
        points[points.count - 1].area = repaired
    }
}
