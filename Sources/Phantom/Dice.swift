// Repeatable chance: everything a phantom draws comes from one seed, to the byte, on every machine.
import Glibc

/// A small, fast generator (SplitMix64).
///
/// - **Source** Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
struct Dice: Sendable {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    /// An own stream for one purpose and ordinal, independent of every other one.
    init(_ seed: UInt64, _ purpose: UInt64, _ ordinal: Int = 0) {
        var mixer = Dice(seed &+ purpose &* 0xD1B5_4A32_D192_ED03)
        let first = mixer.next()
        var second = Dice(first ^ UInt64(bitPattern: Int64(ordinal)) &* 0xA24B_AED4_963E_E407)
        state = second.next()
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// Uniform in [0, 1).
    mutating func unit() -> Float { Float(next() >> 40) * (1 / 16_777_216) }

    /// Uniform in [low, high).
    mutating func within(_ low: Float, _ high: Float) -> Float { low + (high - low) * unit() }

    mutating func chance(_ share: Float) -> Bool { unit() < share }

    /// Whole number in 0 ..< count.
    mutating func below(_ count: Int) -> Int { min(count - 1, Int(unit() * Float(count))) }

    /// About normal, mean 0, variance 1, bounded by about 3.5: the sum of four uniforms.
    mutating func normal() -> Float { (unit() + unit() + unit() + unit() - 2) * 1.732_050_8 }

    /// Between low and high, even in the logarithm.
    mutating func scale(_ low: Float, _ high: Float) -> Float { low * powf(high / low, unit()) }
}
