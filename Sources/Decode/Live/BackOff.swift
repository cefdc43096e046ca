// How long to wait before a lost source is tried again.

/// Doubling waits from 1 to 30 s, with a little chance in them so that many sources do not come at once.
///
/// Pure: chance comes from outside.
struct BackOff {
    /// What the last attempt has met.
    enum Failure {
        /// Nobody listens at the address, or hangs up before a word: asking again costs neither side anything, so it is
        /// not left alone for long.
        case refused
        /// Nobody answers. The attempt itself has waited, and a peer that wakes answers first where it is asked.
        case silent
        /// Somebody answered, and it was no stream.
        case other
    }

    private var failures = 0

    static let least: Int64 = 1_000_000_000
    static let mostRefused: Int64 = 2_000_000_000
    static let most: Int64 = 30_000_000_000

    /// The next wait, nanoseconds.
    /// - Parameter chance: 0 to less than 1; up to so many fifths are added.
    mutating func next(_ failure: Failure, chance: Double) -> Int64 {
        let doubled = Self.least << Int64(min(failures, 5))
        failures += 1
        let (step, most) =
            switch failure {
            case .refused: (doubled, Self.mostRefused)
            case .silent: (Self.least, Self.most)
            case .other: (doubled, Self.most)
            }
        return min(most, step + Int64(Double(step) * 0.2 * chance))
    }

    /// It worked: the next loss begins anew.
    mutating func reset() { failures = 0 }
}
