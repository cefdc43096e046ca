// The sound of a drawn test: what breathing, stridor, coughs and talking sound like to a microphone, roughly.
package import Frames
import Glibc

/// What a phantom's breathing sounds like.
package enum PhantomNoise: String, Sendable, CaseIterable {
    /// Louder the more the larynx narrows, which it does in inspiration: every narrowest moment is inspiratory.
    case stridor
    /// In and out alike: nothing tells the phase.
    case even
}

/// Draws the sound of a recording from its beginning on; same seed, same samples.
package struct PhantomSound {
    /// Samples a second.
    package static let rate = 16_000
    /// Samples for which loudness stays the same: 10 ms.
    private static let block = 160

    private let script: Script
    private let settings: PhantomSettings
    private let noise: PhantomNoise
    private var dice: Dice
    private var drawn = 0
    private var smooth: Float = 0
    private var ground: Float = 0

    package init(_ recording: PhantomRecording, noise: PhantomNoise) {
        script = recording.film.script
        settings = recording.settings
        self.noise = noise
        dice = Dice(recording.settings.seed, 0x50D)
    }

    /// The samples from where the last call ended up to `time`, -1...1.
    package mutating func samples(until time: StreamTime) -> [Float] {
        var out: [Float] = []
        while Int64(drawn) * 1_000_000_000 < time.nanoseconds * Int64(Self.rate) {
            let at = Double(drawn) / Double(Self.rate)
            let (breathing, voice) = loudness(at: at)
            for step in 0..<Self.block {
                // White noise between about 150 and 1200 Hz.
                smooth += 0.32 * (dice.normal() - smooth)
                ground += 0.055 * (smooth - ground)
                let t = at + Double(step) / Double(Self.rate)
                let hum = voice > 0 ? sinf(Float((2 * Double.pi * 140 * t).remainder(dividingBy: 2 * Double.pi))) : 0
                out.append(max(-1, min(1, breathing * (smooth - ground) + voice * hum)))
            }
            drawn += Self.block
        }
        return out
    }

    private func loudness(at t: Double) -> (breathing: Float, voice: Float) {
        let narrow = script.narrowness(at: t)
        // Air stands still half way between wide and narrow.
        var breathing = 0.01 + 0.08 * abs(2 * narrow - 1)
        if noise == .stridor, settings.narrowing != .none {
            breathing += 0.5 * script.blend(at: t) { $0.narrowing } * Float(settings.closure) * narrow * narrow
        }
        breathing *= 1 - Script.level(script.swallows, t, flank: 0.35)
        if Script.current(script.coughs, t) != nil { breathing = 0.8 }
        return (breathing, Script.current(script.talks, t) != nil ? 0.3 : 0)
    }
}
