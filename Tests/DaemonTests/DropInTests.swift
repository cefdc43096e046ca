// The configuration file and its drop-ins, and how a change of either is noticed.
import Foundation
import Testing

@testable import Daemon

@Suite("Drop-ins")
struct DropInTests {
    private func write(_ text: String, _ name: String, in scratch: Scratch) throws {
        let file = scratch.root.appending(path: name)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.write(to: file, atomically: true, encoding: .utf8)
    }

    @Test("come in the order of their names; keys replace, folders add up, the environment wins")
    func merge() throws {
        let scratch = try Scratch()
        try write("idle_limit_seconds: 1\nwatch:\n  - folder: /a\nlog:\n  level: debug\n", "rima.yaml", in: scratch)
        try write("idle_limit_seconds: 3\nwatch:\n  - folder: /c\n  - folder: /a\n", "conf.d/20-b.yaml", in: scratch)
        try write("idle_limit_seconds: 2\nwatch:\n  - folder: /b\n", "conf.d/10-a.yaml", in: scratch)
        try write("idle_limit_seconds: 9\n", "conf.d/.hidden.yaml", in: scratch)
        try write("idle_limit_seconds: 9\n", "conf.d/note.txt", in: scratch)
        let files = try ConfigurationFiles(path: scratch.path("rima.yaml"))
        let configuration = try files.parse()
        #expect(configuration.idleLimitSeconds == 3)
        #expect(configuration.watch.map(\.folder) == ["/a", "/b", "/c"])
        #expect(configuration.log.level == .debug)
        #expect(try files.parse(environment: ["RIMA_IDLE_LIMIT_SECONDS": "7"]).idleLimitSeconds == 7)
        #expect(try files.parse(environment: ["RIMA_WATCH": "[{folder: /only}]"]).watch.map(\.folder) == ["/only"])
    }

    @Test("have their faults named with their own file, all at once")
    func faults() throws {
        let scratch = try Scratch()
        try write("sokcet:\n  path: /a\n", "rima.yaml", in: scratch)
        try write("\nlog:\n  level: loud\n", "conf.d/a.yaml", in: scratch)
        do {
            _ = try Configuration.load(path: scratch.path("rima.yaml"))
            Issue.record("the faults were not found")
        } catch {
            #expect(
                error.problems.map { "\($0.source.split(separator: "/").last ?? ""):\($0.line):\($0.column)" }
                    == ["rima.yaml:1:1", "a.yaml:3:10"])
        }
    }

    @Test("reach a worker as they were accepted, whatever stands on the disk by then")
    func accepted() throws {
        let scratch = try Scratch()
        try write("idle_limit_seconds: 4\n", "rima.yaml", in: scratch)
        try write("log:\n  level: error\n", "conf.d/a.yaml", in: scratch)
        let held = try AcceptedConfiguration(try ConfigurationFiles(path: scratch.path("rima.yaml")))
        try write("not: [sound", "rima.yaml", in: scratch)
        #expect(try ConfigurationFiles(encoded: held.path).parse().idleLimitSeconds == 4)
        #expect(try ConfigurationFiles(encoded: held.path).parse().log.level == .error)
        try write("idle_limit_seconds: 5\n", "rima.yaml", in: scratch)
        let path = held.path
        let next = try ConfigurationFiles(path: scratch.path("rima.yaml"))
        #expect(!held.holds(next))
        try held.accept(next)
        #expect(held.holds(next))
        #expect(held.path == path)
        #expect(try ConfigurationFiles(encoded: path).parse().idleLimitSeconds == 5)
    }

    @Test("are looked at until a change has come to rest")
    func looks() throws {
        let scratch = try Scratch()
        try write("a", "rima.yaml", in: scratch)
        var look = ConfigurationLook(path: scratch.path("rima.yaml"))
        func hasChanged() -> Bool { look.hasChanged() }
        #expect(!hasChanged())
        try write("b", "rima.yaml", in: scratch)
        #expect(!hasChanged(), "it may still be being written")
        try write("bc", "rima.yaml", in: scratch)
        #expect(!hasChanged(), "it was")
        #expect(hasChanged())
        #expect(!hasChanged(), "once is enough")
        try write("c", "conf.d/x.yaml", in: scratch)
        #expect(!hasChanged())
        #expect(hasChanged())
        try FileManager.default.removeItem(atPath: scratch.path("conf.d/x.yaml"))
        #expect(!hasChanged())
        #expect(hasChanged())
        try FileManager.default.removeItem(atPath: scratch.path("rima.yaml"))
        #expect(!hasChanged())
        #expect(hasChanged())
    }

    @Test("name what a running service cannot take over")
    func restart() throws {
        let old = Configuration()
        var new = old
        new.idleLimitSeconds = 1
        #expect(new.settingsForRestart(replacing: old).isEmpty)
        new.stateFolder = "/elsewhere"
        new.socket.maxClients = 3
        new.log.level = .debug
        #expect(new.settingsForRestart(replacing: old) == ["state_folder", "socket", "log"])
    }
}
