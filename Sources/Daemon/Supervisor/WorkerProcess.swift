// One session in a process of its own: a decoder that crashes costs that session's last second and nothing else.

import Foundation
import Subprocess
import Synchronization
import SystemPackage

/// How a worker ended.
enum WorkerEnding: Sendable, Hashable {
    /// All rows are in the store.
    case complete
    /// The recording cannot be read further, however often one tries.
    case failed(code: Int32)
    /// Stopped because we asked; its session goes on another time.
    case stopped
    /// No process could be started, for this reason; the session itself is as it was.
    case notStarted(String)
    /// Crashed or was killed.
    case crashed(String)
}

/// The running workers: commands go to them as one JSON object a line on their standard input.
final class WorkerCommands: Sendable {
    private struct Line {
        var writer: StandardInputWriter
        var process: pid_t
        var lastHeard: ContinuousClock.Instant
    }

    private let lines = Mutex<[String: Line]>([:])

    fileprivate func register(_ writer: StandardInputWriter, process: pid_t, for session: String) {
        lines.withLock { $0[session] = Line(writer: writer, process: process, lastHeard: .now) }
    }

    fileprivate func remove(_ session: String) {
        lines.withLock { $0[session] = nil }
    }

    fileprivate func heard(_ session: String) {
        lines.withLock { $0[session]?.lastHeard = .now }
    }

    /// Kills workers that have been silent for too long.
    func endSilent(for limit: Duration, onKill: (String) -> Void) {
        let silent = lines.withLock { all in
            all.filter { .now - $0.value.lastHeard > limit }.map { ($0.key, $0.value.process) }
        }
        for (session, process) in silent {
            onKill(session)
            kill(process, SIGKILL)
        }
    }

    /// Asks a session's worker to end; its session goes on another time.
    func terminate(_ session: String) {
        guard let process = lines.withLock({ $0[session]?.process }) else { return }
        kill(process, SIGTERM)
    }

    /// Kills workers that take more memory than they may.
    func endOversized(limitMB: Int, onKill: (String) -> Void) {
        let workers = lines.withLock { $0.map { ($0.key, $0.value.process) } }
        for (session, process) in workers {
            // The second number of statm is the resident size in pages.
            guard let text = try? String(contentsOfFile: "/proc/\(process)/statm", encoding: .utf8),
                let pages = text.split(separator: " ").dropFirst().first.flatMap({ Int($0) }),
                pages * Int(sysconf(Int32(_SC_PAGESIZE))) > limitMB << 20
            else { continue }
            onKill(session)
            kill(process, SIGKILL)
        }
    }

    /// Names of the sessions that can be talked to.
    var sessions: [String] { lines.withLock { $0.keys.sorted() } }

    /// Sends a line to a session's worker.
    /// - Returns: false when the session is not running.
    func send(_ line: String, to session: String) async -> Bool {
        guard let writer = lines.withLock({ $0[session]?.writer }) else { return false }
        return (try? await writer.write(line + "\n")) != nil
    }
}

/// Runs one worker to its end.
struct WorkerProcess: Sendable {
    let folder: SessionFolder
    /// Where the service holds the configuration that it uses.
    let configurationPath: String
    let commands: WorkerCommands
    /// Called for every event line of the worker, in order.
    ///
    /// Sequence is nil for lines that are not part of the history.
    let onLine: @Sendable (_ sequence: Int?, _ line: String) -> Void
    /// Called for what a worker says besides events; the key is empty for a sign of life.
    let onWord: @Sendable (_ key: String, _ text: String) -> Void

    /// Starts the worker and follows it.
    ///
    /// Cancelling stops it gently first, then by force.
    func run() async throws -> WorkerEnding {
        try DescriptorRoom.require()
        let arguments = ["worker", folder.root.path, "--accepted", configurationPath]
        var options = PlatformOptions()
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(10))]
        let result = try await Subprocess.run(
            .path("/proc/self/exe"), arguments: Arguments(arguments), platformOptions: options,
            input: .inputWriter, output: .sequence, error: .currentStandardError
        ) { execution in
            commands.register(
                execution.standardInputWriter, process: execution.processIdentifier.value, for: folder.name)
            defer { commands.remove(folder.name) }
            var lines = LineBuffer()
            for try await buffer in execution.standardOutput {
                commands.heard(folder.name)
                buffer.withUnsafeBytes { bytes in
                    lines.append(bytes) { line in deliver(line) }
                }
            }
        }
        switch result.terminationStatus {
        case .exited(0): return .complete
        case .exited(CommandError.Code.tryAgain.rawValue): return .stopped
        case .exited(let code): return .failed(code: Int32(code))
        case .signaled(let number): return .crashed("signal \(number)")
        }
    }

    /// A line is `KEY<tab>TEXT`: an event where the key is its sequence number, or is empty for one that is not stored.
    private func deliver(_ line: ArraySlice<UInt8>) {
        guard let tab = line.firstIndex(of: UInt8(ascii: "\t")) else { return }
        let key = String(decoding: line[..<tab], as: UTF8.self)
        let text = String(decoding: line[(tab + 1)...], as: UTF8.self)
        let sequence = Int(key)
        // A line of a tab alone says that the worker lives.
        if sequence != nil || (key.isEmpty && !text.isEmpty) { onLine(sequence, text) } else { onWord(key, text) }
    }
}

/// Cuts a byte stream into lines.
struct LineBuffer {
    private var rest: [UInt8] = []

    /// Adds bytes and hands out every line that is now whole, without its line feed.
    mutating func append(_ bytes: UnsafeRawBufferPointer, _ body: (ArraySlice<UInt8>) -> Void) {
        rest.append(contentsOf: bytes)
        var start = 0
        while let end = rest[start...].firstIndex(of: UInt8(ascii: "\n")) {
            body(rest[start..<end])
            start = end + 1
        }
        rest.removeFirst(start)
    }
}
