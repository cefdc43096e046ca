// Exercise stages and what is said about each. Plain values: Metrics makes them, Report prints them.

/// Who set a stage mark.
package enum MarkSource: String, Sendable, Hashable, Codable {
    /// Somebody at the test, through the socket or the page.
    case live
    /// A protocol file.
    case plan = "protocol"
    /// A table beside the recording.
    case sidecar
    /// Changed afterwards.
    case edit
}

/// The beginning of a stage.
package struct StageMark: Sendable, Hashable, Codable {
    package var label: String
    package var time: StreamTime
    package var source: MarkSource

    package init(label: String, time: StreamTime, source: MarkSource) {
        self.label = label
        self.time = time
        self.source = source
    }
}

/// A labelled, half-open span of the recording.
package struct StageSpan: Sendable, Hashable, Codable {
    package var label: String
    package var start: StreamTime
    package var end: StreamTime

    package init(label: String, start: StreamTime, end: StreamTime) {
        self.label = label
        self.start = start
        self.end = end
    }

    package func contains(_ time: StreamTime) -> Bool { time >= start && time < end }
    package var seconds: Double { (end - start).seconds }
}

/// What an opening is compared with; every printed share names one of these.
package enum Normalisation: String, Sendable, Hashable, Codable {
    /// Narrowed over opened within one breath: the scope's distance cancels out.
    case withinBreath = "within_breath"
    /// Area over the squared reference length.
    case referenceLength = "reference_length"
    /// Share of the patient's own rest, areas rescaled by the reference length.
    case restBaseline = "rest_baseline"
    /// Share of the patient's own rest in pixels: holds only while the scope keeps its distance.
    case restBaselinePixels = "rest_baseline_px"
    /// Area over the field of view's area: the scope's distance does not cancel out.
    case fieldShare = "field_share"
    /// None: pane pixels.
    case pixels = "px"
}

/// Median and quartiles over breaths, with a bootstrap interval of the median.
package struct Spread: Sendable, Hashable, Codable {
    package var count: Int
    package var median: Double
    package var lowerQuartile: Double
    package var upperQuartile: Double
    /// 95 % interval of the median.
    package var low: Double
    package var high: Double

    package init(
        count: Int, median: Double, lowerQuartile: Double, upperQuartile: Double, low: Double, high: Double
    ) {
        self.count = count
        self.median = median
        self.lowerQuartile = lowerQuartile
        self.upperQuartile = upperQuartile
        self.low = low
        self.high = high
    }
}

/// Why a stage has no statistics.
package enum StageSilence: String, Sendable, Hashable, Codable {
    case tooFewBreaths = "too_few_breaths"
    case tooLittleUsableTime = "too_little_usable_time"
    /// No frame of the recording lies in the stage.
    case noFrames = "no_frames"
}

/// How far the opening narrows, in words.
///
/// No grade of any clinical score.
package enum NarrowingBand: String, Sendable, Hashable, Codable, CaseIterable {
    case none
    case mild
    case moderate
    case severe
}

/// A frame that proves a number.
package struct Evidence: Sendable, Hashable, Codable {
    package var breath: Int
    package var frame: Int
    package var time: StreamTime
    /// The number: closure 0...1 for the narrowest, area px^2 for the widest.
    package var value: Double

    package init(breath: Int, frame: Int, time: StreamTime, value: Double) {
        self.breath = breath
        self.frame = frame
        self.time = time
        self.value = value
    }
}

/// Time spent below a share of the rest baseline.
package struct TimeBelow: Sendable, Hashable, Codable {
    /// The threshold, as a share of the baseline.
    package var threshold: Double
    package var seconds: Double
    /// Of the stage's usable time.
    package var share: Double

    package init(threshold: Double, seconds: Double, share: Double) {
        self.threshold = threshold
        self.seconds = seconds
        self.share = share
    }
}

/// One stage's numbers.
///
/// What is nil has too little to rest on; `silence` says why where all are.
package struct StageSummary: Sendable, Hashable, Codable {
    package var span: StageSpan
    /// Frames in the stage: decoded = measured + rejected.
    package var frames = 0
    package var measuredFrames = 0
    package var rejectedFrames = 0
    /// Seconds measured, and measured without interruption.
    package var measuredSeconds = 0.0
    package var usableSeconds = 0.0
    /// Usable over the stage's length, 0...1.
    package var usableShare = 0.0
    package var breaths = 0
    package var usableBreaths = 0
    package var swallows = 0
    package var coughs = 0
    package var voices = 0
    package var silence: StageSilence?
    /// Breaths per minute.
    package var rate: Double?
    /// Opened area per breath, px^2 (`Normalisation.pixels`).
    package var opened: Spread?
    /// Opened area over squared reference length (`.referenceLength`).
    package var openedNormalised: Spread?
    /// Opened area as a share of the rest baseline (`baselineNormalisation`).
    package var openedOfRest: Spread?
    /// Closure per breath (`.withinBreath`).
    package var closure: Spread?
    /// The same of each level, where the network tells them apart.
    package var glotticClosure: Spread?
    package var supraglotticClosure: Spread?
    package var band: NarrowingBand?
    /// The breath that closes most, and the frame of its greatest narrowing.
    package var worst: Evidence?
    /// The widest frame of the stage's breaths.
    package var widest: Evidence?
    /// Time below shares of the rest baseline (`baselineNormalisation`); empty without a baseline.
    package var timeBelow: [TimeBelow] = []
    /// Longest unbroken stretch below half of the baseline, seconds.
    package var longestBelowHalf: Double?
    /// 10th percentile of the share of the baseline over usable time.
    package var tenthOfRest: Double?
    /// What the rest-baseline numbers were compared by.
    package var baselineNormalisation: Normalisation?
    /// Median reference length of the stage's breaths, px, and its change against rest.
    package var referenceLength: Double?
    package var scaleChange: Double?

    package init(span: StageSpan) { self.span = span }
}

/// The patient's own rest.
package struct RestBaseline: Sendable, Hashable, Codable {
    /// Index of the stage it was taken from.
    package var stage: Int
    package var breaths: Int
    /// Median opened area, px^2, and over the squared reference length where that was known.
    package var opened: Double
    package var openedNormalised: Double?
    package var referenceLength: Double?
    /// Median closure at rest.
    package var closure: Double
    package var normalisation: Normalisation

    package init(
        stage: Int, breaths: Int, opened: Double, openedNormalised: Double?, referenceLength: Double?,
        closure: Double, normalisation: Normalisation
    ) {
        self.stage = stage
        self.breaths = breaths
        self.opened = opened
        self.openedNormalised = openedNormalised
        self.referenceLength = referenceLength
        self.closure = closure
        self.normalisation = normalisation
    }
}

/// Why there is no rest baseline.
package enum BaselineSilence: String, Sendable, Hashable, Codable {
    case noRestStage = "no_rest_stage"
    case tooFewRestBreaths = "too_few_rest_breaths"
}

/// A straight line through closure against time.
package struct ClosureTrend: Sendable, Hashable, Codable {
    /// Change of closure per minute (0.1 is ten percentage points), with its 95 % interval.
    package var perMinute: Double
    package var low: Double
    package var high: Double
    package var breaths: Int

    package init(perMinute: Double, low: Double, high: Double, breaths: Int) {
        self.perMinute = perMinute
        self.low = low
        self.high = high
        self.breaths = breaths
    }
}

/// A whole test's numbers.
package struct TestSummary: Sendable, Hashable, Codable {
    package var stages: [StageSummary] = []
    package var baseline: RestBaseline?
    package var baselineSilence: BaselineSilence?
    /// Over all usable breaths before recovery.
    package var trend: ClosureTrend?
    /// The first of several breaths in a row that close at least as far as set.
    package var onset: Evidence?
    /// Seconds from the start of recovery until closure has come half way back to rest.
    package var recoveryHalfTime: Double?
    /// Index of the stage with the greatest median closure.
    package var worstStage: Int?
    /// The scale moved by more than the limit between rest and some stage.
    package var hasScaleDrift = false

    package init() {}
}
