// The configuration in use, where workers find it whatever stands on the disk by then.

import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Holds the files that were sound when they were read, in memory that workers can open by a path.
///
/// A worker that read the files itself would find a half-edited one, and a test would not be measured.
final class AcceptedConfiguration: Sendable {
    /// Stays the same: new content takes the place of the old one under the same number, at once.
    private let descriptor: Int32
    private let files: Mutex<ConfigurationFiles>

    init(_ files: ConfigurationFiles) throws(CommandError) {
        descriptor = try Self.memory(holding: files)
        self.files = Mutex(files)
    }

    deinit { close(descriptor) }

    /// Where workers read it; they run as the same user.
    var path: String { "/proc/\(getpid())/fd/\(descriptor)" }

    /// Whether these are the files in use.
    func holds(_ other: ConfigurationFiles) -> Bool { files.withLock { $0 == other } }

    /// Takes new files into use.
    func accept(_ new: ConfigurationFiles) throws(CommandError) {
        let next = try Self.memory(holding: new)
        defer { close(next) }
        guard dup2(next, descriptor) >= 0 else { throw Self.failure() }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        files.withLock { $0 = new }
    }

    /// A file without a name, in memory: a full disk must not stand in the way of a reload.
    private static func memory(holding files: ConfigurationFiles) throws(CommandError) -> Int32 {
        let descriptor = unnamedFile()
        guard descriptor >= 0 else { throw failure() }
        let bytes = [UInt8](files.encoded())
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress! + written, $0.count - written) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let error = failure()
                close(descriptor)
                throw error
            }
            written += count
        }
        return descriptor
    }

    /// In shared memory; where a container gives none, in the folder for temporary files.
    private static func unnamedFile() -> Int32 {
        let name = "/rima-configuration-\(UUID().uuidString)"
        let flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC
        let shared = shm_open(name, flags, 0o600)
        guard shared < 0 else {
            shm_unlink(name)
            return shared
        }
        let path = FileManager.default.temporaryDirectory.path + name
        let descriptor = open(path, flags, 0o600)
        if descriptor >= 0 { unlink(path) }
        return descriptor
    }

    private static func failure() -> CommandError {
        CommandError(
            .unavailable, "cannot hold the configuration in memory: \(String(cString: strerror(errno)))",
            remedy: "look at the space in /dev/shm and in the folder for temporary files")
    }
}

/// Tells when a configuration file or a drop-in has changed, by looking once a second.
///
/// Looking works where notices do not come: on network file systems, and where a name is a link that is turned round.
struct ConfigurationLook {
    /// A file as the disk shows it; nil where it cannot be looked at.
    private struct Face: Equatable {
        var device: UInt64
        var inode: UInt64
        var bytes: Int64
        var seconds: Int
        var nanoseconds: Int
    }

    private let path: String
    private var last: [String: Face]
    /// What was seen when something had changed; reported once it has stayed the same for one look.
    private var changing: [String: Face]?

    init(path: String) {
        self.path = path
        last = Self.faces(path)
    }

    /// Looks.
    /// - Returns: true once for every change, when it has come to rest.
    mutating func hasChanged() -> Bool {
        let now = Self.faces(path)
        guard now != last else {
            changing = nil
            return false
        }
        guard changing == now else {
            changing = now
            return false
        }
        (last, changing) = (now, nil)
        return true
    }

    private static func faces(_ path: String) -> [String: Face] {
        var faces: [String: Face] = [:]
        for file in [path] + ConfigurationFiles.dropIns(beside: path) {
            var status = stat()
            guard stat(file, &status) == 0 else { continue }
            faces[file] = Face(
                device: UInt64(status.st_dev), inode: UInt64(status.st_ino), bytes: Int64(status.st_size),
                seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec)
        }
        return faces
    }
}
