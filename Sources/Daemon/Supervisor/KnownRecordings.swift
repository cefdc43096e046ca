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

    /// A key that shares its folder's path with all others of that folder.
    private struct Place: Hashable {
        var folder: Int32
        var name: String
        var identity: RecordingIdentity
    }

    /// Nil for those whose session is not at its end.
    private var all: [Place: Finished?] = [:]
    private var folders: [String] = []
    private var numbers: [String: Int32] = [:]

    func contains(_ key: Key) -> Bool { place(of: key).map { all.keys.contains($0) } ?? false }

    /// Takes up a recording whose session is not at its end.
    /// - Returns: false when it was known before.
    mutating func insert(_ key: Key) -> Bool {
        let place = makePlace(for: key)
        guard all[place] == nil else { return false }
        all[place] = .some(nil)
        return true
    }

    mutating func remove(_ key: Key) {
        if let place = place(of: key) { all[place] = nil }
    }

    /// Notes that a recording's session is at its end.
    mutating func finish(_ key: Key, session: String) {
        all[makePlace(for: key)] = Finished(session: session, size: .unread)
    }

    /// Notes that a finished session goes on.
    mutating func reopen(_ key: Key) { all[makePlace(for: key)] = .some(nil) }

    /// The finished session of a recording; nil where there is none.
    func session(of key: Key) -> String? { place(of: key).flatMap { all[$0]??.session } }

    /// Bytes that the finished session of a recording has measured; nil where there is none, or it does not say.
    mutating func bytes(of key: Key, in registry: SessionRegistry) -> Int64? {
        guard let place = place(of: key), case .some(.some(var finished)) = all[place] else { return nil }
        if case .unread = finished.size {
            let folder = SessionFolder(root: registry.root.appending(path: finished.session))
            finished.size = registry.bytes(of: folder).map { .bytes($0) } ?? .none
            all[place] = finished
        }
        guard case .bytes(let bytes) = finished.size else { return nil }
        return bytes
    }

    /// Known recordings that are the same file under another name.
    func others(like key: Key) -> [Key] {
        all.keys.filter { $0.identity == key.identity }.map {
            Key(path: folders[Int($0.folder)] + $0.name, identity: $0.identity)
        }.filter { $0.path != key.path }
    }

    /// A path's folder, with its slash, and the rest.
    private static func split(_ path: String) -> (folder: Substring, name: Substring) {
        let cut = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { path.utf8.index(after: $0) } ?? path.startIndex
        return (path[..<cut], path[cut...])
    }

    private func place(of key: Key) -> Place? {
        let (folder, name) = Self.split(key.path)
        return numbers[String(folder)].map { Place(folder: $0, name: String(name), identity: key.identity) }
    }

    private mutating func makePlace(for key: Key) -> Place {
        let (folder, name) = Self.split(key.path)
        let path = String(folder)
        let number = numbers[path] ?? Int32(folders.count)
        if Int(number) == folders.count {
            folders.append(path)
            numbers[path] = number
        }
        return Place(folder: number, name: String(name), identity: key.identity)
    }
}

extension SessionRegistry {
    /// Whether a session's folder is there.
    func isThere(_ session: String) -> Bool { access(root.path + "/" + session, F_OK) == 0 }
}
