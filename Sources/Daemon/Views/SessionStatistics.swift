// Breaths and stages of a session, finished or running, from its stored rows.

import Decode
import Foundation
import Frames
import Metrics
import Report

/// The rows of a session and what follows from them; grows as rows are added.
struct SessionStatistics: Sendable {
    private(set) var samples: [Sample] = []
    private(set) var breaths: [Breath] = []
    private(set) var interruptions: [Interruption] = []
    /// The next row to add.
    private(set) var nextFrame = 0
    private var detector = BreathDetector()

    /// Adds the rows that the store has committed since the last call.
    ///
    /// - Parameter limit: rows from this frame on are left out.
    mutating func update(from store: SessionStore, before limit: Int = .max) throws {
        for row in try store.rows(fromFrame: nextFrame) where row.sample.frame < limit { add(row.sample) }
    }

    private mutating func add(_ sample: Sample) {
        samples.append(sample)
        nextFrame = sample.frame + 1
        take(detector.observe(sample))
    }

    private mutating func take(_ events: [BreathEvent]) {
        for event in events {
            switch event {
            case .breath(let breath): breaths.append(breath)
            case .interruption(let interruption): interruptions.append(interruption)
            }
        }
    }

    /// With what the end of the recording settles.
    var finished: SessionStatistics {
        var copy = self
        copy.take(copy.detector.finish())
        return copy
    }

    /// The stages by the marks given; a session without any is one stage.
    func summary(marks: [StageMark], settings: StageSettings) -> TestSummary {
        StageAggregator(settings: settings).summarise(
            samples: samples, breaths: breaths, interruptions: interruptions,
            schedule: StageSchedule(marks: marks, end: samples.last?.time ?? .zero))
    }

    /// The time of a stored frame.
    func time(of frame: Int) -> StreamTime? {
        var (low, high) = (0, samples.count)
        while low < high {
            let middle = (low + high) / 2
            if samples[middle].frame < frame { low = middle + 1 } else { high = middle }
        }
        return low < samples.count ? samples[low].time : nil
    }

    /// Marks of the store, each at the time of its frame; one behind the last frame begins there.
    func stageMarks(_ marks: [CommittedMark]) -> [StageMark] {
        let placed = marks.map { mark in
            StageMark(
                label: mark.label, time: time(of: mark.frame) ?? samples.last?.time ?? .zero, source: mark.source)
        }
        return placed.isEmpty ? [StageMark(label: ReportBuilder.wholeRecording, time: .zero, source: .plan)] : placed
    }

    /// The numbers as `report.json` has them, of a session that still runs.
    func record(session: String, store: SessionStore, settings: StageSettings) throws -> ReportRecord {
        let marks = stageMarks(try store.marks())
        let facts = try store.facts()
        var accounting = Accounting()
        for sample in samples { accounting.add(sample) }
        return ReportRecord(
            ReportContent(
                session: session,
                recording: ReportRecording(
                    name: "", codec: facts["codec"], duration: samples.last?.time ?? .zero, isComplete: false),
                parts: [
                    ReportPart(role: "Program", name: "rima", version: facts["rima_version"] ?? rimaVersion),
                    ReportPart(
                        role: "Opening network", name: facts["model"] ?? "", version: facts["model_version"] ?? ""),
                ],
                accounting: ReportAccounting(
                    decoded: accounting.decoded, measured: accounting.measured, rejected: accounting.rejected,
                    reasons: accounting.reasons),
                samples: samples, breaths: breaths, interruptions: interruptions, marks: marks,
                summary: summary(marks: marks, settings: settings), paneSize: PixelSize(width: 1, height: 1)))
    }
}

extension ReportRecord {
    /// On one line, for an event.
    func line() throws -> [UInt8] { try Self.encode(self) }

    /// One stage on one line.
    static func line(_ stage: Stage) throws -> [UInt8] { try encode(stage) }

    private static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return Array(try encoder.encode(value))
    }
}
