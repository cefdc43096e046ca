// Where sessions put their events and readers find them.
import Synchronization

/// What the stream says of a session.
package struct SessionSummary: Sendable, Equatable {
    package var session: String
    /// The supervisor's word for it, such as `measuring`, `waiting` or `ended`.
    package var state: String
    /// Rows published since this process began to serve the session.
    package var rows: Int
    /// Sequence number of the newest row; -1 before the first.
    package var lastSeq: Int
    package var hasEnded: Bool
}

/// The events of all sessions, between those who measure and those who listen.
///
/// One history per session is the only buffer: publishing appends to it, wakes the readers at most once, and never
/// waits for one of them. May be called from any thread.
package final class EventHub: Sendable {
    private struct State {
        /// In order of starting.
        var tracks: [SessionTrack] = []
        var byName: [String: SessionTrack] = [:]
        var wake: (@Sendable () -> Void)?
        /// Counts tracks as they are made.
        var made = 0
        /// Tracks let go of lately, so that a reader who never saw one can say how much it missed.
        var evicted: [EvictedTrack] = []
    }

    private static let evictionsKept = 4096

    /// Ended sessions whose rows stay in memory; older ones are read from the store.
    static let endedSessionsKept = 4

    private let historyRows: Int
    private let state = Mutex(State())
    private let isWakePending = Atomic<Bool>(false)
    private let listVersion = Atomic<Int>(0)

    /// - Parameter historyRows: rows held for every session.
    package init(historyRows: Int = 8192) {
        self.historyRows = historyRows
    }

    /// Announces a session, so that listeners to all sessions hear it.
    ///
    /// Announcing one again (after its worker was
    /// restarted) keeps its history.
    package func sessionStarted(_ session: String, state word: String = "measuring") {
        track(for: session).set(state: word, hasEnded: false)
        wakeReaders()
    }

    /// Changes the word that `hello` and `status` say of a session.
    package func sessionChanged(_ session: String, state word: String) {
        track(for: session).set(state: word, hasEnded: false)
    }

    /// Marks a session as over.
    ///
    /// Its `end` event is to be published before. The last few ended sessions stay in memory.
    package func sessionEnded(_ session: String, state word: String = "ended") {
        let evicted = state.withLock { state -> [SessionTrack] in
            guard let track = state.byName[session] else { return [] }
            track.set(state: word, hasEnded: true)
            let ended = state.tracks.filter(\.hasEnded)
            let old = ended.dropLast(Self.endedSessionsKept)
            guard !old.isEmpty else { return [] }
            for track in old {
                state.byName[track.session] = nil
                state.evicted.append(EvictedTrack(index: track.index, rows: track.end.ordinal))
            }
            if state.evicted.count > 2 * Self.evictionsKept {
                state.evicted.removeFirst(state.evicted.count - Self.evictionsKept)
            }
            state.tracks.removeAll { track in old.contains { $0 === track } }
            return Array(old)
        }
        for track in evicted { track.evict() }
        listVersion.add(1, ordering: .releasing)
        wakeReaders()
    }

    /// Puts an event into its session's history.
    ///
    /// - Parameter seq: the event's number in its session, ascending; nil for events that are not stored and therefore
    ///   cannot be asked for again. A number seen before is left out.
    /// - Parameter line: one JSON object, with or without its line feed.
    /// - Returns: false for a repetition, which is left out.
    /// - Complexity: O(line); takes one uncontended lock and, when readers sleep, wakes them.
    @discardableResult package func publish(session: String, seq: Int?, line: [UInt8]) -> Bool {
        var line = line
        if line.last != UInt8(ascii: "\n") { line.append(UInt8(ascii: "\n")) }
        guard track(for: session).append(seq: seq, line: line) else { return false }
        wakeReaders()
        return true
    }

    /// Puts an event, given as text, into its session's history.
    @discardableResult package func publish(session: String, seq: Int?, line: String) -> Bool {
        publish(session: session, seq: seq, line: [UInt8](line.utf8))
    }

    /// All sessions in memory, in order of starting.
    package var sessions: [SessionSummary] { tracks.map(\.summary) }

    // MARK: For the server

    /// Grows whenever the list of sessions changes.
    var version: Int { listVersion.load(ordering: .acquiring) }

    var tracks: [SessionTrack] { state.withLock { $0.tracks } }

    /// The tracks, how many were ever made, and those made after `index` that are gone already.
    func census(after index: Int) -> (tracks: [SessionTrack], made: Int, missed: Int) {
        state.withLock { state in
            guard state.made > index else { return (state.tracks, state.made, 0) }
            let missed = state.evicted.lazy.filter { $0.index > index }.reduce(0) { $0 + $1.rows }
            return (state.tracks, state.made, missed)
        }
    }

    func existingTrack(_ session: String) -> SessionTrack? { state.withLock { $0.byName[session] } }

    /// Sets who is called when there is something new.
    ///
    /// It is called from any thread, once, until `wakeTaken`.
    func onWake(_ wake: (@Sendable () -> Void)?) {
        state.withLock { $0.wake = wake }
        isWakePending.store(false, ordering: .releasing)
    }

    /// Says that the call has arrived; what is published from now on calls again.
    func wakeTaken() { isWakePending.store(false, ordering: .sequentiallyConsistent) }

    private func wakeReaders() {
        guard !isWakePending.exchange(true, ordering: .sequentiallyConsistent) else { return }
        let wake = state.withLock { $0.wake }
        wake?()
    }

    private func track(for session: String) -> SessionTrack {
        let (track, isNew) = state.withLock { state in
            if let track = state.byName[session] { return (track, false) }
            state.made += 1
            let track = SessionTrack(session: session, index: state.made, historyRows: historyRows)
            state.byName[session] = track
            state.tracks.append(track)
            return (track, true)
        }
        if isNew { listVersion.add(1, ordering: .releasing) }
        return track
    }
}

private struct EvictedTrack {
    var index: Int
    var rows: Int
}

/// One session's history, shared by its producer and the readers.
final class SessionTrack: Sendable {
    private struct Inner {
        var history: EventHistory
        var word = "measuring"
        var hasEnded = false
        var isEvicted = false
    }

    let session: String
    /// Which track this is, counted from 1 in the order of making.
    let index: Int
    private let inner: Mutex<Inner>

    init(session: String, index: Int, historyRows: Int) {
        self.session = session
        self.index = index
        inner = Mutex(Inner(history: EventHistory(capacity: historyRows)))
    }

    var hasEnded: Bool { inner.withLock { $0.hasEnded } }
    var isEvicted: Bool { inner.withLock { $0.isEvicted } }

    var summary: SessionSummary {
        inner.withLock {
            SessionSummary(
                session: session, state: $0.word, rows: $0.history.next, lastSeq: $0.history.lastSeq,
                hasEnded: $0.hasEnded)
        }
    }

    func set(state word: String, hasEnded: Bool) {
        inner.withLock {
            $0.word = word
            $0.hasEnded = hasEnded
        }
    }

    func append(seq: Int?, line: [UInt8]) -> Bool {
        inner.withLock { $0.history.append(seq: seq, line: line) }
    }

    /// Frees the rows.
    ///
    /// Readers that were still behind find them dropped.
    func evict() {
        inner.withLock {
            $0.isEvicted = true
            $0.history.removeAll()
        }
    }

    /// Where a reader who wants only news begins.
    var end: (ordinal: Int, lastSeq: Int) { inner.withLock { ($0.history.next, $0.history.lastSeq) } }

    /// Where a reader who has everything up to `seq` reads on, if the ring reaches back that far.
    func ordinal(holding seq: Int) -> RingPlace {
        inner.withLock {
            guard let first = $0.history.firstSeq else { return .empty(next: $0.history.next) }
            return first <= seq ? .held($0.history.ordinal(atOrAfter: seq)) : .later(first)
        }
    }

    func read(from ordinal: Int, maximumBytes: Int, take: ([UInt8]) -> Void) -> EventHistory.Reading {
        inner.withLock { $0.history.read(from: ordinal, maximumBytes: maximumBytes, take: take) }
    }
}

/// How a history relates to the row that a reader wants next.
enum RingPlace {
    /// The ring reaches back to it: read on from this ordinal.
    case held(Int)
    /// The ring's oldest row, of this number, comes after it.
    case later(Int)
    /// The ring holds nothing; the next row will have this ordinal.
    case empty(next: Int)
}
