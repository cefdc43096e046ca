// Stages changed afterwards, without new analysis: for the command, the page and the API alike.

import Foundation
import Frames
import Report

/// Changes a finished session's stages and writes its views anew.
///
/// Every change stays in the store's history.
struct StageEditor {
    let folder: SessionFolder
    let configuration: Configuration

    /// Replaces all stages, then writes samples.csv and the report.
    /// - Returns: what the new report shows.
    /// - Throws: `CommandError`, when the session is not finished or being written, or when a stage begins after the
    ///   recording's end. The session is then as it was.
    @discardableResult
    func replace(by plan: StagePlan) throws -> ReportContent {
        let lock = try folder.acquireLock()
        let store = try openStore(folder)
        let record = try Self.record(of: folder)
        try apply(plan, to: store)
        let content = try ReportBuilder(
            folder: folder, store: store, configuration: configuration, record: record
        ).writeAll()
        _ = consume lock
        return content
    }

    /// Replaces all stages in an open store and writes samples.csv.
    func apply(_ plan: StagePlan, to store: SessionStore) throws {
        try plan.require(within: try store.lastTime() ?? .zero)
        try store.replaceMarks(
            by: plan.starts.map { ($0.label, $0.time) }, source: plan.source, note: plan.note)
        _ = try SampleFile(rebuilding: folder, from: store, stages: StageLabels(try store.marks()))
    }

    /// The record of a session that is finished.
    static func record(of folder: SessionFolder) throws(CommandError) -> SessionRecord {
        guard FileManager.default.fileExists(atPath: folder.summary.path) else {
            throw CommandError(
                .tryAgain, "the session \(folder.name) is not finished",
                remedy: "let it end, or run `rima analyze` again to go on with it")
        }
        do {
            return try SessionRecord(of: folder)
        } catch {
            throw CommandError(.badData, "\(folder.summary.path) cannot be read: \(describe(error))")
        }
    }
}
