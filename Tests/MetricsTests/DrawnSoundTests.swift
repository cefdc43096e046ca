import BreathJudge
import Frames
import Metrics
import Phantom
import Testing

@Suite("The sound of drawn tests") struct DrawnSoundTests {
    /// A calm test of two minutes that narrows to four fifths, and the breaths found on its true areas.
    private func recording(seed: UInt64) -> (PhantomRecording, [Breath]) {
        let settings = PhantomSettings(
            seed: seed, seconds: 120, size: PixelSize(width: 192, height: 192), layout: .full, narrowing: .both,
            closure: 0.8, disturbance: .calm())
        let recording = PhantomRecording(settings)
        var detector = BreathDetector()
        var breaths: [Breath] = []
        func take(_ events: [BreathEvent]) {
            for case .breath(let breath) in events { breaths.append(breath) }
        }
        for point in recording.areaTruth().points {
            var sample = Sample(frame: point.index, time: point.time, segment: 0)
            sample.reasons = point.faults
            if point.faults.isEmpty { sample.opening = opening(point.area) }
            take(detector.observe(sample))
        }
        take(detector.finish())
        return (recording, breaths)
    }

    private func opening(_ area: Double) -> Opening {
        Opening(
            area: area, length: 100, width: area / 100, angle: nil, leftArea: area / 2, rightArea: area / 2, center: nil
        )
    }

    private func channel(_ recording: PhantomRecording, _ noise: PhantomNoise) throws -> SoundChannel {
        var sound = PhantomSound(recording, noise: noise)
        var envelope = SoundEnvelope(rate: PhantomSound.rate)
        for second in 0..<Int(recording.settings.seconds) {
            let samples = sound.samples(until: StreamTime(nanoseconds: Int64(second + 1) * 1_000_000_000))
            envelope.add(samples, at: StreamTime(nanoseconds: Int64(second) * 1_000_000_000))
        }
        envelope.finish()
        return try #require(SoundChannel(powers: envelope.powers))
    }

    @Test("stridor is told in the breaths that close by half, even noise in none", arguments: [UInt64(1), 2, 3])
    func phases(seed: UInt64) throws {
        let (recording, breaths) = recording(seed: seed)
        let deep = breaths.filter { $0.isUsable && $0.closure >= 0.5 }
        #expect(deep.count > 20)
        let told = try channel(recording, .stridor).label(breaths).filter { $0.phase == .inspiration }
        print("seed \(seed): \(told.count) of \(deep.count) deep breaths, \(breaths.count) in all")
        #expect(Double(told.count) >= 0.7 * Double(deep.count))
        #expect(told.allSatisfy { $0.closure >= 0.5 })
        #expect(try channel(recording, .even).label(breaths).allSatisfy { $0.phase == .unknown })
    }
}
