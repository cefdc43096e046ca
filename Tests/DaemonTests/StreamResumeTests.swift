// Resuming by number, commands and their limits, over real sockets.
import Daemon
import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("A client of the stream", .timeLimit(.minutes(5)))
struct StreamResumeTests {
    /// Reads until a line of one of these types comes, which it returns.
    private static func next(_ client: StreamClient, _ types: String...) throws -> String {
        let wanted = types.map { "\"type\":\"\($0)\"" }
        guard let line = try client.line("one of \(types)", where: { line in wanted.contains { line.contains($0) } })
        else { throw StreamEnded() }
        return line
    }

    private struct StreamEnded: Error {}

    private static func reply(_ client: StreamClient, to command: String) throws -> String {
        try client.send(command)
        return try next(client, "reply")
    }

    @Test("resumes by number across broken connections, from the store and from memory, without a row lost or repeated")
    func resumes() async throws {
        // The ring is so small that most rows must come from the store.
        let stream = try await ServedStream(historyRows: 64)
        let rows = 20_000
        let (hub, store, path) = (stream.hub, stream.store, stream.path)
        hub.sessionStarted("t")
        let seen = Task { @Sendable in
            try await onThread { () -> [Int] in
                var seen: [Int] = []
                while seen.last != rows - 1 {
                    let client = try StreamClient(path: path)
                    try client.subscribe(to: "t", fromSeq: seen.count)
                    // Breaks off after a different number of rows each time.
                    let stop = seen.count + 1 + seen.count % 1777
                    while seen.count < min(stop, rows) {
                        seen.append(try #require(seq(of: try Self.next(client, "sample", "gap"))))
                    }
                }
                return seen
            }
        }
        try await onThread {
            for number in 0..<rows {
                let line = sampleLine("t", number)
                store.append("t", seq: number, line: line)
                hub.publish(session: "t", seq: number, line: line)
            }
        }
        #expect(try await seen.value == Array(0..<rows))
        await stream.close()
    }

    @Test("a stored session that is no longer served can still be read; one that never was is refused")
    func readsStored() async throws {
        let stream = try await ServedStream()
        for number in 0..<600 { stream.store.append("old", seq: number, line: sampleLine("old", number)) }
        let path = stream.path
        try await onThread {
            let client = try StreamClient(path: path)
            try client.subscribe(to: "old", fromSeq: 10)
            #expect(try Self.next(client, "reply", "sample").contains("\"ok\":true"))
            for number in 10..<600 { #expect(seq(of: try Self.next(client, "sample", "gap")) == number) }
            try client.subscribe(to: "never", fromSeq: 0)
            #expect(try Self.next(client, "reply").contains("\"error\":\"unknown_session\""))
            try client.subscribe(to: "never")
            #expect(try Self.next(client, "reply").contains("\"error\":\"unknown_session\""))
        }
        await stream.close()
    }

    @Test("rows that are in neither store nor memory become a gap, after the store was given time")
    func lostRowsAreTold() async throws {
        var options = StreamOptions()
        options.heartbeatInterval = 5
        let stream = try await ServedStream(historyRows: 16, options: options)
        stream.store.append("t", seq: 0, line: sampleLine("t", 0))
        for number in 0..<100 { stream.hub.publish(session: "t", seq: number, line: sampleLine("t", number)) }
        let path = stream.path
        try await onThread {
            let client = try StreamClient(path: path)
            try client.subscribe(to: "t", fromSeq: 0)
            #expect(seq(of: try Self.next(client, "sample")) == 0)
            let gap = try object(Self.next(client, "gap", "sample"))
            #expect(gap["dropped"] as? Int == 83)
            #expect(gap["from_seq"] as? Int == 1)
            #expect(gap["to_seq"] as? Int == 83)
            #expect(seq(of: try Self.next(client, "sample")) == 84)
        }
        await stream.close()
    }

    @Test("without a word gets everything live of all sessions, those that start later included")
    func defaultIsEverything() async throws {
        let stream = try await ServedStream()
        let (hub, path) = (stream.hub, stream.path)
        hub.publish(session: "a", seq: 0, line: sampleLine("a", 0))
        try await onThread {
            let client = try StreamClient(path: path)
            _ = try Self.next(client, "hello")
            hub.publish(session: "a", seq: 1, line: sampleLine("a", 1))
            hub.publish(session: "b", seq: 0, line: sampleLine("b", 0))
            let lines = [try Self.next(client, "sample"), try Self.next(client, "sample")]
            #expect(lines == [sampleLine("a", 1), sampleLine("b", 0)])
        }
        await stream.close()
    }

    @Test("misses nothing that is published once it has read the greeting")
    func greetingComesLast() async throws {
        let stream = try await ServedStream()
        let (hub, path) = (stream.hub, stream.path)
        hub.publish(session: "a", seq: 0, line: sampleLine("a", 0))
        try await onThread {
            for number in 1...20 {
                let client = try StreamClient(path: path)
                _ = try Self.next(client, "hello")
                hub.publish(session: "a", seq: number, line: sampleLine("a", number))
                #expect(try Self.next(client, "sample") == sampleLine("a", number))
            }
        }
        await stream.close()
    }

    @Test("follows the newest session with latest, and waits for one when there is none")
    func latest() async throws {
        let stream = try await ServedStream()
        let (hub, path) = (stream.hub, stream.path)
        try await onThread {
            let early = try StreamClient(path: path)
            #expect(try Self.reply(early, to: "{\"subscribe\":\"latest\"}").contains("\"session\":\"latest\""))
            hub.publish(session: "a", seq: 0, line: sampleLine("a", 0))
            #expect(try Self.next(early, "sample") == sampleLine("a", 0))
            hub.sessionStarted("b")
            let late = try StreamClient(path: path)
            #expect(try Self.reply(late, to: "{\"subscribe\":\"latest\"}").contains("\"session\":\"b\""))
            hub.publish(session: "a", seq: 1, line: sampleLine("a", 1))
            hub.publish(session: "b", seq: 0, line: sampleLine("b", 0))
            #expect(try Self.next(late, "sample") == sampleLine("b", 0))
            #expect(try Self.next(early, "sample") == sampleLine("a", 1))
        }
        await stream.close()
    }

    @Test("rows that a restarted worker sends again are given out once")
    func repeatedRows() async throws {
        let stream = try await ServedStream()
        let (hub, path) = (stream.hub, stream.path)
        for number in 0..<10 { hub.publish(session: "t", seq: number, line: sampleLine("t", number)) }
        for number in 5..<15 { hub.publish(session: "t", seq: number, line: sampleLine("t", number)) }
        try await onThread {
            let client = try StreamClient(path: path)
            try client.subscribe(to: "t", fromSeq: 0)
            for number in 0..<15 { #expect(seq(of: try Self.next(client, "sample", "gap")) == number) }
        }
        await stream.close()
    }

    static let commands: [(sent: String, code: String)] = [
        ("subscribe", "bad_json"), ("[]", "bad_json"), ("{\"subscribe\":", "bad_json"),
        ("{\"subscribe\":{\"a\":1}}", "bad_json"), ("{}", "bad_command"), ("{\"subscribee\":\"*\"}", "bad_command"),
        ("{\"mark\":\"a\",\"status\":true}", "bad_command"), ("{\"mark\":\"a\",\"from_seq\":1}", "bad_command"),
        ("{\"subscribe\":1}", "bad_value"), ("{\"subscribe\":\"*\",\"from_seq\":-1}", "bad_value"),
        ("{\"subscribe\":\"*\",\"from_seq\":1.5}", "bad_value"),
        ("{\"subscribe\":\"*\",\"from_seq\":true}", "bad_value"),
        ("{\"mark\":\"\"}", "bad_value"), ("{\"mark\":\"a\\u001b[2J\"}", "bad_value"),
        ("{\"mark\":\"" + String(repeating: "x", count: 65) + "\"}", "bad_value"), ("{\"status\":false}", "bad_value"),
        (String(repeating: "x", count: 5000), "too_long"), (String(repeating: "[", count: 4000), "bad_json"),
    ]

    @Test("is told what is wrong with a command, and lives", arguments: commands)
    func badCommand(_ command: (sent: String, code: String)) async throws {
        let stream = try await ServedStream()
        let path = stream.path
        try await onThread {
            let client = try StreamClient(path: path)
            let said = try object(Self.reply(client, to: command.sent))
            #expect(said["ok"] as? Bool == false)
            #expect(said["error"] as? String == command.code)
            #expect(try Self.reply(client, to: "{\"status\":true}").contains("\"ok\":true"))
        }
        await stream.close()
    }

    @Test("sends at most so many commands in a second, by the server's clock")
    func rateLimit() async throws {
        let clock = Shared(0)
        var options = StreamOptions()
        options.now = { clock.value.withLock { $0 } }
        let stream = try await ServedStream(options: options)
        let path = stream.path
        try await onThread {
            let client = try StreamClient(path: path)
            for _ in 0..<20 { #expect(try Self.reply(client, to: "{\"status\":true}").contains("\"ok\":true")) }
            #expect(try Self.reply(client, to: "{\"status\":true}").contains("\"error\":\"too_many_commands\""))
            // A twentieth of a second buys one.
            clock.value.withLock { $0 = 50 }
            #expect(try Self.reply(client, to: "{\"status\":true}").contains("\"ok\":true"))
            #expect(try Self.reply(client, to: "{\"status\":true}").contains("\"error\":\"too_many_commands\""))
            clock.value.withLock { $0 = 10_000 }
            #expect(try Self.reply(client, to: "{\"status\":true}").contains("\"ok\":true"))
        }
        await stream.close()
    }

    @Test("hears a heartbeat with the clock, the sessions and its own losses")
    func heartbeat() async throws {
        var options = StreamOptions()
        options.heartbeatInterval = 10
        options.now = { 4711 }
        let stream = try await ServedStream(options: options)
        stream.hub.sessionStarted("a")
        let path = stream.path
        try await onThread {
            let client = try StreamClient(path: path)
            for _ in 0..<3 {
                let beat = try Self.next(client, "heartbeat")
                #expect(beat == "{\"type\":\"heartbeat\",\"monotonic_ms\":4711,\"sessions\":1,\"dropped\":0}")
            }
        }
        await stream.close()
    }

    @Test("marks through the daemon, which learns who asks")
    func marks() async throws {
        let asked = Shared<[MarkRequest]>([])
        let stream = try await ServedStream(mark: { request in
            asked.value.withLock { $0.append(request) }
            return request.label == "no" ? .refused("not now") : .set(session: request.session ?? "only")
        })
        let path = stream.path
        try await onThread {
            let client = try StreamClient(path: path)
            try client.mark("moderate")
            let done = try Self.next(client, "reply")
            #expect(done == #"{"type":"reply","to":"mark","ok":true,"session":"only","label":"moderate"}"#)
            try client.mark("no", session: "s")
            let refused = try Self.next(client, "reply")
            #expect(
                refused == #"{"type":"reply","to":"mark","ok":false,"error":"failed","message":"not now"}"#)
        }
        let requests = asked.value.withLock { $0 }
        #expect(requests.map(\.label) == ["moderate", "no"])
        #expect(requests.map(\.session) == [nil, "s"])
        #expect(requests.allSatisfy { $0.userID == getuid() })
        await stream.close()
    }

    @Test("may not mark where marks are switched off")
    func marksSwitchedOff() async throws {
        var options = StreamOptions()
        options.allowsMarks = false
        let stream = try await ServedStream(options: options, mark: { _ in .set(session: "never") })
        let path = stream.path
        try await onThread {
            let client = try StreamClient(path: path)
            #expect(try Self.reply(client, to: "{\"mark\":\"a\"}").contains("\"error\":\"not_allowed\""))
        }
        await stream.close()
    }

    @Test("is turned away when all places are taken, unless one is held by a client that takes nothing")
    func places() async throws {
        let clock = Shared(0)
        var options = StreamOptions()
        options.now = { clock.value.withLock { $0 } }
        options.maximumClients = 2
        options.grace = 0
        let stream = try await ServedStream(options: options)
        let (hub, path) = (stream.hub, stream.path)
        try await onThread {
            let reader = try StreamClient(path: path)
            _ = try Self.next(reader, "hello")
            let stalled = try StreamClient(path: path)
            _ = try Self.next(stalled, "hello")
            let third = try StreamClient(path: path)
            #expect(try Self.next(third, "bye", "hello") == #"{"type":"bye","reason":"too many clients"}"#)
            #expect(try third.nextLine(timeout: 5000) == nil)
            // Fill the second one's channel; the first keeps reading, which shows that the rows have been given out.
            for number in 0..<8000 {
                hub.publish(session: "t", seq: number, line: sampleLine("t", number))
                #expect(seq(of: try Self.next(reader, "sample", "gap")) == number)
            }
            clock.value.withLock { $0 = 10_001 }
            let fourth = try StreamClient(path: path)
            _ = try Self.next(fourth, "hello")
            #expect(try Self.reply(reader, to: "{\"status\":true}").contains("\"clients\":2"))
        }
        await stream.close()
    }

    @Test("gets the rest of the rows and a reason when the service stops")
    func stop() async throws {
        let stream = try await ServedStream()
        let (hub, path) = (stream.hub, stream.path)
        let isReady = DispatchSemaphore(value: 0)
        let heard = Task { @Sendable in
            try await onThread { () -> [String] in
                let client = try StreamClient(path: path)
                _ = try Self.reply(client, to: "{\"subscribe\":\"*\"}")
                isReady.signal()
                var lines: [String] = []
                while let line = try client.line() { lines.append(line) }
                return lines
            }
        }
        try await onThread { try isReady.wait(for: "a client that has subscribed") }
        for number in 0..<5000 { hub.publish(session: "t", seq: number, line: sampleLine("t", number)) }
        await stream.server.shutdown(patience: 5000)
        let lines = try await heard.value.filter { !$0.contains("heartbeat") }
        #expect(lines.count == 5001)
        #expect(lines.last == #"{"type":"bye","reason":"the service stops"}"#)
        #expect(!FileManager.default.fileExists(atPath: path))
        stream.folder.remove()
    }

    @Test("ten thousand sessions, and a client that never reads, leave little behind")
    func manySessions() async throws {
        let stream = try await ServedStream()
        let (hub, path) = (stream.hub, stream.path)
        let stalled = Shared(try StreamClient(path: path))
        try await onThread { try stalled.value.withLock { _ = try Self.next($0, "hello") } }
        let grown = try await onThread { () -> Int in
            var before = 0
            for session in 0..<10_000 {
                if session == 500 { before = try residentKilobytes() }
                for number in 0..<10 {
                    hub.publish(session: "s\(session)", seq: number, line: sampleLine("s\(session)", number))
                }
                hub.sessionEnded("s\(session)")
            }
            return try residentKilobytes() - before
        }
        #expect(grown < 16 * 1024)
        #expect(hub.sessions.count == 4)
        let told = try await onThread {
            try stalled.value.withLock { client -> Int in
                var rows = 0
                while rows < 100_000 {
                    let line = try Self.next(client, "sample", "gap")
                    rows += line.contains("sample") ? 1 : try #require(object(line)["dropped"] as? Int)
                }
                return rows
            }
        }
        #expect(told == 100_000)
        await stream.close()
    }
}

func residentKilobytes() throws -> Int {
    let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
    return (Int(fields[1]) ?? 0) * 4
}
