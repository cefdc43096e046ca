import BreathJudge
import Foundation
import Frames
import Metrics
import Testing

func seconds(_ value: Double) -> StreamTime { StreamTime(nanoseconds: Int64((value * 1e9).rounded())) }

/// Breaths and 25 frames a second whose numbers are known by construction.
struct PlainTest {
    var samples: [Sample] = []
    var breaths: [Breath] = []

    /// Adds `count` breaths of two seconds: one second open, one second narrowed.
    mutating func add(
        count: Int, opened: Double, closure: Double, normalisation: Double? = 1e-4, isUsable: Bool = true
    ) {
        for _ in 0..<count {
            let start = samples.count
            for i in 0..<50 {
                let area = i < 25 ? opened : opened * (1 - closure)
                var sample = Sample(frame: samples.count, time: seconds(Double(samples.count) / 25), segment: 0)
                sample.opening = Opening(
                    area: area, length: 100, width: 50, angle: nil, leftArea: area / 2, rightArea: area / 2, center: nil
                )
                sample.normalisedArea = normalisation.map { $0 * area }
                samples.append(sample)
            }
            breaths.append(
                Breath(
                    index: breaths.count, segment: 0, start: samples[start].time,
                    end: seconds(Double(samples.count) / 25), startFrame: start, endFrame: start + 50,
                    widestFrame: start, widestTime: samples[start].time, narrowestFrame: start + 30,
                    narrowestTime: samples[start + 30].time, opened: opened, narrowed: opened * (1 - closure),
                    normalisation: normalisation, usableShare: 1, confidence: 1, isUsable: isUsable))
        }
    }

    mutating func reject(_ range: Range<Int>) {
        for i in range {
            samples[i].opening = nil
            samples[i].normalisedArea = nil
            samples[i].reasons = [.blurred]
        }
    }

    var end: StreamTime { seconds(Double(samples.count) / 25) }
}

@Suite("Stages")
struct StageTests {
    let marks = [
        StageMark(label: "Rest", time: .zero, source: .live),
        StageMark(label: "Maximal", time: seconds(20), source: .live),
        StageMark(label: "Recovery", time: seconds(40), source: .edit),
    ]

    func near(_ a: Double?, _ b: Double, _ tolerance: Double = 1e-9) -> Bool {
        a.map { abs($0 - b) <= tolerance } ?? false
    }

    func summary(_ test: PlainTest, settings: StageSettings = StageSettings(), interruptions: [Interruption] = [])
        -> TestSummary
    {
        StageAggregator(settings: settings).summarise(
            samples: test.samples, breaths: test.breaths, interruptions: interruptions,
            schedule: StageSchedule(marks: marks, end: test.end))
    }

    func threeStages() -> PlainTest {
        var test = PlainTest()
        test.add(count: 10, opened: 1000, closure: 0.2)
        test.add(count: 10, opened: 1200, closure: 0.6)
        test.add(count: 5, opened: 1100, closure: 0.5)
        test.add(count: 5, opened: 1000, closure: 0.2)
        return test
    }

    @Test("A breath that shuts completely beside one that does not come near is not believed as the worst")
    func loneClosure() {
        var test = PlainTest()
        test.add(count: 5, opened: 1000, closure: 0.5)
        test.add(count: 1, opened: 1000, closure: 1)
        test.add(count: 2, opened: 1000, closure: 0.5)
        test.add(count: 1, opened: 1000, closure: 0.6)
        test.add(count: 1, opened: 1000, closure: 0.5)
        // Shut for several breaths: there the whole run shuts, and its inner breaths are believed.
        test.add(count: 10, opened: 1000, closure: 1)
        // All that a stage has.
        test.add(count: 1, opened: 1000, closure: 0.3)
        test.add(count: 9, opened: 1000, closure: 1)
        let stages = summary(test).stages
        #expect(stages[0].worst?.breath == 8)
        #expect(stages[0].usableBreaths == 10)
        #expect(near(stages[1].worst?.value, 1) && stages[1].worst?.breath == 11)
        #expect(near(stages[2].worst?.value, 1) && stages[2].worst?.breath == 22)
    }

    @Test("Marks make half-open spans; the last of several at one moment counts; late ones make none")
    func schedule() {
        let schedule = StageSchedule(
            marks: [
                StageMark(label: "B", time: seconds(5), source: .live),
                StageMark(label: "A", time: .zero, source: .live),
                StageMark(label: "C", time: seconds(5), source: .edit),
                StageMark(label: "D", time: seconds(9), source: .live),
            ], end: seconds(9))
        #expect(schedule.spans.map(\.label) == ["A", "C"])
        #expect(schedule.index(at: .zero) == 0)
        #expect(schedule.index(at: seconds(4.999)) == 0)
        #expect(schedule.index(at: seconds(5)) == 1)
        #expect(schedule.index(at: seconds(9)) == nil)
        #expect(schedule.index(at: seconds(-1)) == nil)
        #expect(StageSchedule(marks: [], end: seconds(9)).spans.isEmpty)
    }

    @Test("A protocol gives starts or durations; what cannot be followed is refused with its place")
    func plan() throws {
        let plan = [
            PlannedStage(label: "Rest", duration: 60), PlannedStage(label: "Warm-up", duration: 120),
            PlannedStage(label: "Maximal", start: 200), PlannedStage(label: "Recovery", start: 300),
        ]
        let schedule = try StageSchedule(plan: plan, origin: seconds(10), end: seconds(1000))
        #expect(schedule.spans.map(\.start) == [seconds(10), seconds(70), seconds(210), seconds(310)])
        #expect(schedule.spans.map(\.end) == [seconds(70), seconds(190), seconds(310), seconds(1000)])
        #expect(schedule.index(at: seconds(195)) == nil)
        #expect(throws: MetricsError(code: .emptyPlan, step: nil, label: "")) {
            try StageSchedule(plan: [], origin: .zero, end: seconds(1))
        }
        #expect(throws: MetricsError(code: .unknownStart, step: 2, label: "B")) {
            try StageSchedule(
                plan: [PlannedStage(label: "A"), PlannedStage(label: "B")], origin: .zero, end: seconds(1))
        }
        #expect(throws: MetricsError(code: .outOfOrder, step: 2, label: "B")) {
            try StageSchedule(
                plan: [PlannedStage(label: "A", duration: 60), PlannedStage(label: "B", start: 30)], origin: .zero,
                end: seconds(100))
        }
        #expect(throws: MetricsError(code: .emptyLabel, step: 1, label: "")) {
            try StageSchedule(plan: [PlannedStage(label: "")], origin: .zero, end: seconds(1))
        }
    }

    @Test("Every number of three plain stages")
    func closedForms() throws {
        let summary = summary(threeStages())
        let rest = summary.stages[0]
        let maximal = summary.stages[1]
        #expect(rest.frames == 500 && rest.measuredFrames == 500 && rest.rejectedFrames == 0)
        #expect(near(rest.usableSeconds, 20, 1e-6) && near(rest.usableShare, 1, 1e-6))
        #expect(near(rest.rate, 30, 1e-6))
        #expect(rest.breaths == 10 && rest.usableBreaths == 10 && rest.silence == nil)
        #expect(
            near(maximal.closure?.median, 0.6) && near(maximal.closure?.low, 0.6) && near(maximal.closure?.high, 0.6))
        #expect(near(maximal.opened?.median, 1200) && near(maximal.openedNormalised?.median, 0.12))
        #expect(near(maximal.openedOfRest?.median, 1.2))
        #expect(maximal.baselineNormalisation == .restBaseline && summary.baseline?.normalisation == .restBaseline)
        #expect(rest.band == NarrowingBand.none && maximal.band == .moderate)
        // Narrowed to 480 of 1000: below 75 and 50 %, not below 25 %, for half of the time, a second at a time.
        #expect(maximal.timeBelow.map(\.threshold) == [0.75, 0.5, 0.25])
        #expect(near(maximal.timeBelow[0].seconds, 10, 1e-6) && near(maximal.timeBelow[1].seconds, 10, 1e-6))
        #expect(near(maximal.timeBelow[1].share, 0.5, 1e-6) && maximal.timeBelow[2].seconds == 0)
        #expect(near(maximal.longestBelowHalf, 1, 1e-6) && near(rest.longestBelowHalf, 0))
        #expect(near(maximal.tenthOfRest, 0.48, 1e-6))
        #expect(maximal.worst == Evidence(breath: 10, frame: 530, time: seconds(21.2), value: 1 - 480.0 / 1200))
        #expect(maximal.widest?.frame == 500)
        #expect(summary.worstStage == 1 && !summary.hasScaleDrift)
        #expect(near(maximal.referenceLength, 100, 1e-6) && near(maximal.scaleChange, 0, 1e-9))
        #expect(summary.onset?.breath == 10)
        // Half way between 0.6 and 0.2 is 0.4: first reached by the median around breath 25, at 50 + 1.2 s.
        #expect(near(summary.recoveryHalfTime, 11.2, 1e-6))
    }

    @Test("Closure against time is a slope per minute")
    func trend() throws {
        var test = PlainTest()
        for i in 0..<30 { test.add(count: 1, opened: 1000, closure: 0.1 + 0.01 * Double(i)) }
        let trend = try #require(closureTrend(test.breaths))
        // One hundredth every two seconds.
        #expect(near(trend.perMinute, 0.3, 1e-9) && near(trend.low, 0.3, 1e-6) && near(trend.high, 0.3, 1e-6))
        #expect(closureTrend(Array(test.breaths.prefix(4))) == nil)
    }

    @Test("Too few breaths or too little usable time: no statistic, and the reason")
    func silence() {
        var few = PlainTest()
        few.add(count: 10, opened: 1000, closure: 0.2)
        few.add(count: 4, opened: 1000, closure: 0.5)
        few.add(count: 6, opened: 1000, closure: 0.5, isUsable: false)
        let first = summary(few)
        #expect(first.stages[1].silence == .tooFewBreaths && first.stages[1].closure == nil)
        #expect(first.stages[1].rate == nil && first.stages[1].timeBelow.isEmpty && first.stages[1].worst == nil)
        #expect(first.stages[1].breaths == 10 && first.stages[1].usableBreaths == 4)

        var hidden = threeStages()
        hidden.reject(500..<760)
        let second = summary(hidden)
        #expect(second.stages[1].silence == .tooLittleUsableTime && second.stages[1].closure == nil)
        #expect(second.stages[1].rejectedFrames == 260 && near(second.stages[1].usableSeconds, 9.6, 1e-6))

        let none = StageAggregator().summarise(
            samples: [], breaths: [], interruptions: [], schedule: StageSchedule(marks: marks, end: seconds(60)))
        #expect(none.stages.map(\.silence) == [.noFrames, .noFrames, .noFrames])
        #expect(none.baseline == nil && none.baselineSilence == .tooFewRestBreaths && none.worstStage == nil)
    }

    @Test("Without a rest stage nothing is compared with rest, and that is said")
    func noRest() {
        var settings = StageSettings()
        settings.restLabel = "Ruhe"
        let summary = summary(threeStages(), settings: settings)
        #expect(summary.baseline == nil && summary.baselineSilence == .noRestStage)
        #expect(summary.stages[1].openedOfRest == nil && summary.stages[1].timeBelow.isEmpty)
        #expect(near(summary.stages[1].closure?.median, 0.6))
    }

    @Test("A nearer scope is rescaled by the reference length, and its drift is flagged")
    func scale() {
        var test = PlainTest()
        test.add(count: 10, opened: 1000, closure: 0.2, normalisation: 1e-4)
        // 20 % nearer: areas times 1.44, reference length times 1.2.
        test.add(count: 10, opened: 1440, closure: 0.2, normalisation: 1e-4 / 1.44)
        let scaled = summary(test)
        #expect(near(scaled.stages[1].openedOfRest?.median, 1, 1e-9))
        #expect(near(scaled.stages[1].scaleChange, 0.2, 1e-9) && scaled.hasScaleDrift)
        var pixels = PlainTest()
        pixels.add(count: 10, opened: 1000, closure: 0.2, normalisation: nil)
        pixels.add(count: 10, opened: 1440, closure: 0.2, normalisation: nil)
        let unscaled = summary(pixels)
        #expect(near(unscaled.stages[1].openedOfRest?.median, 1.44, 1e-9))
        #expect(unscaled.stages[1].baselineNormalisation == .restBaselinePixels && !unscaled.hasScaleDrift)
    }

    @Test("Interruptions are counted and their time is not")
    func interruptions() {
        var test = threeStages()
        // Closed from 21 to 22 s: a swallow.
        for i in 525..<550 {
            test.samples[i].opening = .closed
            test.samples[i].normalisedArea = 0
        }
        let swallow = Interruption(
            kind: .swallow, segment: 0, start: seconds(21), end: seconds(22), startFrame: 525, endFrame: 550)
        let with = summary(test, interruptions: [swallow])
        #expect(with.stages[1].swallows == 1 && near(with.stages[1].usableSeconds, 19, 1e-6))
        #expect(near(with.stages[1].measuredSeconds, 20, 1e-6))
        #expect(near(with.stages[1].timeBelow[2].seconds, 0, 1e-6))
        #expect(near(with.stages[1].timeBelow[1].seconds, 9, 1e-6))
        let without = summary(test)
        #expect(near(without.stages[1].timeBelow[2].seconds, 1, 1e-6))
    }

    @Test("No statistic reads a rejected frame, whatever stands in it")
    func poisoned() {
        var hidden = threeStages()
        for start in stride(from: 40, to: 1500, by: 97) { hidden.reject(start..<min(1500, start + 9)) }
        var poisoned = hidden
        for i in poisoned.samples.indices where !poisoned.samples[i].reasons.isEmpty {
            poisoned.samples[i].opening = .closed
            poisoned.samples[i].normalisedArea = 0
        }
        #expect(summary(hidden) == summary(poisoned))
        let curve = DrawnCurve(seed: 3)
        var bad = curve.samples
        for i in bad.indices where !bad[i].reasons.isEmpty {
            bad[i].opening = .closed
            bad[i].normalisedArea = 0
        }
        let clean = detect(curve.samples)
        let dirty = detect(bad)
        #expect(clean.breaths == dirty.breaths && clean.interruptions == dirty.interruptions)
        #expect(clean.breaths.count > 50 && bad != curve.samples)
    }

    @Test("The bootstrap interval is repeatable, holds the median and narrows with more breaths")
    func bootstrap() throws {
        var dice = TestDice(5)
        let values = (0..<400).map { _ in 0.5 + 0.1 * dice.normal() }
        let few = try #require(spread(Array(values.prefix(20)), rounds: 1000, seed: 1))
        let many = try #require(spread(values, rounds: 1000, seed: 1))
        #expect(many == spread(values.reversed(), rounds: 1000, seed: 1))
        #expect(few.low <= few.median && few.median <= few.high && few.high - few.low > many.high - many.low)
        // The median's deviation is 1.2533 sigma / sqrt n: an interval of about 3.92 of those.
        #expect(abs((many.high - many.low) / (3.92 * 1.2533 * 0.1 / 20) - 1) < 0.35)
        #expect(spread([], rounds: 10, seed: 1) == nil)
        #expect(spread([0.4], rounds: 10, seed: 1)?.low == 0.4)
    }

    @Test("The steady median is Harrell and Davis', within the quartiles, and scatters less than the middle value")
    func steady() throws {
        // Increments of x^2 (3 - 2 x) and x^3 (10 - 15 x + 6 x^2) over three and five equal parts.
        #expect(near(SteadyMedian(count: 3).value(ofSorted: [0, 0, 1]), 7.0 / 27, 1e-4))
        #expect(near(SteadyMedian(count: 5).value(ofSorted: [0, 0, 0, 0, 1]), 0.05792, 1e-4))
        #expect(near(SteadyMedian(count: 5).value(ofSorted: [0, 0, 0, 1, 1]), 0.31744, 1e-4))
        #expect(near(SteadyMedian(count: 4).value(ofSorted: [1, 2, 3, 4]), 2.5, 1e-12))
        #expect(steadyMedian([]) == nil && steadyMedian([0.3]) == 0.3)
        #expect(near(steadyMedian((1...901).map(Double.init)), 451, 1e-9))
        // One breath far from the others does not carry the median past them.
        #expect(steadyMedian([0.2, 0.2, 0.2, 0.2, 0.9]) == 0.2)
        #expect(
            SteadyMedian(count: 4).value(ofSorted: [1, 3, 7], counts: [2, 0, 2])
                == SteadyMedian(count: 4).value(ofSorted: [1, 1, 7, 7]))
        var dice = TestDice(6)
        var (steady, middle) = (0.0, 0.0)
        for _ in 0..<2000 {
            let values = (0..<13).map { _ in dice.normal() }
            steady += pow(steadyMedian(values) ?? 9, 2)
            middle += pow(quantile(ofSorted: values.sorted(), 0.5) ?? 9, 2)
        }
        #expect(steady < 0.9 * middle)
    }

    @Test("A stage's first breath at the pace of the stage before counts once, unless time between was hidden")
    func firstBreath() {
        func breath(_ start: Double, _ end: Double) -> Breath {
            Breath(
                index: 0, segment: 0, start: seconds(start), end: seconds(end), startFrame: 0, endFrame: 9,
                widestFrame: 0,
                widestTime: seconds(start), narrowestFrame: 4, narrowestTime: seconds((start + end) / 2), opened: 9,
                narrowed: 5, normalisation: nil, usableShare: 1, confidence: 1, isUsable: true)
        }
        let before = (0..<6).map { breath(Double($0) * 4 - 24, Double($0) * 4 - 20) }
        // Narrowest at 1.6, 5.1, 7.3, 9.5, ...: 3.5 s at a pace of 2.2 s.
        let quick = (0..<12).map { breath(4 + 2.2 * Double($0), 6.2 + 2.2 * Double($0)) }
        let stage = [breath(-0.8, 4)] + quick
        #expect(near(breathingRate(stage, before: before), 60 * 12 / (3.5 + 11 * 2.2)))
        // Nothing is known of what was before, or a part of the time was hidden: the pace around it counts.
        let unknown = breathingRate(stage.map(\.narrowestTime))
        #expect(breathingRate(stage, before: []) == unknown)
        var hidden = stage
        hidden[0].end = seconds(3.5)
        #expect(near(unknown, 60 * 13 / (3.5 + 11 * 2.2)))
        #expect(breathingRate(hidden, before: before) == unknown)
    }

    @Test("The rate counts a hidden breath and leaves a long pause out")
    func rate() {
        let even = (0..<10).map { seconds(Double($0) * 2) }
        #expect(near(breathingRate(even), 30, 1e-9))
        var missing = even
        missing.remove(at: 4)
        #expect(near(breathingRate(missing), 30, 1e-9))
        let pause = even + even.map { $0 + seconds(60) }
        #expect(near(breathingRate(pause), 30, 1e-9))
        // A breath that is none makes two short intervals, which are one breath together.
        let extra = (even + [seconds(7)]).sorted()
        #expect(near(breathingRate(extra), 30, 1e-9))
        // Two breaths and a half: nobody knows.
        let odd = even + even.map { $0 + seconds(23) }
        #expect(near(breathingRate(odd), 30, 1e-9))
        #expect(breathingRate([.zero]) == nil)
    }
}
