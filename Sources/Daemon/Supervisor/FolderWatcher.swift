// Finds recordings as they appear in the watched folders.

import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// A recording that was found.
struct FoundRecording: Sendable, Hashable {
    var path: String
    var identity: RecordingIdentity
    /// Size now.
    var bytes: Int64
}

/// Watches folders with inotify, and looks again every second for file systems that stay silent (SMB, NFS).
final class FolderWatcher: Sendable {
    private let descriptor: Int32
    private let folders: [Configuration.WatchedFolder]

    init(_ folders: [Configuration.WatchedFolder]) throws(CommandError) {
        descriptor = inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK))
        guard descriptor >= 0 else {
            throw CommandError(
                .unavailable, "cannot watch folders: \(String(cString: strerror(errno)))",
                remedy: "raise fs.inotify.max_user_instances")
        }
        self.folders = folders
    }

    deinit { close(descriptor) }

    /// Hands out all recordings that lie in the folders now, oldest name first, a handful at a time: a folder may hold
    /// tens of thousands, and is looked at every second.
    /// - Parameter take: told with the last of them that there are no more.
    func scan(_ take: (_ recordings: [FoundRecording], _ isLast: Bool) -> Void) {
        var found: [FoundRecording] = []
        for folder in folders {
            for name in names(in: folder.folder, recursive: folder.recursive).sorted() {
                guard fnmatch(folder.pattern, base(name), FNM_PERIOD) == 0, isRecording(name) else { continue }
                let path = folder.folder + "/" + name
                guard let identity = RecordingIdentity(path: path) else { continue }
                found.append(FoundRecording(path: path, identity: identity, bytes: fileSize(path)))
                guard found.count == Self.handful else { continue }
                take(found, false)
                found.removeAll(keepingCapacity: true)
            }
        }
        take(found, true)
    }

    private static let handful = 256

    /// Waits until something stirs in a folder, or for a second.
    func wait() {
        for folder in folders {
            // Adding a watch that exists is free; a folder that appears later is picked up here.
            _ = inotify_add_watch(
                descriptor, folder.folder,
                UInt32(IN_CREATE) | UInt32(IN_MOVED_TO) | UInt32(IN_CLOSE_WRITE))
        }
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&entry, 1, 1000) > 0 else { return }
        withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 8) { buffer in
            while read(descriptor, buffer.baseAddress, buffer.count) > 0 {}
        }
    }

    /// Names that containers go by; what else lies in the folder is left alone.
    private func isRecording(_ name: String) -> Bool {
        let parts = base(name).split(separator: ".")
        return parts.count > 1 && Self.extensions.contains(parts[parts.count - 1].lowercased())
    }

    private static let extensions: Set<String> = [
        "mp4", "m4v", "mov", "mkv", "webm", "avi", "ts", "m2ts", "mts", "mpg", "mpeg", "ps", "vob", "asf", "wmv", "flv",
        "dv", "gif",
    ]

    private func names(in path: String, recursive: Bool) -> [String] {
        guard recursive else { return (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] }
        guard let enumerator = FileManager.default.enumerator(atPath: path) else { return [] }
        return enumerator.compactMap { $0 as? String }
    }

    private func base(_ name: String) -> String {
        name.split(separator: "/").last.map(String.init) ?? name
    }
}

/// Size of a file; 0 when it is not there.
private func fileSize(_ path: String) -> Int64 {
    var status = stat()
    return stat(path, &status) == 0 ? Int64(status.st_size) : 0
}
