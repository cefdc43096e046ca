// One patient: the measures, colours and grain of a larynx, fixed for all of that patient's frames.
import Glibc

/// The fixed measures of one larynx.
///
/// - **Units** half the length of the glottis: it spans v = -1 (posterior) ... +1 (anterior commissure), u to the
///   picture's right, h towards the scope. Colours are linear light.
struct Anatomy: Sendable {
    // Glottis and vocal folds
    var vocalProcess: Float
    var edgePower: Float
    var bow: Float
    var sideFactor: SIMD2<Float>
    var posteriorShare: Float
    var foldWidth: Float
    var grooveWidth: Float
    var grooveDepth: Float
    var edgeWobble: [Float]
    // Vestibule and rim
    var rimHalfWidth: Float
    var rimAnterior: Float
    var rimPosterior: Float
    var funnelDepth: Float
    var funnelPower: Float
    var falseFold: Float
    var foldRadius: Float
    var mound: SIMD2<Float>
    var cuneiform: Float
    // Epiglottis
    var epiglottisEdge: Float
    var epiglottisHalfWidth: Float
    var epiglottisHorn: Float
    var epiglottisNotch: Float
    var epiglottisHeight: Float
    // Surroundings
    var pits: [Pit]
    var swells: [Swell]
    var roughness: Float
    // Colours
    var mucosa: SIMD3<Float>
    var blush: SIMD3<Float>
    var foldColour: SIMD3<Float>
    var epiglottisColour: SIMD3<Float>
    var airwayColour: SIMD3<Float>
    var vesselStrength: Float
    var blotch: Float
    // Trachea
    var vanishing: SIMD2<Float>
    var ringDensity: Float
    var ringContrast: Float
    var airwayLight: Float
    var airwayReach: Float
    var subglottis: Float
    var grainOffset: SIMD2<Float>
    var wobble: [Float]

    /// A dark place that is not the opening.
    struct Pit: Sendable {
        var centre: SIMD3<Float>
        var radius: SIMD2<Float>
        var angle: Float
        var depth: Float
        var edge: Float
    }

    /// A soft bulge or fold of the surroundings.
    struct Swell: Sendable {
        var centre: SIMD2<Float>
        var radius: SIMD2<Float>
        var angle: Float
        var height: Float
    }

    init(dice: inout Dice) {
        vocalProcess = dice.within(-0.45, 0.05)
        edgePower = dice.within(0.75, 1.25)
        bow = dice.within(-0.08, 0.12)
        sideFactor = SIMD2(dice.within(0.8, 1.2), dice.within(0.8, 1.2))
        posteriorShare = dice.within(0.35, 1.0)
        foldWidth = dice.within(0.12, 0.36)
        grooveWidth = dice.within(0.05, 0.24)
        grooveDepth = dice.chance(0.75) ? dice.within(0.35, 0.97) : dice.within(0, 0.3)
        edgeWobble = (0..<24).map { _ in dice.normal() }
        rimHalfWidth = dice.within(0.8, 1.35)
        rimAnterior = dice.within(1.35, 1.9)
        rimPosterior = dice.within(-1.5, -1.1)
        funnelDepth = dice.within(0.7, 1.7)
        funnelPower = dice.within(0.6, 1.3)
        falseFold = dice.within(0.02, 0.3)
        foldRadius = dice.within(0.1, 0.24)
        mound = SIMD2(dice.within(0.2, 0.4), dice.within(0.2, 0.38))
        cuneiform = dice.within(0.1, 0.26)
        epiglottisEdge = dice.within(1.0, 1.75)
        epiglottisHalfWidth = dice.within(0.9, 1.9)
        epiglottisHorn = dice.within(-0.15, 0.75)
        epiglottisNotch = dice.chance(0.35) ? dice.within(0, 0.3) : 0
        epiglottisHeight = dice.within(0.3, 1.2)
        roughness = dice.scale(0.4, 1.6)
        (mucosa, blush) = Anatomy.tissue(&dice)
        let pale = SIMD3<Float>(0.86, 0.76, 0.64) * dice.within(0.65, 1.05)
        foldColour = mix(mucosa, pale, dice.chance(0.2) ? dice.within(0, 0.3) : dice.within(0.35, 1))
        epiglottisColour = mix(mucosa, SIMD3(0.9, 0.72, 0.5), dice.within(0, 0.75)) * dice.within(0.9, 1.3)
        let brown = SIMD3<Float>(0.42, 0.24, 0.15)
        let grey = SIMD3<Float>(0.3, 0.28, 0.26)
        airwayColour = mix(mix(brown, grey, dice.unit()), mucosa, dice.within(0, 0.6))
        vesselStrength = dice.chance(0.3) ? 0 : dice.within(0.1, 0.6)
        blotch = dice.within(0.05, 0.35)
        let aim = dice.within(0, 2 * Float.pi)
        vanishing = SIMD2(cosf(aim), sinf(aim) * 1.4) * dice.within(0, 1.0)
        ringDensity = dice.within(1.2, 4.5)
        ringContrast = dice.chance(0.35) ? dice.within(0, 0.15) : dice.within(0.15, 0.75)
        airwayLight = dice.chance(0.25) ? dice.within(0, 0.08) : dice.scale(0.06, 0.75)
        airwayReach = dice.within(0.6, 2.6)
        subglottis = dice.chance(0.4) ? dice.within(0.1, 0.7) : 0
        grainOffset = SIMD2(dice.within(0, 64), dice.within(0, 64))
        wobble = (0..<48).map { _ in dice.normal() }
        pits = []
        swells = []
        placePits(&dice)
        placeSwells(&dice)
    }

    private static func tissue(_ dice: inout Dice) -> (SIMD3<Float>, SIMD3<Float>) {
        let palette: [SIMD3<Float>] = [
            SIMD3(0.62, 0.25, 0.19), SIMD3(0.66, 0.32, 0.27), SIMD3(0.56, 0.17, 0.12), SIMD3(0.42, 0.26, 0.19),
            SIMD3(0.34, 0.25, 0.20), SIMD3(0.36, 0.31, 0.19), SIMD3(0.6, 0.3, 0.14), SIMD3(0.5, 0.22, 0.24),
            SIMD3(0.68, 0.44, 0.38), SIMD3(0.44, 0.40, 0.34),
        ]
        let a = palette[dice.below(palette.count)]
        let b = palette[dice.below(palette.count)]
        var base = mix(a, b, dice.within(0, 0.6)) * dice.within(0.85, 1.15)
        base.x *= dice.within(0.92, 1.08)
        base.z *= dice.within(0.85, 1.15)
        let red = SIMD3(base.x * 0.95, base.y * dice.within(0.55, 0.8), base.z * dice.within(0.6, 0.85))
        return (base, red)
    }

    /// Piriform sinuses, valleculae and small dark crevices at the rim and at the epiglottis' edge.
    private mutating func placePits(_ dice: inout Dice) {
        for side: Float in [-1, 1] {
            if dice.chance(0.8) {
                pits.append(Pit(
                    centre: SIMD3(side * (rimHalfWidth + dice.within(0.15, 0.7)), dice.within(-0.9, 0.7), -0.5),
                    radius: SIMD2(dice.within(0.14, 0.4), dice.within(0.25, 0.75)), angle: side * dice.within(-0.7, 0.7),
                    depth: dice.within(0.4, 1), edge: dice.within(0.15, 0.9)))
            }
            if dice.chance(0.6) {
                pits.append(Pit(
                    centre: SIMD3(side * dice.within(0.25, 1.1), epiglottisEdge + dice.within(0.7, 1.4), -0.3),
                    radius: SIMD2(dice.within(0.2, 0.6), dice.within(0.12, 0.3)), angle: side * dice.within(-0.5, 0.5),
                    depth: dice.within(0.3, 1), edge: dice.within(0.2, 0.9)))
            }
            // The corner between the epiglottis and the aryepiglottic fold.
            if dice.chance(0.55) {
                pits.append(Pit(
                    centre: SIMD3(side * dice.within(0.4, 1.2), epiglottisEdge - dice.within(-0.1, 0.35), -0.1),
                    radius: SIMD2(dice.within(0.06, 0.25), dice.within(0.04, 0.16)), angle: side * dice.within(-0.9, 0.9),
                    depth: dice.within(0.5, 1), edge: dice.within(0.08, 0.5)))
            }
        }
        for _ in 0..<dice.below(7) {
            let turn = dice.within(0, 2 * Float.pi)
            let far = dice.within(1.0, 1.9)
            let size = dice.scale(0.05, 0.35)
            pits.append(Pit(
                centre: SIMD3(cosf(turn) * rimHalfWidth * far, sinf(turn) * 1.5 * far + 0.2, dice.within(-0.4, 0.1)),
                radius: SIMD2(size, size * dice.within(0.25, 1.2)), angle: turn + dice.within(0.6, 2.5),
                depth: dice.within(0.4, 1), edge: dice.within(0.06, 0.7)))
        }
    }

    private mutating func placeSwells(_ dice: inout Dice) {
        for _ in 0..<(4 + dice.below(12)) {
            let turn = dice.within(0, 2 * Float.pi)
            let far = dice.within(1.1, 4)
            let ridge = dice.chance(0.5)
            let size = dice.scale(0.2, 1.4)
            swells.append(Swell(
                centre: SIMD2(cosf(turn) * far, sinf(turn) * far * 1.2 + 0.2),
                radius: SIMD2(size * (ridge ? dice.within(2, 6) : 1), size * dice.within(0.5, 1)),
                angle: dice.within(0, Float.pi), height: dice.within(-0.3, 0.55) * sqrtf(size)))
        }
    }
}
