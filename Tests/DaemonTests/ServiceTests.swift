// Words to systemd, log lines and signals.
import Daemon
import Foundation
import Logging
import Synchronization
import TestSupport
import Testing

@Suite("The service's manners", .serialized)
struct ServiceTests {
    /// A datagram socket that stands for systemd.
    private static func manager(_ path: String) throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(path.utf8)
        if bytes[0] == UInt8(ascii: "@") { bytes[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(2 + bytes.count + (bytes[0] == 0 ? 0 : 1)))
            }
        }
        #expect(result == 0)
        return descriptor
    }

    private static func received(_ descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }

    @Test("tells systemd how it does, over a path and over an abstract name", arguments: [false, true])
    func notify(isAbstract: Bool) throws {
        let folder = try ScratchFolder()
        let path = isAbstract ? "@rima-\(UInt32.random(in: 0 ... .max))" : folder.path + "/n"
        let manager = try Self.manager(path)
        let notifier = ServiceNotifier(environment: ["NOTIFY_SOCKET": path, "WATCHDOG_USEC": "20000000"])
        #expect(notifier.watchdogInterval == 20_000_000)
        notifier.ready(status: "2 sessions\nREADY=0")
        #expect(Self.received(manager) == "READY=1\nSTATUS=2 sessionsREADY=0")
        notifier.watchdog()
        #expect(Self.received(manager) == "WATCHDOG=1")
        notifier.reloading()
        #expect(Self.received(manager).hasPrefix("RELOADING=1\nMONOTONIC_USEC="))
        notifier.extendTimeout(seconds: 30)
        #expect(Self.received(manager) == "EXTEND_TIMEOUT_USEC=30000000")
        notifier.stopping()
        #expect(Self.received(manager) == "STOPPING=1")
        close(manager)
        folder.remove()
    }

    @Test("says nothing where nobody listens, and is not watched where another process is meant")
    func noManager() {
        let nobody = ServiceNotifier(environment: [:])
        #expect(!nobody.isActive)
        nobody.ready()
        ServiceNotifier(environment: ["NOTIFY_SOCKET": "/nonexistent/n"]).ready()
        let other = ServiceNotifier(environment: ["WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"])
        #expect(other.watchdogInterval == nil)
    }

    @Test("writes one line for each message, with the journal's priority or for people")
    func log() {
        let lines = Shared<[String]>([])
        for environment in [["JOURNAL_STREAM": "8:1"], [:]] {
            let logger = Logger(label: "rima") { label in
                ServiceLogHandler(label: label, environment: environment) { line in
                    lines.value.withLock { $0.append(line) }
                }
            }
            logger.warning("odd\u{1B}[31m name\n<0>forged", metadata: ["session": "a b", "file": "x\"y", "n": "1"])
            logger.debug("not written")
        }
        #expect(
            lines.value.withLock { $0 } == [
                "<4>odd[31m name<0>forged file=\"x\\\"y\" n=1 session=\"a b\"\n",
                "rima: warning: odd[31m name<0>forged file=\"x\\\"y\" n=1 session=\"a b\"\n",
            ])
    }

    @Test("stops gently at the first signal, at once at the second, and reloads on SIGHUP", .timeLimit(.minutes(1)))
    func signals() async {
        var signals = ServiceSignals.stream().makeAsyncIterator()
        kill(getpid(), SIGHUP)
        #expect(await signals.next() == .reload)
        kill(getpid(), SIGTERM)
        #expect(await signals.next() == .stop)
        kill(getpid(), SIGINT)
        #expect(await signals.next() == .stopNow)
    }

    @Test("has units that verify and whose exposure stays small")
    func units() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let check = try Child.run(root.appending(path: "scripts/check-units").path)
        #expect(check.status == 0, "\(check.out)\(check.err)")
    }
}
