// How stages change afterwards: marks are replaced, never lost.

import Foundation
import Frames
import GRDB

/// One change of a session's stages.
struct MarkEdit: Sendable, Hashable, Codable {
    /// From 1 on, in order.
    var id: Int
    /// UTC, ISO 8601.
    var at: String
    var source: MarkSource
    /// What it was made with, such as a protocol's name.
    var note: String
    /// The marks that it set, in the order of the recording.
    var marks: [CommittedMark]
}

extension SessionStore {
    /// Puts other marks in the place of all that hold now; those stay in the store as history.
    ///
    /// Every stage begins at the first frame at or after its time; one that begins after the last frame is left out.
    /// - Parameter note: what the edit was made with, for the history.
    func replaceMarks(
        by stages: [(label: String, time: StreamTime)], source: MarkSource, note: String = "", now: Date = Date()
    ) throws {
        try database.write { db in
            try db.execute(
                sql: "INSERT INTO mark_edit (at, source, note) VALUES (?, ?, ?)",
                arguments: [now.formatted(.iso8601), source.rawValue, note])
            let edit = db.lastInsertedRowID
            try db.execute(
                sql: "UPDATE mark SET replaced = 1, replaced_by = ? WHERE NOT replaced", arguments: [edit])
            var next =
                try Int.fetchOne(
                    db,
                    sql: """
                        SELECT coalesce(max(seq), -1) + 1 FROM
                        (SELECT seq FROM frame UNION ALL SELECT seq FROM mark UNION ALL SELECT seq FROM gap)
                        """
                ) ?? 0
            for stage in stages {
                let frame = try Int.fetchOne(
                    db, sql: "SELECT min(frame) FROM frame WHERE t_ns >= ?", arguments: [stage.time.nanoseconds])
                guard let frame else { continue }
                try db.execute(
                    sql: "INSERT INTO mark (seq, frame, label, source, made_by) VALUES (?, ?, ?, ?, ?)",
                    arguments: [next, frame, stage.label, source.rawValue, edit])
                next += 1
            }
        }
    }

    /// Time of the last row.
    func lastTime() throws -> StreamTime? {
        try database.read { db in
            try Int64.fetchOne(db, sql: "SELECT t_ns FROM frame ORDER BY frame DESC LIMIT 1")
                .map { StreamTime(nanoseconds: $0) }
        }
    }

    /// All changes of the stages since the recording was measured, the first one first.
    func markEdits() throws -> [MarkEdit] {
        try database.read { db in
            try Row.fetchAll(db, sql: "SELECT id, at, source, note FROM mark_edit ORDER BY id").map { row in
                let id: Int = row["id"]
                return MarkEdit(
                    id: id, at: row["at"], source: MarkSource(rawValue: row["source"]) ?? .edit, note: row["note"],
                    marks: try Self.marks(db, where: "made_by = ?", [id]))
            }
        }
    }

    /// The marks that were set while the recording was measured, whether or not they still hold.
    func marksOfMeasuring() throws -> [CommittedMark] {
        try database.read { db in try Self.marks(db, where: "made_by IS NULL", []) }
    }

    private static func marks(_ db: Database, where condition: String, _ arguments: StatementArguments) throws
        -> [CommittedMark]
    {
        try Row.fetchAll(
            db, sql: "SELECT seq, frame, label, source FROM mark WHERE \(condition) ORDER BY frame, seq",
            arguments: arguments
        ).map {
            CommittedMark(
                frame: $0["frame"], label: $0["label"], source: MarkSource(rawValue: $0["source"]) ?? .live,
                sequence: $0["seq"])
        }
    }
}
