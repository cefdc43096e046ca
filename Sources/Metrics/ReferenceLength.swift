// The scale of a recording: how long the opening is when wide open. See design/opening-area.md.

/// Settings of `ReferenceLength`.
package struct ReferenceSettings: Sendable, Hashable, Codable {
    /// A frame is wide open when its area is at least this share of the recent frames' 90th percentile.
    package var wideShare: Double = 0.7
    /// The recent frames are this many measured ones.
    package var recentFrames: Int = 251
    /// The reference is the median over this many wide-open frames.
    package var wideFrames: Int = 501
    /// Fewest wide-open frames for a reference.
    package var leastFrames: Int = 25
    /// Relative change against the first full reference above which the scale has drifted.
    package var driftLimit: Double = 0.12

    package init() {}
}

/// Follows the length of the wide-open larynx: a slow median, immune to breaths, swallows and single bad frames.
///
/// The whole state is `Codable`: a tracker restored from it goes on exactly as the one that was saved.
package struct ReferenceLength: Sendable, Hashable, Codable {
    package var settings: ReferenceSettings
    private var areas: RunningRank
    private var lengths: RunningRank
    /// The first reference that rested on `leastFrames` frames, px.
    package private(set) var first: Double?

    package init(settings: ReferenceSettings = ReferenceSettings()) {
        self.settings = settings
        areas = RunningRank(capacity: settings.recentFrames)
        lengths = RunningRank(capacity: settings.wideFrames)
    }

    /// The reference length now, px; nil until enough wide-open frames were seen.
    package var current: Double? {
        lengths.count >= settings.leastFrames ? lengths.quantile(0.5) : nil
    }

    /// Relative change of the reference since it was first known.
    package var drift: Double? {
        guard let current, let first, first > 0 else { return nil }
        return current / first - 1
    }

    /// Whether the camera has moved so far that areas before and after cannot be compared in pixels.
    package var hasDrifted: Bool { abs(drift ?? 0) > settings.driftLimit }

    /// Takes one measured frame; closed and rejected frames have no length and are not given.
    package mutating func observe(area: Double, length: Double) {
        guard area > 0, length > 0, area.isFinite, length.isFinite else { return }
        areas.insert(area)
        guard let high = areas.quantile(0.9), area >= settings.wideShare * high else { return }
        lengths.insert(length)
        if first == nil, let current { first = current }
    }

    /// Area over the squared reference length; nil while there is no reference.
    package func normalised(area: Double) -> Double? {
        guard let current, current > 0 else { return nil }
        return area / (current * current)
    }
}

/// The last values of a stream, ranked: a sorted window kept by insertion.
package struct RunningRank: Sendable, Hashable {
    package let capacity: Int
    private var sorted: [Double] = []
    private var ring: [Double] = []
    private var oldest = 0

    package init(capacity: Int) {
        self.capacity = max(1, capacity)
        sorted.reserveCapacity(self.capacity)
        ring.reserveCapacity(self.capacity)
    }

    package var count: Int { sorted.count }

    package mutating func insert(_ value: Double) {
        if ring.count == capacity {
            sorted.remove(at: lowerBound(ring[oldest]))
            ring[oldest] = value
            oldest = oldest + 1 == capacity ? 0 : oldest + 1
        } else {
            ring.append(value)
        }
        sorted.insert(value, at: lowerBound(value))
    }

    package mutating func removeAll() {
        sorted.removeAll(keepingCapacity: true)
        ring.removeAll(keepingCapacity: true)
        oldest = 0
    }

    /// The quantile with linear interpolation between ranks; nil when empty.
    package func quantile(_ q: Double) -> Double? { Metrics.quantile(ofSorted: sorted, q) }

    private func lowerBound(_ value: Double) -> Int {
        var (low, high) = (0, sorted.count)
        while low < high {
            let middle = (low + high) / 2
            if sorted[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// Stored once a second, so it is stored short: the values in their order of arrival, 16 hexadecimal digits each.
extension RunningRank: Codable {
    private enum CodingKeys: String, CodingKey { case capacity, oldest, values, ring }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(capacity: try container.decode(Int.self, forKey: .capacity))
        oldest = try container.decode(Int.self, forKey: .oldest)
        if let text = try container.decodeIfPresent(String.self, forKey: .values) {
            ring = Self.values(text)
        } else {
            // States of earlier versions.
            ring = try container.decode([Double].self, forKey: .ring)
        }
        guard ring.count <= capacity, oldest >= 0, oldest < max(1, ring.count) else {
            throw DecodingError.dataCorruptedError(
                forKey: .oldest, in: container, debugDescription: "beyond the window")
        }
        sorted = ring.sorted()
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(capacity, forKey: .capacity)
        try container.encode(oldest, forKey: .oldest)
        try container.encode(text, forKey: .values)
    }

    private var text: String {
        String(unsafeUninitializedCapacity: ring.count * 16) { digits in
            for (index, value) in ring.enumerated() {
                for place in 0..<16 {
                    let digit = UInt8(truncatingIfNeeded: value.bitPattern >> UInt64(60 - 4 * place)) & 15
                    digits[index * 16 + place] = digit < 10 ? 48 + digit : 87 + digit
                }
            }
            return ring.count * 16
        }
    }

    private static func values(_ text: String) -> [Double] {
        var values: [Double] = []
        var (bits, digits) = (UInt64(0), 0)
        for character in text.utf8 {
            bits = bits << 4 | UInt64(character & 15) + (character > 57 ? 9 : 0)
            digits += 1
            if digits == 16 {
                values.append(Double(bitPattern: bits))
                (bits, digits) = (0, 0)
            }
        }
        return values
    }
}
