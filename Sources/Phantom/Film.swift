// The patient and the camera at one moment of a recording.
import Frames
import Glibc

/// Turns the script into posture, view and conditions.
struct Film: Sendable {
    /// Everything that one frame shows.
    struct Moment: Sendable {
        var posture: Posture
        /// On a field of side 1.
        var view: Viewpoint
        var conditions: Conditions
        var stage: String
        var breath: Int
        var swallow: Bool
        var cough: Bool
    }

    let script: Script
    private let settings: PhantomSettings
    private let base: Viewpoint
    private let plain: Conditions
    private let widest: Float
    private let lean: Float
    /// Frequencies (Hz) and phases of the camera's slow drift.
    private let drift: [SIMD2<Double>]
    private let step: Double
    /// Tilt of the upper folds by closure, in sixteenths of the widest area from none to all.
    private let tilts: [Float]

    init(_ settings: PhantomSettings, _ body: Anatomy, _ dice: inout Dice) {
        self.settings = settings
        script = Script(settings)
        step = Double(settings.rateDenominator) / Double(settings.rateNumerator)
        let up = dice.chance(0.1)
        base = Viewpoint(
            centre: SIMD2(dice.within(0.37, 0.47), dice.within(0.4, 0.54)), scale: dice.within(0.13, 0.19),
            roll: dice.normal() * 0.12 + (up ? Float.pi : 0), pitch: dice.normal() * 0.12, yaw: dice.normal() * 0.08,
            distance: dice.within(2.6, 6), barrel: dice.within(0, 0.12), side: 1)
        widest = dice.within(0.42, 0.62)
        lean = dice.within(-0.5, 0.5)
        drift = (0..<16).map { _ in SIMD2(Double(dice.within(0.03, 0.22)), Double(dice.within(0, 6.28))) }
        var light = Lighting(dice: &dice)
        light.exposure = dice.scale(0.1, 0.26)
        light.gloss = min(light.gloss, 0.5)
        light.tint = SIMD3(dice.within(0.9, 1.1), 1, dice.within(0.85, 1.1))
        var plain = Conditions(light: light)
        plain.blur = dice.scale(0.0015, 0.004)
        plain.contrast = dice.within(0.9, 1.15)
        plain.saturation = dice.within(0.8, 1.25)
        plain.gammaPower = dice.within(0.42, 0.55)
        plain.fogColour = SIMD3(0.8, 0.85, 0.9)
        plain.fogGradient = SIMD2(dice.within(0.2, 0.9), dice.within(0.2, 0.9))
        plain.noise = Float(settings.disturbance.noise) * 4
        plain.chroma = plain.noise * 0.5
        if settings.disturbance.noise > 0, dice.chance(0.3) { plain.saltAndPepper = 0.001 }
        self.plain = plain
        tilts = Film.tilts(body, base, widest, lean)
    }

    /// Inverts closure by tilt for this patient: every larynx needs its own tilt to be half covered.
    private static func tilts(_ body: Anatomy, _ base: Viewpoint, _ widest: Float, _ lean: Float) -> [Float] {
        let size = PixelSize(width: 192, height: 192)
        var view = base.scaled(to: 192)
        view.centre = SIMD2(96, 96)
        let tries = (0...32).map { Float($0) / 32 * 1.2 }
        let areas = tries.map { tilt -> Double in
            let posture = Posture(
                opening: widest, posteriorChink: 0, supraglottic: tilt, lean: lean, epiglottis: 0, strand: 0,
                absent: false)
            let shapes = Shapes(body, posture, view)
            return Coverage(shapes.glottis, without: shapes.covers, size: size).area
        }
        return (0...16).map { k in
            let wanted = (1 - Double(k) / 16) * areas[0]
            guard let after = areas.firstIndex(where: { $0 <= wanted }) else { return tries[32] }
            guard after > 0 else { return 0 }
            let part = (areas[after - 1] - wanted) / max(1e-9, areas[after - 1] - areas[after])
            return mix(tries[after - 1], tries[after], Float(part))
        }
    }

    private func tilt(closure: Float) -> Float {
        let at = clamp(closure, 0, 1) * 16
        let k = min(15, Int(at))
        return mix(tilts[k], tilts[k + 1], at - Float(k))
    }

    func moment(at t: Double) -> Moment {
        let leg = script.leg(at: t)
        let swallow = Script.level(script.swallows, t, flank: 0.35)
        let cough = Script.current(script.coughs, t)
        let narrow = script.narrowness(at: t) * script.depthOfBreath(at: t)
        let posture = self.posture(at: t, narrow: narrow, swallow: swallow, cough: cough)
        var conditions = self.conditions(at: t)
        // The shutter is open for half a frame.
        let view = self.view(at: t, swallow)
        let ahead = self.view(at: t + step / 2, Script.level(script.swallows, t + step / 2, flank: 0.35))
        conditions.motion = ahead.centre - view.centre
        return Moment(
            posture: posture, view: view, conditions: conditions, stage: leg.stage.name,
            breath: Int(script.breaths(at: t).rounded(.down)) + 1, swallow: swallow > 0.02, cough: cough != nil)
    }

    private func posture(at t: Double, narrow: Float, swallow: Float, cough: Episode?) -> Posture {
        let quiet = script.blend(at: t) { $0.depth } * narrow
        let tight = script.blend(at: t) { $0.narrowing } * Float(settings.closure) * narrow
        let glottic = settings.narrowing == .glottic || settings.narrowing == .both
        let upper = settings.narrowing == .supraglottic || settings.narrowing == .both
        var open = 1 - max(quiet, glottic ? tight : 0)
        var cover = upper ? tilt(closure: tight) : 0
        if let cough {
            // Shut, then thrown wide.
            let s = Float((t - cough.start) / cough.length)
            open *= s < 0.35 ? 1 - ramp(s, 0, 0.12) : ramp(s, 0.35, 0.5)
        }
        if let talk = Script.current(script.talks, t) {
            // Folds together, apart for a moment between syllables.
            let beat = Float(2 * Double.pi * (t - talk.start)) * mix(3.1, 4.6, talk.strength)
            let voiced = max(0, 0.16 + 0.12 * sinf(beat) + 0.06 * sinf(0.62 * beat + 1))
            open = mix(open, min(open, voiced), talk.level(at: t, flank: 0.1))
        }
        open *= 1 - swallow
        cover = mix(cover, max(cover, 0.9), swallow)
        return Posture(
            opening: widest * clamp(open, 0, 1.1), posteriorChink: 0, supraglottic: clamp(cover, 0, 1.2), lean: lean,
            epiglottis: 0.75 * swallow, strand: 0,
            absent: Script.current(script.walls, t) != nil)
    }

    private func view(at t: Double, _ swallow: Float) -> Viewpoint {
        var view = base
        let amount = Float(settings.disturbance.motion)
        func sway(_ k: Int) -> Float { sinf(Float(drift[k].x * 2 * Double.pi * t + drift[k].y)) }
        func slow(_ k: Int) -> Float { 0.6 * sway(k) + 0.4 * sway(k + 1) }
        let effort = script.blend(at: t) { min(1.5, $0.breathsPerMinute / 40) }
        // Steps on the treadmill, and the larynx' own rise and fall with the breath.
        let stride = Float(2 * Double.pi * 2.4 * t)
        let bob = sinf(2 * Float.pi * Float(script.breaths(at: t).truncatingRemainder(dividingBy: 1)))
        view.centre.x += amount * (0.03 * slow(0) + 0.004 * effort * sinf(stride * 0.5))
        view.centre.y += amount * (0.035 * slow(2) + 0.008 * effort * sinf(stride) + 0.008 * bob) - 0.12 * swallow
        view.scale *= 1 + amount * (0.1 * slow(4) + 0.015 * bob) + 0.1 * swallow
        view.roll += amount * 0.07 * slow(6)
        view.pitch += amount * 0.08 * slow(8)
        view.yaw += amount * 0.07 * slow(10)
        if let cough = Script.current(script.coughs, t) {
            let s = Float((t - cough.start) / cough.length)
            let jolt = sinf(s * 31) * ease(min(1, s * 6)) * ease(min(1, (1 - s) * 3)) * 0.03
            view.centre += SIMD2(jolt * 0.6, jolt)
        }
        return view
    }

    private func conditions(at t: Double) -> Conditions {
        var out = plain
        let fog = Script.level(script.fogs, t, flank: 0.3)
        if fog > 0, let episode = Script.current(script.fogs, t) {
            out.fog = fog * mix(0.25, 0.9, episode.strength)
            // Short wide looks pass with the breath.
            out.fog *=
                0.85 + 0.15 * sinf(2 * Float.pi * Float(script.breaths(at: t).truncatingRemainder(dividingBy: 1)))
        }
        let blur = Script.level(script.blurs, t, flank: 0.25)
        if blur > 0 { out.blur = max(out.blur, 0.026 * blur) }
        let dark = Script.level(script.darks, t, flank: 0.25)
        if dark > 0 { out.light.exposure *= powf(0.06, dark) }
        if let episode = Script.current(script.glares, t) {
            let level = episode.level(at: t, flank: 0.3)
            let turn = episode.strength * 6.28
            out.glares.append(
                Conditions.Glare(
                    centre: SIMD2(0.5 + 0.35 * cosf(turn), 0.5 + 0.35 * sinf(turn)),
                    radius: SIMD2(0.1 + 0.25 * episode.strength, 0.1 + 0.15 * episode.strength), angle: turn,
                    strength: 1.4 * level, soft: 1))
        }
        return out
    }
}
