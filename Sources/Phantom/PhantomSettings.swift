// What a drawn recording is asked to show.
package import Frames

/// Where the endoscope's picture lies in the recording.
package enum PhantomLayout: String, Sendable, CaseIterable, Codable {
    /// A panel of numbers at the left, an octagon at the right, black bands above and below.
    case a
    /// The picture flush with the top right corner, ratio 1.25, black below.
    case b
    /// The endoscope's picture alone, lit to its edges.
    case full
}

/// Where the larynx narrows during inspiration.
package enum PhantomNarrowing: String, Sendable, CaseIterable, Codable {
    case none
    /// The vocal folds close.
    case glottic
    /// Aryepiglottic folds and arytenoids tilt in and cover the opening from above.
    case supraglottic
    case both
}

/// One stage of the exercise.
package struct PhantomStage: Sendable, Hashable, Codable {
    package var name: String
    /// Part of the recording it takes; parts are scaled to sum to 1.
    package var share: Double
    package var breathsPerMinute: Double
    /// How far the opening swings in quiet health: 0 not at all, 1 shut at its narrowest.
    package var depth: Double
    /// Part of the narrowing reached in this stage, 0...1.
    package var narrowing: Double

    package init(name: String, share: Double, breathsPerMinute: Double, depth: Double, narrowing: Double) {
        self.name = name
        self.share = share
        self.breathsPerMinute = breathsPerMinute
        self.depth = depth
        self.narrowing = narrowing
    }

    /// Rest, Warm-up, Moderate, Maximal, Recovery.
    package static let protocolStages: [PhantomStage] = [
        PhantomStage(name: "Rest", share: 0.2, breathsPerMinute: 16, depth: 0.3, narrowing: 0),
        PhantomStage(name: "Warm-up", share: 0.2, breathsPerMinute: 24, depth: 0.25, narrowing: 0.2),
        PhantomStage(name: "Moderate", share: 0.2, breathsPerMinute: 34, depth: 0.22, narrowing: 0.55),
        PhantomStage(name: "Maximal", share: 0.25, breathsPerMinute: 46, depth: 0.2, narrowing: 1),
        PhantomStage(name: "Recovery", share: 0.15, breathsPerMinute: 28, depth: 0.28, narrowing: 0.4),
    ]
}

/// How often and how strongly the recording is disturbed; all 0 gives a clean film.
package struct PhantomDisturbance: Sendable, Hashable, Codable {
    package var swallowsPerMinute: Double
    package var coughsPerMinute: Double
    /// Episodes of a minute in which fog, glare, blur, darkness or a wall hide the larynx.
    package var fogPerMinute: Double
    package var glarePerMinute: Double
    package var blurPerMinute: Double
    package var darknessPerMinute: Double
    package var wallPerMinute: Double
    /// Bouts of talking; the usual recordings have none.
    package var talksPerMinute: Double
    /// Camera drift and shake: 0 is still, 1 is as on a treadmill.
    package var motion: Double
    /// Sensor noise, 0...1.
    package var noise: Double

    package init(
        swallowsPerMinute: Double = 0.7, coughsPerMinute: Double = 0.3, fogPerMinute: Double = 1,
        glarePerMinute: Double = 0.6, blurPerMinute: Double = 0.6, darknessPerMinute: Double = 0.4,
        wallPerMinute: Double = 0.3, talksPerMinute: Double = 0, motion: Double = 1, noise: Double = 0.5
    ) {
        self.swallowsPerMinute = swallowsPerMinute
        self.coughsPerMinute = coughsPerMinute
        self.fogPerMinute = fogPerMinute
        self.glarePerMinute = glarePerMinute
        self.blurPerMinute = blurPerMinute
        self.darknessPerMinute = darknessPerMinute
        self.wallPerMinute = wallPerMinute
        self.talksPerMinute = talksPerMinute
        self.motion = motion
        self.noise = noise
    }

    /// No event and no motion; sensor noise as asked.
    package static func calm(noise: Double = 0.2) -> PhantomDisturbance {
        PhantomDisturbance(
            swallowsPerMinute: 0, coughsPerMinute: 0, fogPerMinute: 0, glarePerMinute: 0, blurPerMinute: 0,
            darknessPerMinute: 0, wallPerMinute: 0, motion: 0, noise: noise)
    }
}

/// All that decides a drawn recording: the same settings give the same bytes.
package struct PhantomSettings: Sendable, Hashable, Codable {
    package var seed: UInt64
    /// Length of the recording, seconds.
    package var seconds: Double
    package var size: PixelSize
    /// Frames a second, as a fraction.
    package var rateNumerator: Int
    package var rateDenominator: Int
    package var layout: PhantomLayout
    package var stages: [PhantomStage]
    package var narrowing: PhantomNarrowing
    /// Closure at the narrowest moment of the worst stage, 0...1.
    package var closure: Double
    /// Standard deviation of the momentary breathing rate over the rate itself; 0 breathes like a clock.
    package var irregularity: Double
    package var disturbance: PhantomDisturbance

    package init(
        seed: UInt64, seconds: Double, size: PixelSize, rateNumerator: Int = 25, rateDenominator: Int = 1,
        layout: PhantomLayout = .a, stages: [PhantomStage] = PhantomStage.protocolStages,
        narrowing: PhantomNarrowing = .supraglottic, closure: Double = 0.6, irregularity: Double = 0,
        disturbance: PhantomDisturbance = PhantomDisturbance()
    ) {
        precondition(seconds >= 0 && rateNumerator > 0 && rateDenominator > 0 && !stages.isEmpty)
        precondition((0...0.3).contains(irregularity), "time runs forward")
        precondition(size.width >= 32 && size.height >= 32, "a frame has room for a pane")
        self.seed = seed
        self.seconds = seconds
        self.size = size
        self.rateNumerator = rateNumerator
        self.rateDenominator = rateDenominator
        self.layout = layout
        self.stages = stages
        self.narrowing = narrowing
        self.closure = closure
        self.irregularity = irregularity
        self.disturbance = disturbance
    }
}
