// Time sums per stage, frame by frame.
import Frames

/// Adds up every frame's own time: measured, usable, below shares of the rest baseline.
struct StageTimes: Sendable {
    private struct Sum: Sendable {
        var frames = 0
        var measuredFrames = 0
        var measured = 0.0
        var usable = 0.0
        /// Usable time whose share of the baseline is known.
        var compared = 0.0
        var below: [Double]
        var run = 0.0
        var longest = 0.0
        var shares: [(share: Double, seconds: Double)] = []
    }

    private let settings: StageSettings
    private let baseline: RestBaseline?
    private var sums: [Sum]

    init(settings: StageSettings, stages: Int, baseline: RestBaseline?) {
        self.settings = settings
        self.baseline = baseline
        sums = [Sum](repeating: Sum(below: settings.belowShares.map { _ in 0 }), count: stages)
    }

    mutating func add(_ samples: [Sample], interruptions: [Interruption], schedule: StageSchedule) {
        let breaks = interruptions.sorted { $0.startFrame < $1.startFrame }
        var next = 0
        var lastEnd: StreamTime?
        var lastStage: Int?
        for (i, sample) in samples.enumerated() {
            while next < breaks.count, breaks[next].endFrame <= sample.frame { next += 1 }
            guard let stage = schedule.index(at: sample.time) else { continue }
            sums[stage].frames += 1
            guard let area = sample.usableArea else { continue }
            sums[stage].measuredFrames += 1
            let end = frameEnd(samples, i, span: schedule.spans[stage])
            let seconds = (end - sample.time).seconds
            sums[stage].measured += seconds
            if next < breaks.count, breaks[next].startFrame <= sample.frame { continue }
            sums[stage].usable += seconds
            guard let share = shareOfRest(sample, area) else { continue }
            // A run ends with its stage and at a gap.
            let gap = lastEnd.map { (sample.time - $0).seconds } ?? 0
            if lastStage != stage || gap > settings.longestRunGap { sums[stage].run = 0 }
            (lastEnd, lastStage) = (end, stage)
            addShare(share, seconds, stage)
        }
    }

    func write(_ stage: Int, into summary: inout StageSummary) {
        let sum = sums[stage]
        summary.frames = sum.frames
        summary.measuredFrames = sum.measuredFrames
        summary.rejectedFrames = sum.frames - sum.measuredFrames
        summary.measuredSeconds = sum.measured
        summary.usableSeconds = sum.usable
        summary.usableShare = summary.span.seconds > 0 ? min(1, sum.usable / summary.span.seconds) : 0
    }

    mutating func writeBelow(_ stage: Int, into summary: inout StageSummary) {
        guard baseline != nil, sums[stage].compared > 0 else { return }
        summary.timeBelow = zip(settings.belowShares, sums[stage].below).map { threshold, seconds in
            TimeBelow(threshold: threshold, seconds: seconds, share: seconds / sums[stage].compared)
        }
        summary.longestBelowHalf = sums[stage].longest
        summary.tenthOfRest = tenth(stage)
    }

    private mutating func addShare(_ share: Double, _ seconds: Double, _ stage: Int) {
        sums[stage].compared += seconds
        sums[stage].shares.append((share, seconds))
        for (place, threshold) in settings.belowShares.enumerated() where share < threshold {
            sums[stage].below[place] += seconds
        }
        sums[stage].run = share < 0.5 ? sums[stage].run + seconds : 0
        sums[stage].longest = max(sums[stage].longest, sums[stage].run)
    }

    /// A frame lasts to the next one of its segment, but no longer than a frame may, nor beyond its stage.
    private func frameEnd(_ samples: [Sample], _ i: Int, span: StageSpan) -> StreamTime {
        let longest = samples[i].time + StreamTime(nanoseconds: Int64(settings.longestFrame * 1e9))
        var end = min(longest, span.end)
        if i + 1 < samples.count, samples[i + 1].segment == samples[i].segment {
            end = min(end, max(samples[i].time, samples[i + 1].time))
        } else if i > 0, samples[i - 1].segment == samples[i].segment {
            // The last frame of a segment lasts as long as the one before it.
            end = min(end, samples[i].time + (samples[i].time - samples[i - 1].time))
        }
        return end
    }

    private func shareOfRest(_ sample: Sample, _ area: Double) -> Double? {
        guard let baseline else { return nil }
        guard let base = baseline.openedNormalised else { return area / baseline.opened }
        // A closed frame is closed on every scale.
        if area == 0 { return 0 }
        return sample.normalisedArea.map { $0 / base }
    }

    /// Time-weighted 10th percentile.
    private func tenth(_ stage: Int) -> Double? {
        let sorted = sums[stage].shares.sorted { $0.share < $1.share }
        var seen = 0.0
        for entry in sorted {
            seen += entry.seconds
            if seen >= 0.1 * sums[stage].compared { return entry.share }
        }
        return sorted.last?.share
    }
}
