// What the page says up front, read off the summary: no number is made here that the summary does not hold.
import Frames

/// How much data a stage's numbers rest on.
///
/// It says nothing about the network's own errors.
enum Footing: String, Sendable {
    case good, fair, weak

    init(_ stage: StageSummary, _ closure: Spread) {
        let width = closure.high - closure.low
        if width <= 0.1, stage.usableShare >= 0.75, closure.count >= 10 {
            self = .good
        } else if width <= 0.2, stage.usableShare >= 0.5 {
            self = .fair
        } else {
            self = .weak
        }
    }
}

extension ReportContent {
    /// The breath nearest to a stage's median closure, as an example of it.
    func typicalBreath(_ stage: StageSummary) -> Breath? {
        guard let median = stage.closure?.median else { return nil }
        return usableBreaths(stage).min { abs($0.closure - median) < abs($1.closure - median) }
    }

    /// The breath nearest to a stage's median opening.
    func typicalOpening(_ stage: StageSummary) -> Breath? {
        guard let median = stage.opened?.median else { return nil }
        return usableBreaths(stage).min { abs($0.opened - median) < abs($1.opened - median) }
    }

    /// The breath at which closure had come half way back to rest, so many seconds into recovery.
    func halfRecovered(after seconds: Double) -> Breath? {
        guard let start = summary.stages.last(where: { $0.span.label.lowercased() == "recovery" })?.span.start else {
            return nil
        }
        return breaths.filter(\.isUsable).min {
            abs(($0.narrowestTime - start).seconds - seconds) < abs(($1.narrowestTime - start).seconds - seconds)
        }
    }

    func usableBreaths(_ stage: StageSummary) -> [Breath] {
        breaths.filter { $0.isUsable && stage.span.contains($0.narrowestTime) }
    }

    func stageIndex(at time: StreamTime) -> Int? { summary.stages.firstIndex { $0.span.contains(time) } }

    func still(ofStage index: Int, _ kind: ReportStill.Kind) -> ReportStill? {
        guard summary.stages.indices.contains(index) else { return nil }
        return stills.first {
            $0.kind == kind && ($0.stageIndex ?? index) == index && $0.stage == summary.stages[index].span.label
        }
    }

    /// Usable seconds and length of all stages, or nil without stages.
    var stageTime: (usable: Double, length: Double)? {
        guard !summary.stages.isEmpty else { return nil }
        return summary.stages.reduce((0, 0)) { ($0.0 + $1.usableSeconds, $0.1 + $1.span.seconds) }
    }

    /// Share of the test that could be used: time within stages, or frames where there are no stages.
    var usableShare: Double {
        if let time = stageTime, time.length > 0 { return min(1, time.usable / time.length) }
        return accounting.decoded > 0 ? Double(accounting.measured) / Double(accounting.decoded) : 0
    }
}

/// Which frames can be jumped to, and how.
struct FrameLinks: Sendable {
    private let frames: [Int]

    init(_ content: ReportContent) {
        var known = Set(content.stills.map(\.frame))
        for breath in content.breaths {
            known.insert(breath.narrowestFrame)
            known.insert(breath.widestFrame)
        }
        frames = known.sorted()
    }

    /// The fragment of the anchor for `frame`, or of the nearest frame that has one.
    func target(_ frame: Int) -> String? {
        guard !frames.isEmpty else { return nil }
        let place = frames.partitioningIndex { $0 >= frame }
        let after = place < frames.count ? frames[place] : frames[frames.count - 1]
        let before = place > 0 ? frames[place - 1] : after
        return "#frame-\(frame - before < after - frame ? before : after)"
    }

    /// A number that links to the frame that proves it.
    func link(_ text: String, frame: Int, time: StreamTime) -> String {
        guard let target = target(frame) else { return text }
        return "<a href=\"\(target)\" title=\"frame \(frame), \(timeCode(time))\">\(text)</a>"
    }
}

extension [Int] {
    /// Index of the first element for which `test` holds, where those follow all others.
    func partitioningIndex(_ test: (Int) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if test(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
