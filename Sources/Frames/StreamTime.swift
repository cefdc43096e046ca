// Time in a recording: an integer count of nanoseconds. See design/time.md.

/// A moment on a recording's own clock.
///
/// Taken from a frame's presentation stamp times its time base and rounded once; never summed from durations,
/// so it cannot drift.
/// - **Units** nanoseconds. Zero is the first frame of the session.
package struct StreamTime: Sendable, Hashable, Comparable, Codable {
    package var nanoseconds: Int64

    package static let zero = StreamTime(nanoseconds: 0)

    package init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    /// The moment of `ticks` of a clock that ticks every `numerator / denominator` seconds.
    ///
    /// Exact up to the final rounding (half away from zero): the product is formed in 128 bits.
    /// - Returns: nil when the moment lies beyond what 64 bits of nanoseconds hold (292 years).
    package init?(ticks: Int64, numerator: Int, denominator: Int) {
        precondition(numerator > 0 && denominator > 0, "a time base is a positive fraction")
        let scaled = Int128(ticks) * Int128(numerator) * 1_000_000_000
        let half = Int128(denominator) / 2
        let rounded = (scaled >= 0 ? scaled + half : scaled - half) / Int128(denominator)
        guard let value = Int64(exactly: rounded) else { return nil }
        nanoseconds = value
    }

    /// Seconds as a floating number, for plots and rates only.
    package var seconds: Double { Double(nanoseconds) / 1e9 }

    package static func < (a: StreamTime, b: StreamTime) -> Bool { a.nanoseconds < b.nanoseconds }

    package static func - (a: StreamTime, b: StreamTime) -> StreamTime {
        StreamTime(nanoseconds: a.nanoseconds - b.nanoseconds)
    }

    package static func + (a: StreamTime, b: StreamTime) -> StreamTime {
        StreamTime(nanoseconds: a.nanoseconds + b.nanoseconds)
    }
}
