// What the calls of the API reach.
import Foundation
import Frames
import NIOHTTP1
import Report
import Synchronization

/// The daemon as the API sees it.
final class WebContext: Sendable {
    let settings: Configuration.Web
    let configuration: Configuration
    let configurationPath: String?
    let registry: SessionRegistry
    let hub: EventHub
    let supervisor: Supervisor
    let overview: ServiceWatch
    /// Clients of the stream now, and rows that they have missed.
    let subscribers: @Sendable () async -> (clients: Int, dropped: Int)
    let book: SessionBook
    let glances: Glances

    init(
        configuration: Configuration, configurationPath: String?, hub: EventHub, supervisor: Supervisor,
        overview: ServiceWatch, subscribers: @escaping @Sendable () async -> (clients: Int, dropped: Int)
    ) {
        settings = configuration.web
        self.configuration = configuration
        self.configurationPath = configurationPath
        registry = SessionRegistry(stateFolder: configuration.stateFolder)
        self.hub = hub
        self.supervisor = supervisor
        self.overview = overview
        self.subscribers = subscribers
        book = SessionBook()
        glances = Glances(configurationPath: configurationPath)
    }

    /// The session that a request names.
    func folder(_ request: WebRequest) throws(WebError) -> SessionFolder {
        guard let folder = registry.session(named: request.parameters["session"] ?? "") else {
            throw WebError(.notFound, "there is no session of this name")
        }
        return folder
    }

    /// The session's store, which its worker may be writing.
    func store(_ folder: SessionFolder) throws(WebError) -> SessionStore {
        do {
            return try SessionStore(readOnly: folder)
        } catch {
            throw WebError(.conflict, "the session has no rows yet")
        }
    }

    /// The supervisor's word for a session, or how far it is by its files.
    func state(of folder: SessionFolder) -> String {
        let word = hub.sessions.first { $0.session == folder.name }
        switch registry.standing(of: folder) {
        case .complete: return word.map { $0.hasEnded ? "complete" : $0.state } ?? "complete"
        case .failed: return "failed"
        case .unfinished: return word?.state ?? "waiting"
        }
    }

    func requireWriting() throws(WebError) {
        guard settings.allowMarks else {
            throw WebError(.forbidden, "this page only shows; `web.allow_marks` would let it set marks and edit stages")
        }
    }
}

/// Statistics of the sessions looked at lately, kept up with their stores.
final class SessionBook: Sendable {
    private struct Entry {
        var statistics = SessionStatistics()
        var lastUse = 0
    }

    private static let kept = 4
    private let entries = Mutex<(uses: Int, byName: [String: Entry])>((0, [:]))

    /// Rows, breaths and interruptions as stored by now.
    ///
    /// - Parameter isOver: whether the recording has ended, so that its last breath is settled.
    func statistics(of folder: SessionFolder, store: SessionStore, isOver: Bool) throws -> SessionStatistics {
        try entries.withLock { book in
            book.uses += 1
            var entry = book.byName[folder.name] ?? Entry()
            book.byName[folder.name] = nil
            entry.lastUse = book.uses
            try entry.statistics.update(from: store)
            let statistics = entry.statistics
            book.byName[folder.name] = entry
            if book.byName.count > Self.kept, let oldest = book.byName.min(by: { $0.value.lastUse < $1.value.lastUse })
            {
                book.byName[oldest.key] = nil
            }
            return isOver ? statistics.finished : statistics
        }
    }
}
