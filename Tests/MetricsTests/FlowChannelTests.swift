import Frames
import Metrics
import Testing

@Suite("A flow channel") struct FlowChannelTests {
    /// 15 breaths a minute, air going in during the first half of each, at 100 Hz.
    private static let channel: FlowChannel? = {
        let ticks = 0..<2000
        return FlowChannel(
            times: ticks.map { StreamTime(nanoseconds: Int64($0) * 10_000_000) },
            flow: ticks.map { Double($0) / 100 }.map { $0.truncatingRemainder(dividingBy: 4) < 2 ? 0.8 : -0.5 })
    }()

    private func breath(narrowest seconds: Double) -> Breath {
        func time(_ seconds: Double) -> StreamTime { StreamTime(nanoseconds: Int64(seconds * 1e9)) }
        return Breath(
            index: 0, segment: 0, start: time(seconds - 2), end: time(seconds + 2), startFrame: 0, endFrame: 100,
            widestFrame: 0, widestTime: time(seconds - 2), narrowestFrame: 50, narrowestTime: time(seconds),
            opened: 2, narrowed: 1, normalisation: nil, usableShare: 1, confidence: 1, isUsable: true)
    }

    @Test("tells the phase at a breath's narrowest moment, and nothing between the phases or beyond its end")
    func phases() throws {
        let channel = try #require(Self.channel)
        #expect(channel.phase(of: breath(narrowest: 9)) == .inspiration)
        #expect(channel.phase(of: breath(narrowest: 11)) == .expiration)
        #expect(channel.phase(of: breath(narrowest: 30)) == .unknown)
        let balanced = try #require(
            FlowChannel(times: [8, 9, 10].map { StreamTime(nanoseconds: $0 * 1_000_000_000) }, flow: [1, 0.01, -1]))
        #expect(balanced.phase(of: breath(narrowest: 9)) == .unknown)
        let labelled = channel.label([breath(narrowest: 9)])
        #expect(labelled[0].phase == .inspiration && labelled[0].phaseSource == .flow)
    }

    @Test("needs values, and some that are not zero")
    func refuses() {
        #expect(FlowChannel(times: [], flow: []) == nil)
        #expect(FlowChannel(times: [.zero, StreamTime(nanoseconds: 1)], flow: [0, 0]) == nil)
        #expect(FlowChannel(times: [.zero], flow: [1, 2]) == nil)
    }
}
