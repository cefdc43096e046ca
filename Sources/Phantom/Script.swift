// The course of a recording: stages, breaths and events at every moment, known in closed form.
import Glibc

/// Something that happens for a while.
struct Episode: Sendable {
    var start: Double
    var length: Double
    var strength: Float

    /// Course from 0 up to 1 and back to 0 with smooth flanks that take `flank` of its length each.
    func level(at t: Double, flank: Double) -> Float {
        let s = (t - start) / length
        guard s > 0, s < 1 else { return 0 }
        return ease(Float(min(1, s / flank))) * ease(Float(min(1, (1 - s) / flank)))
    }
}

/// When everything happens.
struct Script: Sendable {
    /// One stage with its place in time and the breaths before it.
    struct Leg: Sendable {
        var stage: PhantomStage
        var start: Double
        var breathsBefore: Double
    }

    let legs: [Leg]
    let swallows: [Episode]
    let coughs: [Episode]
    let fogs: [Episode]
    let glares: [Episode]
    let blurs: [Episode]
    let darks: [Episode]
    let walls: [Episode]
    let talks: [Episode]
    let end: Double
    private let settings: PhantomSettings
    /// Frequencies (cycles a breath) and phases by which breathing hurries and lags.
    private let sway: [SIMD2<Double>]

    init(_ settings: PhantomSettings) {
        self.settings = settings
        let total = settings.stages.reduce(0) { $0 + $1.share }
        var legs: [Leg] = []
        var at = 0.0
        var breaths = 0.0
        for stage in settings.stages {
            legs.append(Leg(stage: stage, start: at, breathsBefore: breaths))
            let span = settings.seconds * stage.share / max(1e-9, total)
            at += span
            breaths += span * stage.breathsPerMinute / 60
        }
        self.legs = legs
        end = settings.seconds
        let d = settings.disturbance
        func list(_ purpose: UInt64, _ perMinute: Double, _ low: Float, _ high: Float) -> [Episode] {
            Script.episodes(settings, purpose, perMinute, low, high)
        }
        swallows = list(1, d.swallowsPerMinute, 0.6, 1.0)
        coughs = list(2, d.coughsPerMinute, 0.35, 0.8)
        fogs = list(3, d.fogPerMinute, 2, 7)
        glares = list(4, d.glarePerMinute, 0.6, 3)
        blurs = list(5, d.blurPerMinute, 0.5, 2.5)
        darks = list(6, d.darknessPerMinute, 0.8, 4)
        walls = list(7, d.wallPerMinute, 0.4, 1.5)
        talks = list(8, d.talksPerMinute, 2.5, 6)
        var dice = Dice(settings.seed, 0xE9)
        sway = (0..<4).map { _ in SIMD2(Double(dice.within(0.06, 0.45)), Double(dice.within(0, 6.28))) }
    }

    /// At most one event in each slot of 60 / rate seconds, somewhere inside it.
    private static func episodes(
        _ settings: PhantomSettings, _ purpose: UInt64, _ perMinute: Double, _ low: Float, _ high: Float
    ) -> [Episode] {
        guard perMinute > 0 else { return [] }
        let slot = 60 / perMinute
        var dice = Dice(settings.seed, 0xE0 &+ purpose)
        var out: [Episode] = []
        var start = 0.0
        while start < settings.seconds {
            let at = start + Double(dice.unit()) * slot
            out.append(Episode(start: at, length: Double(dice.within(low, high)), strength: dice.unit()))
            start += slot
        }
        return out
    }

    func leg(at t: Double) -> Leg { legs.last { $0.start <= t } ?? legs[0] }

    /// Breaths since the start; the opening is widest at whole numbers.
    func breaths(at t: Double) -> Double {
        let leg = leg(at: t)
        let even = leg.breathsBefore + (t - leg.start) * leg.stage.breathsPerMinute / 60
        guard settings.irregularity > 0 else { return even }
        // Each wave's slope has half its amplitude squared as variance; the four add up to the irregularity.
        let amplitude = settings.irregularity / 2.0.squareRoot()
        return sway.reduce(even) { sum, wave in
            let turn = 2 * Double.pi * wave.x
            return sum + amplitude / turn * (sin(turn * even + wave.y) - sin(wave.y))
        }
    }

    /// Depth and narrowing pass smoothly from one stage to the next within four seconds.
    func blend(at t: Double, _ value: (PhantomStage) -> Double) -> Float {
        let leg = leg(at: t)
        guard let i = legs.lastIndex(where: { $0.start <= t }), i > 0 else { return Float(value(leg.stage)) }
        let span = min(4, settings.seconds * 0.05)
        let t = ramp(Float(t - leg.start), 0, Float(max(1e-6, span)))
        return mix(Float(value(legs[i - 1].stage)), Float(value(leg.stage)), t)
    }

    /// Narrowness within the breath, 0 at its widest and 1 at its narrowest; one peak a breath.
    func narrowness(at t: Double) -> Float {
        let phase = breaths(at: t)
        let part = Float(phase - phase.rounded(.down))
        return 0.5 - 0.5 * cosf(2 * Float.pi * part)
    }

    /// Each breath is a little deeper or shallower than the last.
    func depthOfBreath(at t: Double) -> Float {
        var dice = Dice(settings.seed, 0xB5, Int(breaths(at: t)))
        return 1 + 0.08 * dice.normal()
    }

    static func level(_ list: [Episode], _ t: Double, flank: Double) -> Float {
        var best: Float = 0
        for episode in list { best = max(best, episode.level(at: t, flank: flank)) }
        return best
    }

    static func current(_ list: [Episode], _ t: Double) -> Episode? {
        list.first { t > $0.start && t < $0.start + $0.length }
    }
}
