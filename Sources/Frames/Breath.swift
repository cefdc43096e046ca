// A breath, and what interrupts breathing, as read from the opening's area. See design/breaths.md.

/// Which way the air goes while a breath is narrowest.
///
/// The area alone never tells.
package enum BreathPhase: String, Sendable, Hashable, Codable {
    case unknown
    case inspiration
    case expiration
}

/// Who says which way the air goes.
package enum PhaseSource: String, Sendable, Hashable, Codable {
    /// A flow channel recorded beside the video.
    case flow
    /// The noise of breathing in the recording's own sound; says less than a flow channel (design/breaths.md).
    case sound
}

/// How far each level of the larynx narrows within one breath; below 0 where it widens while the opening narrows.
///
/// The opening is what the supraglottic structures leave to view (the inlet: opening and visible vocal folds) times the
/// share of it that the vocal folds leave open, so 1 - closure is about (1 - glottic) (1 - supraglottic). The scope's
/// distance cancels out of the first frame by frame, out of the second as far as it stays the same within the breath.
package struct LevelClosures: Sendable, Hashable, Codable {
    /// How far the open share of the inlet falls; nil where the narrowest moment shows no inlet.
    package var glottic: Double?
    /// How far the inlet's area falls.
    package var supraglottic: Double

    package init(glottic: Double?, supraglottic: Double) {
        self.glottic = glottic
        self.supraglottic = supraglottic
    }
}

/// One cycle of the area: from one widest opening over the narrowest to the next widest.
package struct Breath: Sendable, Hashable, Codable {
    /// Ordinal among the session's breaths, from 0.
    package var index: Int
    /// The samples' segment.
    package var segment: Int
    /// Half-open span of time and of frames.
    package var start: StreamTime
    package var end: StreamTime
    package var startFrame: Int
    package var endFrame: Int
    /// The measured frames with the greatest and the smallest area of the breath.
    package var widestFrame: Int
    package var widestTime: StreamTime
    package var narrowestFrame: Int
    package var narrowestTime: StreamTime
    /// 95th and 5th percentile of the measured areas, px^2.
    package var opened: Double
    package var narrowed: Double
    /// Median of the samples' normalised area over their area, 1/px^2; nil where no reference length was known.
    package var normalisation: Double?
    /// Nil where the network does not tell the levels apart.
    package var levels: LevelClosures?
    /// Share of the breath's time that was measured and not interrupted, 0...1.
    package var usableShare: Double
    /// How surely this is a breath, 0...1: usable share, height over noise, fit to the neighbours' rhythm.
    package var confidence: Double
    /// Whether statistics may use it.
    package var isUsable: Bool
    /// Whether all of it was in view from peak to peak; only then does its duration say how fast breathing is.
    package var isWhole: Bool
    package var phase: BreathPhase
    /// Nil where nobody was asked.
    package var phaseSource: PhaseSource?

    package init(
        index: Int, segment: Int, start: StreamTime, end: StreamTime, startFrame: Int, endFrame: Int,
        widestFrame: Int, widestTime: StreamTime, narrowestFrame: Int, narrowestTime: StreamTime, opened: Double,
        narrowed: Double, normalisation: Double?, usableShare: Double, confidence: Double, isUsable: Bool,
        isWhole: Bool = true, phase: BreathPhase = .unknown
    ) {
        self.index = index
        self.segment = segment
        self.start = start
        self.end = end
        self.startFrame = startFrame
        self.endFrame = endFrame
        self.widestFrame = widestFrame
        self.widestTime = widestTime
        self.narrowestFrame = narrowestFrame
        self.narrowestTime = narrowestTime
        self.opened = opened
        self.narrowed = narrowed
        self.normalisation = normalisation
        self.usableShare = usableShare
        self.confidence = confidence
        self.isUsable = isUsable
        self.isWhole = isWhole
        self.phase = phase
    }

    /// How far the opening narrows within the breath, 0...1; the scope's distance cancels out.
    package var closure: Double { opened > 0 ? max(0, 1 - narrowed / opened) : 0 }

    /// Seconds from start to end.
    package var duration: Double { (end - start).seconds }

    /// Breaths per minute at this breath's pace.
    package var rate: Double { duration > 0 ? 60 / duration : 0 }

    /// Opened area over the squared reference length.
    package var openedNormalised: Double? { normalisation.map { $0 * opened } }
}

/// A closure that is no breath.
package enum InterruptionKind: String, Sendable, Hashable, Codable, CaseIterable {
    /// One brief, complete closure.
    case swallow
    /// One very brief closure, or a few in quick succession.
    case cough
    /// Many quick closures: talking.
    case voice
}

/// A span that is kept out of all statistics because the larynx was not breathing.
package struct Interruption: Sendable, Hashable, Codable {
    package var kind: InterruptionKind
    package var segment: Int
    package var start: StreamTime
    package var end: StreamTime
    package var startFrame: Int
    package var endFrame: Int

    package init(
        kind: InterruptionKind, segment: Int, start: StreamTime, end: StreamTime, startFrame: Int, endFrame: Int
    ) {
        self.kind = kind
        self.segment = segment
        self.start = start
        self.end = end
        self.startFrame = startFrame
        self.endFrame = endFrame
    }
}

/// What a breath detector reports, in the order it becomes known.
package enum BreathEvent: Sendable, Hashable, Codable {
    case breath(Breath)
    case interruption(Interruption)
}

extension Sample {
    /// The area, if and only if the frame was measured: the only door through which statistics read areas.
    package var usableArea: Double? {
        guard reasons.isEmpty, let area = opening?.area, area.isFinite, area >= 0 else { return nil }
        return area
    }
}
