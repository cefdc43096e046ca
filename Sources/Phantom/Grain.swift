// Tissue grain: tables of smooth noise that repeat without a seam, sampled by the painter.
import Glibc

/// One square table of noise that tiles the plane.
struct Grain: Sendable {
    static let side = 256
    private(set) var values: [Float]

    /// Fractal value noise, about -1...1.
    init(seed: UInt64, lattice: Int, octaves: Int, gain: Float) {
        values = [Float](repeating: 0, count: Grain.side * Grain.side)
        var amplitude: Float = 1
        var total: Float = 0
        var cells = lattice
        for octave in 0..<octaves where cells <= Grain.side {
            addOctave(dice: Dice(seed, 0x61, octave), cells: cells, amplitude: amplitude)
            total += amplitude * amplitude
            amplitude *= gain
            cells *= 2
        }
        let scale = 1.7 / total.squareRoot()
        for i in values.indices { values[i] *= scale }
    }

    private mutating func addOctave(dice: Dice, cells: Int, amplitude: Float) {
        var dice = dice
        let knots = (0..<(cells * cells)).map { _ in dice.within(-1, 1) }
        let step = Float(cells) / Float(Grain.side)
        for y in 0..<Grain.side {
            let fy = Float(y) * step
            let y0 = Int(fy)
            let ty = ease(fy - Float(y0))
            let row0 = (y0 % cells) * cells
            let row1 = ((y0 + 1) % cells) * cells
            for x in 0..<Grain.side {
                let fx = Float(x) * step
                let x0 = Int(fx)
                let tx = ease(fx - Float(x0))
                let a = x0 % cells
                let b = (x0 + 1) % cells
                let top = knots[row0 + a] + (knots[row0 + b] - knots[row0 + a]) * tx
                let low = knots[row1 + a] + (knots[row1 + b] - knots[row1 + a]) * tx
                values[y * Grain.side + x] += (top + (low - top) * ty) * amplitude
            }
        }
    }

    /// Thin, winding lines that break off, 0...1: the small vessels under the mucosa.
    static func vessels(seed: UInt64) -> Grain {
        let lines = Grain(seed: seed &+ 11, lattice: 5, octaves: 4, gain: 0.55)
        let fine = Grain(seed: seed &+ 12, lattice: 12, octaves: 3, gain: 0.5)
        let where_ = Grain(seed: seed &+ 13, lattice: 6, octaves: 2, gain: 0.5)
        var out = lines
        for i in out.values.indices {
            let big = max(0, 1 - abs(lines.values[i]) * 14) * max(0, min(1, where_.values[i] * 1.6 + 0.35))
            let small = max(0, 1 - abs(fine.values[i]) * 8) * max(0, min(1, -where_.values[i] * 1.4 + 0.3))
            out.values[i] = max(big, small * 0.7)
        }
        return out
    }
}

/// Smooth step from 0 to 1 over the unit interval.
@inline(__always)
func ease(_ t: Float) -> Float { t * t * (3 - 2 * t) }

@inline(__always)
func clamp(_ value: Float, _ low: Float, _ high: Float) -> Float { min(high, max(low, value)) }

/// Smooth step of `x` between two edges.
@inline(__always)
func ramp(_ x: Float, _ low: Float, _ high: Float) -> Float { ease(clamp((x - low) / (high - low), 0, 1)) }

@inline(__always)
func mix(_ a: Float, _ b: Float, _ t: Float) -> Float { a + (b - a) * t }

@inline(__always)
func mix(_ a: SIMD3<Float>, _ b: SIMD3<Float>, _ t: Float) -> SIMD3<Float> { a + (b - a) * t }

/// Reads a grain table between its knots, in tiles: (1, 1) is one whole table further.
// SAFETY: `table` is a Grain's storage of side * side values; both indices are masked into it.
@inline(__always)
func sample(_ table: UnsafePointer<Float>, _ x: Float, _ y: Float) -> Float {
    let fx = x * 256
    let fy = y * 256
    let gx = fx.rounded(.down)
    let gy = fy.rounded(.down)
    let x0 = Int(gx) & 255
    let y0 = (Int(gy) & 255) << 8
    let x1 = (x0 + 1) & 255
    let y1 = (y0 + 256) & 0xFFFF
    let tx = fx - gx
    let ty = fy - gy
    let top = table[y0 + x0] + (table[y0 + x1] - table[y0 + x0]) * tx
    let low = table[y1 + x0] + (table[y1 + x1] - table[y1 + x0]) * tx
    return top + (low - top) * ty
}

/// The tables a painter needs, made once.
struct Grains: Sendable {
    let soft: Grain
    let relief: Grain
    let fine: Grain
    let vessels: Grain

    /// One set serves every patient: each reads it at its own place, so it is made once a process.
    static let shared = Grains(seed: 0x5241_494D)

    private init(seed: UInt64) {
        soft = Grain(seed: seed &+ 1, lattice: 4, octaves: 5, gain: 0.55)
        relief = Grain(seed: seed &+ 3, lattice: 4, octaves: 3, gain: 0.32)
        fine = Grain(seed: seed &+ 2, lattice: 32, octaves: 3, gain: 0.75)
        vessels = Grain.vessels(seed: seed)
    }
}
