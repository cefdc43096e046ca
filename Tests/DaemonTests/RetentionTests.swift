// Which sessions go, and which never do.
import Foundation
import Testing

@testable import Daemon

@Suite("Retention")
struct RetentionTests {
    /// A session that looks finished, touched so many days ago.
    private func session(
        _ name: String, days: Double, in scratch: Scratch, bytes: Int64 = 0, finished: Bool = true
    ) throws -> SessionFolder {
        let folder = SessionFolder(root: scratch.root.appending(path: "sessions/\(name)"))
        try FileManager.default.createDirectory(at: folder.root, withIntermediateDirectories: true)
        let recording = scratch.path(name + ".mkv")
        try Data(name.utf8).write(to: URL(fileURLWithPath: recording))
        try SessionOrigin(source: recording, identity: try #require(RecordingIdentity(path: recording))).write(
            to: folder)
        try Data("{}".utf8).write(to: folder.store)
        truncate(folder.store.path, Int(bytes))
        guard finished else { return folder }
        try Data("{}".utf8).write(to: folder.summary)
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -days * 86_400)], ofItemAtPath: folder.summary.path)
        return folder
    }

    private func registry(_ scratch: Scratch) -> SessionRegistry { SessionRegistry(stateFolder: scratch.root.path) }

    @Test("removes by age; never what is kept, held, unfinished or young")
    func byAge() throws {
        let scratch = try Scratch()
        let old = try session("old", days: 31, in: scratch)
        let young = try session("young", days: 29, in: scratch)
        let kept = try session("kept", days: 100, in: scratch)
        try kept.setKept(true)
        let held = try session("held", days: 100, in: scratch)
        let lock = try held.acquireLock()
        let unfinished = try session("unfinished", days: 100, in: scratch, finished: false)
        let retention = Retention(registry: registry(scratch), settings: .init(days: 30, gigabytes: 0))
        #expect(retention.sweep().map(\.session) == ["old"])
        #expect(!FileManager.default.fileExists(atPath: old.root.path))
        for folder in [young, kept, held, unfinished] {
            #expect(FileManager.default.fileExists(atPath: folder.store.path), "\(folder.name)")
        }
        _ = consume lock
        #expect(retention.sweep().map(\.session) == ["held"], "released, it goes")
        try kept.setKept(false)
        #expect(retention.sweep().map(\.session) == ["kept"])
        #expect(FileManager.default.fileExists(atPath: scratch.path("old.mkv")), "recordings are never touched")
    }

    @Test("removes the oldest until the rest fits")
    func bySize() throws {
        let scratch = try Scratch()
        // Sparse: they take no room on the disk.
        for (name, days) in [("a", 3.0), ("b", 2.0), ("c", 1.0)] {
            _ = try session(name, days: days, in: scratch, bytes: 800_000_000)
        }
        _ = try session("running", days: 9, in: scratch, bytes: 300_000_000, finished: false)
        let retention = Retention(registry: registry(scratch), settings: .init(days: 0, gigabytes: 2))
        #expect(retention.sweep().map(\.session) == ["a"])
        #expect(registry(scratch).all().map(\.name) == ["b", "c", "running"])
    }

    @Test("removes nothing without being told to, but finishes what a crash has interrupted")
    func interrupted() throws {
        let scratch = try Scratch()
        _ = try session("a", days: 9999, in: scratch)
        let half = try session(SessionFolder.partingPrefix + "b", days: 1, in: scratch)
        #expect(registry(scratch).all().map(\.name) == ["a"], "half a session is none")
        #expect(Retention(registry: registry(scratch), settings: .init()).sweep().isEmpty)
        #expect(!FileManager.default.fileExists(atPath: half.root.path))
        #expect(registry(scratch).all().map(\.name) == ["a"])
    }

    @Test("remembers a recording whose session was deleted, and nothing of it but numbers")
    func forgotten() throws {
        let scratch = try Scratch()
        let folder = try session("Mustermann", days: 1, in: scratch)
        let recording = scratch.path("Mustermann.mkv")
        try folder.delete(registry: registry(scratch))
        #expect(ForgottenRecordings(in: registry(scratch)).contains(recording))
        #expect(try !scratch.text("forgotten").contains("Mustermann"))
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: recording))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data("more".utf8))
        try handle.close()
        #expect(!ForgottenRecordings(in: registry(scratch)).contains(recording), "another recording is measured")
    }
}
