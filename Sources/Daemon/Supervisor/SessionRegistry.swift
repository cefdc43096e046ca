// The sessions in the state folder, by the recordings they belong to.

import Foundation

/// What is to be done with a session.
enum SessionStanding: Sendable, Hashable {
    case unfinished
    case complete
    case failed
}

/// Finds and makes session folders.
///
/// Names tell when a session began and nothing about the patient.
struct SessionRegistry: Sendable {
    let root: URL

    init(stateFolder: String) {
        root = URL(fileURLWithPath: stateFolder, isDirectory: true).appending(path: "sessions")
    }

    /// All sessions, by name.
    func all() -> [SessionFolder] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? []
        return names.sorted().filter { !$0.hasPrefix(".") }.map { SessionFolder(root: root.appending(path: $0)) }
            .filter { SessionOrigin(of: $0) != nil }
    }

    /// The folder of a session.
    /// - Returns: nil where there is none of that name.
    func session(named name: String) -> SessionFolder? {
        guard !name.isEmpty, !name.contains("/"), !name.hasPrefix(".") else { return nil }
        let folder = SessionFolder(root: root.appending(path: name))
        return SessionOrigin(of: folder) == nil ? nil : folder
    }

    /// How far a session is.
    func standing(of folder: SessionFolder) -> SessionStanding {
        if FileManager.default.fileExists(atPath: folder.summary.path) { return .complete }
        if FileManager.default.fileExists(atPath: SessionFailure.file(in: folder).path) { return .failed }
        return .unfinished
    }

    /// Bytes of the recording that a finished session has measured; nil where it does not say.
    func bytes(of folder: SessionFolder) -> Int64? {
        (try? SessionRecord(of: folder))?.source.bytes
    }

    /// Makes a finished session unfinished, so that a worker goes on with it.
    func reopen(_ folder: SessionFolder) {
        try? FileManager.default.removeItem(at: folder.summary)
        try? FileManager.default.removeItem(at: SessionFailure.file(in: folder))
    }

    /// Makes the session of a recording that has none yet.
    func create(for recording: FoundRecording, now: Date = Date()) throws(CommandError) -> SessionFolder {
        try create(SessionOrigin(source: recording.path, identity: recording.identity), now: now)
    }

    /// Makes a session of a live source.
    func create(live name: String, now: Date = Date()) throws(CommandError) -> SessionFolder {
        try create(SessionOrigin(live: name), now: now)
    }

    private func create(_ origin: SessionOrigin, now: Date) throws(CommandError) -> SessionFolder {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "UTC")
        formatter.dateFormat = "yyyyMMdd-HHmmss"
        let stem = formatter.string(from: now)
        var folder = SessionFolder(root: root.appending(path: stem))
        var number = 2
        while FileManager.default.fileExists(atPath: folder.root.path) {
            folder = SessionFolder(root: root.appending(path: "\(stem)-\(number)"))
            number += 1
        }
        try folder.create()
        do throws(CommandError) {
            try origin.write(to: folder)
        } catch {
            // Half a session would be found, and be none.
            try? FileManager.default.removeItem(at: folder.root)
            throw error
        }
        return folder
    }
}
