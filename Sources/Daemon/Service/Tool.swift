// Other programs of the system, run to their end.

import Foundation
import Subprocess
import SystemPackage

/// What came of running a program.
struct ToolOutcome: Sendable {
    /// Whether there is such a program.
    var isThere: Bool
    var isSuccess: Bool
    /// What it printed, at most 64 KiB, without line ends at its end.
    var text: String
}

enum Tool {
    /// Runs a program that is looked up on PATH, without a shell.
    static func run(_ name: String, _ arguments: [String], in folder: String? = nil) async -> ToolOutcome {
        do {
            let result = try await Subprocess.run(
                .name(name), arguments: Arguments(arguments), workingDirectory: folder.map { FilePath($0) },
                output: .string(limit: 1 << 16), error: .combinedWithOutput)
            var text = result.standardOutput
            while text.last?.isWhitespace == true { text.removeLast() }
            return ToolOutcome(isThere: true, isSuccess: result.terminationStatus.isSuccess, text: text)
        } catch {
            return ToolOutcome(isThere: find(name) != nil, isSuccess: false, text: "\(error)")
        }
    }

    /// Where a program lies on PATH.
    static func find(_ name: String) -> String? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        return path.split(separator: ":").lazy.map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }
}
