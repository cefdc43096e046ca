// Pictures made by `rima glance`, a process for each, a few at a time.
import Foundation
import NIOHTTP1
import Subprocess
import Synchronization
import SystemPackage

/// Runs `rima glance` and keeps the last frames that it has made.
final class Glances: Sendable {
    private struct State {
        var frames: [String: [UInt8]] = [:]
        var order: [String] = []
        var running = 0
        var isTrying = false
    }

    private let state = Mutex(State())
    private let configurationPath: String?

    private static let framesKept = 64
    private static let mostAtOnce = 2
    private static let largestPicture = 4 << 20
    private static let largestAnswer = 32 << 20

    init(configurationPath: String?) {
        self.configurationPath = configurationPath
    }

    /// A frame of a session, pane only, JPEG.
    func frame(_ frame: Int, of folder: SessionFolder, outline: Bool) async throws -> [UInt8] {
        let key = "\(folder.name)/\(frame)/\(outline)"
        if let kept = state.withLock({ $0.frames[key] }) { return kept }
        let mayRun = state.withLock { state in
            guard state.running < Self.mostAtOnce else { return false }
            state.running += 1
            return true
        }
        guard mayRun else { throw WebError(.tooManyRequests, "other frames are being looked up; ask again") }
        defer { state.withLock { $0.running -= 1 } }
        let jpeg = try await run(
            ["glance", "frame", folder.root.path, "\(frame)", outline ? "--outline" : "--no-outline"],
            limit: Self.largestPicture, seconds: 20)
        state.withLock { state in
            state.frames[key] = jpeg
            state.order.append(key)
            if state.order.count > Self.framesKept { state.frames[state.order.removeFirst()] = nil }
        }
        return jpeg
    }

    /// What the network makes of a file that somebody has brought; the file is removed afterwards.
    func trial(_ bytes: [UInt8]) async throws -> [UInt8] {
        let mayRun = state.withLock { state in
            defer { state.isTrying = true }
            return !state.isTrying
        }
        guard mayRun else { throw WebError(.tooManyRequests, "another file is being tried; wait for it") }
        defer { state.withLock { $0.isTrying = false } }
        let file = FileManager.default.temporaryDirectory.appending(path: "rima-trial-\(UUID().uuidString)")
        guard FileManager.default.createFile(atPath: file.path, contents: nil, attributes: [.posixPermissions: 0o600])
        else { throw WebError(.insufficientStorage, "the file cannot be kept for the moment that it is looked at") }
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(bytes).write(to: file)
        var arguments = ["glance", "trial", file.path]
        if let configurationPath { arguments += ["--config", configurationPath] }
        return try await run(arguments, limit: Self.largestAnswer, seconds: 60)
    }

    private func run(_ arguments: [String], limit: Int, seconds: Int) async throws -> [UInt8] {
        guard DescriptorRoom.suffices() else {
            throw WebError(.serviceUnavailable, "this machine has no room for another process now; ask again")
        }
        var options = PlatformOptions()
        options.teardownSequence = [.send(signal: .kill, allowedDurationToNextStep: .zero)]
        let given = options
        let work = Task {
            let result = try await Subprocess.run(
                .path("/proc/self/exe"), arguments: Arguments(arguments), platformOptions: given, input: .none,
                output: .bytes(limit: limit), error: .string(limit: 16 << 10))
            return (
                status: result.terminationStatus, output: result.standardOutput,
                words: result.standardError
            )
        }
        let clock = Task {
            try await Task.sleep(for: .seconds(seconds))
            work.cancel()
        }
        defer { clock.cancel() }
        guard let result = try? await work.value else {
            throw WebError(.unprocessableEntity, "it could not be looked at, or not in time")
        }
        let last = result.words.split(separator: "\n").last.map(String.init) ?? ""
        let reason = last.replacingOccurrences(of: "rima: error: ", with: "")
        switch result.status {
        case .exited(0): return result.output
        case .exited(CommandError.Code.noInput.rawValue):
            throw WebError(.notFound, TextSafety.plain(reason, limit: 300))
        case .exited: throw WebError(.unprocessableEntity, Self.withoutPath(reason))
        case .signaled: throw WebError(.unprocessableEntity, "it could not be looked at in time")
        }
    }

    /// The reader knows the file by another name than this machine does.
    private static func withoutPath(_ text: String) -> String {
        let words = text.split(separator: " ").map { $0.contains("rima-trial-") ? "the file:" : String($0) }
        return TextSafety.plain(words.joined(separator: " "), limit: 300)
    }
}
