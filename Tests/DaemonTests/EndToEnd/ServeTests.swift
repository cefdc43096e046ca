import Daemon
import Foundation
import TestSupport
import Testing

@Suite("rima serve") struct ServeTests {
    /// Starts the service and connects to it.
    private func serve(_ scratch: Scratch, _ configuration: String) throws -> (Child, StreamClient) {
        let service = try Program.start(["serve", "--config", configuration])
        var client: StreamClient?
        _ = eventually(within: 20) {
            client = try? StreamClient(path: scratch.path("stream.sock"))
            return client != nil || !service.isRunning
        }
        return (service, try #require(client))
    }

    private func object(_ line: String) -> [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(line.utf8))) as? [String: Any] ?? [:]
    }

    /// Reads lines until one of the wanted type comes.
    private func next(_ type: String, from client: StreamClient) throws -> [String: Any] {
        let line = try client.line("an event of type \(type)") { object($0)["type"] as? String == type }
        return object(try #require(line, "the stream ended before a \(type)"))
    }

    @Test(
        "gives a growing recording the same rows as the finished one",
        arguments: [
            ("grow.mkv", [String]()), ("grow.ts", ["--codec", "mpeg2video"]), ("grow.avi", ["--codec", "mjpeg"]),
            ("grow.mpg", ["--codec", "mpeg2video"]), ("grow.wmv", ["--codec", "wmv2"]),
            ("grow.flv", ["--codec", "flv1"]),
        ])
    func tail(name: String, extra: [String]) throws {
        let scratch = try Scratch()
        let file = try scratch.phantom("whole-" + name, seconds: 6, extra: extra)
        #expect(try scratch.analyze(file, into: "finished").status == 0)
        let (service, client) = try serve(scratch, try scratch.configuration())
        let hello = object(try #require(try client.line()))
        #expect(hello["type"] as? String == "hello")
        #expect((hello["notice"] as? String ?? "").contains("Not a medical device"))

        let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
        let growing = scratch.path("watched/" + name)
        #expect(FileManager.default.createFile(atPath: growing, contents: nil))
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: growing))
        let half = bytes.count / 2
        try handle.write(contentsOf: bytes[..<half])
        let first = try next("sample", from: client)
        #expect(first["frame"] as? Int == 0)
        // In small and odd pieces, as a muxer flushes them.
        var position = half
        while position < bytes.count {
            let end = min(bytes.count, position + 1777)
            try handle.write(contentsOf: bytes[position..<end])
            position = end
        }
        try handle.close()
        let end = try next("end", from: client)
        #expect(end["decoded"] as? Int == 150)
        #expect(try service.terminate() == 0)
        let tailed = try String(contentsOf: try scratch.sessionFolder().appending(path: "samples.csv"), encoding: .utf8)
        #expect(try tailed == scratch.text("finished/samples.csv"))
    }

    @Test("neither loses nor repeats a row when it is killed again and again")
    func kills() throws {
        let scratch = try Scratch()
        let file = try scratch.phantom("whole.mkv", seconds: 20)
        #expect(try scratch.analyze(file, into: "finished").status == 0)
        let configuration = try scratch.configuration()
        try FileManager.default.copyItem(atPath: file, toPath: scratch.path("watched/test.mkv"))
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<8 {
            let (service, client) = try serve(scratch, configuration)
            // Killed after a random number of lines.
            for _ in 0..<Int.random(in: 1...60, using: &generator) {
                guard try client.line() != nil else { break }
            }
            try service.kill9()
        }
        let (service, _) = try serve(scratch, configuration)
        let folder = try scratch.sessionFolder()
        #expect(
            eventually(within: 60) {
                FileManager.default.fileExists(atPath: folder.appending(path: "session.json").path)
            })
        #expect(try service.terminate() == 0)
        #expect(
            try String(contentsOf: folder.appending(path: "samples.csv"), encoding: .utf8)
                == scratch.text("finished/samples.csv"))
    }

    @Test("stops on SIGTERM with all rows kept, and goes on behind them")
    func stops() throws {
        let scratch = try Scratch()
        let file = try scratch.phantom("whole.mkv", seconds: 20)
        #expect(try scratch.analyze(file, into: "finished").status == 0)
        let configuration = try scratch.configuration()
        try FileManager.default.copyItem(atPath: file, toPath: scratch.path("watched/test.mkv"))
        let (service, client) = try serve(scratch, configuration)
        _ = try next("sample", from: client)
        let began = ContinuousClock.now
        #expect(try service.terminate() == 0)
        // Two seconds on a machine of its own (scripts/starved stop); here others run beside it.
        #expect(.now - began < .seconds(6))
        let folder = try scratch.sessionFolder()
        let stored =
            try String(contentsOf: folder.appending(path: "samples.csv"), encoding: .utf8)
            .split(separator: "\n").count - 1
        let again = try serve(scratch, configuration)
        if stored < 500 {
            let first = try next("sample", from: again.1)["frame"] as? Int ?? 0
            #expect(first >= stored, "nothing is measured twice")
        }
        #expect(
            eventually(within: 60) {
                FileManager.default.fileExists(atPath: folder.appending(path: "session.json").path)
            })
        #expect(try again.0.terminate() == 0)
        #expect(
            try String(contentsOf: folder.appending(path: "samples.csv"), encoding: .utf8)
                == scratch.text("finished/samples.csv"))
    }

    @Test("sets marks, which the rows after them carry")
    func marks() throws {
        let scratch = try Scratch()
        let file = try scratch.phantom("whole.mkv", seconds: 8)
        let (service, client) = try serve(scratch, try scratch.configuration())
        let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
        #expect(FileManager.default.createFile(atPath: scratch.path("watched/a.mkv"), contents: nil))
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: scratch.path("watched/a.mkv")))
        try handle.write(contentsOf: bytes[..<(bytes.count / 2)])
        _ = try next("sample", from: client)
        let outcome = try Program.run(["mark", "Moderate", "--socket", scratch.path("stream.sock")])
        #expect(outcome.status == 0, "\(outcome.err)")
        let mark = try next("mark", from: client)
        #expect(mark["label"] as? String == "Moderate")
        try handle.write(contentsOf: bytes[(bytes.count / 2)...])
        try handle.close()
        _ = try next("end", from: client)
        #expect(try service.terminate() == 0)
        let at = try #require(mark["frame"] as? Int)
        let rows = try String(contentsOf: try scratch.sessionFolder().appending(path: "samples.csv"), encoding: .utf8)
            .split(separator: "\n").dropFirst()
        for (frame, row) in rows.enumerated() {
            #expect(row.split(separator: ",", omittingEmptySubsequences: false)[3] == (frame < at ? "" : "Moderate"))
        }
    }

    @Test("a bad recording ends its own session only")
    func badNeighbour() throws {
        let scratch = try Scratch()
        let file = try scratch.phantom("whole.mkv", seconds: 3)
        let configuration = try scratch.configuration(idleLimit: 1)
        let (service, client) = try serve(scratch, configuration)
        try Data("not a recording at all".utf8).write(to: URL(fileURLWithPath: scratch.path("watched/bad.mkv")))
        try FileManager.default.copyItem(atPath: file, toPath: scratch.path("watched/good.mkv"))
        let end = try next("end", from: client)
        #expect(end["decoded"] as? Int == 75)
        let sessions = scratch.root.appending(path: "state/sessions")
        let failed = eventually {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: sessions.path)) ?? []
            return names.contains {
                FileManager.default.fileExists(atPath: sessions.appending(path: $0 + "/failed.json").path)
            }
        }
        #expect(failed)
        #expect(service.isRunning)
        #expect(try service.terminate() == 0)
    }

    @Test("goes on with a recording that grows again after its idle limit")
    func growsAgain() throws {
        let scratch = try Scratch()
        let file = try scratch.phantom("whole.ts", seconds: 6, extra: ["--codec", "mpeg2video"])
        let (service, client) = try serve(scratch, try scratch.configuration(idleLimit: 1))
        let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
        #expect(FileManager.default.createFile(atPath: scratch.path("watched/a.ts"), contents: nil))
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: scratch.path("watched/a.ts")))
        try handle.write(contentsOf: bytes[..<(bytes.count / 2)])
        let first = try next("end", from: client)
        #expect(first["reason"] as? String == "idle")
        try handle.write(contentsOf: bytes[(bytes.count / 2)...])
        try handle.close()
        let second = try next("end", from: client)
        #expect(second["decoded"] as? Int == 150)
        #expect(try service.terminate() == 0)
        _ = try scratch.sessionFolder()
    }

    @Test("that may open no more files lets go of nothing, starts nothing, and goes on when it may")
    func noDescriptors() throws {
        let scratch = try Scratch()
        let file = try scratch.phantom("whole.mkv", seconds: 20)
        #expect(try scratch.analyze(file, into: "finished").status == 0)
        let (service, client) = try serve(scratch, try scratch.configuration())
        let process = service.pid
        try FileManager.default.copyItem(atPath: file, toPath: scratch.path("watched/first.mkv"))
        _ = try next("sample", from: client)
        let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd").compactMap { Int($0) }
        func allow(_ descriptors: String) throws {
            let said = try Child.run("prlimit", ["--pid", "\(process)", "--nofile=\(descriptors):"]).out
            #expect(said.isEmpty)
        }
        try allow("\((open.max() ?? 0) + 1)")
        try FileManager.default.copyItem(atPath: file, toPath: scratch.path("watched/second.mkv"))
        #expect(eventually { (try? service.errors())?.contains("Too many open files; tried again") == true })
        // The one that runs is not touched.
        #expect(try next("end", from: client)["decoded"] as? Int == 500)
        try allow("1024")
        #expect(try next("end", from: client)["decoded"] as? Int == 500)
        #expect(try service.terminate() == 0)
        let sessions = scratch.root.appending(path: "state/sessions")
        let names = try FileManager.default.contentsOfDirectory(atPath: sessions.path)
        #expect(names.count == 2)
        for name in names {
            #expect(
                try String(contentsOf: sessions.appending(path: name + "/samples.csv"), encoding: .utf8)
                    == scratch.text("finished/samples.csv"))
        }
    }

    @Test("a worker that is killed is started again, however often it gets farther")
    func workersKilled() throws {
        let scratch = try Scratch()
        let file = try scratch.phantom("whole.mkv", seconds: 20)
        #expect(try scratch.analyze(file, into: "finished").status == 0)
        let (service, client) = try serve(scratch, try scratch.configuration())
        try FileManager.default.copyItem(atPath: file, toPath: scratch.path("watched/test.mkv"))
        for _ in 0..<3 {
            _ = try next("sample", from: client)
            _ = try Child.run("pkill", ["-KILL", "-P", "\(service.pid)"])
        }
        let folder = try scratch.sessionFolder()
        #expect(
            eventually(within: 60) {
                FileManager.default.fileExists(atPath: folder.appending(path: "session.json").path)
            })
        #expect(try service.terminate() == 0)
        #expect(
            try String(contentsOf: folder.appending(path: "samples.csv"), encoding: .utf8)
                == scratch.text("finished/samples.csv"))
    }
}
