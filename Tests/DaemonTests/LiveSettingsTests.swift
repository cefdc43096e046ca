// Live sources: in the configuration, over the socket, and across a reload.
import Foundation
import Testing

@testable import Daemon

@Suite("Live sources in the configuration")
struct LiveSettingsTests {
    private func problems(_ yaml: String) -> [String] {
        do {
            _ = try Configuration.parse(yaml, source: "r.yaml")
            return []
        } catch {
            return error.problems.map(\.description)
        }
    }

    @Test("are read with everything that they need")
    func read() throws {
        let configuration = try Configuration.parse(
            """
            sources:
              - name: room-2
                address: rtsp://me:secret@10.0.0.5/a
                transport: udp
                record: true
                stall_seconds: 5
              - {name: card, address: /dev/video0, input_format: mjpeg, video_size: 1920x1080, frame_rate: 30, autostart: false}
              - {name: film, address: /srv/film.mkv, realtime: true, loop: true}
            """, source: "r.yaml")
        #expect(configuration.sources.map(\.name) == ["room-2", "card", "film"])
        #expect(configuration.sources[0].transport == .udp)
        #expect(configuration.sources[0].record && configuration.sources[0].autostart)
        #expect(configuration.sources[0].stallSeconds == 5)
        #expect(configuration.sources[1].inputFormat == "mjpeg" && configuration.sources[1].frameRate == 30)
        #expect(!configuration.sources[1].autostart)
        #expect(configuration.sources[2].realtime && configuration.sources[2].loop)
    }

    @Test(
        "are refused with their place, and without a word of the address",
        arguments: [
            ("sources:\n  - name: a\n", "r.yaml:2:5: sources has an entry without its address"),
            ("sources:\n  - {name: a, address: \"file:///hunter2\"}\n", "r.yaml:2:24: sources.address: this scheme"),
            ("sources:\n  - {name: a, address: \"rtsp://me:hunter2@host:x/\"}\n", "r.yaml:2:24: sources.address: "),
            ("sources:\n  - {name: a, adress: \"rtsp://host/\"}\n", "did you mean \"address\"?"),
            ("sources:\n  - {name: a b, address: \"rtsp://host/\"}\n", "r.yaml:2:12: sources.name takes"),
            (
                "sources:\n  - {name: a, address: \"rtsp://host/\"}\n  - {name: a, address: \"rtsp://host/\"}\n",
                "r.yaml:3:5: sources has two sources of the name \"a\""
            ),
            ("sources:\n  - {name: a, address: /dev/video0, video_size: wide}\n", "sources.video_size takes a size"),
            ("sources: rtsp://me:hunter2@host/\n", "r.yaml:1:10: sources takes a list"),
        ])
    func refused(yaml: String, said: String) {
        let found = problems(yaml)
        #expect(found.contains { $0.contains(said) }, "\(found)")
        #expect(!found.contains { $0.contains("hunter2") })
    }

    @Test("change with a reload: new ones begin, those that are gone end, different ones connect anew")
    func reload() {
        func source(_ name: String, _ address: String = "/a", autostart: Bool = true) -> Configuration.LiveSource {
            var source = Configuration.LiveSource(name: name, address: address)
            source.autostart = autostart
            return source
        }
        var live = LiveSources([source("stays"), source("changes"), source("goes"), source("idle")])
        for name in ["stays", "changes", "goes"] {
            live.began(SessionFolder(root: URL(fileURLWithPath: "/sessions/of-\(name)")), of: name)
        }
        let changes = live.replace(by: [
            source("stays"), source("changes", "/b"), source("idle", "/c"), source("new"),
            source("later", autostart: false),
        ])
        #expect(changes.stop == ["goes"])
        #expect(changes.restart == ["changes"])
        #expect(changes.start == ["new"])
        live.ended("of-stays")
        #expect(live.source(of: "of-stays") == nil)
        #expect(live.source(of: "of-changes") == "changes")
        #expect(!live.list().contains("/b"))
    }
}

@Suite("Commands for live sources")
struct SourceCommandTests {
    private func parse(_ line: String) throws(StreamCommandError) -> StreamCommand {
        try StreamCommand.parse(Array(line.utf8))
    }

    @Test("are understood, one verb on a line")
    func understood() throws {
        #expect(try parse(#"{"start":"room-2"}"#) == .source(.start("room-2")))
        #expect(try parse(#"{"stop":"room-2"}"#) == .source(.stop("room-2")))
        #expect(try parse(#"{"sources":true}"#) == .source(.list))
    }

    @Test(
        "are refused where they are unclear",
        arguments: [
            #"{"start":""}"#, #"{"start":true}"#, #"{"start":"a","stop":"a"}"#, #"{"stop":"a","session":"b"}"#,
            #"{"sources":false}"#, #"{"start":"a\u0007"}"#,
        ])
    func refused(line: String) {
        #expect(throws: StreamCommandError.self) { _ = try parse(line) }
    }
}

@Suite("A live session's clock")
struct LiveClockTests {
    @Test("is read back within a boot, and not across one")
    func readBack() {
        let origin = Int64(MonotonicClock.milliseconds() - 5000) * 1_000_000
        let facts = LiveClock(origin: origin).facts
        #expect(LiveClock(facts)?.origin == origin)
        let parts = (facts["live_clock"] ?? "").split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        #expect(LiveClock(["live_clock": "\(parts[0]) \(parts[1]) another-boot"]) == nil || parts[2].isEmpty)
        // Without the boot's name both clocks must agree.
        #expect(LiveClock(["live_clock": "\(parts[0]) \(parts[1]) "])?.origin == origin)
        #expect(LiveClock(["live_clock": "\(parts[0]) \((Int(parts[1]) ?? 0) + 3600) "]) == nil)
        #expect(LiveClock([:]) == nil)
        #expect(LiveClock(["live_clock": "soon"]) == nil)
    }
}
