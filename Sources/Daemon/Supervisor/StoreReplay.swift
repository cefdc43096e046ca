// Old events, read back from the stores of their sessions.

import Foundation
import Frames

/// Answers clients that ask for what they have missed.
struct StoreReplay: Sendable {
    let registry: SessionRegistry

    /// Committed events with `seq >= from`, in order, at most `limit`.
    func events(of session: String, from: Int, limit: Int) throws -> [StoredEvent] {
        guard let folder = registry.session(named: session) else {
            throw CommandError(.noInput, "there is no session \(session)")
        }
        let store = try SessionStore(readOnly: folder)
        let marks = try store.marks()
        let stages = StageLabels(marks)
        let lines = EventLine(session: session)
        var events = try store.rows(fromSequence: from, limit: limit).map { row in
            var line: [UInt8] = []
            lines.append(row, stage: stages.label(at: row.sample.frame), to: &line)
            return StoredEvent(seq: row.sequence, line: String(decoding: line, as: UTF8.self))
        }
        for mark in marks where mark.sequence >= from {
            var line: [UInt8] = []
            lines.append(mark, to: &line)
            events.append(StoredEvent(seq: mark.sequence, line: String(decoding: line, as: UTF8.self)))
        }
        for gap in try store.gaps(fromSequence: from) {
            var line: [UInt8] = []
            lines.append(gap, to: &line)
            events.append(StoredEvent(seq: gap.sequence, line: String(decoding: line, as: UTF8.self)))
        }
        events.sort { $0.seq < $1.seq }
        return Array(events.prefix(limit))
    }

    /// What `{"status":true}` answers: every session with its standing and accounting.
    func status() -> String {
        let entries = registry.all().map { folder in
            let accounting = (try? SessionStore(readOnly: folder).accounting()) ?? Accounting()
            return #"{"session":\#(jsonString(folder.name)),"state":"\#(registry.standing(of: folder))","#
                + #""decoded":\#(accounting.decoded),"measured":\#(accounting.measured),"rejected":\#(accounting.rejected),"dropped":\#(accounting.dropped)}"#
        }
        return #"{"sessions":["# + entries.joined(separator: ",") + "]}"
    }
}
