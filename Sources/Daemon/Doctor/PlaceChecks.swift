// Whether folders, sockets and limits allow the service to work.

import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// Looks at places with the eyes of the user that the service runs as.
struct PlaceChecks {
    let configuration: Configuration
    /// Nil when the service's user cannot be told.
    let user: MachineUser?

    /// Below this many free bytes a test may not fit; an hour of rows and stills takes about 60 MB.
    private static let leastFreeBytes: Int64 = 64 << 20
    private static let comfortableBytes: Int64 = 2 << 30

    private var who: String { user.map { "user \($0.name)" } ?? "this user" }

    /// The folder that results go to.
    func stateFolder() -> [Finding] {
        let (path, topic) = (configuration.stateFolder, "results folder")
        guard FileManager.default.fileExists(atPath: path) else {
            return [
                Finding(
                    .problem, topic, "\(path) is not there",
                    remedy:
                        "systemd makes /var/lib/rima; make another one with: install -d -o rima -g rima -m 0750 \(path)"
                )
            ]
        }
        guard user?.may(.write, path) ?? (access(path, W_OK) == 0) else {
            return [
                Finding(
                    .problem, topic, "\(who) may not write in \(path)",
                    remedy: "chown rima:rima \(path), or set state_folder to another place")
            ]
        }
        var findings: [Finding] = []
        if let type = MountedFileSystem.type(of: path), MountedFileSystem.isRemote(type) {
            findings.append(
                Finding(
                    .warning, topic,
                    "\(path) lies on \(type): locks and sync over a network are slow and not always kept",
                    remedy: "keep sessions on a local disk and export them"))
        }
        guard let free = MountedFileSystem.freeBytes(at: path) else { return findings }
        let text = "\(path) is writable, with \(Self.text(free)) free"
        if free < Self.leastFreeBytes {
            findings.append(
                Finding(.problem, topic, text + ": too little for a test", remedy: "free some space, or set retention"))
        } else if free < Self.comfortableBytes {
            findings.append(Finding(.warning, topic, text, remedy: "free some space, or set retention.gigabytes"))
        } else {
            findings.append(Finding(.fine, topic, text))
        }
        return findings
    }

    /// The folders that recordings appear in.
    func watchedFolders() -> [Finding] {
        guard !configuration.watch.isEmpty else {
            return [
                Finding(
                    .note, "watched folders", "no folder is watched: `rima serve` finds no recordings by itself",
                    remedy: "set watch in the configuration")
            ]
        }
        return configuration.watch.map { watched in
            let topic = "watched folder"
            let path = watched.folder
            guard FileManager.default.fileExists(atPath: path) else {
                return Finding(.warning, topic, "\(path) is not there yet", remedy: "make it, or mount its file system")
            }
            guard user?.may(.read, path) ?? (access(path, R_OK | X_OK) == 0),
                user?.may(.enter, path) ?? true
            else {
                return Finding(
                    .problem, topic, "\(who) may not read \(path)",
                    remedy: "chgrp rima \(path); chmod g+rx \(path), and for the recordings in it")
            }
            if path.hasPrefix("/home/") || path.hasPrefix("/root/") {
                return Finding(
                    .warning, topic, "\(path) is hidden from the service by ProtectHome= in its unit",
                    remedy: "use a folder under /srv, or set ProtectHome=read-only in a drop-in")
            }
            if let type = MountedFileSystem.type(of: path), MountedFileSystem.isRemote(type) {
                return Finding(
                    .note, topic,
                    "\(path) lies on \(type), which sends no notices: it is looked at every second instead")
            }
            return Finding(.fine, topic, "\(path) can be read")
        }
    }

    /// The place of the event stream.
    func socket() -> [Finding] {
        let (path, topic) = (configuration.socket.path, "socket")
        if (try? StreamClient(path: path)) != nil { return [Finding(.fine, topic, "a service answers at \(path)")] }
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        let parent = URL(fileURLWithPath: folder).deletingLastPathComponent().path
        let place = FileManager.default.fileExists(atPath: folder) ? folder : parent
        guard user?.may(.write, place) ?? (access(place, W_OK) == 0) else {
            let isDefault = folder == "/run/rima"
            return [
                Finding(
                    isDefault ? .note : .problem, topic,
                    "no service answers at \(path), and \(who) may not make a socket in \(place)",
                    remedy: isDefault
                        ? "systemd makes /run/rima when it starts the service; by hand, set socket.path elsewhere"
                        : "set socket.path to a place that the service may write to")
            ]
        }
        return [Finding(.note, topic, "no service answers at \(path); one can be started there")]
    }

    static func text(_ bytes: Int64) -> String {
        bytes >= 10 << 30 ? "\(bytes >> 30) GiB" : "\(bytes >> 20) MiB"
    }
}
