import Daemon
import Foundation
import TestSupport
import Testing

/// FFmpeg as the peer of a live source.
private func ffmpeg(_ arguments: [String]) throws -> Child {
    try Child("/usr/bin/ffmpeg", ["-v", "error", "-nostdin"] + arguments)
}

private let hasFFmpeg = FileManager.default.isExecutableFile(atPath: "/usr/bin/ffmpeg")

@Suite("Live sources of rima serve") struct LiveTests {
    private func serve(_ scratch: Scratch, sources: String) throws -> (Child, StreamClient) {
        let configuration = try scratch.configuration()
        let text = try scratch.text("rima.yaml") + "\nsources:\n" + sources
        try text.write(toFile: configuration, atomically: true, encoding: .utf8)
        let service = try Program.start(["serve", "--config", configuration])
        var client: StreamClient?
        _ = eventually(within: 20) {
            client = try? StreamClient(path: scratch.path("stream.sock"))
            return client != nil || !service.isRunning
        }
        return (service, try #require(client))
    }

    private func next(
        _ client: StreamClient, where isWanted: ([String: Any]) -> Bool
    ) throws -> [String: Any] {
        let line = try client.line("the event") { isWanted((try? object($0)) ?? [:]) }
        return try object(#require(line, "the stream ended before the event"))
    }

    /// Waits for the row of a frame, or a later one.
    private func row(_ client: StreamClient, atLeast frame: Int = 0) throws -> [String: Any] {
        try next(client) { $0["type"] as? String == "sample" && ($0["frame"] as? Int ?? -1) >= frame }
    }

    /// A recording that ffmpeg can send again without decoding it: H.264 with a key frame every half second.
    private func film(_ scratch: Scratch, seconds: Double = 8) throws -> String {
        let drawn = try scratch.phantom("drawn.mkv", seconds: seconds)
        let film = scratch.path("film.ts")
        let encoder = try ffmpeg([
            "-i", drawn, "-c:v", "libx264", "-preset", "ultrafast", "-g", "12", "-bf", "0", "-pix_fmt", "yuv420p", film,
        ])
        let outcome = try encoder.wait()
        try #require(outcome.status == 0, "\(outcome.err)")
        return film
    }

    private func stop(_ scratch: Scratch, _ name: String) throws {
        let outcome = try Program.run(["source", "stop", name, "--socket", scratch.path("stream.sock")])
        #expect(outcome.status == 0, "\(outcome.err)")
    }

    @Test(
        "are read whatever carries them, recorded, and the recording gives the same rows",
        .enabled(if: hasFFmpeg, "needs ffmpeg"), arguments: ["pipe", "udp", "http", "hls", "srt"])
    func carriers(carrier: String) throws {
        let scratch = try Scratch()
        let film = try film(scratch)
        let port = Int.random(in: 20_000..<30_000)
        var address: String
        var sender: [String] = ["-re", "-i", film, "-c", "copy", "-f", "mpegts"]
        switch carrier {
        case "pipe":
            address = scratch.path("pipe")
            try #require(mkfifo(address, 0o600) == 0)
            sender = ["-y"] + sender + [address]
        case "udp":
            address = "udp://127.0.0.1:\(port)"
            sender += ["udp://127.0.0.1:\(port)?pkt_size=1316"]
        case "http":
            address = "http://me:hunter2@127.0.0.1:\(port)/film.ts"
            sender += ["-listen", "1", "http://127.0.0.1:\(port)/film.ts"]
        case "srt":
            address = "srt://127.0.0.1:\(port)?mode=caller&passphrase=hunter2hunter2"
            sender += ["srt://127.0.0.1:\(port)?mode=listener&passphrase=hunter2hunter2"]
        default:
            let folder = scratch.path("hls")
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            address = "http://127.0.0.1:\(port)/index.m3u8"
            sender = ["-re", "-i", film, "-c", "copy", "-f", "hls", "-hls_time", "1", folder + "/index.m3u8"]
        }
        let (service, client) = try serve(
            scratch,
            sources: """
                  - name: scope
                    address: "\(address)"
                    record: true
                """)
        // The service has begun to look for it already: a source that is not there yet is waited for.
        var helpers: [Child] = [try ffmpeg(sender)]
        if carrier == "hls" {
            let server = try Child(
                "python3", ["-m", "http.server", "--bind", "127.0.0.1", "-d", scratch.path("hls"), "\(port)"])
            helpers.append(server)
        }
        defer { for helper in helpers { helper.send(SIGKILL) } }
        _ = try row(client, atLeast: 40)
        try stop(scratch, "scope")
        let end = try next(client) { $0["type"] as? String == "end" }
        let decoded = try #require(end["decoded"] as? Int)
        #expect(decoded == (end["measured"] as? Int ?? 0) + (end["rejected"] as? Int ?? 0))
        #expect(try service.terminate() == 0)
        let folder = try scratch.sessionFolder()
        #expect(
            try scratch.analyze(folder.appending(path: "recording.mkv").path, into: "again").status == 0)
        let live = try rows(folder.appending(path: "samples.csv").path)
        let again = try rows(scratch.path("again/samples.csv"))
        #expect(live.count == decoded)
        #expect(again.count == decoded + (end["dropped"] as? Int ?? 0))
        if end["dropped"] as? Int == 0 { #expect(live == again) }
        let secrets = try Child.run("grep", ["-rl", "hunter2", scratch.path("state")]).out
        #expect(secrets.isEmpty)
    }

    /// Rows without their times, which a live source has from the machine's clock.
    private func rows(_ file: String) throws -> [String] {
        try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").dropFirst().map { line in
            var cells = line.split(separator: ",", omittingEmptySubsequences: false)
            cells.remove(at: 1)
            return cells.joined(separator: ",")
        }
    }

    @Test("are started and stopped by name, one session for each start")
    func startAndStop() throws {
        let scratch = try Scratch()
        let file = try scratch.phantom("played.mkv", seconds: 30)
        let (service, client) = try serve(
            scratch,
            sources: """
                  - {name: idle, address: "\(file)", realtime: true, autostart: false}
                """)
        func source(_ arguments: String...) throws -> Child.Outcome {
            try Program.run(["source"] + arguments + ["--socket", scratch.path("stream.sock")])
        }
        #expect(try source("list").out.contains("idle              off"))
        #expect(try source("start", "other").err.contains("there are idle"))
        #expect(try source("stop", "idle").err.contains("not running"))
        for _ in 0..<2 {
            #expect(try source("start", "idle").status == 0)
            let first = try row(client)
            #expect(first["frame"] as? Int == 0)
            #expect(try source("start", "idle").out.contains(first["session"] as? String ?? "?"))
            #expect(try source("list").out.contains("idle              on"))
            #expect(try source("stop", "idle").status == 0)
            let end = try next(client) { $0["type"] as? String == "end" }
            #expect(end["session"] as? String == first["session"] as? String)
            #expect(eventually { (try? source("list").out.contains("off")) ?? false })
        }
        #expect(try service.terminate() == 0)
        let sessions = try FileManager.default.contentsOfDirectory(atPath: scratch.path("state/sessions"))
        #expect(sessions.count == 2)
        for session in sessions {
            #expect(FileManager.default.fileExists(atPath: scratch.path("state/sessions/\(session)/report.html")))
        }
    }

    @Test("go on in the same session after the service was killed, with a gap that says so")
    func killed() throws {
        let scratch = try Scratch()
        let file = try scratch.phantom("played.mkv", seconds: 6)
        let sources = """
              - {name: scope, address: "\(file)", realtime: true, loop: true}
            """
        let (first, client) = try serve(scratch, sources: sources)
        _ = try row(client, atLeast: 60)
        try first.kill9()
        let (second, again) = try serve(scratch, sources: sources)
        let gap = try next(again) { $0["type"] as? String == "gap" && $0["cause"] as? String == "source_lost" }
        let frame = try #require(gap["frame"] as? Int)
        #expect(gap["detail"] as? String == "the program was started again")
        let resumed = try row(again, atLeast: frame)
        #expect(resumed["segment"] as? Int == gap["segment"] as? Int)
        #expect((resumed["t_s"] as? Double ?? 0) > 2)
        #expect(try second.terminate() == 0)
        let rows = try String(
            contentsOf: try scratch.sessionFolder().appending(path: "samples.csv"), encoding: .utf8
        ).split(separator: "\n").dropFirst().compactMap { Int($0.prefix { $0 != "," }) }
        #expect(zip(rows, rows.dropFirst()).allSatisfy { $0 < $1 })
    }

    private static let faultScript = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "scripts/live-faults").path

    /// Whether GStreamer's RTSP server can be asked for.
    private static let hasServer = (try? Child.run("python3", [faultScript, "--check"]).status) == 0

    @Test(
        "survive an RTSP server that is stopped, hung, slow and reset",
        .enabled(if: hasServer, "needs GStreamer's RTSP server (apt install gir1.2-gst-rtsp-server-1.0 python3-gi)"),
        .timeLimit(.minutes(4)))
    func faults() throws {
        let outcome = try Child.run(
            "python3", [Self.faultScript, "4"], environment: ["RIMA_PROGRAM": Program.path], upTo: 230)
        #expect(outcome.status == 0, "\(outcome.out)\(outcome.err)")
    }
}
