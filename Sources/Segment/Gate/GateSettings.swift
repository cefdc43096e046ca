// The gate's thresholds, its measures and what they mean.

/// Where the gate refuses a frame.
///
/// Every threshold is compared with the measure of the same name in ``GateMeasures``. Real recordings are dim, a little
/// soft and partly fogged, so the defaults stand far out: they refuse only what no one would measure.
package struct GateSettings: Codable, Sendable, Equatable {
    /// *No signal* when at least this share of the field shares one colour within ±3 levels.
    ///
    /// A share, 0...1.
    package var uniformity: Double
    /// The same for pictures with a mean brightness below 0.1, where a camera without light looks almost alike.
    package var darkUniformity: Double
    /// *Too dark* when the mean brightness is below this.
    ///
    /// 0 is black, 1 is white.
    package var darkestMean: Double
    /// *Too dark* also when more than this share of the field is near black (luma 16 of 255 or below).
    ///
    /// A share, 0...1.
    package var mostBlack: Double
    /// *Overexposed* when more than this share of the field is saturated (luma 250 of 255 or above).
    ///
    /// A share, 0...1.
    package var mostSaturated: Double
    /// *Overexposed* also when the mean brightness is above this.
    ///
    /// 0...1.
    package var brightestMean: Double
    /// *Flat* when the contrast (95th minus 5th percentile of luma) is below this.
    ///
    /// 0...1 of full range.
    package var leastContrast: Double
    /// *Flat* also when the contrast over the mean brightness (taken as at least 0.1) is below this.
    ///
    /// A ratio.
    package var leastRelativeContrast: Double
    /// *Blurred* when the sharpness is below this.
    ///
    /// A ratio: 0.0625 is a smooth ramp, 0.25 a hard edge.
    package var leastSharpness: Double
    /// *Foggy* when the fog index is above this.
    ///
    /// 0 is clear, 1 a white wall.
    package var mostFog: Double
    /// *Poor picture* when the gate's network is surer than this that it cannot be measured.
    ///
    /// A probability, 0...1.
    package var mostBad: Double
    /// *No larynx* when the gate's network is surer than this that it shows something else.
    ///
    /// A probability, 0...1.
    package var mostOther: Double

    package init(
        uniformity: Double = 0.93, darkUniformity: Double = 0.995, darkestMean: Double = 0.05,
        mostBlack: Double = 0.85, mostSaturated: Double = 0.35, brightestMean: Double = 0.88,
        leastContrast: Double = 0.05,
        leastRelativeContrast: Double = 0.22, leastSharpness: Double = 0.07, mostFog: Double = 0.42,
        mostBad: Double = 0.85, mostOther: Double = 0.98
    ) {
        self.uniformity = uniformity
        self.darkUniformity = darkUniformity
        self.darkestMean = darkestMean
        self.mostBlack = mostBlack
        self.mostSaturated = mostSaturated
        self.brightestMean = brightestMean
        self.leastContrast = leastContrast
        self.leastRelativeContrast = leastRelativeContrast
        self.leastSharpness = leastSharpness
        self.mostFog = mostFog
        self.mostBad = mostBad
        self.mostOther = mostOther
    }
}

/// What the gate sees in one frame, within the field of view only.
package struct GateMeasures: Codable, Sendable, Equatable {
    /// Mean luma over full range, 0...1.
    package var brightness: Double
    /// Share of pixels with luma 250 of 255 or above: glare and burnt-out tissue.
    package var saturated: Double
    /// Share of pixels with luma 16 of 255 or below.
    package var black: Double
    /// 95th minus 5th percentile of luma over full range, 0...1; glare spots and stray pixels do not move it.
    package var contrast: Double
    /// Mean squared difference over one pixel, over the mean squared difference over four pixels.
    ///
    /// The part that pixel noise has in both is taken away first. A smooth ramp gives 1/16, a hard edge 1/4;
    /// brightness and contrast cancel out.
    package var sharpness: Double
    /// How much of a bright, colourless veil lies over everything, even the darkest parts.
    ///
    /// The 10th percentile of the least of red, green and blue (0...1), times one minus the mean colour saturation.
    package var fog: Double
    /// Share of pixels within ±3 levels of the median in red, green and blue, the least of the three.
    package var uniformity: Double
    /// Number of pixels looked at; 0 when the field is empty.
    package var pixels: Int
}
