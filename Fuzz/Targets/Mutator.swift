// Changes sound inputs a little, reproducibly.

/// Makes inputs out of seeds; the same number gives the same input.
public struct Mutator: Sendable {
    private let seeds: [[UInt8]]
    private let most: Int

    /// Values at which parsers tend to be wrong.
    private static let edges: [UInt8] = [0, 1, 0x7F, 0x80, 0xFF, 0x20, 0x0A, 0x22, 0x7B, 0x5B, 0x3A, 0x2D]
    private static let words: [[UInt8]] = [
        "\"", "{", "}", "[", "]", ":", ",", "\\u0000", "\u{FEFF}", "\u{202E}", "1e999", "-0", "9223372036854775808",
        "null", "~", "&a", "*a", "!!binary", "<<", "---\n", "...\n", "\r\n", "\t", "moov", "mdat", "moof",
    ].map { Array($0.utf8) }

    public init(seeds: [[UInt8]], most: Int) {
        self.seeds = seeds.filter { !$0.isEmpty }
        self.most = most
    }

    /// The input of this number; 0 and the next few are the seeds themselves.
    public func input(_ number: UInt64) -> [UInt8] {
        guard !seeds.isEmpty else { return [] }
        guard number >= UInt64(seeds.count) else { return seeds[Int(number)] }
        var dice = SplitMix(state: number &* 0x9E37_79B9_7F4A_7C15)
        var bytes = seeds[dice.below(seeds.count)]
        for _ in 0..<(1 + dice.below(1 << dice.below(5))) { mutate(&bytes, &dice) }
        return bytes.count > most ? Array(bytes.prefix(most)) : bytes
    }

    private func mutate(_ bytes: inout [UInt8], _ dice: inout SplitMix) {
        guard !bytes.isEmpty else {
            bytes = Self.words[dice.below(Self.words.count)]
            return
        }
        let at = dice.below(bytes.count)
        switch dice.below(9) {
        case 0, 1: bytes[at] ^= 1 << UInt8(dice.below(8))
        case 2: bytes[at] = Self.edges[dice.below(Self.edges.count)]
        case 3: bytes[at] = UInt8(truncatingIfNeeded: dice.next())
        case 4: bytes.insert(contentsOf: Self.words[dice.below(Self.words.count)], at: at)
        case 5: bytes.removeSubrange(at..<min(bytes.count, at + 1 + dice.below(16)))
        case 6: bytes.insert(contentsOf: Array(bytes[at..<min(bytes.count, at + 1 + dice.below(64))]), at: at)
        case 7:
            let other = seeds[dice.below(seeds.count)]
            let from = dice.below(other.count)
            let part = Array(other[from..<min(other.count, from + 1 + dice.below(64))])
            bytes.replaceSubrange(at..<min(bytes.count, at + part.count), with: part)
        default: bytes.removeLast(min(bytes.count, 1 + dice.below(bytes.count)))
        }
    }
}

/// A small generator of even numbers.
/// - **Source** Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators".
struct SplitMix: Sendable {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func below(_ count: Int) -> Int { Int(next() % UInt64(max(1, count))) }
}
