// What keeps a session from going on until somebody, or time, mends it.

/// Why a session, or what should become one, cannot go on for now.
struct Trouble: Sendable, Hashable {
    enum Kind: String, Sendable, CaseIterable {
        /// The disk does not take its rows.
        case cannotStore = "cannot_store"
        /// The disk does not give its recording.
        case cannotRead = "cannot_read"
        /// No process can be started.
        case cannotStart = "cannot_start"
        /// No folder can be made for it.
        case noSession = "no_session"
        /// Its worker fell over too often.
        case gaveUp = "gave_up"
    }

    var kind: Kind
    /// The system's words, without names of files.
    var detail: String

    /// Whether the service as a whole does not do what it should: a recording that no decoder survives is a fault of its
    /// own.
    var hindersService: Bool { kind != .gaveUp }

    /// One line for people.
    /// - Parameter session: nil for what has none yet.
    func sentence(about session: String?) -> String {
        let name = session ?? "a new session"
        let what =
            switch kind {
            case .cannotStore: "the rows of \(name) cannot be stored"
            case .cannotRead: "the recording of \(name) cannot be read"
            case .cannotStart: "no worker can be started for \(name)"
            case .noSession: "no session can be made"
            case .gaveUp: "\(name) was given up"
            }
        return detail.isEmpty ? what : "\(what): \(detail)"
    }
}
