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

    /// What is known of a recording's session; only one at its end is kept by name.
    private struct Standing {
        var session = SessionNames.none
        /// Bytes that it has measured, or one of the words below.
        var bytes = unread

        static let unread: Int64 = -1
        /// The session failed, and does not say.
        static let unknown: Int64 = -2
    }

    /// A key that shares its folder's path with all others of that folder.
    private struct Place: Hashable {
        var folder: Int32
        var name: String
        var identity: RecordingIdentity
    }

    private var all: [Place: Standing] = [:]
    private var names = SessionNames()
    private var folders: [String] = []
    private var numbers: [String: Int32] = [:]

    func contains(_ key: Key) -> Bool { place(of: key).map { all.keys.contains($0) } ?? false }

    /// Takes up a recording whose session is not at its end.
    /// - Returns: false when it was known before.
    mutating func insert(_ key: Key) -> Bool {
        let place = makePlace(for: key)
        guard all[place] == nil else { return false }
        all[place] = Standing()
        return true
    }

    mutating func remove(_ key: Key) {
        if let place = place(of: key) { all[place] = nil }
    }

    /// Notes that a recording's session is at its end.
    mutating func finish(_ key: Key, session: String) {
        all[makePlace(for: key)] = Standing(session: names.code(of: session))
    }

    /// Notes that a finished session goes on.
    mutating func reopen(_ key: Key) { all[makePlace(for: key)] = Standing() }

    /// The finished session of a recording; nil where there is none.
    func session(of key: Key) -> String? {
        place(of: key).flatMap { all[$0] }.flatMap { names.name(of: $0.session) }
    }

    /// Bytes that the finished session of a recording has measured; nil where there is none, or it does not say.
    mutating func bytes(of key: Key, in registry: SessionRegistry) -> Int64? {
        guard let place = place(of: key), var known = all[place], let name = names.name(of: known.session) else {
            return nil
        }
        if known.bytes == Standing.unread {
            let folder = SessionFolder(root: registry.root.appending(path: name))
            known.bytes = registry.bytes(of: folder) ?? Standing.unknown
            all[place] = known
        }
        return known.bytes >= 0 ? known.bytes : nil
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

/// Names of sessions as single numbers.
///
/// A name of the registry's own making, `20261128-031500-2`, is its digits; any other stands in a list.
struct SessionNames {
    /// No session.
    static let none: Int64 = 0
    private var others: [String] = []

    mutating func code(of name: String) -> Int64 {
        if let digits = Self.digits(of: name), Self.name(ofDigits: digits) == name { return digits }
        if let place = others.firstIndex(of: name) { return -Int64(place) - 1 }
        others.append(name)
        return -Int64(others.count)
    }

    /// Nil for none.
    func name(of code: Int64) -> String? {
        guard code != Self.none else { return nil }
        return code > 0 ? Self.name(ofDigits: code) : others[Int(-code) - 1]
    }

    /// Date, time and number as fourteen and four digits.
    private static func digits(of name: String) -> Int64? {
        let parts = name.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2 || parts.count == 3, parts[0].count == 8, parts[1].count == 6,
            let day = Int64(parts[0]), let time = Int64(parts[1]), day > 0, time >= 0,
            let number = parts.count == 3 ? Int64(parts[2]) : 0, 0..<10_000 ~= number
        else { return nil }
        return (day * 1_000_000 + time) * 10_000 + number
    }

    private static func name(ofDigits code: Int64) -> String {
        let (stamp, number) = (code / 10_000, code % 10_000)
        let digits = String(stamp)
        guard digits.count == 14 else { return "" }
        return "\(digits.prefix(8))-\(digits.suffix(6))" + (number > 0 ? "-\(number)" : "")
    }
}

extension SessionRegistry {
    /// Whether a session's folder is there.
    func isThere(_ session: String) -> Bool { access(root.path + "/" + session, F_OK) == 0 }
}
