// The page's server, part by part: who is let in, which call answers, how events are framed.
import Foundation
import Frames
import Logging
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing
import Yams

@testable import Daemon

@Suite("The page's server") struct WebTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    // MARK: Who is let in

    private func refusal(
        _ headers: [(String, String)], method: HTTPMethod = .GET, isPage: Bool = false, host: String = "127.0.0.1",
        names: [String] = []
    ) -> UInt? {
        WebGuard(host: host, names: names).refusal(method, HTTPHeaders(headers), isPage: isPage)?.status.code
    }

    @Test(
        "hosts by which the page may be addressed",
        arguments: ["localhost", "localhost:8787", "127.0.0.1:1", "[::1]:8787"])
    func ownHosts(host: String) {
        #expect(refusal([("Host", host)]) == nil)
    }

    @Test(
        "hosts by which it may not",
        arguments: [
            "", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example:8787", "localhost:x", "[::1", ":80",
        ])
    func foreignHosts(host: String) {
        #expect([400, 421].contains(refusal([("Host", host)]) ?? 0))
    }

    @Test("a host must be named once") func oneHost() {
        #expect(refusal([]) == 400)
        #expect(refusal([("Host", "localhost"), ("Host", "evil.example")]) == 400)
    }

    @Test("further names count, whatever their case") func names() {
        #expect(refusal([("Host", "Lab-7:80")], names: ["lab-7"]) == nil)
        #expect(refusal([("Host", "192.168.1.5:80")], host: "192.168.1.5") == nil)
        // Listening everywhere is no name.
        #expect(refusal([("Host", "0.0.0.0")], host: "0.0.0.0") == 421)
    }

    @Test("pages of other origins get nothing") func origins() {
        let host = ("Host", "localhost:8787")
        #expect(refusal([host, ("Origin", "http://localhost:8787")], method: .POST) == nil)
        for origin in ["http://evil.example", "null", "http://localhost:8788", "http://localhost"] {
            #expect(refusal([host, ("Origin", origin)], method: .POST) == 403)
        }
        #expect(refusal([host, ("Sec-Fetch-Site", "cross-site")]) == 403)
        #expect(refusal([host, ("Sec-Fetch-Site", "same-site")]) == 403)
        #expect(refusal([host, ("Sec-Fetch-Site", "same-origin")]) == nil)
        let link = [
            host, ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document"),
        ]
        #expect(refusal(link, isPage: true) == nil)
        #expect(refusal(link, isPage: false) == 403)
        #expect(refusal(link, method: .POST, isPage: true) == 403)
    }

    @Test("no policy lets content from elsewhere in") func policies() {
        for policy in [WebPolicy.data, .page, .report] {
            #expect(policy.text.hasPrefix("default-src 'none'"))
            #expect(!policy.text.contains("http") && !policy.text.contains("*"))
            #expect(!policy.text.contains("script-src 'unsafe"))
        }
    }

    // MARK: Paths

    @Test("patterns with text around a parameter") func patterns() {
        let route = WebRoute(method: .GET, pattern: "/s/{session}/frames/{frame}.jpg", answer: .events)
        #expect(route.match("/s/a/frames/12.jpg") == ["session": "a", "frame": "12"])
        for path in [
            "/s/a/frames/.jpg", "/s/a/frames/12.png", "/s//frames/1.jpg", "/s/a/frames/1.jpg/", "/s/a/b/frames/1.jpg",
        ] {
            #expect(route.match(path) == nil, "\(path)")
        }
    }

    @Test("targets that are no paths are refused", arguments: ["", "*", "http://evil.example/", "a"])
    func targets(target: String) {
        #expect(WebRequest(method: .GET, target: target, headers: HTTPHeaders()) == nil)
    }

    @Test("every route is described, and nothing else is") func description() throws {
        let context = try Self.context()
        let text = try String(contentsOf: Self.root.appending(path: "ref/openapi.yaml"), encoding: .utf8)
        let document = try #require(try Yams.load(yaml: text) as? [String: Any])
        let paths = try #require(document["paths"] as? [String: [String: Any]])
        let methods = ["get", "post", "put", "delete", "patch"]
        let described = Set(
            paths.flatMap { path, item in methods.filter { item[$0] != nil }.map { "\($0.uppercased()) \(path)" } })
        let files = Set(PageAssets.files.map { "GET /" + $0.name }).subtracting(["GET /openapi.yaml"])
        let served = Set(context.routes.map { "\($0.method.rawValue) \($0.pattern)" }).subtracting(files)
        #expect(described == served)
        // A parameter in a path is a parameter of the description.
        for (path, item) in paths where path.contains("{session}") {
            #expect("\(item["parameters"] ?? "")".contains("session"), "\(path)")
        }
    }

    @Test("the program holds the page's files as they are") func assets() throws {
        let page = Self.root.appending(path: "Sources/Daemon/Web/Page")
        let names = try FileManager.default.contentsOfDirectory(atPath: page.path)
        #expect(Set(PageAssets.files.map(\.name)) == Set(names + ["openapi.yaml"]))
        for (name, text) in PageAssets.files {
            let file =
                name == "openapi.yaml" ? Self.root.appending(path: "ref/openapi.yaml") : page.appending(path: name)
            #expect(try String(contentsOf: file, encoding: .utf8) == text, "\(name): run scripts/embed-page")
        }
    }

    @Test("the page asks for nothing from elsewhere") func noForeignContent() {
        for (name, text) in PageAssets.files where name != "openapi.yaml" {
            let addresses = text.components(separatedBy: "http").dropFirst().map { $0.prefix(25) }
                .filter { $0.hasPrefix("://") || $0.hasPrefix("s://") }
            // Names of XML vocabularies are not fetched.
            #expect(addresses.allSatisfy { $0.hasPrefix("://www.w3.org/2000/svg") }, "\(name): \(addresses)")
            #expect(!text.contains("innerHTML") && !text.contains("eval("), "\(name)")
        }
    }

    private static func context() throws -> WebContext {
        let configuration = Configuration()
        let hub = EventHub()
        let overview = ServiceWatch(hub: hub)
        let supervisor = Supervisor(
            configuration: configuration, configurationPath: nil,
            accepted: try AcceptedConfiguration(ConfigurationFiles(path: nil)), hub: hub, overview: overview,
            notifier: ServiceNotifier(environment: [:]), logger: Logger(label: "test"))
        return WebContext(
            configuration: configuration, configurationPath: nil, hub: hub, supervisor: supervisor, overview: overview,
            subscribers: { (0, 0) })
    }

    // MARK: Events

    @Test("places survive the way to the browser and back") func places() throws {
        let text = EventPlaces.text([("a", 1), ("20260131-142300-2", 40)])
        #expect(text == "a:1;20260131-142300-2:40")
        let read = try #require(EventPlaces.read(text))
        #expect(read.map(\.session) == ["a", "20260131-142300-2"] && read.map(\.seq) == [1, 40])
        for text in ["", "a", "a:", ":1", "a:-1", "a:1;b", "a:99999999999999999999"] {
            #expect(EventPlaces.read(text) == nil, "\(text)")
        }
    }

    @Test("a line's place is read off its first fields") func linePlaces() {
        func place(_ text: String) -> String? {
            EventStreamFraming.place(of: Array(text.utf8)).map { "\($0.session):\($0.seq)" }
        }
        #expect(place(#"{"type":"sample","session":"a","seq":12,"frame":3}"#) == "a:12")
        #expect(place(#"{"type":"mark","session":"a","seq":7}"#) == "a:7")
        #expect(place(#"{"type":"breath","session":"a","breath":1}"#) == nil)
        #expect(place(#"{"type":"heartbeat","monotonic_ms":4}"#) == nil)
        #expect(place("{}") == nil && place("") == nil)
    }

    @Test("lines become events, and the end of the connection the end of the answer") func framing() throws {
        let channel = EmbeddedChannel(handler: EventStreamFraming(places: [("b", 3)]))
        var lines = ByteBuffer()
        lines.writeString(#"{"type":"sample","session":"a","seq":0}"# + "\n" + #"{"type":"heartbeat"}"# + "\n")
        try channel.writeOutbound(lines)
        guard case .body(.byteBuffer(let body)) = try channel.readOutbound(as: HTTPServerResponsePart.self) else {
            Issue.record("no body")
            return
        }
        #expect(
            String(buffer: body) == "id: b:3;a:0\ndata: {\"type\":\"sample\",\"session\":\"a\",\"seq\":0}\n\n"
                + "data: {\"type\":\"heartbeat\"}\n\n")
        channel.close(promise: nil)
        guard case .end = try channel.readOutbound(as: HTTPServerResponsePart.self) else {
            Issue.record("no end")
            return
        }
    }

    @Test("what a listener asks for") func wishes() throws {
        func wish(_ target: String, _ headers: [(String, String)] = []) throws -> StreamWish {
            try StreamWish(
                try #require(WebRequest(method: .GET, target: target, headers: HTTPHeaders(headers))))
        }
        #expect(try wish("/e") == StreamWish(scope: .all))
        #expect(try wish("/e?session=latest") == StreamWish(scope: .latest))
        #expect(try wish("/e?session=a&from_seq=4") == StreamWish(scope: .session("a"), from: [("a", 4)]))
        // The browser's own word counts more.
        #expect(
            try wish("/e?session=a&from_seq=4", [("Last-Event-ID", "a:9")])
                == StreamWish(scope: .session("a"), from: [("a", 10)]))
        #expect(throws: WebError.self) { try wish("/e?from_seq=4") }
        #expect(throws: WebError.self) { try wish("/e?session=a&from_seq=-1") }
        #expect(throws: WebError.self) { try wish("/e", [("Last-Event-ID", "nonsense")]) }
    }

    // MARK: What is counted

    @Test("rows are counted once, by what became of them") func counts() {
        let watch = ServiceWatch(hub: EventHub())
        let measured = #"{"type":"sample","session":"a","seq":0,"state":"measured","reasons":[]}"#
        watch.event(session: "a", sequence: 0, line: measured)
        watch.event(session: "a", sequence: 0, line: measured)
        watch.event(
            session: "a", sequence: 1,
            line: #"{"type":"sample","session":"a","seq":1,"state":"rejected","reasons":["foggy","blurred"]}"#)
        watch.event(session: "a", sequence: nil, line: #"{"type":"breath","session":"a","breath":0}"#)
        watch.word(session: "a", key: "timing", text: "30000000 0 0 1 0 1 0 0 0 0 0")
        watch.word(session: "a", key: "queue", text: "3")
        watch.beat(running: 1, waiting: 0, sources: ["scope": "a"])
        let gap = #"{"type":"gap","session":"a","seq":2,"cause":"source_lost"}"#
        watch.event(session: "a", sequence: 2, line: gap)
        watch.event(session: "a", sequence: 2, line: gap)
        let counts = watch.snapshot
        #expect(counts.queued == ["a": 3] && counts.reconnects == ["scope": 1])
        #expect(counts.measured == 1 && counts.rejected == 1 && counts.breaths == 1)
        #expect(counts.reasons == ["foggy": 1, "blurred": 1])
        #expect(counts.timingNanoseconds == 30_000_000 && counts.timing.reduce(0, +) == 2)
        watch.gone("a")
        #expect(watch.snapshot.lastAlive.isEmpty)
    }

    @Test("a histogram's buckets add up") func histogram() {
        var text = MetricsText()
        text.addHistogram("x", "Help.", bounds: [0.1, 1], counts: [2, 3, 4], sum: 5.5)
        #expect(
            text.text == """
                # HELP x Help.
                # TYPE x histogram
                x_bucket{le="0.1"} 2
                x_bucket{le="1.0"} 5
                x_bucket{le="+Inf"} 9
                x_sum 5.5
                x_count 9

                """)
    }

    @Test("a column holds every frame's opening, or says why it has none") func columns() throws {
        let samples = (0..<100).map { index in
            var sample = Sample(
                frame: index, time: StreamTime(nanoseconds: Int64(index) * 100_000_000), segment: 0)
            if index < 50 {
                sample.opening = Opening(
                    area: Double(index), length: 1, width: 1, angle: nil, leftArea: 0, rightArea: 0, center: nil)
                sample.fieldShare = Double(index) / 1000
            } else {
                sample.reasons = index % 3 == 0 ? [.blurred] : [.foggy]
            }
            return sample
        }
        let curve = CurveColumns(samples, from: 0, to: 9.9, count: 10)
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(curve.json(duration: 9.9).utf8)) as? [String: Any])
        let frames = try #require(object["frames"] as? [Int])
        let measured = try #require(object["measured"] as? [Int])
        #expect(frames.reduce(0, +) == 100 && measured.reduce(0, +) == 50)
        let high = try #require(object["high"] as? [Any])
        #expect(high[0] as? Double == 0.009 && high[9] is NSNull)
        #expect((object["reason"] as? [Any])?[9] as? String == "foggy")
    }

    @Test("waiting for the recorder is told once it lasts, and measuring when rows come again") func states() {
        var teller = StateTeller()
        teller.told = "measuring"
        // A recorder that flushes: each gap is over before a second has passed.
        for _ in 0..<50 {
            teller.isWaiting = true
            #expect(teller.rowCame() == nil)
        }
        teller.isWaiting = true
        #expect(teller.secondPassed() == nil)
        #expect(teller.secondPassed() == "waiting_for_data")
        teller.told = "waiting_for_data"
        #expect(teller.secondPassed() == nil)
        #expect(teller.rowCame() == "measuring")
    }
}
