// From the stored rows to the report: breaths, stages, and the pages that show them. Reads no video.

import Foundation
import Frames
import Metrics
import Report

/// Makes a session's report from its store.
struct ReportBuilder {
    let folder: SessionFolder
    let store: SessionStore
    /// Closures at which the narrowing bands end, ascending.
    let bands: [Double]
    let record: SessionRecord

    /// Writes report.html, report.json, stages.csv and breaths.csv, each whole or not at all.
    func writeAll() throws {
        let content = try content()
        try write(HTMLReport.render(content), to: folder.report)
        try write(StageTable.csv(content), to: folder.stages)
        try write(BreathTable.csv(content), to: folder.breaths)
        try write(String(decoding: ReportRecord(content).json(), as: UTF8.self), to: folder.reportData)
    }

    private func write(_ text: String, to file: URL) throws {
        do {
            try Data(text.utf8).write(to: file, options: .atomic)
        } catch {
            throw CommandError(
                .inputOutput, "cannot write \(file.path): \(describe(error))",
                remedy: "free some space, then run `rima report \(folder.root.path)`")
        }
    }

    /// Everything that the report shows.
    func content() throws -> ReportContent {
        let samples = try store.rows().map(\.sample)
        var detector = BreathDetector()
        var breaths: [Breath] = []
        var interruptions: [Interruption] = []
        func take(_ events: [BreathEvent]) {
            for event in events {
                switch event {
                case .breath(let breath): breaths.append(breath)
                case .interruption(let interruption): interruptions.append(interruption)
                }
            }
        }
        for sample in samples { take(detector.observe(sample)) }
        take(detector.finish())
        let marks = try marks(samples)
        let end = samples.last?.time ?? .zero
        var settings = StageSettings()
        settings.bands = bands
        let summary = StageAggregator(settings: settings).summarise(
            samples: samples, breaths: breaths, interruptions: interruptions,
            schedule: StageSchedule(marks: marks, end: end))
        return ReportContent(
            session: folder.name, recording: recording(record, duration: end), parts: parts(record),
            accounting: accounting(record), samples: samples, breaths: breaths, interruptions: interruptions,
            marks: marks, summary: summary, thresholds: thresholds(settings), stills: try stills(),
            paneSize: record.panes.last?.rect.size ?? PixelSize(width: 1, height: 1))
    }

    /// The session's marks; a recording without any is one stage.
    private func marks(_ samples: [Sample]) throws -> [StageMark] {
        let times = Dictionary(samples.map { ($0.frame, $0.time) }, uniquingKeysWith: { first, _ in first })
        let marks = try store.marks().map { mark in
            StageMark(label: mark.label, time: times[mark.frame] ?? samples.last?.time ?? .zero, source: mark.source)
        }
        return marks.isEmpty ? [StageMark(label: Self.wholeRecording, time: .zero, source: .plan)] : marks
    }

    /// The one stage of a recording without marks.
    static let wholeRecording = "Whole recording"

    private func recording(_ record: SessionRecord, duration: StreamTime) -> ReportRecording {
        ReportRecording(
            name: record.source.name, sha256: record.source.sha256, codec: record.source.codec,
            size: PixelSize(width: record.source.width, height: record.source.height),
            framesPerSecond: record.source.framesPerSecond, duration: duration, pane: record.panes.last?.rect,
            isComplete: record.complete)
    }

    private func parts(_ record: SessionRecord) -> [ReportPart] {
        [
            ReportPart(role: "Program", name: "rima", version: record.rimaVersion),
            ReportPart(
                role: "Opening network", name: record.model.name, version: record.model.version,
                sha256: record.model.sha256),
        ]
    }

    private func accounting(_ record: SessionRecord) -> ReportAccounting {
        ReportAccounting(
            decoded: record.frames.decoded, measured: record.frames.measured, rejected: record.frames.rejected,
            reasons: Dictionary(
                uniqueKeysWithValues: record.frames.reasons.compactMap { key, count in
                    Reason(rawValue: key).map { ($0, count) }
                }))
    }

    private func thresholds(_ settings: StageSettings) -> ReportThresholds {
        var thresholds = ReportThresholds()
        thresholds.bands = settings.bands
        thresholds.leastBreaths = settings.leastBreaths
        thresholds.leastUsableShare = settings.leastUsableShare
        thresholds.sustainedBreaths = settings.sustainedBreaths
        thresholds.sustainedClosure = settings.sustainedClosure
        thresholds.driftLimit = settings.driftLimit
        return thresholds
    }

    private func stills() throws -> [ReportStill] {
        try store.stills().map { still in
            ReportStill(
                stage: still.stage.isEmpty ? Self.wholeRecording : still.stage,
                kind: still.kind == .widest ? .widest : .narrowest, frame: still.sample.frame, time: still.sample.time,
                area: still.area, jpeg: still.jpeg, rings: still.rings)
        }
    }
}
