// Stages that are known beforehand or told afterwards: a protocol file, a table beside the recording, or a list.

import Foundation
import Frames
import Metrics

/// When each stage begins, and who says so.
struct StagePlan: Sendable, Hashable {
    struct Start: Sendable, Hashable {
        /// Empty where a stage ends and no other begins.
        var label: String
        var time: StreamTime
    }

    /// In order; each lasts to the next.
    var starts: [Start]
    var source: MarkSource
    /// What it was read from, for people: a protocol's title or a file's name.
    var note: String

    /// Longest label that anything takes.
    static let longestLabel = 64

    init(starts: [Start], source: MarkSource, note: String) {
        self.starts = starts
        self.source = source
        self.note = note
    }

    /// Spans that need not touch: where one ends before the next begins, no stage holds.
    init(spans: [StageSpan], source: MarkSource, note: String) {
        starts = []
        for (index, span) in spans.enumerated() {
            starts.append(Start(label: span.label, time: span.start))
            let next = index + 1 < spans.count ? spans[index + 1].start : Self.openEnd
            if span.end < next { starts.append(Start(label: "", time: span.end)) }
        }
        self.source = source
        self.note = note
    }

    /// Stages as given on a command line or by a page: in any order, each at a moment of its own.
    ///
    /// One without a name ends the stage before it.
    init(edits: [(label: String, time: StreamTime)], note: String = "") throws(CommandError) {
        var starts: [Start] = []
        for (label, time) in edits.sorted(by: { $0.time < $1.time }) {
            if !label.isEmpty { try Self.check(label) }
            if let last = starts.last, last.time == time {
                throw CommandError(
                    .usage, "two stages begin at \(Self.clock(time)): \(last.label) and \(label)",
                    remedy: "give each stage its own time")
            }
            starts.append(Start(label: label, time: time))
        }
        self.init(starts: starts, source: .edit, note: note)
    }

    /// The plan up to `other`, which goes on from its first start: what was really done counts more than what was
    /// planned.
    func cut(by other: StagePlan) -> StagePlan {
        guard let first = other.starts.first?.time else { return self }
        return StagePlan(
            starts: starts.filter { $0.time < first } + other.starts, source: other.source,
            note: [note, other.note].filter { !$0.isEmpty }.joined(separator: "; "))
    }

    /// Refuses stages that begin after the recording has ended: they belong to another recording.
    func require(within end: StreamTime) throws(CommandError) {
        guard let late = starts.first(where: { !$0.label.isEmpty && $0.time > end }) else { return }
        throw CommandError(
            .badData,
            "the stage \(late.label) begins at \(Self.clock(late.time)), but the recording ends at \(Self.clock(end))",
            remedy: "correct the time, or check that these stages belong to this recording")
    }

    /// No recording lasts longer.
    static let openEnd = StreamTime(nanoseconds: Int64.max / 4)

    static func check(_ label: String) throws(CommandError) {
        guard !label.isEmpty, label.count <= longestLabel, !label.unicodeScalars.contains(where: TextSafety.isUnsafe)
        else {
            throw CommandError(
                .usage, "a stage's name is 1 to \(longestLabel) printable characters, not \"\(label.prefix(80))\"")
        }
    }

    static func clock(_ time: StreamTime) -> String {
        let tenths = (time.nanoseconds + 50_000_000) / 100_000_000
        return String(format: "%lld:%02lld.%lld", tenths / 600, tenths / 10 % 60, tenths % 10)
    }

    /// Seconds, `min:s` or `h:min:s`; nil for anything else.
    static func time(_ text: some StringProtocol) -> StreamTime? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard (1...3).contains(parts.count) else { return nil }
        var seconds = 0.0
        for part in parts {
            guard let value = Double(part), value >= 0, value.isFinite, value < 1e6,
                part.allSatisfy({ $0.isNumber || $0 == "." })
            else { return nil }
            seconds = seconds * 60 + value
        }
        return StreamTime(nanoseconds: Int64((seconds * 1e9).rounded()))
    }
}
