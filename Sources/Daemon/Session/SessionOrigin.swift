// Which recording a session belongs to, known before its first frame.

import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// A recording as the file system knows it: a new file under an old name is another recording.
struct RecordingIdentity: Sendable, Hashable, Codable {
    var device: UInt64
    var inode: UInt64

    /// Stands for what is no file.
    static let none = RecordingIdentity(device: 0, inode: 0)

    private init(device: UInt64, inode: UInt64) {
        self.device = device
        self.inode = inode
    }

    /// Looks the file up.
    /// - Returns: nil when it is not there or is not a regular file.
    init?(path: String) {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
    }
}

/// Written once when a session is made: `origin.json`.
struct SessionOrigin: Sendable, Hashable, Codable {
    /// Absolute path of the recording.
    var source: String
    var identity: RecordingIdentity
    /// Name of the configured live source; nil for recordings.
    var live: String?

    /// Reads a session's origin.
    /// - Returns: nil where none was written.
    init?(of folder: SessionFolder) {
        guard let data = try? Data(contentsOf: Self.file(in: folder)),
            let origin = try? JSONDecoder().decode(SessionOrigin.self, from: data)
        else { return nil }
        self = origin
    }

    init(source: String, identity: RecordingIdentity) {
        self.source = source
        self.identity = identity
    }

    /// Of a live source, whose address stays in the configuration.
    init(live name: String) {
        self.init(source: "live:\(name)", identity: .none)
        live = name
    }

    /// Writes the origin so that it is either there whole or not at all.
    func write(to folder: SessionFolder) throws(CommandError) {
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
            try encoder.encode(self).write(to: Self.file(in: folder), options: .atomic)
        } catch {
            throw CommandError(.cannotCreate, "cannot write in \(folder.root.path): \(describe(error))")
        }
    }

    private static func file(in folder: SessionFolder) -> URL { folder.root.appending(path: "origin.json") }
}
