import Foundation
import Frames
import Metrics
import Testing

@Suite("The sound of breathing") struct SoundTests {
    private static let rate = 16_000

    /// `count` seconds of a sine of amplitude 0.5, in blocks of odd length, the first heard at `start`.
    private func envelope(of hertz: Double, seconds count: Double, from start: Double = 0) -> SoundEnvelope {
        var envelope = SoundEnvelope(rate: Self.rate)
        let samples = (0..<Int(count * Double(Self.rate))).map {
            Float(0.5 * sin(2 * .pi * hertz * Double($0) / Double(Self.rate)))
        }
        for place in stride(from: 0, to: samples.count, by: 777) {
            let time = start + Double(place) / Double(Self.rate)
            envelope.add(
                Array(samples[place..<min(samples.count, place + 777)]),
                at: StreamTime(nanoseconds: Int64((time * 1e9).rounded())))
        }
        envelope.finish()
        return envelope
    }

    /// What two first-order filters at each end leave of a sine's power.
    private func gain(_ hertz: Double) -> Double {
        let high = 1 / (1 + (70 / hertz) * (70 / hertz))
        let low = 1 / (1 + (hertz / 1900) * (hertz / 1900))
        return high * high * low * low
    }

    @Test("keeps what lies in the band and takes out what lies far from it", arguments: [150.0, 200, 300])
    func band(hertz: Double) throws {
        let powers = envelope(of: hertz, seconds: 1).powers
        #expect(powers.count == 25)
        let middle = try #require(powers[15])
        #expect(abs(Double(middle) / (0.125 * gain(hertz)) - 1) < 0.1, "\(middle)")
        let (rumble, hiss) = (envelope(of: 8, seconds: 2).powers[40], envelope(of: 7600, seconds: 1).powers[15])
        #expect(try #require(rumble) < 0.125 * 0.001)
        #expect(try #require(hiss) < 0.125 * 0.05)
    }

    @Test("leaves bins without sound empty, and what is heard before the first picture out")
    func gaps() {
        var envelope = SoundEnvelope(rate: Self.rate)
        let second = [Float](repeating: 0.1, count: Self.rate)
        envelope.add(second, at: StreamTime(nanoseconds: -500_000_000))
        envelope.add(second, at: StreamTime(nanoseconds: 1_500_000_000))
        envelope.finish()
        let known = envelope.powers.map { $0 != nil }
        #expect(known.count == 63, "the last bin was heard for just half of its time")
        #expect(known[0..<12].allSatisfy { $0 })
        #expect(!known[13..<37].contains(true))
        #expect(known[38..<62].allSatisfy { $0 })
    }

    /// Twelve breaths of two seconds, narrowest in their middle.
    private func breaths(closure: Double) -> [Breath] {
        func time(_ seconds: Double) -> StreamTime { StreamTime(nanoseconds: Int64(seconds * 1e9)) }
        return (0..<12).map { index in
            let start = 2 * Double(index)
            return Breath(
                index: index, segment: 0, start: time(start), end: time(start + 2), startFrame: 50 * index,
                endFrame: 50 * (index + 1), widestFrame: 50 * index, widestTime: time(start),
                narrowestFrame: 50 * index + 25, narrowestTime: time(start + 1), opened: 1, narrowed: 1 - closure,
                normalisation: nil, usableShare: 1, confidence: 1, isUsable: true)
        }
    }

    /// Noise of power `narrow` in the middle second of each of them, 1 otherwise; nothing in `silent` breaths.
    private func channel(narrow: Float, even: Set<Int> = [], silent: Set<Int> = []) throws -> SoundChannel {
        try #require(
            SoundChannel(
                powers: (0..<600).map { bin in
                    let breath = bin / 50
                    if silent.contains(breath) { return nil }
                    return !even.contains(breath) && (13..<37).contains(bin % 50) ? narrow : 1
                }))
    }

    @Test("calls plain stridor inspiration, and says nothing of noise that is even, faint or loudest while open")
    func phases() throws {
        let deep = breaths(closure: 0.6)
        let noisy = try channel(narrow: 8).label(deep)
        #expect(noisy.allSatisfy { $0.phase == .inspiration && $0.phaseSource == .sound })
        for narrow in [Float(0.1), 1, 3] {
            let labelled = try channel(narrow: narrow).label(deep)
            #expect(labelled.allSatisfy { $0.phase == .unknown && $0.phaseSource == .sound })
        }
        // A healthy larynx narrows a little in expiration, which a microphone may hear as the louder half.
        #expect(try channel(narrow: 8).label(breaths(closure: 0.35)).allSatisfy { $0.phase == .unknown })
    }

    @Test("asks the breaths around each one, and believes no single noise")
    func neighbours() throws {
        let deep = breaths(closure: 0.6)
        let one = try channel(narrow: 8, even: [3]).label(deep)
        #expect(one.map(\.index).filter { one[$0].phase == .unknown } == [3])
        let lone = try channel(narrow: 8, even: Set(0..<12).subtracting([5])).label(deep)
        #expect(lone.allSatisfy { $0.phase == .unknown })
        let short = try channel(narrow: 8, silent: Set(4..<12)).label(deep)
        #expect(short.allSatisfy { $0.phase == .unknown }, "four heard breaths are too few")
        let contrast = try #require(try channel(narrow: 8).contrast(of: deep[2]))
        #expect(abs(contrast - 8) < 0.7)
        #expect(try channel(narrow: 8, silent: [2]).contrast(of: deep[2]) == nil)
        #expect(SoundChannel(powers: [nil, 0]) == nil)
    }
}
