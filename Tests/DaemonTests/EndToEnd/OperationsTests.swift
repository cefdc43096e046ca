import Foundation
import TestSupport
import Testing

@testable import Daemon

@Suite("Operating rima") struct OperationsTests {
    private func object(_ text: String) -> [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(text.utf8))) as? [String: Any] ?? [:]
    }

    private func isComplete(_ scratch: Scratch, count: Int = 1) -> Bool {
        let root = scratch.root.appending(path: "state/sessions")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? []
        return names.count { FileManager.default.fileExists(atPath: root.appending(path: $0 + "/session.json").path) }
            == count
    }

    @Test("a changed configuration is taken over without losing a frame; an unsound one is not, and hurts nobody")
    func reload() throws {
        let scratch = try Scratch()
        let file = try scratch.phantom("whole.mkv", seconds: 8)
        #expect(try scratch.analyze(file, into: "finished").status == 0)
        let configuration = try scratch.configuration(idleLimit: 60)
        let sound = try scratch.text("rima.yaml")
        let service = try Program.start(["serve", "--config", configuration])
        let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
        #expect(eventually { FileManager.default.fileExists(atPath: scratch.path("stream.sock")) })
        #expect(FileManager.default.createFile(atPath: scratch.path("watched/a.mkv"), contents: nil))
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: scratch.path("watched/a.mkv")))
        try handle.write(contentsOf: bytes[..<(bytes.count / 2)])
        #expect(
            eventually(within: 60) {
                let root = scratch.root.appending(path: "state/sessions")
                let names = (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? []
                return names.contains { name in
                    let rows = try? String(contentsOf: root.appending(path: name + "/samples.csv"), encoding: .utf8)
                    return rows?.contains("\n1,") == true
                }
            })

        // Unsound: a key that does not exist, then a network that does not.
        try (sound + "\nmistaken: true\n").write(toFile: configuration, atomically: true, encoding: .utf8)
        #expect(eventually { (try? service.errors())?.contains("the new configuration is not used") == true })
        #expect(try service.errors().contains("rima.yaml:9:1: unknown key \"mistaken\""))
        try sound.replacingOccurrences(of: Program.darkNetwork, with: "/nowhere.onnx")
            .write(toFile: configuration, atomically: true, encoding: .utf8)
        service.send(SIGHUP)
        #expect(eventually { (try? service.errors())?.contains("/nowhere.onnx") == true })

        // A test that begins now is measured with the last sound one.
        try FileManager.default.copyItem(atPath: file, toPath: scratch.path("watched/b.mkv"))
        #expect(eventually(within: 120) { isComplete(scratch) })

        // Sound again, by a drop-in that adds a folder: no signal needed.
        try sound.write(toFile: configuration, atomically: true, encoding: .utf8)
        for folder in ["conf.d", "more"] {
            try FileManager.default.createDirectory(atPath: scratch.path(folder), withIntermediateDirectories: true)
        }
        try "watch:\n  - folder: \(scratch.path("more"))\n".write(
            toFile: scratch.path("conf.d/more.yaml"), atomically: true, encoding: .utf8)
        #expect(eventually { (try? service.errors())?.contains("configuration read again") == true })
        try FileManager.default.copyItem(atPath: file, toPath: scratch.path("more/c.mkv"))
        #expect(eventually(within: 120) { isComplete(scratch, count: 2) })

        try handle.write(contentsOf: bytes[(bytes.count / 2)...])
        try handle.close()
        #expect(eventually(within: 120) { isComplete(scratch, count: 3) })
        #expect(try service.terminate() == 0)
        let sessions = scratch.root.appending(path: "state/sessions")
        let whole = try scratch.text("finished/samples.csv")
        for name in try FileManager.default.contentsOfDirectory(atPath: sessions.path) {
            #expect(try String(contentsOf: sessions.appending(path: name + "/samples.csv"), encoding: .utf8) == whole)
        }
    }

    @Test("sessions are exported whole, protected, and deleted for good")
    func sessions() throws {
        let scratch = try Scratch()
        let configuration = try scratch.configuration(idleLimit: 1)
        _ = try scratch.phantom("watched/Mustermann.mkv", seconds: 2)
        try? FileManager.default.removeItem(atPath: scratch.path("watched/Mustermann.mkv.truth.csv"))
        var service = try Program.start(["serve", "--config", configuration])
        #expect(eventually(within: 120) { isComplete(scratch) })
        #expect(try service.terminate() == 0)
        let folder = try scratch.sessionFolder()
        let name = folder.lastPathComponent
        let place = ["--config", configuration]

        let archive = scratch.path("out.tar.gz")
        let exported = try Program.run(["sessions", "export", name, "--output", archive] + place)
        #expect(exported.status == 0, "\(exported.err)")
        let shell = try Child.run(
            "sh",
            [
                "-c", "cd \"$0\" && tar -xzf out.tar.gz && cd \"$1\" && sha256sum -c --quiet SHA256SUMS && ls",
                scratch.root.path, name,
            ])
        let names = shell.out
        #expect(shell.status == 0, "\(shell.err)")
        #expect(
            names.contains("session.sqlite\n") && names.contains("samples.csv\n") && names.contains("report.html\n"))
        #expect(!names.contains("origin.json") && !names.contains("-wal") && !names.contains("lock"))
        #expect(
            try Data(contentsOf: folder.appending(path: "samples.csv"))
                == Data(contentsOf: scratch.root.appending(path: name + "/samples.csv")))

        #expect(try Program.run(["sessions", "keep", name] + place).status == 0)
        #expect(try Program.run(["sessions", "delete", name, "--yes"] + place).status == 77)
        #expect(try Program.run(["sessions", "keep", "--off", name] + place).status == 0)
        #expect(try Program.run(["sessions", "delete", name] + place).status == 64, "nobody was asked")
        #expect(try Program.run(["sessions", "delete", "../state", "--yes"] + place).status == 66)
        #expect(FileManager.default.fileExists(atPath: folder.path))
        #expect(try Program.run(["sessions", "delete", name, "--yes"] + place).status == 0)
        let left = try FileManager.default.contentsOfDirectory(atPath: scratch.path("state/sessions"))
        #expect(left.isEmpty, "\(left)")

        // The recording still lies in the watched folder; another one comes.
        service = try Program.start(["serve", "--config", configuration])
        _ = try scratch.phantom("watched/other.mkv", seconds: 1, seed: 3)
        #expect(eventually(within: 120) { isComplete(scratch) })
        #expect(try service.terminate() == 0)
        let listed = object(try Program.run(["sessions", "--json"] + place).out)
        #expect((listed["sessions"] as? [Any])?.count == 1, "the deleted one is not measured again")
    }

    @Test("the watchdog hears from the service as long as it runs, and not while it hangs")
    func watchdog() throws {
        let scratch = try Scratch()
        let path = scratch.path("notify")
        let manager = try ListeningDatagrams(path)
        let service = try Program.start(
            ["serve", "--config", try scratch.configuration()],
            environment: ["NOTIFY_SOCKET": path, "WATCHDOG_USEC": "20000000"])
        var heard = ""
        #expect(
            eventually {
                heard += manager.take()
                return heard.contains("READY=1\n") && heard.contains("WATCHDOG=1\n")
            }, "\(heard)")
        service.send(SIGSTOP)
        // What was under way before the stop is read off; then there is silence for longer than two of its intervals.
        #expect(eventually { manager.take().isEmpty })
        var inSilence = ""
        _ = eventually(within: 5) {
            inSilence += manager.take()
            return !inSilence.isEmpty
        }
        #expect(inSilence.isEmpty, "\(inSilence)")
        service.send(SIGCONT)
        #expect(eventually { manager.take().contains("WATCHDOG=1\n") })
        service.send(SIGHUP)
        heard = ""
        #expect(
            eventually {
                heard += manager.take()
                return heard.contains("RELOADING=1\n") && heard.contains("READY=1\n")
            }, "\(heard)")
        let start = Date()
        #expect(try service.terminate() == 0)
        #expect(Date().timeIntervalSince(start) < 5, "a stop with nothing running is quick")
        #expect(manager.take().contains("STOPPING=1\n"))
    }

    @Test("the doctor says in words and in JSON what is wrong here")
    func doctor() throws {
        let scratch = try Scratch()
        let configuration = try scratch.configuration()
        let recording = try scratch.phantom("late.mp4", seconds: 1)
        let good = try Program.run(["doctor", "--json", "--config", configuration, recording])
        #expect(good.status == 0, "\(good.out)")
        let findings = object(good.out)["findings"] as? [[String: Any]] ?? []
        func text(_ topic: String, in findings: [[String: Any]]) -> String {
            findings.filter { $0["topic"] as? String == topic }.map { "\($0["level"] ?? "") \($0["text"] ?? "")" }
                .joined(separator: "\n")
        }
        #expect(text("FFmpeg", in: findings).contains("fine FFmpeg"))
        #expect(text("network", in: findings).contains("dark"))
        #expect(text("results folder", in: findings).contains("writable"))
        #expect(
            text("late.mp4", in: findings).contains("warning"),
            "its index comes last: \(text("late.mp4", in: findings))")

        try FileManager.default.removeItem(atPath: scratch.path("state"))
        try "nothing".write(toFile: scratch.path("bad.mkv"), atomically: true, encoding: .utf8)
        let bad = try Program.run(["doctor", "--quiet", "--config", configuration, scratch.path("bad.mkv")])
        #expect(bad.status == 69)
        #expect(bad.out.contains("results folder: \(scratch.path("state")) is not there"))
        #expect(bad.out.contains("bad.mkv: "))
        #expect(bad.out.contains("2 problems"), "\(bad.out)")
        #expect(!bad.out.contains("fine"))
    }
}

/// A datagram socket that stands for systemd.
final class ListeningDatagrams {
    private let descriptor: Int32

    init(_ path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(result == 0)
    }

    deinit { close(descriptor) }

    /// All that has come, one line for each assignment.
    func take() -> String {
        var text = ""
        var bytes = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
            guard count > 0 else { return text }
            text += String(decoding: bytes.prefix(count), as: UTF8.self) + "\n"
        }
    }
}
