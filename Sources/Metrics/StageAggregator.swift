// From samples, breaths and a schedule to the numbers of every stage and of the test. See design/breaths.md.
package import Frames

/// Makes a test's summary; the same inputs give the same summary, so an edited schedule needs no new analysis.
package struct StageAggregator: Sendable {
    package var settings: StageSettings

    package init(settings: StageSettings = StageSettings()) { self.settings = settings }

    /// - Parameters:
    ///   - samples: all of the session's samples in order; only measured ones are read beyond their time.
    ///   - breaths, interruptions: what a `BreathDetector` made of them.
    package func summarise(
        samples: [Sample], breaths: [Breath], interruptions: [Interruption], schedule: StageSchedule
    ) -> TestSummary {
        var summary = TestSummary()
        summary.stages = schedule.spans.map(StageSummary.init(span:))
        var members = [[Breath]](repeating: [], count: schedule.spans.count)
        for breath in breaths {
            guard let stage = schedule.index(at: breath.narrowestTime) else { continue }
            summary.stages[stage].breaths += 1
            if breath.isUsable { members[stage].append(breath) }
        }
        for interruption in interruptions {
            guard let stage = schedule.index(at: interruption.start) else { continue }
            switch interruption.kind {
            case .swallow: summary.stages[stage].swallows += 1
            case .cough: summary.stages[stage].coughs += 1
            case .voice: summary.stages[stage].voices += 1
            }
        }
        (summary.baseline, summary.baselineSilence) = baseline(schedule, members)
        var times = StageTimes(settings: settings, stages: schedule.spans.count, baseline: summary.baseline)
        times.add(samples, interruptions: interruptions, schedule: schedule)
        let usable = breaths.filter(\.isUsable)
        let lone = loneClosures(usable)
        for stage in summary.stages.indices {
            times.write(stage, into: &summary.stages[stage])
            let believed = members[stage].filter { !lone.contains($0.index) }
            let start = schedule.spans[stage].start
            let before = usable[..<(usable.firstIndex { $0.narrowestTime >= start } ?? usable.count)].suffix(6)
            describe(
                &summary.stages[stage], stage, members[stage], believed: believed, before: Array(before),
                summary.baseline)
            if summary.stages[stage].silence == nil { times.writeBelow(stage, into: &summary.stages[stage]) }
        }
        describeTest(&summary, schedule, breaths)
        return summary
    }

    /// Steady median of the opened area over the usable breaths of the first rest stage that has enough of them.
    private func baseline(
        _ schedule: StageSchedule, _ members: [[Breath]]
    ) -> (RestBaseline?, BaselineSilence?) {
        let rests = schedule.spans.indices.filter {
            schedule.spans[$0].label.lowercased() == settings.restLabel.lowercased()
        }
        guard !rests.isEmpty else { return (nil, .noRestStage) }
        guard let stage = rests.first(where: { members[$0].count >= settings.leastBreaths }) else {
            return (nil, .tooFewRestBreaths)
        }
        let breaths = members[stage]
        guard let opened = steadyMedian(breaths.map(\.opened)), let closure = steadyMedian(breaths.map(\.closure)),
            opened > 0
        else { return (nil, .tooFewRestBreaths) }
        // Either all of the baseline is rescaled or none of it.
        let normalised = breaths.compactMap(\.openedNormalised)
        let isScaled = normalised.count >= settings.leastBreaths
        return (
            RestBaseline(
                stage: stage, breaths: breaths.count, opened: opened,
                openedNormalised: isScaled ? steadyMedian(normalised) : nil, referenceLength: referenceLength(breaths),
                closure: closure, normalisation: isScaled ? .restBaseline : .restBaselinePixels), nil
        )
    }

    private func describe(
        _ stage: inout StageSummary, _ index: Int, _ breaths: [Breath], believed: [Breath], before: [Breath],
        _ baseline: RestBaseline?
    ) {
        stage.usableBreaths = breaths.count
        if stage.frames == 0 {
            stage.silence = .noFrames
        } else if breaths.count < settings.leastBreaths {
            stage.silence = .tooFewBreaths
        } else if stage.usableShare < settings.leastUsableShare {
            stage.silence = .tooLittleUsableTime
        }
        guard stage.silence == nil else { return }
        stage.rate = breathingRate(breaths, before: before)
        let seed = settings.seed &+ UInt64(index) &* 16
        stage.opened = spread(breaths.map(\.opened), rounds: settings.bootstrapRounds, seed: seed)
        stage.closure = spread(breaths.map(\.closure), rounds: settings.bootstrapRounds, seed: seed &+ 1)
        stage.band = stage.closure.map { settings.band($0.median) }
        stage.glotticClosure = spreadIfEnough(breaths.compactMap { $0.levels?.glottic }, seed: seed &+ 3)
        stage.supraglotticClosure = spreadIfEnough(breaths.compactMap { $0.levels?.supraglottic }, seed: seed &+ 4)
        let normalised = breaths.compactMap(\.openedNormalised)
        stage.openedNormalised = spreadIfEnough(normalised, seed: seed &+ 2)
        if let baseline {
            if let base = baseline.openedNormalised {
                stage.openedOfRest = stage.openedNormalised.map { $0.scaled(1 / base) }
            } else {
                stage.openedOfRest = stage.opened?.scaled(1 / baseline.opened)
            }
            stage.baselineNormalisation = baseline.normalisation
        }
        stage.referenceLength = referenceLength(breaths)
        if let here = stage.referenceLength, let rest = baseline?.referenceLength {
            stage.scaleChange = here / rest - 1
        }
        // Of equal breaths the first.
        if let worst = (believed.isEmpty ? breaths : believed).max(by: {
            ($0.closure, -$0.index) < ($1.closure, -$1.index)
        }) {
            stage.worst = Evidence(
                breath: worst.index, frame: worst.narrowestFrame, time: worst.narrowestTime, value: worst.closure)
        }
        if let widest = breaths.max(by: { ($0.opened, -$0.index) < ($1.opened, -$1.index) }) {
            stage.widest = Evidence(
                breath: widest.index, frame: widest.widestFrame, time: widest.widestTime, value: widest.opened)
        }
    }

    /// Nil where too few breaths know the number.
    private func spreadIfEnough(_ values: [Double], seed: UInt64) -> Spread? {
        guard values.count >= settings.leastBreaths else { return nil }
        return spread(values, rounds: settings.bootstrapRounds, seed: seed)
    }

    /// Breaths that shut completely while one right beside them does not come near: each may be a swallow upon a breath,
    /// which looks the same, so none is shown as a stage's worst while there are others.
    private func loneClosures(_ usable: [Breath]) -> Set<Int> {
        var lone: Set<Int> = []
        for (place, breath) in usable.enumerated() where breath.closure >= settings.completeClosure {
            let beside = [place - 1, place + 1].filter(usable.indices.contains).map { usable[$0].closure }
            if beside.contains(where: { $0 < settings.nearlyComplete }) { lone.insert(breath.index) }
        }
        return lone
    }

    private func describeTest(_ summary: inout TestSummary, _ schedule: StageSchedule, _ breaths: [Breath]) {
        let usable = breaths.filter(\.isUsable)
        let recovery = schedule.spans.last { $0.label.lowercased() == settings.recoveryLabel.lowercased() }
        let first = schedule.spans.first?.start ?? .zero
        let stop = recovery?.start ?? schedule.spans.last?.end ?? .zero
        let exercise = usable.filter { $0.narrowestTime >= first && $0.narrowestTime < stop }
        summary.trend = closureTrend(exercise)
        summary.onset = onset(usable.filter { $0.narrowestTime >= first })
        if let recovery, let baseline = summary.baseline {
            summary.recoveryHalfTime = recoveryHalfTime(
                before: exercise.suffix(settings.leastBreaths),
                after: usable.filter { recovery.contains($0.narrowestTime) },
                start: recovery.start, rest: baseline.closure)
        }
        let spoken = summary.stages.indices.filter { summary.stages[$0].closure != nil }
        let medians = summary.stages.map { $0.closure?.median ?? 0 }
        summary.worstStage = spoken.max { (medians[$0], -$0) < (medians[$1], -$1) }
        summary.hasScaleDrift = summary.stages.contains { abs($0.scaleChange ?? 0) > settings.driftLimit }
    }

    private func onset(_ breaths: [Breath]) -> Evidence? {
        var run = 0
        for (i, breath) in breaths.enumerated() {
            run = breath.closure >= settings.sustainedClosure ? run + 1 : 0
            guard run == settings.sustainedBreaths else { continue }
            let first = breaths[i - run + 1]
            return Evidence(
                breath: first.index, frame: first.narrowestFrame, time: first.narrowestTime, value: first.closure)
        }
        return nil
    }

    private func recoveryHalfTime(
        before: ArraySlice<Breath>, after: [Breath], start: StreamTime, rest: Double
    ) -> Double? {
        guard before.count >= 3, after.count >= 3, let peak = median(before.map(\.closure)), peak - rest >= 0.1 else {
            return nil
        }
        let goal = (peak + rest) / 2
        for i in 2..<after.count {
            if let level = median([after[i - 2].closure, after[i - 1].closure, after[i].closure]), level <= goal {
                return (after[i - 1].narrowestTime - start).seconds
            }
        }
        return nil
    }

    private func referenceLength(_ breaths: [Breath]) -> Double? {
        median(breaths.compactMap(\.normalisation).filter { $0 > 0 }.map { 1 / $0.squareRoot() })
    }
}

extension Spread {
    func scaled(_ factor: Double) -> Spread {
        Spread(
            count: count, median: median * factor, lowerQuartile: lowerQuartile * factor,
            upperQuartile: upperQuartile * factor, low: low * factor, high: high * factor)
    }
}

/// Least-squares slope of closure against minutes, with its 95 % interval; nil below five breaths.
package func closureTrend(_ breaths: [Breath]) -> ClosureTrend? {
    guard breaths.count >= 5 else { return nil }
    let n = Double(breaths.count)
    let minutes = breaths.map { $0.narrowestTime.seconds / 60 }
    let meanX = minutes.reduce(0, +) / n
    let meanY = breaths.reduce(0) { $0 + $1.closure } / n
    var (xx, xy) = (0.0, 0.0)
    for (x, breath) in zip(minutes, breaths) {
        xx += (x - meanX) * (x - meanX)
        xy += (x - meanX) * (breath.closure - meanY)
    }
    guard xx > 0 else { return nil }
    let slope = xy / xx
    var rest = 0.0
    for (x, breath) in zip(minutes, breaths) {
        let error = breath.closure - meanY - slope * (x - meanX)
        rest += error * error
    }
    let deviation = (rest / (n - 2) / xx).squareRoot()
    return ClosureTrend(
        perMinute: slope, low: slope - 1.96 * deviation, high: slope + 1.96 * deviation, breaths: breaths.count)
}

func median(_ values: [Double]) -> Double? { quantile(ofSorted: values.sorted(), 0.5) }
