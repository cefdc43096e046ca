// What the stream's server needs from the rest of the daemon.

/// An event as it stands in a session's store.
package struct StoredEvent: Sendable, Equatable {
    package var seq: Int
    /// One JSON object, with or without its line feed; the same bytes as when it was published.
    package var line: String

    package init(seq: Int, line: String) {
        self.seq = seq
        self.line = line
    }
}

/// A client's wish to set a stage mark.
package struct MarkRequest: Sendable, Equatable {
    package var label: String
    /// Nil: the session that is being recorded, if there is only one.
    package var session: String?
    /// Who asks, by the kernel's word; nil when it could not be learnt.
    package var userID: UInt32?
}

/// What became of a mark.
package enum MarkOutcome: Sendable, Equatable {
    /// It was set in this session.
    case set(session: String)
    /// It was not, for this reason, in a sentence.
    case refused(String)
}

/// The calls that lead from the stream into the daemon.
///
/// They run outside the server's event loop.
package struct StreamHandlers: Sendable {
    /// Reads a session's events from the store: those numbered `from` or later, ascending, `limit` at most.
    ///
    /// Empty when
    /// the store holds none (yet); throws when it knows no such session.
    package var replay: @Sendable (_ session: String, _ from: Int, _ limit: Int) async throws -> [StoredEvent]
    package var mark: @Sendable (MarkRequest) async -> MarkOutcome
    /// What `status` says of the daemon beside the stream itself: one JSON object, on one line.
    package var status: @Sendable () async -> String
    /// Lists, starts and stops live sources.
    package var source: @Sendable (SourceRequest) async -> SourceOutcome

    package init(
        replay: @escaping @Sendable (_ session: String, _ from: Int, _ limit: Int) async throws -> [StoredEvent],
        mark: @escaping @Sendable (MarkRequest) async -> MarkOutcome,
        status: @escaping @Sendable () async -> String = { "{}" },
        source: @escaping @Sendable (SourceRequest) async -> SourceOutcome = { _ in .refused("there are no sources") }
    ) {
        self.replay = replay
        self.mark = mark
        self.status = status
        self.source = source
    }
}

/// How the stream is served.
package struct StreamOptions: Sendable {
    package var maximumClients = 64
    package var allowsMarks = true
    package var allowsControl = true
    package var version = "0"
    /// - **Units** milliseconds, all three.
    package var heartbeatInterval = 1000
    /// A client that speaks within this time is served what it asks for; one that keeps silent, everything live.
    ///
    /// What
    /// happens meanwhile is kept for it.
    package var grace = 200
    /// A client that took nothing for this long gives its place to a new one when all places are taken.
    package var stallLimit = 10_000
    package var commandsPerSecond = 20
    /// Monotonic clock.
    ///
    /// **Units** milliseconds.
    package var now: @Sendable () -> Int = { MonotonicClock.milliseconds() }

    package init() {}
}
