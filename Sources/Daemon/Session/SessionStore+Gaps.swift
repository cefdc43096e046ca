// Holes in the rows of live sources, and what a restarted process needs to go on behind them.

import Decode
import Foundation
import Frames
import GRDB

extension SessionStore {
    /// Adds the table of holes.
    static func addGaps(_ migrator: inout DatabaseMigrator) {
        migrator.registerMigration("live 1: gaps") { db in
            try db.execute(
                sql: """
                    CREATE TABLE gap (
                        seq INTEGER PRIMARY KEY, frame INTEGER NOT NULL, segment INTEGER NOT NULL,
                        cause TEXT NOT NULL, detail TEXT NOT NULL, from_ns INTEGER, to_ns INTEGER,
                        dropped INTEGER NOT NULL
                    );
                    """)
        }
    }

    /// Part of the commit of rows.
    static func insert(_ gap: CommittedGap, into db: Database) throws {
        try db.execute(
            sql: "INSERT INTO gap VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            arguments: [
                gap.sequence, gap.frame, gap.segment, gap.cause.rawValue, gap.detail, gap.from?.nanoseconds,
                gap.to?.nanoseconds, gap.dropped,
            ])
    }

    /// Holes with `seq >= first`, in order.
    func gaps(fromSequence first: Int = 0) throws -> [CommittedGap] {
        try database.read { db in
            // A store that an earlier version wrote, opened for reading only, has none.
            guard try db.tableExists("gap") else { return [] }
            return try Row.fetchAll(db, sql: "SELECT * FROM gap WHERE seq >= ? ORDER BY seq", arguments: [first]).map {
                row in
                let from: Int64? = row["from_ns"]
                let to: Int64? = row["to_ns"]
                return CommittedGap(
                    frame: row["frame"], segment: row["segment"],
                    cause: CommittedGap.Cause(rawValue: row["cause"]) ?? .sourceLost, detail: row["detail"],
                    from: from.map { StreamTime(nanoseconds: $0) }, to: to.map { StreamTime(nanoseconds: $0) },
                    dropped: row["dropped"], sequence: row["seq"])
            }
        }
    }

    /// Where a live source goes on.
    func liveStart() throws -> LiveStart {
        let facts = try facts()
        return try database.read { db in
            guard
                let row = try Row.fetchOne(
                    db, sql: "SELECT frame, segment, t_ns FROM frame ORDER BY frame DESC LIMIT 1")
            else { return LiveStart() }
            return LiveStart(
                frame: row["frame"] + 1, segment: row["segment"] + 1,
                lastTime: StreamTime(nanoseconds: row["t_ns"]),
                clockOrigin: LiveClock(facts)?.origin)
        }
    }

    /// Remembers the monotonic clock at the session's time zero.
    func setLiveClock(_ origin: Int64) throws {
        try setFacts(LiveClock(origin: origin).facts)
    }
}
