// Which way the air goes: from a flow channel, since the area cannot tell.
package import Frames

/// Air flow recorded beside the video; positive while air goes in.
package struct FlowChannel: Sendable, Hashable {
    private let times: [StreamTime]
    private let flow: [Double]
    /// Flow below this says nothing about its direction.
    private let least: Double

    /// Half the window around a breath's narrowest moment, as a share of the breath, and its least length in seconds.
    private static let reachShare = 0.1
    private static let leastReach = 0.05

    /// - Parameters:
    ///   - times: from the recording's first frame, ascending.
    ///   - flow: one value for each time, in any unit.
    /// - Returns: nil for fewer than two values or a flow that is nowhere other than zero.
    package init?(times: [StreamTime], flow: [Double]) {
        let strong = quantile(ofSorted: flow.map(abs).sorted(), 0.95) ?? 0
        guard times.count == flow.count, times.count > 1, strong > 0, strong.isFinite else { return nil }
        self.times = times
        self.flow = flow
        least = 0.1 * strong
    }

    /// The phase in which a breath is narrowest; unknown between the phases and where nothing was recorded.
    package func phase(of breath: Breath) -> BreathPhase {
        let reach = max(Self.leastReach, Self.reachShare * breath.duration)
        let span = StreamTime(nanoseconds: Int64(reach * 1e9))
        var index = firstIndex(notBefore: breath.narrowestTime - span)
        let end = breath.narrowestTime + span
        var (sum, count) = (0.0, 0)
        while index < times.count, times[index] <= end {
            sum += flow[index]
            count += 1
            index += 1
        }
        guard count > 0, abs(sum) >= least * Double(count) else { return .unknown }
        return sum > 0 ? .inspiration : .expiration
    }

    /// The breaths with their phases, and this channel as the source.
    package func label(_ breaths: [Breath]) -> [Breath] {
        breaths.map { breath in
            var labelled = breath
            labelled.phase = phase(of: breath)
            labelled.phaseSource = .flow
            return labelled
        }
    }

    private func firstIndex(notBefore time: StreamTime) -> Int {
        var (low, high) = (0, times.count)
        while low < high {
            let middle = (low + high) / 2
            if times[middle] < time { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
