// Found against true: every row of the table by which breath finding is judged.
import Frames
package import Metrics

/// Sums over many tests.
package struct Verdict: Sendable {
    package var tests = 0
    package var trueBreaths = 0
    package var visible = 0
    package var hits = 0
    package var extras = 0
    /// Absolute errors of closure per matched breath, 0...1.
    package var closures: [Double] = []
    /// Errors of the rate per stage, breaths a minute.
    package var rates: [Double] = []
    /// Errors of the median closure per stage, 0...1, signed.
    package var medians: [Double] = []
    /// The same by the stage's label.
    package var mediansByStage: [String: [Double]] = [:]
    package var silentStages = 0
    package var swallows = 0
    package var swallowsFound = 0
    package var swallowsAsBreaths = 0
    package var swallowsAsWorst = 0
    package var coughs = 0
    package var coughsFound = 0
    package var coughsAsBreaths = 0
    package var talks = 0
    package var talksFound = 0
    package var talkAsBreaths = 0
    /// Interruptions where nothing happened.
    package var falseInterruptions = 0
    /// Reported after the breath's end by so many of its own lengths.
    package var lateness: [Double] = []
    /// What went wrong, in words.
    package var log: [String] = []

    package init() {}

    package var precision: Double { Double(hits) / Double(max(1, hits + extras)) }
    package var recall: Double { Double(hits) / Double(max(1, visible)) }

    package mutating func add(_ other: Verdict) {
        tests += other.tests
        trueBreaths += other.trueBreaths
        visible += other.visible
        hits += other.hits
        extras += other.extras
        closures += other.closures
        rates += other.rates
        medians += other.medians
        mediansByStage.merge(other.mediansByStage, uniquingKeysWith: +)
        silentStages += other.silentStages
        swallows += other.swallows
        swallowsFound += other.swallowsFound
        swallowsAsBreaths += other.swallowsAsBreaths
        swallowsAsWorst += other.swallowsAsWorst
        coughs += other.coughs
        coughsFound += other.coughsFound
        coughsAsBreaths += other.coughsAsBreaths
        talks += other.talks
        talksFound += other.talksFound
        talkAsBreaths += other.talkAsBreaths
        falseInterruptions += other.falseInterruptions
        lateness += other.lateness
        log += other.log
    }
}

/// Runs the detector over a test and holds what it says against the truth.
package struct Judge: Sendable {
    package var settings = BreathSettings()

    package init() {}

    package func judge(_ test: TrueTest) -> Verdict {
        var verdict = Verdict()
        verdict.tests = 1
        var breaths: [Breath] = []
        var found: [Interruption] = []
        var detector = BreathDetector(settings: settings)
        func take(_ events: [BreathEvent], at time: StreamTime?) {
            for event in events {
                switch event {
                case .interruption(let interruption): found.append(interruption)
                case .breath(let breath):
                    breaths.append(breath)
                    if let time, breath.isUsable, breath.isWhole {
                        verdict.lateness.append((time - breath.end).seconds / breath.duration)
                    }
                }
            }
        }
        for sample in test.samples { take(detector.observe(sample), at: sample.time) }
        take(detector.finish(), at: nil)
        judgeBreaths(breaths.filter(\.isUsable), test, &verdict)
        judgeEvents(found, test, &verdict)
        judgeStages(breaths, found, test, &verdict)
        return verdict
    }

    private func judgeBreaths(_ usable: [Breath], _ test: TrueTest, _ verdict: inout Verdict) {
        let last = test.samples.last?.time.seconds ?? 0
        var taken: [Int: Breath] = [:]
        for breath in usable {
            let time = breath.narrowestTime.seconds
            if let event = test.events.first(where: { time > $0.start && time < $0.end }) {
                switch event.kind {
                case .swallow: verdict.swallowsAsBreaths += 1
                case .cough: verdict.coughsAsBreaths += 1
                case .voice: verdict.talkAsBreaths += 1
                }
                verdict.extras += 1
                verdict.log.append("\(test.name): breath in \(event) at \(time), closure \(breath.closure)")
                continue
            }
            let best = test.breaths.indices.filter { taken[$0] == nil }.min {
                abs(test.breaths[$0].trough - time) < abs(test.breaths[$1].trough - time)
            }
            if let best,
                abs(test.breaths[best].trough - time) < 0.4 * (test.breaths[best].end - test.breaths[best].start)
            {
                taken[best] = breath
            } else if time > (test.breaths.first?.start ?? 0), time < min(last, test.breaths.last?.end ?? 0) {
                verdict.extras += 1
                verdict.log.append(
                    "\(test.name): extra at \(time), \(breath.start.seconds)...\(breath.end.seconds), "
                        + "closure \(breath.closure)")
            }
        }
        for (index, breath) in test.breaths.enumerated() {
            verdict.trueBreaths += 1
            let isVisible = test.isVisible(breath)
            if isVisible { verdict.visible += 1 }
            if let match = taken[index] {
                // A hit beyond what can be seen is no extra and no credit.
                if isVisible { verdict.hits += 1 }
                if isVisible, let closure = breath.closure {
                    verdict.closures.append(abs(match.closure - closure))
                    if abs(match.closure - closure) > 0.15 {
                        verdict.log.append("\(test.name): closure \(match.closure) true \(breath)")
                    }
                }
            } else if isVisible {
                verdict.log.append("\(test.name): missed \(breath)")
            }
        }
    }

    private func judgeEvents(_ found: [Interruption], _ test: TrueTest, _ verdict: inout Verdict) {
        func isSeen(_ event: TrueEvent) -> Bool {
            let lost = test.hidden.reduce(0.0) {
                $0 + max(0, min(event.end, $1.upperBound) - max(event.start, $1.lowerBound))
            }
            return lost < 0.2 * (event.end - event.start)
        }
        for event in test.events where isSeen(event) {
            let touching = found.filter { $0.start.seconds < event.end && $0.end.seconds > event.start }
            let isFound = touching.contains { $0.kind == event.kind }
            switch event.kind {
            case .swallow:
                verdict.swallows += 1
                if isFound { verdict.swallowsFound += 1 }
            case .cough:
                verdict.coughs += 1
                if isFound { verdict.coughsFound += 1 }
            case .voice:
                verdict.talks += 1
                if isFound { verdict.talksFound += 1 }
            }
            if !isFound { verdict.log.append("\(test.name): \(event) seen as \(touching.map(\.kind))") }
        }
        for interruption in found
        where !test.events.contains(where: {
            $0.start < interruption.end.seconds && $0.end > interruption.start.seconds
        }) {
            verdict.falseInterruptions += 1
            verdict.log.append(
                "\(test.name): false \(interruption.kind) \(interruption.start.seconds)..."
                    + "\(interruption.end.seconds)")
        }
    }

    private func judgeStages(
        _ breaths: [Breath], _ found: [Interruption], _ test: TrueTest, _ verdict: inout Verdict
    ) {
        let marks = test.stages.map {
            StageMark(label: $0.label, time: StreamTime(nanoseconds: Int64(($0.start * 1e9).rounded())), source: .plan)
        }
        let end = StreamTime(nanoseconds: Int64(((test.stages.last?.end ?? 0) * 1e9).rounded()))
        var stageSettings = StageSettings()
        // The interval of the median is not judged here.
        stageSettings.bootstrapRounds = 1
        let summary = StageAggregator(settings: stageSettings).summarise(
            samples: test.samples, breaths: breaths, interruptions: found,
            schedule: StageSchedule(marks: marks, end: end))
        for (stage, truth) in zip(summary.stages, test.stages) {
            guard stage.silence == nil, let rate = stage.rate, let closure = stage.closure else {
                verdict.silentStages += 1
                continue
            }
            verdict.rates.append(rate - truth.rate)
            if abs(rate - truth.rate) > 0.5 {
                verdict.log.append("\(test.name): \(truth.label) rate \(rate) true \(truth.rate)")
            }
            let index = test.stages.firstIndex { $0.start == truth.start }
            let closures = test.breaths.filter { $0.stage == index }.compactMap(\.closure).sorted()
            if let median = quantile(ofSorted: closures, 0.5) {
                verdict.medians.append(closure.median - median)
                verdict.mediansByStage[truth.label, default: []].append(closure.median - median)
                if abs(closure.median - median) > 0.03 {
                    verdict.log.append("\(test.name): \(truth.label) closure \(closure.median) true \(median)")
                }
            }
            if let worst = stage.worst,
                let event = test.events.first(where: {
                    worst.time.seconds > $0.start && worst.time.seconds < $0.end && $0.kind == .swallow
                })
            {
                verdict.swallowsAsWorst += 1
                verdict.log.append("\(test.name): worst of \(truth.label) is \(event)")
            }
        }
    }
}

extension Judge {
    /// Judges the tests of many seeds, several at once; sums in the order of the seeds.
    package func judge(
        seeds: ClosedRange<UInt64>, _ make: @Sendable @escaping (UInt64) -> TrueTest
    ) async -> Verdict {
        var verdicts: [UInt64: Verdict] = [:]
        await withTaskGroup(of: (UInt64, Verdict).self) { group in
            for seed in seeds { group.addTask { @concurrent in (seed, judge(make(seed))) } }
            for await (seed, verdict) in group { verdicts[seed] = verdict }
        }
        var sum = Verdict()
        for seed in seeds { if let verdict = verdicts[seed] { sum.add(verdict) } }
        return sum
    }
}
