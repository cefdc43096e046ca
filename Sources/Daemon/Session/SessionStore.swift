// The one truth of a session: a SQLite file of rows. CSV, socket, page and report are views of it.

import Foundation
import Frames
import GRDB

/// A committed place in the recording from which a restarted worker goes on.
struct ResumePoint: Sendable {
    /// Ordinal of the next frame to measure; all before it are committed.
    var nextFrame: Int
    /// Sequence number that the next event will carry.
    var nextSequence: Int
    /// State of the temporal parts after the last committed frame, as their own JSON; nil at the start.
    var temporalState: Data?
}

/// A stage mark with its place in the rows.
struct CommittedMark: Sendable, Hashable, Codable {
    /// The first frame that belongs to the stage.
    var frame: Int
    var label: String
    var source: MarkSource
    var sequence: Int
}

/// The store of one session, opened by its one writer.
///
/// Rows are committed together with the state of everything that remembers earlier frames, so that after any crash
/// measuring goes on from the last commit as if nothing had happened.
final class SessionStore: Sendable {
    /// For this type's extensions in other files only.
    let database: DatabaseQueue

    /// Opens or makes `session.sqlite` in `folder` and brings its schema up to date.
    init(folder: SessionFolder) throws {
        var configuration = GRDB.Configuration()
        configuration.label = "session"
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
        }
        database = try DatabaseQueue(path: folder.store.path, configuration: configuration)
        try Self.migrator.migrate(database)
    }

    /// Opens the store of a session that another process may be writing.
    init(readOnly folder: SessionFolder) throws {
        var configuration = GRDB.Configuration()
        configuration.label = "session (read)"
        configuration.busyMode = .timeout(5)
        configuration.readonly = true
        database = try DatabaseQueue(path: folder.store.path, configuration: configuration)
    }

    /// Ends the store's use; what the write-ahead log held is in the file afterwards, unless somebody still reads it.
    func close() throws { try database.close() }

    /// The schema's history.
    ///
    /// Migrations are only ever added.
    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1: frames, marks, panes, facts") { db in
            try db.execute(
                sql: """
                    CREATE TABLE fact (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
                    CREATE TABLE frame (
                        frame INTEGER PRIMARY KEY,
                        seq INTEGER NOT NULL UNIQUE,
                        t_ns INTEGER NOT NULL,
                        segment INTEGER NOT NULL,
                        reasons TEXT NOT NULL,
                        quality REAL, confidence REAL,
                        area_px REAL, area_fov_ratio REAL, area_norm REAL,
                        length_px REAL, width_px REAL, angle_deg REAL,
                        left_area_px REAL, right_area_px REAL,
                        center_x_px REAL, center_y_px REAL
                    );
                    CREATE TABLE mark (
                        seq INTEGER PRIMARY KEY, frame INTEGER NOT NULL, label TEXT NOT NULL, source TEXT NOT NULL
                    );
                    CREATE TABLE pane (from_frame INTEGER PRIMARY KEY, json TEXT NOT NULL);
                    CREATE TABLE still (
                        stage TEXT NOT NULL, kind TEXT NOT NULL, frame INTEGER NOT NULL, rings TEXT NOT NULL,
                        jpeg BLOB NOT NULL, PRIMARY KEY (stage, kind)
                    );
                    CREATE TABLE temporal_state (id INTEGER PRIMARY KEY CHECK (id = 0), json BLOB NOT NULL);
                    """)
        }
        migrator.registerMigration("2: replaced marks stay as history") { db in
            try db.execute(sql: "ALTER TABLE mark ADD COLUMN replaced INTEGER NOT NULL DEFAULT 0")
        }
        addGaps(&migrator)
        migrator.registerMigration("3: outlines of all frames, pictures of some") { db in
            try db.execute(
                sql: """
                    CREATE TABLE outline (frame INTEGER PRIMARY KEY, rings BLOB NOT NULL);
                    CREATE TABLE picture (frame INTEGER PRIMARY KEY, jpeg BLOB NOT NULL);
                    """)
        }
        migrator.registerMigration("4: when and why marks were replaced") { db in
            try db.execute(
                sql: """
                    CREATE TABLE mark_edit (
                        id INTEGER PRIMARY KEY, at TEXT NOT NULL, source TEXT NOT NULL, note TEXT NOT NULL
                    );
                    ALTER TABLE mark ADD COLUMN made_by INTEGER;
                    ALTER TABLE mark ADD COLUMN replaced_by INTEGER;
                    """)
        }
        migrator.registerMigration("5: the inlet's area") { db in
            try db.execute(sql: "ALTER TABLE frame ADD COLUMN inlet_area_px REAL")
        }
        return migrator
    }

    // MARK: Writing

    /// Commits rows with their outlines, marks and holes, and the state after the last of them, as one.
    func commit(_ batch: CommitBatch, temporalState: Data?) throws {
        guard !batch.isEmpty else { return }
        try database.write { db in
            try Self.frames.insert(batch.rows, into: db, bind: Self.bind)
            try Self.insert(batch.outlines, into: db)
            for mark in batch.marks { try Self.insert(mark, into: db) }
            for gap in batch.gaps { try Self.insert(gap, into: db) }
            if let temporalState {
                try db.execute(
                    sql: "INSERT OR REPLACE INTO temporal_state VALUES (0, ?)", arguments: [temporalState])
            }
        }
    }

    private static let frames = InsertForm("INSERT INTO frame VALUES", columns: 18)

    /// The columns of the table `frame`.
    private static func bind(_ row: NumberedSample, to frames: inout DirectInsert) {
        let sample = row.sample
        let opening = sample.opening
        frames.bind(sample.frame)
        frames.bind(row.sequence)
        frames.bind(sample.time.nanoseconds)
        frames.bind(sample.segment)
        frames.bind(sample.reasons.isEmpty ? "" : sample.reasons.map(\.rawValue).joined(separator: " "))
        frames.bind(sample.quality)
        frames.bind(sample.confidence)
        frames.bind(opening?.area)
        frames.bind(sample.fieldShare)
        frames.bind(sample.normalisedArea)
        frames.bind(opening?.length)
        frames.bind(opening?.width)
        frames.bind(opening?.angle)
        frames.bind(opening?.leftArea)
        frames.bind(opening?.rightArea)
        frames.bind(opening?.center?.x)
        frames.bind(opening?.center?.y)
        frames.bind(sample.inletArea)
    }

    private static func insert(_ mark: CommittedMark, into db: Database) throws {
        try db.execute(
            sql: "INSERT INTO mark (seq, frame, label, source) VALUES (?, ?, ?, ?)",
            arguments: [mark.sequence, mark.frame, mark.label, mark.source.rawValue])
    }

    /// Commits where the endoscope picture lies from `frame` on.
    func commit(paneJSON: String, fromFrame frame: Int) throws {
        try database.write { db in
            try db.execute(sql: "INSERT OR REPLACE INTO pane VALUES (?, ?)", arguments: [frame, paneJSON])
        }
    }

    /// Commits evidence pictures; each replaces the one of its stage and kind.
    func commit(_ stills: [Still]) throws {
        let encoder = JSONEncoder.stable
        try database.write { db in
            for still in stills {
                try db.execute(
                    sql: "INSERT OR REPLACE INTO still (stage, kind, frame, rings, jpeg) VALUES (?, ?, ?, ?, ?)",
                    arguments: [
                        still.stage, still.kind.rawValue, still.sample.frame,
                        String(decoding: try encoder.encode(still.rings), as: UTF8.self), Data(still.jpeg),
                    ])
            }
        }
    }

    /// Sets facts about the session: versions, hashes, state.
    func setFacts(_ facts: [String: String]) throws {
        try database.write { db in
            for (key, value) in facts {
                try db.execute(sql: "INSERT OR REPLACE INTO fact VALUES (?, ?)", arguments: [key, value])
            }
        }
    }

    // MARK: Reading

    func facts() throws -> [String: String] {
        try database.read { db in
            var facts: [String: String] = [:]
            for row in try Row.fetchAll(db, sql: "SELECT key, value FROM fact") {
                facts[try row.sound("key")] = try row.sound("value") as String
            }
            return facts
        }
    }

    func resumePoint() throws -> ResumePoint {
        try database.read { db in
            let frame = try Int.fetchOne(db, sql: "SELECT max(frame) FROM frame")
            let sequence = try Int.fetchOne(
                db,
                sql: """
                    SELECT max(seq) FROM
                    (SELECT seq FROM frame UNION ALL SELECT seq FROM mark UNION ALL SELECT seq FROM gap)
                    """)
            let state = try Data.fetchOne(db, sql: "SELECT json FROM temporal_state")
            return ResumePoint(
                nextFrame: frame.map { $0 + 1 } ?? 0, nextSequence: sequence.map { $0 + 1 } ?? 0,
                temporalState: state)
        }
    }

    /// All stage marks in the order of the recording.
    func marks() throws -> [CommittedMark] {
        try database.read { db in
            try Row.fetchAll(
                db, sql: "SELECT seq, frame, label, source FROM mark WHERE NOT replaced ORDER BY frame, seq"
            ).map {
                CommittedMark(
                    frame: try $0.sound("frame"), label: try $0.sound("label"),
                    source: MarkSource(rawValue: try $0.sound("source")) ?? .live, sequence: try $0.sound("seq"))
            }
        }
    }

    /// All marks that ever held, in the order in which they were set, with whether they still do.
    func markHistory() throws -> [(mark: CommittedMark, holds: Bool)] {
        try database.read { db in
            try Row.fetchAll(db, sql: "SELECT seq, frame, label, source, replaced FROM mark ORDER BY seq").map { row in
                let replaced: Int = row["replaced"]
                return (
                    CommittedMark(
                        frame: row["frame"], label: row["label"], source: MarkSource(rawValue: row["source"]) ?? .live,
                        sequence: row["seq"]), replaced == 0
                )
            }
        }
    }

    /// Where the endoscope picture lies, by the frame from which it holds.
    func panes() throws -> [(fromFrame: Int, json: String)] {
        try database.read { db in
            try Row.fetchAll(db, sql: "SELECT from_frame, json FROM pane ORDER BY from_frame").map {
                (try $0.sound("from_frame"), try $0.sound("json"))
            }
        }
    }

    /// Evidence pictures, with the rows of their frames.
    func stills() throws -> [Still] {
        try database.read { db in
            try Row.fetchAll(
                db,
                sql: "SELECT stage, kind, rings, jpeg, frame.* FROM still JOIN frame USING (frame) ORDER BY stage, kind"
            ).compactMap { row in
                guard let kind = Still.Kind(rawValue: try row.sound("kind")) else { return nil }
                let rings: String = try row.sound("rings")
                let jpeg: Data = try row.sound("jpeg")
                return Still(
                    stage: try row.sound("stage"), kind: kind, sample: try Self.sample(row, from: 4).sample,
                    rings: (try? JSONDecoder().decode([[Point]].self, from: Data(rings.utf8))) ?? [], jpeg: Array(jpeg))
            }
        }
    }

    /// Hands out committed rows with `frame >= first` in order, at most `limit`.
    func rows(fromFrame first: Int = 0, limit: Int = .max) throws -> [NumberedSample] {
        try database.read { db in
            try Self.samples(
                db, sql: "SELECT * FROM frame WHERE frame >= ? ORDER BY frame LIMIT ?",
                arguments: [first, limit == .max ? -1 : limit])
        }
    }

    /// Hands out committed rows with `seq >= first` in order, at most `limit`.
    func rows(fromSequence first: Int, limit: Int) throws -> [NumberedSample] {
        try database.read { db in
            try Self.samples(
                db, sql: "SELECT * FROM frame WHERE seq >= ? ORDER BY seq LIMIT ?", arguments: [first, limit])
        }
    }

    /// Visits every committed row in order without holding them all.
    func forEachRow(_ body: (NumberedSample) throws -> Void) throws {
        try database.read { db in
            let cursor = try Row.fetchCursor(db, sql: "SELECT * FROM frame ORDER BY frame")
            while let row = try cursor.next() { try body(try Self.sample(row)) }
        }
    }

    /// Decoded, measured, and rejected frames by reason.
    ///
    /// `decoded = measured + rejected`.
    func accounting() throws -> Accounting {
        try database.read { db in
            var accounting = Accounting()
            for row in try Row.fetchAll(
                db, sql: "SELECT reasons, count(*) AS n, area_px IS NULL AS r FROM frame GROUP BY reasons, r")
            {
                accounting.add(reasons: Self.reasons(try row.sound("reasons")), count: try row.sound("n"))
            }
            if try db.tableExists("gap") {
                accounting.dropped = try Int.fetchOne(db, sql: "SELECT coalesce(sum(dropped), 0) FROM gap") ?? 0
            }
            return accounting
        }
    }

    private static func reasons(_ text: String) -> [Reason] {
        text.isEmpty ? [] : text.split(separator: " ").compactMap { Reason(rawValue: String($0)) }
    }

    private static func samples(_ db: Database, sql: String, arguments: StatementArguments) throws
        -> [NumberedSample]
    {
        var samples: [NumberedSample] = []
        let cursor = try Row.fetchCursor(db, sql: sql, arguments: arguments)
        while let row = try cursor.next() { samples.append(try sample(row)) }
        return samples
    }

    /// Reads a row of the table `frame`, whose columns never change their places.
    /// - Parameter first: where the table's first column stands in the row.
    static func sample(_ row: Row, from first: Int = 0) throws -> NumberedSample {
        var sample = Sample(
            frame: try row.sound(at: first), time: StreamTime(nanoseconds: try row.sound(at: first + 2)),
            segment: try row.sound(at: first + 3))
        sample.reasons = reasons(try row.sound(at: first + 4))
        sample.quality = try row.soundIfAny(at: first + 5)
        sample.confidence = try row.soundIfAny(at: first + 6)
        sample.fieldShare = try row.soundIfAny(at: first + 8)
        sample.normalisedArea = try row.soundIfAny(at: first + 9)
        if let area: Double = try row.soundIfAny(at: first + 7) {
            let x: Double? = try row.soundIfAny(at: first + 15)
            let y: Double? = try row.soundIfAny(at: first + 16)
            var center: Point?
            if let x, let y { center = Point(x: x, y: y) }
            sample.opening = Opening(
                area: area, length: try row.sound(at: first + 10), width: try row.sound(at: first + 11),
                angle: try row.soundIfAny(at: first + 12), leftArea: try row.sound(at: first + 13),
                rightArea: try row.sound(at: first + 14), center: center)
        }
        // A store of an earlier version that is only read has no such column.
        if first + 17 < row.count { sample.inletArea = try row.soundIfAny(at: first + 17) }
        return NumberedSample(sequence: try row.sound(at: first + 1), sample: sample)
    }
}

/// A sample with its place in the session's event stream.
struct NumberedSample: Sendable, Hashable {
    var sequence: Int
    var sample: Sample
}

/// The conservation law, counted: every decoded frame is measured or rejected.
struct Accounting: Sendable, Hashable {
    private(set) var measured = 0
    private(set) var rejected = 0
    /// Frames by reason; a frame with two reasons counts under both.
    private(set) var reasons: [Reason: Int] = [:]
    /// Frames of a live source for which there was no time; they are not among the decoded ones.
    var dropped = 0

    var decoded: Int { measured + rejected }
    /// Share of frames measured, 0...1; 0 before the first frame.
    var usableShare: Double { decoded == 0 ? 0 : Double(measured) / Double(decoded) }

    mutating func add(_ sample: Sample) {
        add(reasons: sample.reasons, count: 1)
    }

    mutating func add(reasons: [Reason], count: Int) {
        if reasons.isEmpty { measured += count } else { rejected += count }
        for reason in reasons { self.reasons[reason, default: 0] += count }
    }
}
