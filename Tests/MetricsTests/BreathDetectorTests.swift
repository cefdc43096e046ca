import BreathJudge
import Foundation
import Frames
import Metrics
import Testing

func detect(_ samples: [Sample]) -> (breaths: [Breath], interruptions: [Interruption]) {
    var detector = BreathDetector()
    var breaths: [Breath] = []
    var interruptions: [Interruption] = []
    for event in samples.flatMap({ detector.observe($0) }) + detector.finish() {
        switch event {
        case .breath(let breath): breaths.append(breath)
        case .interruption(let interruption): interruptions.append(interruption)
        }
    }
    return (breaths, interruptions)
}

@Suite("Breaths on the area curve")
struct BreathDetectorTests {
    @Test(
        "Flat, slow and quick breathing is found to the breath",
        arguments: [
            (6.0, 0.3), (12, 0.06), (20, 0.12), (60, 0.5), (90, 0.2), (90, 0.9),
        ])
    func evenBreathing(rate: Double, closure: Double) throws {
        var samples: [Sample] = []
        for frame in 0..<3000 {
            var sample = Sample(frame: frame, time: seconds(Double(frame) / 25), segment: 0)
            let phase = Double(frame) / 25 * rate / 60
            let area = 5000 * (1 - closure * (0.5 - 0.5 * cos(2 * .pi * phase)))
            sample.opening = Opening(
                area: area, length: 90, width: 60, angle: nil, leftArea: area / 2, rightArea: area / 2, center: nil)
            samples.append(sample)
        }
        let found = detect(samples)
        let usable = found.breaths.filter(\.isUsable)
        #expect(found.interruptions.isEmpty)
        #expect(abs(Double(usable.count) - 2 * rate) <= 2)
        #expect(abs(try #require(breathingRate(usable.map(\.narrowestTime))) - rate) < 0.3)
        // P95 and P5 of a cosine lie 0.6 % of its swing inside its ends; a fast breath has few frames.
        for breath in usable where breath.isWhole { #expect(abs(breath.closure - closure) < 0.02 + 0.02 * closure) }
    }

    @Test("Ten frames a second are enough: most 40 ms hold none of them", arguments: [10.0, 12.5, 15])
    func fewFrames(framesPerSecond: Double) {
        let samples = (0..<Int(120 * framesPerSecond)).map { frame in
            var sample = Sample(frame: frame, time: seconds(Double(frame) / framesPerSecond), segment: 0)
            let area = 5000 * (1 - 0.4 * (0.5 - 0.5 * cos(2 * .pi * Double(frame) / framesPerSecond * 0.5)))
            sample.opening = Opening(
                area: area, length: 90, width: 60, angle: nil, leftArea: area / 2, rightArea: area / 2, center: nil)
            return sample
        }
        let breaths = detect(samples).breaths
        #expect(breaths.count >= 57 && breaths.count(where: \.isUsable) >= breaths.count - 2)
    }

    @Test("A steady opening and a closed one hold no breath")
    func noBreath() {
        for area in [0.0, 4000] {
            let samples = (0..<1500).map { frame in
                var sample = Sample(frame: frame, time: seconds(Double(frame) / 25), segment: 0)
                sample.opening = Opening(
                    area: area, length: 0, width: 0, angle: nil, leftArea: 0, rightArea: area, center: nil)
                return sample
            }
            #expect(detect(samples).breaths.isEmpty)
        }
    }

    @Test("A restored detector goes on exactly as the saved one, and rows that were not measured change nothing")
    func streaming() throws {
        for seed in [12, 13] as [UInt64] {
            let samples = MeasurementError().applied(to: TrueTest(DrawnCurve(seed: seed), seed: seed), seed: seed)
                .samples
            var detector = BreathDetector()
            var events: [BreathEvent] = []
            for (i, sample) in samples.enumerated() {
                if i % 1501 == 1500 {
                    let data = try JSONEncoder().encode(detector)
                    detector = try JSONDecoder().decode(BreathDetector.self, from: data)
                }
                events += detector.observe(sample)
            }
            events += detector.finish()
            var plain = BreathDetector()
            #expect(events == samples.flatMap { plain.observe($0) } + plain.finish())
            #expect(events.count > 80)
        }
    }

    @Test("A gap's end is not needed to report the breath before it")
    func gap() throws {
        var detector = BreathDetector()
        var last: Breath?
        for frame in 0..<1000 {
            var sample = Sample(frame: frame, time: seconds(Double(frame) / 25), segment: 0)
            let area = 5000 * (0.7 + 0.3 * cos(2 * .pi * Double(frame) / 75))
            if frame < 750 {
                sample.opening = Opening(
                    area: area, length: 90, width: 60, angle: nil, leftArea: area / 2, rightArea: area / 2, center: nil)
            } else {
                sample.reasons = [.foggy]
            }
            for case .breath(let breath) in detector.observe(sample) { last = breath }
        }
        let breath = try #require(last)
        #expect(abs(breath.end.seconds - 30) < 0.2)
        #expect(detector.finish().isEmpty)
    }

    @Test("Frames in which the mask slips, to nothing or to far too much, leave no trace")
    func slips() {
        func samples(slipping: Bool) -> [Sample] {
            (0..<3000).map { frame in
                var sample = Sample(frame: frame, time: seconds(Double(frame) / 25), segment: 0)
                var area = 5000 * (0.75 + 0.25 * cos(2 * .pi * Double(frame) / 62))
                if slipping, frame % 194 < 3, frame > 300 { area = 0 }
                if slipping, frame % 194 == 100, frame > 300 { area *= 1.7 }
                sample.opening = Opening(
                    area: area, length: 90, width: 60, angle: nil, leftArea: area / 2, rightArea: area / 2, center: nil)
                return sample
            }
        }
        let (clean, slipped) = (detect(samples(slipping: false)), detect(samples(slipping: true)))
        #expect(slipped.interruptions.isEmpty)
        #expect(abs(clean.breaths.count - slipped.breaths.count) <= 1)
        for breath in slipped.breaths where breath.isUsable && breath.isWhole {
            #expect(abs(breath.closure - 0.5) < 0.02)
        }
    }

    @Test("A dented floor is one narrowing and no cough")
    func dents() {
        let samples = (0..<3000).map { frame in
            var sample = Sample(frame: frame, time: seconds(Double(frame) / 25), segment: 0)
            let phase = Double(frame) / 40
            let dip = 0.5 - 0.5 * cos(2 * .pi * phase)
            // Deep, and a little less so at the very bottom.
            let area = 5000 * (1 - 0.95 * dip + 0.15 * max(0, dip - 0.9) / 0.1)
            sample.opening = Opening(
                area: area, length: 90, width: 60, angle: nil, leftArea: area / 2, rightArea: area / 2, center: nil)
            return sample
        }
        let found = detect(samples)
        #expect(found.interruptions.isEmpty)
        #expect(abs(found.breaths.filter(\.isUsable).count - 74) <= 2)
    }
}
