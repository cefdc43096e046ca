// A patient, an exercise and a bad day drawn from one seed, with the phantom's geometry as truth.
import Frames
import Phantom

extension TrueTest {
    /// Five minutes of all stages; anatomy, rates, closures, what narrows and every fault follow from the seed.
    ///
    /// Samples carry true areas; frames that the truth calls unusable are rejected.
    package static func phantom(seed: UInt64, seconds: Double = 300) -> TrueTest {
        let settings = phantomSettings(seed: seed, seconds: seconds)
        let truth = PhantomRecording(settings).areaTruth()
        let events = truth.events.map { event in
            TrueEvent(kind: kind(event.kind), start: event.start, end: event.end)
        }
        let samples = truth.points.map { point in
            var sample = Sample(frame: point.index, time: point.time, segment: 0)
            sample.reasons = point.faults
            if point.faults.isEmpty {
                sample.opening = point.area > 0 ? opening(point.area, length: point.length) : .closed
                sample.normalisedArea = point.area / (point.length * point.length)
            }
            return sample
        }
        let breaths = truth.breaths.map { breath in
            let isDisturbed = events.contains { $0.start < breath.end && $0.end > breath.start }
            return TrueBreath(
                start: breath.start, trough: breath.trough, end: breath.end,
                closure: isDisturbed ? nil : breath.closure, stage: breath.stage)
        }
        return TrueTest(
            name: "phantom \(seed)", samples: samples, breaths: breaths,
            stages: truth.stages.map { TrueStage(label: $0.name, start: $0.start, end: $0.end, rate: $0.rate) },
            events: events, hidden: spans(of: samples))
    }

    static func opening(_ area: Double, length: Double) -> Opening {
        Opening(
            area: area, length: length, width: area / length, angle: nil, leftArea: area / 2, rightArea: area / 2,
            center: Point(x: 1, y: 1))
    }

    private static func kind(_ kind: PhantomEvent.Kind) -> InterruptionKind {
        switch kind {
        case .swallow: .swallow
        case .cough: .cough
        case .talk: .voice
        }
    }

    private static func phantomSettings(seed: UInt64, seconds: Double) -> PhantomSettings {
        var dice = TestDice(seed ^ 0xB0EA)
        let rates = [
            dice.uniform(10...20), dice.uniform(18...28), dice.uniform(26...40), dice.uniform(36...62),
            dice.uniform(20...42),
        ]
        var stages = PhantomStage.protocolStages
        for i in stages.indices {
            stages[i].breathsPerMinute = rates[i]
            // Below a fifth the treadmill's sway moves the area as far as a breath does.
            stages[i].depth = dice.uniform(0.22...0.38)
        }
        let places: [PhantomNarrowing] = [.none, .glottic, .supraglottic, .both]
        let clocks = [(25, 1), (25, 1), (30_000, 1001), (50, 1)]
        let clock = clocks[Int(dice.next() % 4)]
        var faults = PhantomDisturbance()
        faults.talksPerMinute = 0.15
        return PhantomSettings(
            seed: seed, seconds: seconds, size: PixelSize(width: 192, height: 192), rateNumerator: clock.0,
            rateDenominator: clock.1, layout: .full, stages: stages, narrowing: places[Int(dice.next() % 4)],
            closure: dice.uniform(0.2...0.95), irregularity: dice.uniform(0.02...0.1), disturbance: faults)
    }
}

extension TrueTest {
    /// The tests of `DrawnCurve`: no anatomy, but harder breathing: every breath's length and depth by chance.
    package init(_ curve: DrawnCurve, seed: UInt64) {
        let events = curve.interruptions.map { TrueEvent(kind: $0.kind, start: $0.start, end: $0.end) }
        self.init(
            name: "drawn \(seed)", samples: curve.samples,
            breaths: curve.breaths.map { breath in
                let isDisturbed = events.contains { $0.start < breath.end && $0.end > breath.start }
                return TrueBreath(
                    start: breath.start, trough: breath.trough, end: breath.end,
                    closure: isDisturbed ? nil : breath.closure, stage: breath.stage)
            },
            stages: curve.stages.map { stage in
                TrueStage(
                    label: stage.label, start: stage.start, end: stage.end,
                    rate: Self.rate(curve.breaths, from: stage.start, to: stage.end))
            },
            events: events, hidden: curve.gaps)
    }

    /// Breaths a minute between two moments, parts of breaths counted as parts: as the phantom counts them.
    private static func rate(_ breaths: [DrawnBreath], from: Double, to: Double) -> Double {
        var (count, seconds) = (0.0, 0.0)
        for breath in breaths {
            let inside = min(breath.end, to) - max(breath.start, from)
            guard inside > 0 else { continue }
            count += inside / (breath.end - breath.start)
            seconds += inside
        }
        return seconds > 0 ? 60 * count / seconds : 0
    }
}
