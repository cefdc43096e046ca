// The ranges that stills are drawn from.
import Glibc

extension Posture {
    init(dice: inout Dice) {
        let kind = dice.unit()
        opening = 0
        posteriorChink = 0
        if kind < 0.09 {
            opening = 0
            posteriorChink = dice.chance(0.15) ? dice.within(0.02, 0.07) : 0
        } else if kind < 0.3 {
            opening = dice.within(0.015, 0.14)
            posteriorChink = dice.chance(0.3) ? dice.within(0.02, 0.1) : 0
        } else {
            opening = dice.within(0.14, 0.66)
        }
        supraglottic = dice.chance(0.35) ? dice.within(0.05, 0.85) : dice.within(0, 0.12)
        lean = dice.within(-0.7, 0.7)
        epiglottis = dice.chance(0.3) ? dice.within(0, 0.9) : dice.within(0, 0.2)
        strand = dice.chance(0.05) ? dice.within(0.01, 1) : 0
        absent = dice.chance(0.08)
    }
}

extension Viewpoint {
    init(dice: inout Dice, side: Float) {
        let far = dice.unit()
        let share: Float =
            far < 0.1
            ? dice.within(0.045, 0.09) : far < 0.86 ? dice.scale(0.1, 0.26) : dice.scale(0.26, 0.55)
        scale = side * share
        let wander = share > 0.24 ? Float(0.12) : 0.2
        centre = SIMD2(
            side * clamp(0.44 + wander * dice.normal() * 0.6, 0.15, 0.85),
            side * clamp(0.47 + wander * dice.normal() * 0.6, 0.15, 0.85))
        roll = dice.normal() * 0.22
        if dice.chance(0.15) { roll += Float.pi }
        if dice.chance(0.06) { roll = dice.within(0, 2 * Float.pi) }
        pitch = dice.normal() * 0.22
        yaw = dice.normal() * 0.16
        distance = dice.scale(1.7, 6)
        barrel = dice.within(0, 0.16)
        self.side = side
    }
}

extension Lighting {
    init(dice: inout Dice) {
        exposure = dice.chance(0.22) ? dice.scale(0.018, 0.07) : dice.scale(0.08, 0.42)
        if dice.chance(0.04) { exposure = dice.within(0.5, 1.0) }
        falloff = dice.within(1.8, 5)
        aim = SIMD2(dice.within(0.3, 0.7), dice.within(0.3, 0.75))
        vignette = dice.chance(0.35) ? dice.scale(0.8, 5) : dice.within(0, 0.8)
        tint = SIMD3(1, 1, 1)
        gloss = dice.chance(0.15) ? 0 : dice.scale(0.05, 1.0)
        glossPower = dice.scale(6, 60)
        hollow = dice.within(0.05, 0.6)
    }
}

extension Conditions {
    init(dice: inout Dice) {
        light = Lighting(dice: &dice)
        light.tint = SIMD3(dice.within(0.85, 1.15), 1, dice.within(0.8, 1.2))
        if dice.chance(0.27) {
            fog = dice.chance(0.18) ? dice.within(0.5, 0.95) : dice.within(0.05, 0.5)
            let way = dice.chance(0.6) ? dice.within(0.1, 1.3) : dice.within(0, 6.28)
            fogGradient = SIMD2(cosf(way), sinf(way)) * dice.within(0, 1.2)
            let white = dice.within(0.7, 0.95)
            fogColour = SIMD3(white * dice.within(0.82, 1.05), white, white * dice.within(0.97, 1.12))
        }
        let count = dice.chance(0.6) ? dice.below(14) : 0
        for _ in 0..<count {
            let size = dice.scale(0.002, 0.012)
            glares.append(
                Glare(
                    centre: SIMD2(dice.unit(), dice.unit()), radius: SIMD2(size * dice.scale(1, 4), size),
                    angle: dice.within(0, 3.14), strength: dice.within(0.3, 2), soft: dice.within(0.4, 1)))
        }
        if dice.chance(0.1) {
            glares.append(
                Glare(
                    centre: SIMD2(dice.unit(), dice.unit()),
                    radius: SIMD2(dice.within(0.05, 0.35), dice.within(0.05, 0.3)),
                    angle: dice.within(0, 3.14), strength: dice.within(0.1, 1.6), soft: 1))
        }
        if dice.chance(0.15) {
            let middle = SIMD2(dice.within(0.2, 0.8), dice.within(0.2, 0.8))
            for _ in 0..<(2 + dice.below(18)) {
                let size = dice.scale(0.004, 0.022)
                bubbles.append(
                    Glare(
                        centre: middle + SIMD2(dice.normal(), dice.normal()) * 0.06, radius: SIMD2(size, size),
                        angle: 0, strength: dice.within(0.2, 1), soft: 1))
            }
        }
        blur = dice.chance(0.06) ? dice.scale(0.009, 0.03) : dice.scale(0.0012, 0.009)
        if dice.chance(0.14) {
            let way = dice.within(0, 6.28)
            motion =
                SIMD2(cosf(way), sinf(way)) * (dice.chance(0.2) ? dice.within(0.03, 0.09) : dice.within(0.005, 0.03))
        }
        contrast = dice.within(0.8, 1.2)
        lift = dice.within(-0.04, 0.06)
        saturation = dice.chance(0.12) ? dice.within(0.3, 0.8) : dice.within(0.85, 1.5)
        gammaPower = dice.within(0.4, 0.6)
        balance = SIMD3(dice.within(0.93, 1.07), dice.within(0.95, 1.03), dice.within(0.88, 1.1))
        noise = dice.chance(0.2) ? dice.within(3, 11) : dice.within(0, 3)
        chroma = noise * dice.within(0, 0.8)
        if dice.chance(0.1) { saltAndPepper = dice.scale(0.0005, 0.008) }
        if dice.chance(0.6) { blocks = dice.within(15, 92) }
        if dice.chance(0.05) { moire = dice.within(2, 16) }
        if dice.chance(0.06) { fibres = dice.within(0.1, 0.7) }
        if dice.chance(0.25) { sharpen = dice.within(0.2, 1.2) }
    }
}

extension FieldShape {
    init(dice: inout Dice) {
        let k = dice.unit()
        kind = k < 0.58 ? .octagon : k < 0.82 ? .circle : .full
        margin = dice.within(0, 0.045)
        cut = dice.within(0.08, 0.2)
        if kind == .circle {
            margin = dice.within(-0.04, 0.08)
            shift = SIMD2(dice.within(-0.04, 0.04), dice.within(-0.04, 0.04))
        }
        let level = dice.chance(0.3) ? dice.within(8, 30) : dice.within(0, 10)
        ground = SIMD3(level, level * dice.within(0.85, 1.1), level * dice.within(0.85, 1.5))
        groundNoise = dice.within(0, 3)
    }
}

extension Anatomy {
    /// Turns the scene into pharynx, tongue base or a wall close by: folds and dark hollows, but no larynx.
    mutating func hideLarynx(_ dice: inout Dice) {
        for _ in 0..<dice.below(5) {
            let size = dice.scale(0.25, 1.6)
            pits.append(
                Pit(
                    centre: SIMD3(dice.within(-2.5, 2.5), dice.within(-2.5, 2.5), -0.4),
                    radius: SIMD2(size, size * dice.within(0.15, 1)), angle: dice.within(0, 6.28),
                    depth: dice.within(0.2, 1), edge: dice.within(0.15, 1), bend: dice.within(-1, 1)))
        }
        if dice.chance(0.3) { pits = [] }
        for _ in 0..<(3 + dice.below(14)) {
            let size = dice.scale(0.2, 1.6)
            swells.append(
                Swell(
                    centre: SIMD2(dice.within(-2.5, 2.5), dice.within(-2.5, 2.5)),
                    radius: SIMD2(size * dice.within(1, 4), size), angle: dice.within(0, 3.14),
                    height: dice.within(-0.4, 0.8) * sqrtf(size)))
        }
    }
}
