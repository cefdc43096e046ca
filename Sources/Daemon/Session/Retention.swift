// How sessions go: one by one on request, or by age and size. A session goes whole or not at all.

import Foundation

#if canImport(Glibc)
    import Glibc
#endif

extension SessionFolder {
    /// Stands in the folder of a session that is under review and must not be removed.
    var keepFlag: URL { root.appending(path: "keep") }

    var isKept: Bool { FileManager.default.fileExists(atPath: keepFlag.path) }

    /// Protects the session, or ends its protection.
    func setKept(_ kept: Bool) throws(CommandError) {
        if kept {
            guard FileManager.default.createFile(atPath: keepFlag.path, contents: nil) else {
                throw CommandError(
                    .cannotCreate, "cannot write in \(root.path): \(String(cString: strerror(errno)))",
                    remedy: "run this as the service's user, or as root")
            }
        } else if unlink(keepFlag.path) != 0, errno != ENOENT {
            throw CommandError(.cannotCreate, "cannot write in \(root.path): \(String(cString: strerror(errno)))")
        }
    }

    /// When somebody last worked on the session: its end, or its last edit.
    var lastTouched: Date? {
        [summary, report, SessionFailure.file(in: self)].compactMap {
            (try? FileManager.default.attributesOfItem(atPath: $0.path))?[.modificationDate] as? Date
        }.max()
    }

    /// Bytes in the files of the folder.
    var bytesInFiles: Int64 {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? []
        return names.reduce(0) { sum, name in
            var status = stat()
            return lstat(root.path + "/" + name, &status) == 0 ? sum + Int64(status.st_size) : sum
        }
    }

    /// Removes the session with everything in it, unless somebody writes it.
    ///
    /// Its name goes first, so that a crash in between leaves no half a session; `Retention` removes the rest.
    func delete(registry: SessionRegistry) throws(CommandError) {
        let lock = try acquireLock()
        ForgottenRecordings(in: registry).add(SessionOrigin(of: self))
        let parting = root.deletingLastPathComponent().appending(path: Self.partingPrefix + name)
        guard rename(root.path, parting.path) == 0 else {
            throw CommandError(
                .noPermission, "cannot remove \(root.path): \(String(cString: strerror(errno)))",
                remedy: "run this as the service's user, or as root")
        }
        _ = consume lock
        do {
            try FileManager.default.removeItem(at: parting)
        } catch  where FileManager.default.fileExists(atPath: parting.path) {
            throw CommandError(.inputOutput, "cannot remove all of \(parting.path): \(describe(error))")
        } catch {
            // A service that cleans up at the same time was quicker.
        }
        let folder = open(registry.root.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { return }
        fsync(folder)
        close(folder)
    }

    /// Names of folders that are being removed; no session's name begins so.
    static let partingPrefix = ".removed-"
}

/// Recordings whose sessions were deleted while they still lay in a watched folder.
///
/// Without this list a restarted service would take them for new ones. A line is `device:inode:bytes:mtime`, which names
/// nobody; a recording that differs in any of these is another one and is measured.
struct ForgottenRecordings {
    private let file: URL

    init(in registry: SessionRegistry) {
        file = registry.root.deletingLastPathComponent().appending(path: "forgotten")
    }

    /// Whether the recording at this path, as it is now, had a session that was deleted.
    func contains(_ path: String) -> Bool {
        guard let text = try? String(contentsOf: file, encoding: .utf8), let line = Self.line(path) else {
            return false
        }
        return text.split(separator: "\n").contains { $0 == line }
    }

    /// Notes a recording, if it is still there.
    func add(_ origin: SessionOrigin?) {
        guard let origin, RecordingIdentity(path: origin.source) == origin.identity,
            let line = Self.line(origin.source), !contains(origin.source)
        else { return }
        let descriptor = open(file.path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let bytes = Array((line + "\n").utf8)
        _ = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        fsync(descriptor)
    }

    private static func line(_ path: String) -> String? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return "\(status.st_dev):\(status.st_ino):\(status.st_size):\(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
    }
}

/// Removes finished sessions by the settings under `retention`.
struct Retention: Sendable {
    let registry: SessionRegistry
    let settings: Configuration.Retention

    struct Removal {
        var session: String
        var outcome: Result<Void, CommandError>
    }

    /// Looks at all sessions once.
    /// - Returns: what was removed, or could not be.
    func sweep(now: Date = Date()) -> [Removal] {
        finishInterrupted()
        guard settings.days > 0 || settings.gigabytes > 0 else { return [] }
        let all = registry.all()
        // Oldest first.
        let removable = all.compactMap { folder -> (folder: SessionFolder, touched: Date)? in
            guard registry.standing(of: folder) != .unfinished, !folder.isKept else { return nil }
            return folder.lastTouched.map { (folder, $0) }
        }.sorted { $0.touched < $1.touched }
        var removals: [Removal] = []
        var total = settings.gigabytes > 0 ? all.reduce(0) { $0 + $1.bytesInFiles } : 0
        for (folder, touched) in removable {
            let isOld = settings.days > 0 && now.timeIntervalSince(touched) > Double(settings.days) * 86_400
            let isTooMuch = settings.gigabytes > 0 && total > Int64(settings.gigabytes) * 1_000_000_000
            guard isOld || isTooMuch else { continue }
            let bytes = folder.bytesInFiles
            do {
                try folder.delete(registry: registry)
                total -= bytes
                removals.append(Removal(session: folder.name, outcome: .success(())))
            } catch  where error.code == .tryAgain {
                // Somebody works on it: next time.
            } catch {
                removals.append(Removal(session: folder.name, outcome: .failure(error)))
            }
        }
        return removals
    }

    /// Removes what a crash left of sessions that were being removed.
    private func finishInterrupted() {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: registry.root.path)) ?? []
        for name in names where name.hasPrefix(SessionFolder.partingPrefix) {
            try? FileManager.default.removeItem(at: registry.root.appending(path: name))
        }
    }
}
