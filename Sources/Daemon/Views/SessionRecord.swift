// session.json: what the rows were measured with, and the accounting.

import Decode
import Foundation
import Frames
import Segment

/// The companion of samples.csv.
struct SessionRecord: Codable, Sendable {
    struct Count: Codable, Sendable {
        var decoded: Int
        var measured: Int
        var rejected: Int
        /// Of a live source: frames for which there was no time, not among the decoded ones.
        var dropped: Int?
        var reasons: [String: Int]
    }
    struct Source: Codable, Sendable {
        var name: String
        var bytes: Int64
        var sha256: String
        var container: String
        var codec: String
        var width: Int
        var height: Int
        var framesPerSecond: Double?
        var ending: String
        var lastPacketIncomplete: Bool
        /// Of a live source: what was recorded of it, and how often it was away.
        var recordings: [String]?
        var losses: Int?
    }
    struct PaneEntry: Codable, Sendable {
        var fromFrame: Int
        var rect: PixelRect
        var form: String
        var fieldAreaPx: Int
    }
    struct Mark: Codable, Sendable {
        var frame: Int
        var label: String
        var source: String
    }

    var schema = 1
    var notice = researchNotice
    var session: String
    var rimaVersion: String
    var complete: Bool
    /// The patient's pseudonym, and the day of the test, where somebody has given them.
    var subject: String?
    var testDate: String?
    /// When the recording was last written, as the file system says; UTC, ISO 8601.
    var recordedAt: String?
    var source: Source
    /// The last one, where `models` has several.
    var model: MeasuredWith
    /// All of them, when a session went on with another network.
    var models: [MeasuredWith]?
    var frames: Count
    var panes: [PaneEntry]
    var marks: [Mark]
    /// The gate's settings by name: which there are changes from version to version, and older records must be readable.
    var thresholds: [String: Double]
    var confidenceFloor: Double

    init(
        job: SessionJob, outcome: SessionOutcome, networks: [MeasuredWith],
        source fingerprint: Fingerprint, panes: [(fromFrame: Int, pane: StoredPane)], marks: [CommittedMark],
        losses: Int = 0, facts: [String: String]
    ) throws {
        session = job.folder.name
        subject = facts["subject"]
        testDate = facts["test_date"]
        recordedAt = facts["recorded_at"]
        rimaVersion = Daemon.rimaVersion
        complete = outcome.ending.reason == .finished
        guard let last = networks.last else { preconditionFailure("something measured the rows") }
        let info = outcome.info
        source = Source(
            name: TextSafety.plain(URL(fileURLWithPath: job.source).lastPathComponent), bytes: fingerprint.bytes,
            sha256: fingerprint.sha256, container: info.container, codec: info.codec, width: info.displaySize.width,
            height: info.displaySize.height, framesPerSecond: info.framesPerSecond,
            ending: outcome.ending.reason.rawValue, lastPacketIncomplete: outcome.ending.lastPacketIncomplete,
            recordings: job.live == nil ? nil : job.folder.recordings.map(\.lastPathComponent),
            losses: job.live == nil ? nil : losses)
        self.model = last
        models = networks.count > 1 ? networks : nil
        let accounting = outcome.accounting
        frames = Count(
            decoded: accounting.decoded, measured: accounting.measured, rejected: accounting.rejected,
            dropped: job.live == nil ? nil : accounting.dropped,
            reasons: Dictionary(uniqueKeysWithValues: accounting.reasons.map { ($0.key.rawValue, $0.value) }))
        self.panes = panes.map {
            PaneEntry(
                fromFrame: $0.fromFrame, rect: $0.pane.pane.rect, form: $0.pane.pane.form.rawValue,
                fieldAreaPx: $0.pane.pane.field.area)
        }
        self.marks = marks.map { Mark(frame: $0.frame, label: $0.label, source: $0.source.rawValue) }
        thresholds = try Self.numbers(of: job.settings.gate)
        confidenceFloor = job.settings.confidenceFloor
    }

    /// The networks that measured the rows, the first one first.
    var allModels: [MeasuredWith] { models ?? [model] }

    /// The members of a flat value that are numbers, by their names in snake case.
    private static func numbers(of value: some Encodable) throws -> [String: Double] {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        let object = try JSONSerialization.jsonObject(with: encoder.encode(value)) as? [String: Any] ?? [:]
        return object.compactMapValues { ($0 as? NSNumber)?.doubleValue }
    }

    /// Reads a session's record back.
    init(of folder: SessionFolder) throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        self = try decoder.decode(SessionRecord.self, from: Data(contentsOf: folder.summary))
    }

    /// The day of the test, for people.
    var dateText: String? { testDate ?? recordedAt.map { "\($0.prefix(10)) (date of the file)" } }

    /// Sorts tests by when they were made.
    var sortingDate: String? { testDate ?? recordedAt }

    /// Writes the file whole or not at all.
    func write(to folder: SessionFolder) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        try encoder.encode(self).write(to: folder.summary, options: .atomic)
    }
}
