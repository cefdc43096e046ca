// Which stage a moment belongs to.
package import Frames

/// One step of a protocol: it starts where given, or where the step before it ends.
package struct PlannedStage: Sendable, Hashable, Codable {
    package var label: String
    /// Seconds from the beginning of the protocol.
    package var start: Double?
    package var duration: Double?

    package init(label: String, start: Double? = nil, duration: Double? = nil) {
        self.label = label
        self.start = start
        self.duration = duration
    }
}

/// The stages of a recording: half-open spans in order that do not overlap.
package struct StageSchedule: Sendable, Hashable, Codable {
    package private(set) var spans: [StageSpan]

    /// Every mark begins a stage that lasts to the next mark, the last to `end`.
    ///
    /// Of several marks at one moment the last given counts. Marks at or after `end` begin nothing. A mark without a
    /// label ends the stage before it and begins none.
    package init(marks: [StageMark], end: StreamTime) {
        let order = marks.indices.sorted { (marks[$0].time, $0) < (marks[$1].time, $1) }
        spans = []
        for (place, index) in order.enumerated() {
            let mark = marks[index]
            let next = place + 1 < order.count ? min(end, marks[order[place + 1]].time) : end
            if mark.time < next, !mark.label.isEmpty {
                spans.append(StageSpan(label: mark.label, start: mark.time, end: next))
            }
        }
    }

    /// The spans of a protocol that began at `origin`; the last step without a duration lasts to `end`.
    package init(plan: [PlannedStage], origin: StreamTime, end: StreamTime) throws(MetricsError) {
        guard !plan.isEmpty else { throw MetricsError(code: .emptyPlan, step: nil, label: "") }
        var starts: [StreamTime] = []
        var known: StreamTime? = origin
        for (index, step) in plan.enumerated() {
            guard !step.label.isEmpty else { throw MetricsError(code: .emptyLabel, step: index + 1, label: "") }
            guard let start = step.start.map({ origin + Self.time($0) }) ?? known else {
                throw MetricsError(code: .unknownStart, step: index + 1, label: step.label)
            }
            let isOrdered = starts.isEmpty || start >= (known ?? starts[index - 1])
            guard isOrdered, step.duration.map({ $0 > 0 }) ?? true else {
                throw MetricsError(code: .outOfOrder, step: index + 1, label: step.label)
            }
            starts.append(start)
            known = step.duration.map { start + Self.time($0) }
        }
        spans = []
        for (index, step) in plan.enumerated() {
            let natural =
                step.duration.map { starts[index] + Self.time($0) }
                ?? (index + 1 < starts.count ? starts[index + 1] : end)
            let stop = min(natural, end)
            if starts[index] < stop { spans.append(StageSpan(label: step.label, start: starts[index], end: stop)) }
        }
    }

    /// Index of the span that holds `time`.
    package func index(at time: StreamTime) -> Int? {
        var (low, high) = (0, spans.count)
        while low < high {
            let middle = (low + high) / 2
            if spans[middle].end <= time { low = middle + 1 } else { high = middle }
        }
        return low < spans.count && spans[low].contains(time) ? low : nil
    }

    private static func time(_ seconds: Double) -> StreamTime {
        StreamTime(nanoseconds: Int64((seconds * 1e9).rounded()))
    }
}
