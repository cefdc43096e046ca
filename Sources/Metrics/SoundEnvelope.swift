// How loud breathing is over time.
package import Frames

/// The power of breath noise, 25 times a second, from sound that comes in blocks.
///
/// Breath noise and stridor lie between about 70 and 1900 Hz; footsteps and the treadmill's hum lie below, hiss above. Two
/// first-order filters at each end, 6 dB down at the corner, take out enough of both, and need no tables.
package struct SoundEnvelope: Sendable, Hashable {
    /// Length of a bin, ns.
    package static let step: Int64 = 40_000_000
    /// Twelve hours of bins; what comes later is left out.
    private static let longest: Int64 = 12 * 3600 * 25
    private static let lowest: Float = 70
    private static let highest: Float = 1900

    /// Mean square within the band for each bin from the first picture on; nil where there was no sound.
    package private(set) var powers: [Float?] = []

    private let rate: Int64
    /// Shares by which the filters follow.
    private let highShare: Float
    private let lowShare: Float
    private var high = SIMD2<Float>.zero
    private var highInput = SIMD2<Float>.zero
    private var low = SIMD2<Float>.zero
    private var expected: Int64?
    private var bin: Int64 = 0
    private var sum: Float = 0
    private var count = 0

    /// - Parameter rate: samples a second.
    package init(rate: Int) {
        self.rate = Int64(max(1, rate))
        let step = 2 * Float.pi / Float(max(1, rate))
        highShare = 1 / (1 + step * Self.lowest)
        lowShare = step * Self.highest / (1 + step * Self.highest)
    }

    /// Takes the next samples, -1...1, of which the first is heard at `time`.
    package mutating func add(_ samples: [Float], at time: StreamTime) {
        let start = time.nanoseconds
        if let expected, abs(start - expected) > Self.step { rest() }
        var place = 0
        while place < samples.count {
            let at = start + Int64(place) * 1_000_000_000 / rate
            let here = at >= 0 ? at / Self.step : (at - Self.step + 1) / Self.step
            if here != bin {
                close()
                bin = here
            }
            // The samples that lie in the same bin.
            let left = ((here + 1) * Self.step - start) * rate
            let end = min(samples.count, max(place + 1, Int((left + 999_999_999) / 1_000_000_000)))
            for value in samples[place..<end] {
                let filtered = filter(value)
                sum += filtered * filtered
            }
            count += end - place
            place = end
        }
        expected = start + Int64(samples.count) * 1_000_000_000 / rate
    }

    /// Ends the sound.
    package mutating func finish() { close() }

    private mutating func filter(_ value: Float) -> Float {
        high[0] = highShare * (high[0] + value - highInput[0])
        highInput[0] = value
        high[1] = highShare * (high[1] + high[0] - highInput[1])
        highInput[1] = high[0]
        low[0] += lowShare * (high[1] - low[0])
        low[1] += lowShare * (low[0] - low[1])
        return low[1]
    }

    private mutating func rest() {
        close()
        (high, highInput, low) = (.zero, .zero, .zero)
    }

    /// Stores the bin at hand; one that was heard for less than half says nothing.
    private mutating func close() {
        defer { (sum, count) = (0, 0) }
        guard Int64(count) * 2 * 1_000_000_000 >= Self.step * rate, bin >= 0, bin < Self.longest, bin >= powers.count
        else { return }
        while powers.count < bin { powers.append(nil) }
        powers.append(sum / Float(count))
    }
}
