// What may be set about stage statistics.
package import Frames

/// Settings of `StageAggregator`.
package struct StageSettings: Sendable, Hashable, Codable {
    /// Fewest usable breaths, and least usable share of the stage's time, for any statistic.
    package var leastBreaths = 5
    package var leastUsableShare = 0.5
    /// Closures from which narrowing is mild, moderate, severe.
    package var bands = [0.25, 0.5, 0.75]
    /// Shares of the rest baseline below which time is counted.
    package var belowShares = [0.75, 0.5, 0.25]
    package var restLabel = "Rest"
    package var recoveryLabel = "Recovery"
    /// Narrowing is sustained when this many usable breaths in a row close at least this far.
    package var sustainedBreaths = 3
    package var sustainedClosure = 0.5
    /// A breath that closes as far as the first is believed as the worst of its stage only between breaths that close as far
    /// as the second.
    package var completeClosure = 0.97
    package var nearlyComplete = 0.9
    /// Change of the reference length against rest above which the scale has drifted.
    package var driftLimit = 0.12
    /// A frame stands for the time to the next one, at most this many seconds.
    package var longestFrame = 0.5
    /// A stretch below half ends at a gap longer than this, seconds.
    package var longestRunGap = 0.2
    package var bootstrapRounds = 1000
    package var seed: UInt64 = 2

    package init() {}

    /// The band of a closure.
    package func band(_ closure: Double) -> NarrowingBand {
        let passed = bands.filter { closure >= $0 }.count
        return NarrowingBand.allCases[min(passed, NarrowingBand.allCases.count - 1)]
    }
}
