// A stage in numbers, told when it ends.

import Foundation
import Frames
import Metrics
import Report

/// Sums up stages of a session whose rows are in its store.
struct StageTeller: Sendable {
    let folder: SessionFolder
    let settings: StageSettings

    /// The `stage` event of the stage that a mark ends; nil for the first mark at the start.
    func stage(endingAt mark: CommittedMark) throws -> [UInt8]? {
        let store = try SessionStore(readOnly: folder)
        let before = try store.marks().filter { $0.sequence < mark.sequence }
        guard !before.isEmpty else { return nil }
        return try line(store, marks: before, before: mark.frame)
    }

    /// The `stage` event of the stage in which the recording ends.
    func lastStage() throws -> [UInt8]? {
        let store = try SessionStore(readOnly: folder)
        return try line(store, marks: try store.marks(), before: .max)
    }

    private func line(_ store: SessionStore, marks: [CommittedMark], before limit: Int) throws -> [UInt8]? {
        var statistics = SessionStatistics()
        try statistics.update(from: store, before: limit)
        statistics = statistics.finished
        let record = ReportRecord(
            ReportContent(
                session: folder.name,
                recording: ReportRecording(
                    name: "", duration: statistics.samples.last?.time ?? .zero, isComplete: false),
                accounting: ReportAccounting(decoded: 0, measured: 0, rejected: 0), samples: [],
                breaths: statistics.breaths,
                summary: statistics.summary(marks: statistics.stageMarks(marks), settings: settings),
                paneSize: PixelSize(width: 1, height: 1)))
        guard let stage = record.stages.last else { return nil }
        var event = JSONLine(type: "stage", capacity: 2048)
        event.field("session", folder.name)
        event.field("stage", json: String(decoding: try ReportRecord.line(stage), as: UTF8.self))
        return Array(event.text().utf8)
    }
}
