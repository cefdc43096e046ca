// What the store keeps for the eye: every measured frame's outline, and pictures of the few frames that prove numbers.

import Foundation
import Frames
import GRDB

extension SessionStore {
    private static let outlines = InsertForm("INSERT OR REPLACE INTO outline VALUES", columns: 2)

    /// Part of the commit of rows.
    static func insert(_ outlines: OutlineBatch, into db: Database) throws {
        guard !outlines.entries.isEmpty else { return }
        try outlines.bytes.withUnsafeBytes { bytes in
            try Self.outlines.insert(outlines.entries, into: db) { entry, insert in
                insert.bind(entry.frame)
                insert.bind(lasting: UnsafeRawBufferPointer(rebasing: bytes[entry.range]))
            }
        }
    }

    /// The opening's outline in one frame, pane pixels; nil where none was measured, or the larynx was closed.
    func outline(ofFrame frame: Int) throws -> [[Point]]? {
        try database.read { db in
            try Data.fetchOne(db, sql: "SELECT rings FROM outline WHERE frame = ?", arguments: [frame])
                .flatMap { OutlineCode.rings(Array($0)) }
        }
    }

    /// Outlines of all frames in a range, by frame.
    func outlines(ofFrames frames: Range<Int>) throws -> [Int: [[Point]]] {
        try database.read { db in
            var outlines: [Int: [[Point]]] = [:]
            let rows = try Row.fetchCursor(
                db, sql: "SELECT frame, rings FROM outline WHERE frame >= ? AND frame < ?",
                arguments: [frames.lowerBound, frames.upperBound])
            while let row = try rows.next() {
                let bytes: Data = row[1]
                outlines[row[0]] = OutlineCode.rings(Array(bytes))
            }
            return outlines
        }
    }

    /// The pane in one frame, JPEG; nil where its picture was not kept.
    func picture(ofFrame frame: Int) throws -> [UInt8]? {
        try database.read { db in
            try Data.fetchOne(db, sql: "SELECT jpeg FROM picture WHERE frame = ?", arguments: [frame]).map { Array($0) }
        }
    }

    /// Keeps a frame's picture.
    func commit(picture: [UInt8], ofFrame frame: Int) throws {
        try database.write { db in
            try db.execute(
                sql: "INSERT OR REPLACE INTO picture VALUES (?, ?)", arguments: [frame, Data(picture)])
        }
    }

    /// Which frames have a picture.
    func framesWithPicture() throws -> Set<Int> {
        try database.read { db in Set(try Int.fetchAll(db, sql: "SELECT frame FROM picture")) }
    }
}
