// A program that a test starts.
import Foundation
import Synchronization

/// A started program whose output is collected in files, so that no grandchild that lives on can hold the test up.
///
/// Whoever waits for its end waits for so long at most; then it is killed, and what it printed for people stands in the
/// failure. It is killed, too, when nobody holds it any more. Foundation's `Process` is not used: it takes a program for
/// running as long as any other holds a descriptor that it had inherited.
package final class Child: Sendable {
    package struct Outcome: Sendable {
        /// As a shell has it: 128 and the signal for one that was killed.
        package var status: Int32
        package var out: String
        package var err: String
    }

    package struct NotStarted: Error, CustomStringConvertible {
        package var description: String
    }

    package let pid: Int32
    private let name: String
    private let out: URL
    private let err: URL
    private let end: End

    /// The exit status, once there is one; shared with the thread that waits for it.
    private final class End: Sendable {
        let status = Mutex<Int32?>(nil)
        let signal = DispatchSemaphore(value: 0)
    }

    /// - Parameters:
    ///   - program: a path, or a name to look for in `PATH`.
    ///   - environment: what is added to the test's own.
    package init(_ program: String, _ arguments: [String] = [], environment: [String: String] = [:]) throws {
        name = ([program] + arguments).joined(separator: " ")
        let stem = FileManager.default.temporaryDirectory.appending(path: "rima-child-" + UUID().uuidString)
        (out, err) = (stem.appendingPathExtension("out"), stem.appendingPathExtension("err"))
        end = End()
        pid = try Self.spawn(
            program, arguments, ProcessInfo.processInfo.environment.merging(environment) { $1 }, out.path, err.path)
        Thread { [end, pid] in
            // Its end is seen before its number is given back, so that no signal reaches another process.
            var info = siginfo_t()
            while waitid(P_PID, id_t(pid), &info, Int32(WEXITED | WNOWAIT)) != 0 && errno == EINTR {}
            end.status.withLock {
                var status: Int32 = 0
                waitpid(pid, &status, 0)
                let signal = status & 0x7F
                $0 = signal == 0 ? (status >> 8) & 0xFF : 128 + signal
            }
            end.signal.signal()
        }.start()
    }

    deinit {
        send(SIGKILL)
        for file in [out, err] { try? FileManager.default.removeItem(at: file) }
    }

    /// Runs a program to its end.
    package static func run(
        _ program: String, _ arguments: [String] = [], environment: [String: String] = [:], upTo seconds: Double = 180
    ) throws -> Outcome {
        try Child(program, arguments, environment: environment).wait(upTo: seconds)
    }

    package var isRunning: Bool { end.status.withLock { $0 == nil } }

    /// What it has printed so far.
    package func output() throws -> String { String(decoding: try Data(contentsOf: out), as: UTF8.self) }

    /// What it has printed for people so far.
    package func errors() throws -> String { String(decoding: try Data(contentsOf: err), as: UTF8.self) }

    package func send(_ signal: Int32) { end.status.withLock { if $0 == nil { kill(pid, signal) } } }

    /// Waits for its end; one that is not over in time is killed.
    @discardableResult
    package func wait(upTo seconds: Double = 180) throws -> Outcome {
        guard isOver(within: seconds) else {
            send(SIGKILL)
            _ = isOver(within: 10)
            throw WaitedInVain(
                for: "the end of \(name)", seconds: seconds,
                detail: "it was killed. Its errors: \(try errors().suffix(4000))")
        }
        return Outcome(status: end.status.withLock { $0 } ?? -1, out: try output(), err: try errors())
    }

    private func isOver(within seconds: Double) -> Bool {
        let isOver = end.signal.wait(timeout: .now() + seconds) == .success
        // For whoever asks next.
        if isOver { end.signal.signal() }
        return isOver
    }

    private typealias CloseFrom = @convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, Int32) -> Int32

    /// glibc's `posix_spawn_file_actions_addclosefrom_np`, which its headers show only to programs in C.
    ///
    /// SAFETY: the type is the one that spawn.h declares.
    private static let closeFrom = dlsym(nil, "posix_spawn_file_actions_addclosefrom_np").map {
        unsafeBitCast($0, to: CloseFrom.self)
    }

    /// Starts a program with empty input, no descriptors but these, and no signal blocked.
    private static func spawn(
        _ program: String, _ arguments: [String], _ environment: [String: String], _ out: String, _ err: String
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        for (descriptor, file) in [(1, out), (2, err)] as [(Int32, String)] {
            posix_spawn_file_actions_addopen(&actions, descriptor, file, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0o600)
        }
        closeFrom?(&actions, 3)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
        var settings: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for text in words + settings { free(text) } }
        var pid: pid_t = 0
        let result = posix_spawnp(&pid, program, &actions, &attributes, &words, &settings)
        guard result == 0 else {
            for file in [out, err] { unlink(file) }
            throw NotStarted(description: "\(program): \(String(cString: strerror(result)))")
        }
        return pid
    }
}
