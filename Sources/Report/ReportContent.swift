// Everything a report shows, as plain values. Whoever holds the store fills it; nothing here reads or computes.
package import Frames

/// One test, ready to be printed.
package struct ReportContent: Sendable {
    /// The test's name, and the patient's pseudonym where one is kept.
    package var session: String
    package var pseudonym: String?
    /// When the test was made, as text for people; nil when not known.
    package var date: String?
    /// How the stages were set, such as a protocol's name.
    package var plan: String?
    package var recording: ReportRecording
    /// Programs and model files, in the order in which they are printed.
    package var parts: [ReportPart]
    package var accounting: ReportAccounting
    /// All frames in order, or fewer of them.
    ///
    /// Rejected frames must stay among them, or gaps cannot be shown.
    package var samples: [Sample]
    package var breaths: [Breath]
    package var interruptions: [Interruption]
    package var marks: [StageMark]
    package var summary: TestSummary
    package var thresholds: ReportThresholds
    package var stills: [ReportStill]
    /// Size of the pane that stills and rings are drawn in.
    package var paneSize: PixelSize
    /// Sentences that a reader must know.
    package var notes: [String]
    /// An earlier test of the same patient.
    package var comparison: ReportComparison?

    package init(
        session: String, pseudonym: String? = nil, date: String? = nil, plan: String? = nil,
        recording: ReportRecording, parts: [ReportPart] = [], accounting: ReportAccounting, samples: [Sample],
        breaths: [Breath], interruptions: [Interruption] = [], marks: [StageMark] = [], summary: TestSummary,
        thresholds: ReportThresholds = ReportThresholds(), stills: [ReportStill] = [], paneSize: PixelSize
    ) {
        self.session = session
        self.pseudonym = pseudonym
        self.date = date
        self.plan = plan
        self.recording = recording
        self.parts = parts
        self.accounting = accounting
        self.samples = samples
        self.breaths = breaths
        self.interruptions = interruptions
        self.marks = marks
        self.summary = summary
        self.thresholds = thresholds
        self.stills = stills
        self.paneSize = paneSize
        notes = [Self.levelNote(summary), Self.phaseNote(breaths)]
    }

    /// Whether the network tells the levels of narrowing apart.
    private static func levelNote(_ summary: TestSummary) -> String {
        summary.stages.contains { $0.supraglotticClosure != nil }
            ? "Supraglottic and glottic levels are told apart by the vocal folds that the network outlines; a fold that "
                + "is hidden from view counts as supraglottic narrowing."
            : "One visible opening was measured; supraglottic and glottic levels are not told apart."
    }

    /// In which phase the breaths are narrowest, and who says so.
    private static func phaseNote(_ breaths: [Breath]) -> String {
        let usable = breaths.filter(\.isUsable)
        guard let source = usable.lazy.compactMap(\.phaseSource).first else {
            return "Breathing phase: unknown. The area alone does not tell inspiration from expiration."
        }
        func count(_ phase: BreathPhase) -> Int { usable.count { $0.phase == phase } }
        if source == .sound {
            return "Breathing phase from the recording's sound: of \(usable.count) usable breaths, "
                + "\(count(.inspiration)) are narrowest in inspiration if their noise is stridor; for the others the sound "
                + "does not tell."
        }
        return "Breathing phase from the \(source.rawValue) channel: of \(usable.count) usable breaths, "
            + "\(count(.inspiration)) are narrowest in inspiration, \(count(.expiration)) in expiration and "
            + "\(count(.unknown)) between them."
    }

    /// Said on every page.
    package static let notice = "Research use only. Not a medical device."
}

/// Where the frames came from.
package struct ReportRecording: Sendable, Hashable {
    package var name: String
    package var sha256: String?
    /// The machine or program that made it, where the file says so.
    package var recorder: String?
    package var codec: String?
    package var size: PixelSize?
    package var framesPerSecond: Double?
    package var duration: StreamTime
    /// Where the endoscope picture lies in the recording.
    package var pane: PixelRect?
    /// Whether the recording was read to its end.
    package var isComplete: Bool

    package init(
        name: String, sha256: String? = nil, recorder: String? = nil, codec: String? = nil, size: PixelSize? = nil,
        framesPerSecond: Double? = nil, duration: StreamTime, pane: PixelRect? = nil, isComplete: Bool = true
    ) {
        self.name = name
        self.sha256 = sha256
        self.recorder = recorder
        self.codec = codec
        self.size = size
        self.framesPerSecond = framesPerSecond
        self.duration = duration
        self.pane = pane
        self.isComplete = isComplete
    }
}

/// A program or a file that the numbers depend on.
package struct ReportPart: Sendable, Hashable {
    /// What it is, such as "Opening network".
    package var role: String
    package var name: String
    package var version: String
    package var sha256: String?

    package init(role: String, name: String, version: String, sha256: String? = nil) {
        self.role = role
        self.name = name
        self.version = version
        self.sha256 = sha256
    }
}

/// What became of the decoded frames: decoded = measured + rejected.
package struct ReportAccounting: Sendable, Hashable {
    package var decoded: Int
    package var measured: Int
    package var rejected: Int
    /// Frames by reason; a frame may have several.
    package var reasons: [Reason: Int]
    /// Frames that a live source delivered and that were dropped unseen because the machine was too slow.
    package var dropped: Int

    package init(decoded: Int, measured: Int, rejected: Int, reasons: [Reason: Int] = [:], dropped: Int = 0) {
        self.decoded = decoded
        self.measured = measured
        self.rejected = rejected
        self.reasons = reasons
        self.dropped = dropped
    }

    package var addsUp: Bool { decoded == measured + rejected }
}

/// What the statistics were asked to use, for the appendix and for the lines in plots.
package struct ReportThresholds: Sendable, Hashable {
    /// Closures from which narrowing is mild, moderate, severe.
    package var bands = [0.25, 0.5, 0.75]
    package var leastBreaths = 5
    package var leastUsableShare = 0.5
    package var sustainedBreaths = 3
    package var sustainedClosure = 0.5
    package var driftLimit = 0.12
    /// Further lines for the appendix, such as the gate's settings.
    package var others: [ReportSetting] = []

    package init() {}
}

/// One named setting, as printed.
package struct ReportSetting: Sendable, Hashable {
    package var name: String
    package var value: String

    package init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

/// A kept picture of the pane, without anything drawn on it.
package struct ReportStill: Sendable {
    /// Of the two most different frames of a stage's worst breath.
    package enum Kind: String, Sendable, CaseIterable { case widest, narrowest }

    package var stage: String
    /// Index of the stage; nil where only its label is known.
    package var stageIndex: Int?
    package var kind: Kind
    package var frame: Int
    package var time: StreamTime
    /// px^2.
    package var area: Double
    package var jpeg: [UInt8]
    /// The opening's outline, pane pixels.
    package var rings: [[Point]]
    /// Size of the pane that the rings are drawn in; nil is the test's last pane.
    ///
    /// The picture itself may be smaller.
    package var size: PixelSize?

    package init(
        stage: String, stageIndex: Int? = nil, kind: Kind, frame: Int, time: StreamTime, area: Double, jpeg: [UInt8],
        rings: [[Point]], size: PixelSize? = nil
    ) {
        self.stage = stage
        self.stageIndex = stageIndex
        self.kind = kind
        self.frame = frame
        self.time = time
        self.area = area
        self.jpeg = jpeg
        self.rings = rings
        self.size = size
    }
}

/// The breath of a stage that closes most.
package struct WorstBreath: Sendable, Hashable {
    /// Its frame of greatest narrowing; the value is the breath's closure.
    package var narrowest: Evidence
    /// Its widest frame; the value is the opened area, px^2.
    package var widest: Evidence
}

extension ReportContent {
    /// The worst usable breath of every stage that has statistics, by the stage's index.
    package var worstBreaths: [Int: WorstBreath] {
        let byIndex = Dictionary(breaths.map { ($0.index, $0) }, uniquingKeysWith: { first, _ in first })
        var worst: [Int: WorstBreath] = [:]
        for (index, stage) in summary.stages.enumerated() {
            guard let narrowest = stage.worst, let breath = byIndex[narrowest.breath] else { continue }
            worst[index] = WorstBreath(
                narrowest: narrowest,
                widest: Evidence(
                    breath: breath.index, frame: breath.widestFrame, time: breath.widestTime, value: breath.opened))
        }
        return worst
    }
}

/// An earlier test of the same patient, judged with the same settings.
package struct ReportComparison: Sendable {
    package var session: String
    package var date: String?
    package var parts: [ReportPart]
    package var breaths: [Breath]
    package var summary: TestSummary

    package init(_ content: ReportContent) {
        session = content.session
        date = content.date
        parts = content.parts
        breaths = content.breaths
        summary = content.summary
    }
}
