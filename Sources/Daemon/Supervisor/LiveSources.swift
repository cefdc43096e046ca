// The live sources of the configuration, and the sessions that they feed.

import Foundation

/// What a client, or a person at a terminal, wants of a live source.
package enum SourceRequest: Sendable, Equatable {
    case start(String)
    case stop(String)
    case list
}

/// What became of it.
package enum SourceOutcome: Sendable, Equatable {
    case started(session: String)
    case stopped(session: String)
    /// A JSON list, on one line.
    case listed(String)
    /// For this reason, in a sentence.
    case refused(String)
}

/// Which source feeds which session.
///
/// A test is one session: it begins when its source is started, goes on through every loss of the source and every
/// restart of the service, and is over when the source is stopped.
struct LiveSources {
    private(set) var configured: [Configuration.LiveSource]
    /// Sessions that are not over, by source.
    private(set) var sessions: [String: SessionFolder] = [:]
    /// Sources whose session is told to end and has not yet.
    private(set) var ending: Set<String> = []

    init(_ sources: [Configuration.LiveSource]) {
        configured = sources
    }

    /// What is to be done after the configuration was read.
    struct Changes {
        var start: [String] = []
        var stop: [String] = []
        /// Running with other settings than before.
        var restart: [String] = []
    }

    /// Names of the sessions that are fed now, by source.
    var sessionNames: [String: String] { sessions.mapValues(\.name) }

    /// The source of a session that is not over.
    func source(of session: String) -> String? {
        sessions.first { $0.value.name == session }?.key
    }

    func isConfigured(_ name: String) -> Bool { configured.contains { $0.name == name } }

    /// Takes up a session that an earlier process has left.
    /// - Returns: false when it is to be brought to its end, because its source is gone or feeds another one.
    mutating func adopt(_ folder: SessionFolder, of name: String) -> Bool {
        let isOver = FileManager.default.fileExists(atPath: folder.finishMark.path)
        guard !isOver, isConfigured(name), sessions[name] == nil else { return false }
        sessions[name] = folder
        return true
    }

    /// A new session was made for a source.
    mutating func began(_ folder: SessionFolder, of name: String) { sessions[name] = folder }

    /// A source's session was told to end.
    mutating func isEnding(_ name: String) { ending.insert(name) }

    /// A session is over.
    mutating func ended(_ session: String) {
        guard let name = source(of: session) else { return }
        sessions[name] = nil
        ending.remove(name)
    }

    /// Takes over another configuration.
    mutating func replace(by sources: [Configuration.LiveSource]) -> Changes {
        var changes = Changes()
        let old = Dictionary(uniqueKeysWithValues: configured.map { ($0.name, $0) })
        let new = Dictionary(uniqueKeysWithValues: sources.map { ($0.name, $0) })
        configured = sources
        changes.stop = old.keys.filter { new[$0] == nil && sessions[$0] != nil }.sorted()
        for source in sources {
            if let before = old[source.name] {
                if before != source, sessions[source.name] != nil { changes.restart.append(source.name) }
            } else if source.autostart, sessions[source.name] == nil {
                changes.start.append(source.name)
            }
        }
        return changes
    }

    /// All of them as JSON, without their addresses.
    func list() -> String {
        let items = configured.map { source in
            let session = sessions[source.name].map { jsonString($0.name) } ?? "null"
            let state = ending.contains(source.name) ? "ending" : sessions[source.name] == nil ? "off" : "on"
            return #"{"source":\#(jsonString(source.name)),"state":"\#(state)","session":\#(session),"#
                + #""record":\#(source.record),"autostart":\#(source.autostart)}"#
        }
        return "[" + items.joined(separator: ",") + "]"
    }
}
