// Splits a session's samples into what may be joined by a line and what may not.
import Frames

/// Measured stretches and the gaps between them.
struct CurveRuns: Sendable {
    /// Consecutive measured frames of one segment.
    struct Run: Sendable {
        var times: [StreamTime] = []
        var values: [Double] = []
    }
    /// A half-open span without a measured frame.
    struct Gap: Sendable, Hashable {
        var start: StreamTime
        var end: StreamTime
    }

    private(set) var runs: [Run] = []
    private(set) var gaps: [Gap] = []

    /// Frames further apart than this many nanoseconds are not joined, whatever their states.
    private static let longest: Int64 = 500_000_000

    init(_ samples: [Sample], _ measure: CurvePlot.Measure) {
        var run = Run()
        var gapStart: StreamTime?
        var last: Sample?
        for sample in samples {
            if let before = last {
                let isBroken =
                    sample.segment != before.segment
                    || sample.time.nanoseconds - before.time.nanoseconds > Self.longest
                if isBroken {
                    close(&run)
                    // From where the last frame was last known to hold.
                    if gapStart == nil { gapStart = before.time }
                }
            }
            if let value = measure.value(sample) {
                if let start = gapStart {
                    add(start, sample.time)
                    gapStart = nil
                }
                run.times.append(sample.time)
                run.values.append(value)
            } else {
                close(&run)
                // Measured frames whose scale is not known yet are blank, not grey.
                if sample.usableArea == nil {
                    if gapStart == nil { gapStart = sample.time }
                } else if let start = gapStart {
                    add(start, sample.time)
                    gapStart = nil
                }
            }
            last = sample
        }
        close(&run)
        if let start = gapStart, let last { add(start, last.time) }
    }

    private mutating func close(_ run: inout Run) {
        if !run.times.isEmpty { runs.append(run) }
        run = Run()
    }

    private mutating func add(_ start: StreamTime, _ end: StreamTime) {
        if end > start { gaps.append(Gap(start: start, end: end)) }
    }
}
