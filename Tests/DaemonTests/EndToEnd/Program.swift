// The program as a user runs it.

import Daemon
import Foundation
import Synchronization
import TestSupport
import Testing

/// The built `rima`, which lies beside the test bundle.
enum Program {
    static let path: String = {
        var folder = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        if !FileManager.default.isExecutableFile(atPath: folder.appending(path: "rima").path) {
            // Swift's own test runner loads the bundle: its first argument names it.
            let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
            folder = URL(fileURLWithPath: bundle).resolvingSymlinksInPath().deletingLastPathComponent()
        }
        return folder.appending(path: "rima").path
    }()

    /// A network that takes dark places for the opening: quick, and exact enough for everything but accuracy.
    static let darkNetwork = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/dark.onnx").path

    /// Runs to the end.
    static func run(_ arguments: [String], environment: [String: String] = [:]) throws -> Child.Outcome {
        try Child.run(path, arguments, environment: environment)
    }

    static func start(_ arguments: [String], environment: [String: String] = [:]) throws -> Child {
        try Child(path, arguments, environment: environment)
    }
}

extension Child {
    func kill9() throws {
        send(SIGKILL)
        try wait(upTo: 30)
    }

    /// Asks it to stop and waits until it has.
    func terminate() throws -> Int32 {
        send(SIGTERM)
        return try wait(upTo: 60).status
    }
}

/// Recordings that are drawn once for all tests of a run: most of them want the same few.
private enum DrawnRecordings {
    private static let folder: URL = {
        let folder = FileManager.default.temporaryDirectory.appending(path: "rima-test-drawn-\(getpid())")
        try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        atexit { try? FileManager.default.removeItem(at: DrawnRecordings.folder) }
        return folder
    }()
    private static let locks = Mutex<[String: NSLock]>([:])

    /// Draws a recording if none of these settings is there, and copies it with its truth.
    static func copy(_ ending: String, _ settings: [String], to target: String) throws {
        let name = settings.joined().filter { $0.isLetter || $0.isNumber || $0 == "." } + "." + ending
        let drawn = folder.appending(path: name)
        try locks.withLock { locks in
            if locks[name] == nil { locks[name] = NSLock() }
            return locks[name]!
        }.withLock {
            guard !FileManager.default.fileExists(atPath: drawn.path) else { return }
            let outcome = try Program.run(["phantom", "--output", drawn.path] + settings)
            try #require(outcome.status == 0, "\(outcome.err)")
        }
        for file in try FileManager.default.contentsOfDirectory(atPath: folder.path) where file.hasPrefix(name) {
            try FileManager.default.copyItem(
                atPath: folder.appending(path: file).path, toPath: target + file.dropFirst(name.count))
        }
    }
}

/// A folder that goes away with the test.
final class Scratch {
    let root: URL

    init() throws {
        root = FileManager.default.temporaryDirectory.appending(path: "rima-test-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: root) }

    func path(_ name: String) -> String { root.appending(path: name).path }

    func text(_ name: String) throws -> String { try String(contentsOfFile: path(name), encoding: .utf8) }

    /// Draws a small recording.
    func phantom(
        _ name: String, seconds: Double = 6, size: String = "320x240", seed: Int = 1, extra: [String] = []
    ) throws -> String {
        let settings = [
            "--duration", "\(seconds)", "--size", size, "--seed", "\(seed)", "--layout", "full", "--quiet",
        ]
        try DrawnRecordings.copy(URL(fileURLWithPath: name).pathExtension, settings + extra, to: path(name))
        return path(name)
    }

    /// Analyses with the quick network.
    func analyze(_ file: String, into folder: String, extra: [String] = []) throws -> Child.Outcome {
        try Program.run(["analyze", file, "--output", path(folder), "--model", Program.darkNetwork, "--quiet"] + extra)
    }

    /// A configuration that keeps everything in this folder.
    func configuration(idleLimit: Int = 30) throws -> String {
        for folder in ["watched", "state"] {
            try FileManager.default.createDirectory(atPath: path(folder), withIntermediateDirectories: true)
        }
        try """
        state_folder: \(path("state"))
        idle_limit_seconds: \(idleLimit)
        watch:
          - folder: \(path("watched"))
        model:
          opening_path: \(Program.darkNetwork)
        socket:
          path: \(path("stream.sock"))
        """.write(toFile: path("rima.yaml"), atomically: true, encoding: .utf8)
        return path("rima.yaml")
    }

    /// The only session's folder.
    func sessionFolder() throws -> URL {
        let sessions = root.appending(path: "state/sessions")
        let names = try FileManager.default.contentsOfDirectory(atPath: sessions.path)
        try #require(names.count == 1, "\(names)")
        return sessions.appending(path: names[0])
    }
}
