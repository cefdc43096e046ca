// A test whose breaths are known, and what a measurement saw of it.
package import Frames

/// One true breath; seconds.
package struct TrueBreath: Sendable {
    package var start: Double
    package var trough: Double
    package var end: Double
    /// 1 - P5 / P95 of its true areas; nil where a swallow, a cough or talking overlies it.
    package var closure: Double?
    package var stage: Int
}

package struct TrueStage: Sendable {
    package var label: String
    package var start: Double
    package var end: Double
    /// Breaths a minute over the whole stage, hidden ones included.
    package var rate: Double
}

package struct TrueEvent: Sendable {
    package var kind: InterruptionKind
    package var start: Double
    package var end: Double
}

/// Truth and samples of one test.
package struct TrueTest: Sendable {
    package var name: String
    package var samples: [Sample]
    package var breaths: [TrueBreath]
    package var stages: [TrueStage]
    package var events: [TrueEvent]
    /// Spans in which the truth says that the picture shows nothing usable.
    package var hidden: [ClosedRange<Double>]

    package init(
        name: String, samples: [Sample], breaths: [TrueBreath], stages: [TrueStage], events: [TrueEvent],
        hidden: [ClosedRange<Double>]
    ) {
        self.name = name
        self.samples = samples
        self.breaths = breaths
        self.stages = stages
        self.events = events
        self.hidden = hidden
    }

    /// Whether a breath can be found at all: its narrowest part and most of its time is in view and undisturbed.
    package func isVisible(_ breath: TrueBreath) -> Bool {
        let duration = breath.end - breath.start
        let first = samples.first?.time.seconds ?? 0
        let last = samples.last?.time.seconds ?? 0
        guard breath.start >= first - 0.1 * duration, breath.end <= last + 0.1 * duration else { return false }
        var lost = 0.0
        func overlap(_ low: Double, _ high: Double) -> Bool {
            lost += max(0, min(breath.end, high) - max(breath.start, low))
            let reach = 0.2 * duration
            return low < breath.trough + reach && high > breath.trough - reach
        }
        for span in hidden where overlap(span.lowerBound, span.upperBound) { return false }
        for event in events where overlap(event.start - 0.1, event.end + 0.1) { return false }
        return lost < 0.4 * duration
    }

    /// Spans of rejected frames, from the last usable to the next usable one.
    package static func spans(of samples: [Sample]) -> [ClosedRange<Double>] {
        var spans: [ClosedRange<Double>] = []
        var start: Double?
        for sample in samples {
            let time = sample.time.seconds
            if sample.reasons.isEmpty {
                if let from = start { spans.append(from...max(from, time)) }
                start = nil
            } else if start == nil {
                start = time
            }
        }
        if let start, let last = samples.last { spans.append(start...max(start, last.time.seconds)) }
        return spans
    }
}
