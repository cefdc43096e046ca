// From presentation stamps, such as they are, to a time that never goes back. See design/time.md.
import Frames

/// Places frames on the recording's clock.
///
/// Pure. Every time is taken from its stamp, minus the stamp at the start of its run, and rounded once; a jump starts
/// a new run, which continues one typical step after the last frame.
struct TimelineBuilder {
    struct Placement: Equatable {
        var time: StreamTime
        var source: TimeSource
        /// The stamps jumped: this frame starts a new segment.
        var startsRun: Bool
    }

    private let numerator: Int
    private let denominator: Int
    private let nominalStep: Int64
    private let wrap: Int64?

    /// Added to stamps for the wraps seen so far.
    private var wrapOffset: Int64 = 0
    private var lastStamp: Int64?
    /// The stamp and the time at which the present run started.
    private var origin: (stamp: Int64, time: Int64)?
    private var lastTime: Int64?
    /// Time of the last frame whose stamp was taken as it is.
    private var lastStampedTime: Int64 = 0
    /// The latest steps between stamped frames, for their median.
    private var steps: [Int64] = []
    private var nextStep = 0

    private static let stepMemory = 31
    private static let longestPlainStep: Int64 = 1_000_000_000

    /// - Parameters:
    ///   - nominalStep: nanoseconds between frames by the container; nil where it does not say.
    ///   - stampBits: width of the container's stamps, 0 or 64 where they do not wrap.
    init(timeBaseNumerator: Int, timeBaseDenominator: Int, nominalStep: Int64?, stampBits: Int) {
        numerator = max(1, timeBaseNumerator)
        denominator = max(1, timeBaseDenominator)
        self.nominalStep = max(1, nominalStep ?? 40_000_000)
        wrap = (8..<63).contains(stampBits) ? Int64(1) << Int64(stampBits) : nil
        steps.reserveCapacity(Self.stepMemory)
    }

    /// Places the next frame in presentation order.
    mutating func place(stamp rawStamp: Int64?) -> Placement {
        guard let rawStamp else { return synthesise() }
        let stamp = unwrap(rawStamp)
        guard let origin, let lastTime else {
            // The first stamp of all: what came before it was counted from zero.
            let time = lastTime.map { $0 + typicalStep } ?? 0
            return begin(stamp: stamp, time: time, startsRun: false)
        }
        guard let offset = StreamTime(ticks: stamp &- origin.stamp, numerator: numerator, denominator: denominator),
            case let (candidate, overflow) = origin.time.addingReportingOverflow(offset.nanoseconds), !overflow
        else { return begin(stamp: stamp, time: lastTime + typicalStep, startsRun: true) }

        let step = candidate - lastTime
        if step > Self.longestPlainStep, step / 10 > typicalStep {
            return begin(stamp: stamp, time: lastTime + typicalStep, startsRun: true)
        }
        if step > 0 {
            if lastTime == lastStampedTime { remember(step: step) }
            self.lastTime = candidate
            lastStampedTime = candidate
            return Placement(time: StreamTime(nanoseconds: candidate), source: .stamp, startsRun: false)
        }
        if candidate >= lastStampedTime {
            // A repeated stamp, or one that the counted frames before it have overtaken: squeezed in, order kept.
            let room = max(0, lastStampedTime + typicalStep - lastTime)
            let time = lastTime + max(1, room / 2)
            self.lastTime = time
            return Placement(time: StreamTime(nanoseconds: time), source: .synthesised, startsRun: false)
        }
        return begin(stamp: stamp, time: lastTime + typicalStep, startsRun: true)
    }

    /// Median of the latest steps, or the nominal step while there are none.
    var typicalStep: Int64 {
        guard !steps.isEmpty else { return nominalStep }
        return withUnsafeTemporaryAllocation(of: Int64.self, capacity: steps.count) { buffer in
            var sorted = buffer
            _ = sorted.initialize(from: steps)
            sorted.sort()
            return sorted[sorted.count / 2]
        }
    }

    private mutating func begin(stamp: Int64, time: Int64, startsRun: Bool) -> Placement {
        origin = (stamp, time)
        lastTime = time
        lastStampedTime = time
        return Placement(time: StreamTime(nanoseconds: time), source: .stamp, startsRun: startsRun)
    }

    private mutating func synthesise() -> Placement {
        let time = lastTime.map { $0 + typicalStep } ?? 0
        lastTime = time
        return Placement(time: StreamTime(nanoseconds: time), source: .synthesised, startsRun: false)
    }

    private mutating func remember(step: Int64) {
        if steps.count < Self.stepMemory {
            steps.append(step)
        } else {
            steps[nextStep] = step
            nextStep = (nextStep + 1) % Self.stepMemory
        }
    }

    private mutating func unwrap(_ raw: Int64) -> Int64 {
        var stamp = raw &+ wrapOffset
        if let wrap, let lastStamp {
            if stamp &- lastStamp < -(wrap / 2) {
                wrapOffset &+= wrap
                stamp &+= wrap
            } else if stamp &- lastStamp > wrap / 2 {
                wrapOffset &-= wrap
                stamp &-= wrap
            }
        }
        lastStamp = stamp
        return stamp
    }
}
