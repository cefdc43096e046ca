// The recordings that have a session, kept small: a service may see tens of thousands of them.

import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// Which recordings have, or had, a session.
struct KnownRecordings {
    struct Key: Hashable {
        var path: String
        var identity: RecordingIdentity
    }

    /// A session at its end.
    private struct Finished {
        var session: String
        var size: Size
    }

    private enum Size {
        case unread
        /// The session failed, and does not say.
        case none
        case bytes(Int64)
    }

    /// Nil for those whose session is not at its end.
    private var all: [Key: Finished?] = [:]

    func contains(_ key: Key) -> Bool { all.keys.contains(key) }

    /// Takes up a recording whose session is not at its end.
    /// - Returns: false when it was known before.
    mutating func insert(_ key: Key) -> Bool {
        guard all[key] == nil else { return false }
        all[key] = .some(nil)
        return true
    }

    mutating func remove(_ key: Key) { all[key] = nil }

    /// Notes that a recording's session is at its end.
    mutating func finish(_ key: Key, session: String) { all[key] = Finished(session: session, size: .unread) }

    /// Notes that a finished session goes on.
    mutating func reopen(_ key: Key) { all[key] = .some(nil) }

    /// The finished session of a recording; nil where there is none.
    func session(of key: Key) -> String? { all[key]??.session }

    /// Bytes that the finished session of a recording has measured; nil where there is none, or it does not say.
    mutating func bytes(of key: Key, in registry: SessionRegistry) -> Int64? {
        guard case .some(.some(var finished)) = all[key] else { return nil }
        if case .unread = finished.size {
            let folder = SessionFolder(root: registry.root.appending(path: finished.session))
            finished.size = registry.bytes(of: folder).map { .bytes($0) } ?? .none
            all[key] = finished
        }
        guard case .bytes(let bytes) = finished.size else { return nil }
        return bytes
    }

    /// Known recordings that are the same file under another name.
    func others(like key: Key) -> [Key] {
        all.keys.filter { $0.identity == key.identity && $0.path != key.path }
    }
}

extension SessionRegistry {
    /// Whether a session's folder is there.
    func isThere(_ session: String) -> Bool { access(root.path + "/" + session, F_OK) == 0 }
}
