// Which way the air goes, by its noise: only stridor tells, and only where it is plain. See design/breaths.md.
package import Frames

/// The power of breath noise beside the video.
package struct SoundChannel: Sendable, Hashable {
    private let powers: [Float?]

    /// How much louder the narrow half of a breath is at least: 6 dB.
    private static let contrast = 4.0
    /// Least closure whose noise can be stridor: a healthy larynx narrows in expiration as well, but not by half.
    private static let leastClosure = 0.5
    /// Usable breaths on either side that are asked as well, those among them that must be heard, and the share that must agree.
    private static let neighbours = 4
    private static let leastHeard = 5
    private static let agreement = 0.8

    /// - Parameter powers: mean square of the noise for each `SoundEnvelope.step` from the first picture on; nil where
    ///   there is none.
    /// - Returns: nil where nothing was heard at all.
    package init?(powers: [Float?]) {
        guard powers.contains(where: { ($0 ?? 0) > 0 }) else { return nil }
        self.powers = powers
    }

    /// Power while a breath is narrow (the half of its time around its narrowest moment) over power in the rest of it; nil
    /// where less than three quarters of it were heard.
    package func contrast(of breath: Breath) -> Double? {
        let step = SoundEnvelope.step
        let (first, last) = (breath.start.nanoseconds / step, breath.end.nanoseconds / step)
        guard first >= 0, last > first else { return nil }
        let reach = (breath.end - breath.start).nanoseconds / 4
        var (narrow, rest) = ((sum: 0.0, count: 0), (sum: 0.0, count: 0))
        for bin in first..<last where bin < Int64(powers.count) {
            guard let power = powers[Int(bin)] else { continue }
            let middle = bin * step + step / 2
            if abs(middle - breath.narrowestTime.nanoseconds) <= reach {
                narrow = (narrow.sum + Double(power), narrow.count + 1)
            } else {
                rest = (rest.sum + Double(power), rest.count + 1)
            }
        }
        guard narrow.count >= 3, rest.count >= 3, 4 * (narrow.count + rest.count) >= 3 * Int(last - first) else {
            return nil
        }
        let quiet = rest.sum / Double(rest.count)
        guard quiet > 0 else { return narrow.sum > 0 ? .infinity : nil }
        return narrow.sum / Double(narrow.count) / quiet
    }

    /// The breaths with their phases, and this channel as the source.
    ///
    /// A breath is narrowest in inspiration where it closes by half and is louder by 6 dB while it is narrow, and four of
    /// five breaths around it do the same; otherwise its phase is unknown. Expiration is never told.
    package func label(_ breaths: [Breath]) -> [Breath] {
        let usable = breaths.indices.filter { breaths[$0].isUsable }
        let heard = usable.map { contrast(of: breaths[$0]) }
        let isNoisy = zip(usable, heard).map { place, contrast in
            breaths[place].closure >= Self.leastClosure && (contrast ?? 0) >= Self.contrast
        }
        var labelled = breaths
        for place in labelled.indices {
            labelled[place].phase = .unknown
            labelled[place].phaseSource = .sound
        }
        for (order, place) in usable.enumerated() where isNoisy[order] {
            let near = max(0, order - Self.neighbours)...min(usable.count - 1, order + Self.neighbours)
            let count = near.count { heard[$0] != nil }
            let agreeing = near.count { isNoisy[$0] }
            if count >= Self.leastHeard, Double(agreeing) >= Self.agreement * Double(count) {
                labelled[place].phase = .inspiration
            }
        }
        return labelled
    }
}
