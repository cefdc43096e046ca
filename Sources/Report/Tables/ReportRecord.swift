// report.json, schema 1: the numbers of the page for programs. Schema: ref/report.schema.json.
package import Foundation
package import Frames

/// What report.json says.
///
/// Absent members are not known; shares are 0...1.
package struct ReportRecord: Codable, Sendable, Hashable {
    package struct Part: Codable, Sendable, Hashable {
        package var role: String
        package var name: String
        package var version: String
        package var sha256: String?
    }
    package struct Source: Codable, Sendable, Hashable {
        package var name: String
        package var sha256: String?
        package var recorder: String?
        package var codec: String?
        package var durationS: Double
        package var complete: Bool
    }
    package struct Count: Codable, Sendable, Hashable {
        package var decoded: Int
        package var measured: Int
        package var rejected: Int
        package var dropped: Int
        package var reasons: [String: Int]
    }
    package struct Shown: Codable, Sendable, Hashable {
        package var breath: Int
        package var frame: Int
        package var tS: Double
        package var value: Double
    }
    package struct Span: Codable, Sendable, Hashable {
        package var count: Int
        package var median: Double
        package var q1: Double
        package var q3: Double
        package var ciLow: Double
        package var ciHigh: Double
    }
    package struct Below: Codable, Sendable, Hashable {
        package var threshold: Double
        package var seconds: Double
        package var ratio: Double
    }
    package struct Stage: Codable, Sendable, Hashable {
        package var label: String
        package var startS: Double
        package var endS: Double
        package var frames: Int
        package var measuredFrames: Int
        package var rejectedFrames: Int
        package var measuredS: Double
        package var usableS: Double
        package var usableRatio: Double
        package var breaths: Int
        package var usableBreaths: Int
        package var swallows: Int
        package var coughs: Int
        package var voices: Int
        package var silence: StageSilence?
        package var ratePerMin: Double?
        package var openedPx: Span?
        package var openedNorm: Span?
        package var openedRestRatio: Span?
        package var restNormalisation: Normalisation?
        package var closureRatio: Span?
        package var glotticClosureRatio: Span?
        package var supraglotticClosureRatio: Span?
        package var narrowingBand: NarrowingBand?
        package var worst: Shown?
        package var widest: Shown?
        package var timeBelow: [Below]
        package var longestBelowHalfS: Double?
        package var tenthRestRatio: Double?
        package var referenceLengthPx: Double?
        package var scaleChangeRatio: Double?
    }
    package struct Rest: Codable, Sendable, Hashable {
        package var stage: Int
        package var breaths: Int
        package var openedPx: Double
        package var openedNorm: Double?
        package var closureRatio: Double
        package var normalisation: Normalisation
    }
    package struct Trend: Codable, Sendable, Hashable {
        package var perMin: Double
        package var ciLow: Double
        package var ciHigh: Double
        package var breaths: Int
    }

    package var schema: Int
    package var notice: String
    package var session: String
    package var pseudonym: String?
    package var date: String?
    package var plan: String?
    package var recording: Source
    package var parts: [Part]
    package var frames: Count
    package var usableRatio: Double
    package var breaths: Int
    package var stages: [Stage]
    package var rest: Rest?
    package var restSilence: BaselineSilence?
    package var worstStage: Int?
    package var closureTrend: Trend?
    package var onset: Shown?
    package var recoveryHalfTimeS: Double?
    package var scaleDrift: Bool
    package var normalisations: Normalisations
    package var thresholds: Thresholds
    package var comparison: Comparison?
    package var notes: [String]
}

extension ReportRecord {
    package init(_ content: ReportContent) {
        let summary = content.summary
        schema = 1
        notice = ReportContent.notice
        session = content.session
        pseudonym = content.pseudonym
        date = content.date
        plan = content.plan
        let from = content.recording
        recording = Source(
            name: from.name, sha256: from.sha256, recorder: from.recorder, codec: from.codec,
            durationS: from.duration.seconds, complete: from.isComplete)
        parts = content.parts.map { Part(role: $0.role, name: $0.name, version: $0.version, sha256: $0.sha256) }
        let account = content.accounting
        frames = Count(
            decoded: account.decoded, measured: account.measured, rejected: account.rejected, dropped: account.dropped,
            reasons: Dictionary(uniqueKeysWithValues: account.reasons.map { ($0.key.rawValue, $0.value) }))
        usableRatio = content.usableShare
        breaths = content.breaths.count
        stages = summary.stages.map(Stage.init)
        rest = summary.baseline.map {
            Rest(
                stage: $0.stage, breaths: $0.breaths, openedPx: $0.opened, openedNorm: $0.openedNormalised,
                closureRatio: $0.closure, normalisation: $0.normalisation)
        }
        restSilence = summary.baselineSilence
        worstStage = summary.worstStage
        closureTrend = summary.trend.map {
            Trend(perMin: $0.perMinute, ciLow: $0.low, ciHigh: $0.high, breaths: $0.breaths)
        }
        onset = summary.onset.map(Shown.init)
        recoveryHalfTimeS = summary.recoveryHalfTime
        scaleDrift = summary.hasScaleDrift
        normalisations = Normalisations(
            closureRatio: .withinBreath, openedPx: .pixels, openedNorm: .referenceLength,
            openedRestRatio: summary.baseline?.normalisation)
        thresholds = Thresholds(content.thresholds)
        comparison = content.comparison.map { Comparison($0, now: summary) }
        notes = content.notes
    }

    /// The file's text.
    ///
    /// Reasons keep their names, so that they match samples.csv.
    package func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return try encoder.encode(self)
    }
}

extension ReportRecord.Shown {
    init(_ evidence: Evidence) {
        self.init(breath: evidence.breath, frame: evidence.frame, tS: evidence.time.seconds, value: evidence.value)
    }
}

extension ReportRecord.Span {
    init(_ spread: Spread) {
        self.init(
            count: spread.count, median: spread.median, q1: spread.lowerQuartile, q3: spread.upperQuartile,
            ciLow: spread.low, ciHigh: spread.high)
    }
}

extension ReportRecord.Stage {
    init(_ stage: StageSummary) {
        self.init(
            label: stage.span.label, startS: stage.span.start.seconds, endS: stage.span.end.seconds,
            frames: stage.frames, measuredFrames: stage.measuredFrames, rejectedFrames: stage.rejectedFrames,
            measuredS: stage.measuredSeconds, usableS: stage.usableSeconds, usableRatio: stage.usableShare,
            breaths: stage.breaths, usableBreaths: stage.usableBreaths, swallows: stage.swallows, coughs: stage.coughs,
            voices: stage.voices, silence: stage.silence, ratePerMin: stage.rate,
            openedPx: stage.opened.map(ReportRecord.Span.init),
            openedNorm: stage.openedNormalised.map(ReportRecord.Span.init),
            openedRestRatio: stage.openedOfRest.map(ReportRecord.Span.init),
            restNormalisation: stage.baselineNormalisation, closureRatio: stage.closure.map(ReportRecord.Span.init),
            glotticClosureRatio: stage.glotticClosure.map(ReportRecord.Span.init),
            supraglotticClosureRatio: stage.supraglotticClosure.map(ReportRecord.Span.init),
            narrowingBand: stage.band, worst: stage.worst.map(ReportRecord.Shown.init),
            widest: stage.widest.map(ReportRecord.Shown.init),
            timeBelow: stage.timeBelow.map {
                ReportRecord.Below(threshold: $0.threshold, seconds: $0.seconds, ratio: $0.share)
            },
            longestBelowHalfS: stage.longestBelowHalf, tenthRestRatio: stage.tenthOfRest,
            referenceLengthPx: stage.referenceLength, scaleChangeRatio: stage.scaleChange)
    }
}
