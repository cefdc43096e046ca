// The socket's file: its mode, its leftovers, its owner.
import Daemon
import Foundation
import Testing

@Suite("The socket's file")
struct ListeningSocketTests {
    private static func mode(_ path: String) -> Int? {
        (try? FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber)?.intValue
    }

    @Test("has the configured mode, whatever the process's mask", arguments: [UInt32(0o600), 0o660, 0o666])
    func mode(_ mode: UInt32) throws {
        let folder = try ScratchFolder()
        let path = folder.path + "/new/s.sock"
        let socket = try ListeningSocket.bind(path: path, mode: mode)
        #expect(Self.mode(path) == Int(mode))
        #expect(Self.mode(folder.path + "/new") == 0o750)
        close(socket.descriptor)
        folder.remove()
    }

    @Test("is removed when a dead daemon left it behind")
    func stale() async throws {
        let folder = try ScratchFolder()
        let path = folder.path + "/s.sock"
        // A child that binds and is gone leaves a file that refuses connections.
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        #expect(bound == 0)
        close(descriptor)
        #expect(FileManager.default.fileExists(atPath: path))
        #expect(throws: StreamClientError.self) { try StreamClient(path: path) }
        let server = try await StreamServer.start(
            on: ListeningSocket.bind(path: path), hub: EventHub(),
            handlers: StreamHandlers(replay: { _, _, _ in [] }, mark: { _ in .refused("") }), logger: quietLogger)
        let hello = try await onThread { try StreamClient(path: path).line() }
        #expect(hello?.contains("hello") == true)
        await server.shutdown(patience: 50)
        #expect(!FileManager.default.fileExists(atPath: path))
        folder.remove()
    }

    @Test("is left to the daemon that has it")
    func inUse() async throws {
        let stream = try await ServedStream()
        let error = #expect(throws: SocketError.self) { try ListeningSocket.bind(path: stream.path) }
        #expect(error?.code == .inUse)
        #expect(error?.message.contains("systemctl stop rima") == true)
        await stream.close()
    }

    @Test("is left to another program that listens there without a lock")
    func foreignListener() throws {
        let folder = try ScratchFolder()
        let path = folder.path + "/s.sock"
        let first = try ListeningSocket.bind(path: path)
        try FileManager.default.removeItem(atPath: path + ".lock")
        let error = #expect(throws: SocketError.self) { try ListeningSocket.bind(path: path) }
        #expect(error?.code == .inUse)
        close(first.descriptor)
        folder.remove()
    }

    @Test("never takes the place of something else")
    func notASocket() throws {
        let folder = try ScratchFolder()
        let path = folder.path + "/s.sock"
        try "data".write(toFile: path, atomically: false, encoding: .utf8)
        let error = #expect(throws: SocketError.self) { try ListeningSocket.bind(path: path) }
        #expect(error?.code == .notASocket)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "data")
        let link = folder.path + "/link.sock"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
        #expect(throws: SocketError.self) { try ListeningSocket.bind(path: link) }
        folder.remove()
    }

    @Test("a path that is too long is refused with the limit", arguments: [0, 108, 4000])
    func pathLength(_ count: Int) {
        let error = #expect(throws: SocketError.self) {
            try ListeningSocket.bind(path: String(repeating: "x", count: count))
        }
        #expect(error?.code == .badPath)
        #expect(error?.message.contains("1 to 107 bytes") == true)
    }

    @Test("may be handed over by systemd")
    func activation() async throws {
        let folder = try ScratchFolder()
        let path = folder.path + "/s.sock"
        let made = try ListeningSocket.bind(path: path)
        let environment = ["LISTEN_FDS": "1", "LISTEN_PID": "\(getpid())"]
        let handed = try #require(
            try ListeningSocket.activated(environment: environment, firstDescriptor: made.descriptor))
        let server = try await StreamServer.start(
            on: handed, hub: EventHub(),
            handlers: StreamHandlers(replay: { _, _, _ in [] }, mark: { _ in .refused("") }), logger: quietLogger)
        let hello = try await onThread { try StreamClient(path: path).line() }
        #expect(hello?.contains("hello") == true)
        await server.shutdown(patience: 50)
        // The file is systemd's to remove.
        #expect(FileManager.default.fileExists(atPath: path))
        #expect(try ListeningSocket.activated(environment: ["LISTEN_FDS": "1", "LISTEN_PID": "1"]) == nil)
        #expect(try ListeningSocket.activated(environment: [:]) == nil)
        let file = open("/dev/null", O_RDONLY)
        #expect(throws: SocketError.self) {
            try ListeningSocket.activated(environment: environment, firstDescriptor: file)
        }
        close(file)
        folder.remove()
    }

    @Test("nobody behind it is said as such")
    func notRunning() {
        let error = #expect(throws: StreamClientError.self) { try StreamClient(path: "/tmp/rima-none/s.sock") }
        #expect(error?.code == .notRunning)
        #expect(error?.description.contains("is rima serve running?") == true)
    }
}
