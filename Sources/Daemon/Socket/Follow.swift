// One client's place in one session.

/// Where a client stands in a session, and where its next rows come from.
///
/// Confined to the server's event loop.
final class Follow {
    enum Source: Equatable {
        /// The ring, from `cursor` on.
        case ring
        /// The store, from `lastSeq + 1` on; to be asked.
        case store
        /// The store has been asked.
        case asked
        /// The store had nothing yet; to be asked again at the next tick.
        case waiting
        /// The store is exhausted and no ring is there.
        case idle
    }

    let session: String
    var track: SessionTrack?
    var source: Source
    /// Ordinal of the next row in the ring.
    var cursor = 0
    /// Number of the last row delivered; the one before the first that is wanted.
    var lastSeq: Int
    /// Asked for by number: what has left the ring is read from the store, so that nothing is lost.
    let isLossless: Bool
    /// The reply to the subscription waits until the store has answered.
    var owesReply = false
    /// How often in a row the store had nothing though the ring begins later.
    var attempts = 0

    /// A place at the end of a track: only news.
    init(newsOf track: SessionTrack) {
        session = track.session
        self.track = track
        source = .ring
        isLossless = false
        (cursor, lastSeq) = track.end
    }

    /// A place at the beginning of a track that has just started.
    init(startOf track: SessionTrack) {
        session = track.session
        self.track = track
        source = .ring
        isLossless = false
        lastSeq = -1
    }

    /// A place at a number.
    init(session: String, track: SessionTrack?, from seq: Int) {
        self.session = session
        self.track = track
        source = .store
        isLossless = true
        lastSeq = seq - 1
        if let track, case .held(let ordinal) = track.ordinal(holding: seq) {
            cursor = ordinal
            source = .ring
        }
    }

    /// Nothing more will come from here.
    var isOver: Bool {
        guard source == .ring, let track else { return false }
        return track.isEvicted && cursor >= track.end.ordinal
    }

    /// Has been given everything there is.
    var isDrained: Bool {
        switch source {
        case .ring: track.map { cursor >= $0.end.ordinal } ?? true
        case .idle: true
        case .store, .asked, .waiting: false
        }
    }

    enum Decision: Equatable {
        case goOn
        /// Rows up to the number given are neither in the store nor in the ring.
        case missing(upTo: Int)
    }

    /// Chooses where to read on after the store's answer, whose last row has been noted in `lastSeq`.
    func decide(storeIsExhausted: Bool, attemptLimit: Int) -> Decision {
        if !storeIsExhausted { attempts = 0 }
        guard let track else {
            source = storeIsExhausted ? .idle : .store
            return .goOn
        }
        switch track.ordinal(holding: lastSeq + 1) {
        case .held(let ordinal):
            cursor = ordinal
            source = .ring
        case .empty(let next):
            cursor = next
            source = storeIsExhausted ? .ring : .store
        case .later(let first):
            guard storeIsExhausted else {
                source = .store
                return .goOn
            }
            // Rows leave the ring before the store's next commit only when thousands come in a second: wait for it.
            attempts += 1
            guard attempts > attemptLimit else {
                source = .waiting
                return .goOn
            }
            attempts = 0
            source = .store
            return .missing(upTo: first - 1)
        }
        return .goOn
    }
}
