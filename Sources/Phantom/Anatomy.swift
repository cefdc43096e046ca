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
    /// How much of its paleness a fold loses towards its outer side.
    var foldFade: Float
    var grooveWidth: Float
    var grooveDepth: Float
    var edgeWaver: Float
    // Vestibule and rim
    var rimHalfWidth: Float
    var rimAnterior: Float
    var rimPosterior: Float
    var funnelDepth: Float
    var funnelPower: Float
    var falseFold: Float
    var foldRadius: Float
    var mound: SIMD2<Float>
    var crest: Float
    /// How far relief and contact shade run out.
    var softness: Float
    var cuneiform: Float
    // Epiglottis
    var epiglottisEdge: Float
    var epiglottisHalfWidth: Float
    /// Depth of the crescent's arc, the angle it spans to either side and its thickness.
    var epiglottisHorn: Float
    var epiglottisSpan: Float
    var epiglottisThickness: Float
    var epiglottisNotch: Float
    var epiglottisHeight: Float
    // Surroundings
    var pits: [Pit]
    var swells: [Swell]
    var roughness: Float
    /// How much nearer the walls come towards the rim of the field.
    var bowl: Float
    var bowlCap: Float
    var bowlWaver: SIMD4<Float>
    var slowRelief: Float
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
        /// Curves the ellipse into a crescent.
        var bend: Float = 0
    }

    /// A soft bulge or fold of the surroundings.
    struct Swell: Sendable {
        var centre: SIMD2<Float>
        var radius: SIMD2<Float>
        var angle: Float
        var height: Float
        var bend: Float = 0
    }

    init(dice: inout Dice) {
        vocalProcess = dice.within(-0.75, -0.05)
        edgePower = dice.within(0.75, 1.25)
        bow = dice.within(-0.08, 0.12)
        sideFactor = SIMD2(dice.within(0.8, 1.2), dice.within(0.8, 1.2))
        posteriorShare = dice.within(0.4, 1.05)
        foldWidth = dice.within(0.08, 0.36)
        foldFade = dice.chance(0.3) ? 0 : dice.within(0.2, 1)
        grooveWidth = dice.within(0.05, 0.24)
        grooveDepth = dice.chance(0.75) ? dice.within(0.35, 0.97) : dice.within(0, 0.3)
        edgeWaver = dice.within(0, 0.035)
        rimHalfWidth = dice.scale(0.75, 1.6)
        rimAnterior = dice.within(1.35, 1.9)
        rimPosterior = dice.within(-1.5, -1.1)
        funnelDepth = dice.within(0.7, 1.7)
        funnelPower = dice.within(0.6, 1.3)
        falseFold = dice.chance(0.4) ? dice.within(0.25, 0.6) : dice.within(0.02, 0.3)
        foldRadius = dice.within(0.06, 0.19)
        let plump = dice.scale(0.75, 2)
        mound = SIMD2(dice.within(0.22, 0.36), dice.within(0.22, 0.38)) * plump
        crest = dice.chance(0.4) ? dice.within(0, 0.03) : dice.within(0.02, 0.13)
        softness = dice.scale(0.02, 0.09)
        cuneiform = dice.within(0.1, 0.26) * sqrtf(plump)
        epiglottisEdge = dice.within(0.95, 1.75)
        epiglottisHalfWidth = rimHalfWidth * dice.within(0.8, 1.35)
        epiglottisHorn = dice.chance(0.15) ? dice.within(0.1, 0.5) : dice.within(0.5, 1.3)
        epiglottisSpan = dice.within(0.85, 1.6)
        epiglottisThickness = dice.within(0.25, 0.85)
        epiglottisNotch = dice.chance(0.35) ? dice.within(0, 0.3) : 0
        epiglottisHeight = dice.within(0.3, 1.2)
        roughness = dice.scale(0.25, 1.5)
        bowl = dice.chance(0.15) ? dice.within(0, 0.15) : dice.within(0.15, 0.75)
        bowlCap = dice.within(0.3, 0.6)
        bowlWaver = SIMD4(dice.normal() * 0.35, dice.normal() * 0.3, dice.normal() * 0.3, dice.normal() * 0.3)
        slowRelief = dice.within(0.15, 0.55)
        (mucosa, blush) = Anatomy.tissue(&dice)
        let pale = SIMD3<Float>(0.86, 0.76, 0.64) * dice.within(0.65, 1.05)
        foldColour = mix(mucosa, pale, dice.chance(0.2) ? dice.within(0, 0.3) : dice.within(0.35, 1))
        let glare = dice.chance(0.3) ? dice.within(1.3, 2.4) : dice.within(0.9, 1.3)
        epiglottisColour = mix(mucosa, SIMD3(0.9, 0.68, 0.48), dice.within(0, 0.6)) * glare
        let brown = SIMD3<Float>(0.45, 0.23, 0.13)
        let grey = SIMD3<Float>(0.3, 0.28, 0.26)
        let half = dice.chance(0.2) ? dice.unit() : dice.within(0, 0.35)
        airwayColour = mix(mix(brown, grey, half), mucosa, dice.within(0, 0.6))
        vesselStrength = dice.chance(0.3) ? 0 : dice.within(0.1, 0.6)
        blotch = dice.within(0.03, 0.22)
        let aim = dice.within(0, 2 * Float.pi)
        vanishing =
            SIMD2(cosf(aim), sinf(aim) * 1.4) * (dice.chance(0.35) ? dice.within(0.8, 1.7) : dice.within(0, 0.9))
        ringDensity = dice.within(1.5, 5.5)
        ringContrast = dice.chance(0.3) ? dice.within(0, 0.15) : dice.within(0.25, 0.9)
        airwayLight = dice.chance(0.25) ? dice.within(0, 0.08) : dice.scale(0.08, 0.75)
        airwayReach = dice.within(0.6, 2.6)
        subglottis = dice.chance(0.4) ? dice.within(0.1, 0.7) : 0
        grainOffset = SIMD2(dice.within(0, 64), dice.within(0, 64))
        wobble = (0..<48).map { _ in dice.normal() }
        pits = []
        swells = []
        placePits(&dice)
        placeSwells(&dice)
    }

    /// A smooth, slow waver along an outline, about -1...1, one per `kind`.
    func waver(_ t: Float, _ kind: Int) -> Float {
        let p = wobble[kind % 48] * 9
        let q = wobble[(kind + 17) % 48] * 9
        return 0.55 * sinf(5 * t + p) + 0.3 * sinf(11 * t + q) + 0.15 * sinf(23 * t + p + q)
    }

    private static func tissue(_ dice: inout Dice) -> (SIMD3<Float>, SIMD3<Float>) {
        let palette: [SIMD3<Float>] = [
            SIMD3(0.66, 0.24, 0.17), SIMD3(0.68, 0.30, 0.23), SIMD3(0.60, 0.17, 0.11), SIMD3(0.48, 0.24, 0.16),
            SIMD3(0.40, 0.26, 0.18), SIMD3(0.40, 0.31, 0.15), SIMD3(0.66, 0.27, 0.10), SIMD3(0.56, 0.20, 0.19),
            SIMD3(0.70, 0.36, 0.28), SIMD3(0.54, 0.34, 0.22), SIMD3(0.64, 0.21, 0.14), SIMD3(0.66, 0.26, 0.19),
        ]
        let a = palette[dice.below(palette.count)]
        let b = palette[dice.below(palette.count)]
        var base = mix(a, b, dice.within(0, 0.6)) * dice.within(0.85, 1.15)
        base *= SIMD3(1, dice.within(0.68, 0.95), dice.within(0.62, 0.95))
        base.x *= dice.within(0.92, 1.08)
        base.z *= dice.within(0.85, 1.15)
        let red = SIMD3(base.x * 0.95, base.y * dice.within(0.55, 0.8), base.z * dice.within(0.6, 0.85))
        // Tissue is red before it is anything else; a tenth of the cameras show it pale.
        let grey = base.sum() / 3
        if !dice.chance(0.1) { base = SIMD3(repeating: grey) + (base - grey) * dice.within(1.05, 1.3) }
        base = pointwiseMax(base, SIMD3(repeating: 0.02))
        return (base, red)
    }

    /// Piriform sinuses, valleculae and small dark crevices at the rim and at the epiglottis' edge.
    private mutating func placePits(_ dice: inout Dice) {
        for side: Float in [-1, 1] {
            if dice.chance(0.8) {
                pits.append(
                    Pit(
                        centre: SIMD3(side * (rimHalfWidth + dice.within(0.15, 0.7)), dice.within(-0.9, 0.7), -0.5),
                        radius: SIMD2(dice.within(0.14, 0.4), dice.within(0.25, 0.75)),
                        angle: side * dice.within(-0.7, 0.7),
                        depth: dice.within(0.4, 1), edge: dice.within(0.25, 1), bend: side * dice.within(-0.9, 0.3)))
            }
            if dice.chance(0.6) {
                pits.append(
                    Pit(
                        centre: SIMD3(side * dice.within(0.25, 1.1), epiglottisEdge + dice.within(0.7, 1.4), -0.3),
                        radius: SIMD2(dice.within(0.2, 0.6), dice.within(0.12, 0.3)),
                        angle: side * dice.within(-0.5, 0.5),
                        depth: dice.within(0.3, 1), edge: dice.within(0.25, 1), bend: dice.within(-0.8, 0.4)))
            }
            // The corner between the epiglottis and the aryepiglottic fold.
            if dice.chance(0.55) {
                pits.append(
                    Pit(
                        centre: SIMD3(side * dice.within(0.4, 1.2), epiglottisEdge - dice.within(-0.1, 0.35), -0.1),
                        radius: SIMD2(dice.within(0.06, 0.25), dice.within(0.04, 0.16)),
                        angle: side * dice.within(-0.9, 0.9),
                        depth: dice.within(0.5, 1), edge: dice.within(0.12, 0.9), bend: dice.within(-0.9, 0.9)))
            }
        }
        let crevices = dice.chance(0.5) ? dice.below(3) : dice.below(6)
        for _ in 0..<crevices {
            let turn = dice.within(0, 2 * Float.pi)
            let far = dice.within(0.95, 1.6)
            let size = dice.scale(0.06, 0.4)
            pits.append(
                Pit(
                    centre: SIMD3(
                        cosf(turn) * rimHalfWidth * far, sinf(turn) * 1.5 * far + 0.2, dice.within(-0.4, 0.1)),
                    radius: SIMD2(size * 1.5, size * dice.within(0.2, 0.8)), angle: turn + dice.within(1.1, 2.0),
                    depth: dice.within(0.4, 1), edge: dice.within(0.12, 1), bend: dice.within(-1, 1)))
        }
    }

    private mutating func placeSwells(_ dice: inout Dice) {
        for _ in 0..<(5 + dice.below(12)) {
            let turn = dice.within(0, 2 * Float.pi)
            let far = dice.scale(1.3, 6)
            let ridge = dice.chance(0.6)
            let size = dice.scale(0.25, 0.9) * sqrtf(far)
            // Folds of the pharynx run around the larynx or towards it.
            let along = dice.chance(0.6) ? turn + Float.pi / 2 : turn
            swells.append(
                Swell(
                    centre: SIMD2(cosf(turn) * far, sinf(turn) * far * 1.2 + 0.2),
                    radius: SIMD2(size * (ridge ? dice.within(1.5, 4) : 1), size * dice.within(0.5, 1)),
                    angle: along + dice.normal() * 0.3, height: dice.within(-0.5, 1) * size * 0.8,
                    bend: dice.within(-0.6, 0.6)))
        }
    }
}
