// One session in a process of its own: a decoder that crashes costs that session's last second and nothing else.

import Foundation
import Subprocess
import SystemPackage
import Synchronization

/// How a worker ended.
enum WorkerEnding: Sendable, Hashable {
    /// All rows are in the store.
    case complete
    /// The recording cannot be read further, however often one tries.
    case failed(code: Int32)
    /// Stopped because we asked; its session goes on another time.
    case stopped
    /// Crashed or was killed.
    case crashed(String)
}

/// Commands to running workers: one JSON object a line on their standard input.
final class WorkerCommands: Sendable {
    private let writers = Mutex<[String: StandardInputWriter]>([:])

    fileprivate func register(_ writer: StandardInputWriter?, for session: String) {
        writers.withLock { $0[session] = writer }
    }

    /// Names of the sessions that can be talked to.
    var sessions: [String] { writers.withLock { $0.keys.sorted() } }

    /// Sends a line to a session's worker.
    /// - Returns: false when the session is not running.
    func send(_ line: String, to session: String) async -> Bool {
        guard let writer = writers.withLock({ $0[session] }) else { return false }
        return (try? await writer.write(line + "\n")) != nil
    }
}

/// Runs one worker to its end.
struct WorkerProcess: Sendable {
    let folder: SessionFolder
    let configurationPath: String?
    let commands: WorkerCommands
    /// Called for every event line of the worker, in order. Sequence is nil for lines that are not part of the history.
    let onLine: @Sendable (_ sequence: Int?, _ line: String) -> Void

    /// Starts the worker and follows it. Cancelling stops it gently first, then by force.
    func run() async throws -> WorkerEnding {
        var arguments = ["worker", folder.root.path]
        if let configurationPath { arguments += ["--config", configurationPath] }
        var options = PlatformOptions()
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(10))]
        let result = try await Subprocess.run(
            .path("/proc/self/exe"), arguments: Arguments(arguments), platformOptions: options,
            input: .inputWriter, output: .sequence, error: .currentStandardError
        ) { execution in
            commands.register(execution.standardInputWriter, for: folder.name)
            defer { commands.register(nil, for: folder.name) }
            var lines = LineBuffer()
            for try await buffer in execution.standardOutput {
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

    /// A line is `SEQUENCE<tab>JSON`; the sequence is empty for lines outside the history.
    private func deliver(_ line: ArraySlice<UInt8>) {
        guard let tab = line.firstIndex(of: UInt8(ascii: "\t")) else { return }
        let sequence = Int(String(decoding: line[..<tab], as: UTF8.self))
        onLine(sequence, String(decoding: line[(tab + 1)...], as: UTF8.self))
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
