// The stream over real sockets.
import Daemon
import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("The stream", .timeLimit(.minutes(5)))
struct StreamServerTests {
    @Test("greets with what it is and which sessions there are")
    func greets() async throws {
        let stream = try await ServedStream()
        stream.hub.sessionStarted("a")
        stream.hub.publish(session: "a", seq: 0, line: sampleLine("a", 0))
        let path = stream.path
        let hello = try await onThread { try StreamClient(path: path).line() }
        let fields = try object(#require(hello))
        #expect(fields["type"] as? String == "hello")
        #expect(fields["schema"] as? Int == 1)
        #expect(fields["notice"] as? String == "Research use only. Not a medical device.")
        #expect((fields["units"] as? [String: String])?["area_px"] == "px^2")
        let session = try #require((fields["sessions"] as? [[String: Any]])?.first)
        #expect(session["session"] as? String == "a")
        #expect(session["next_seq"] as? Int == 1)
        await stream.close()
    }

    @Test("ten readers lose nothing of 50,000 rows while an eleventh never reads; that one is told what it missed")
    func slowReaderHurtsNobody() async throws {
        let rows = 50_000
        // The one that never reads is served at once: what it is to miss, it misses in one piece.
        var options = StreamOptions()
        options.grace = 0
        let stream = try await ServedStream(options: options)
        stream.hub.sessionStarted("t")
        let path = stream.path
        let stalled = Shared(try StreamClient(path: path))
        let progress = Shared([Int](repeating: 0, count: 10))
        let ready = DispatchSemaphore(value: 0)
        let readers = (0..<10).map { reader in
            Task { @Sendable in
                try await onThread { () -> [Int] in
                    // One that gives up holds nobody up: its error is the failure that is told.
                    defer { progress.value.withLock { $0[reader] = rows } }
                    let client = try StreamClient(path: path)
                    _ = try client.line()
                    try client.subscribe(to: "t")
                    var seen: [Int] = []
                    while seen.last != rows - 1, let line = try client.line() {
                        if line.contains("\"type\":\"reply\"") { ready.signal() }
                        #expect(!line.contains("\"type\":\"gap\""))
                        guard line.contains("\"type\":\"sample\"") else { continue }
                        seen.append(try #require(seq(of: line)))
                        progress.value.withLock { $0[reader] = seen.count }
                    }
                    return seen
                }
            }
        }
        let hub = stream.hub
        let before = try residentMegabytes()
        try await onThread {
            for _ in 0..<10 { try ready.wait(for: "ten readers that have subscribed") }
            for seq in 0..<rows {
                // The ten are readers of sound pace: the source waits for the slowest of them, never for the eleventh.
                if seq - (progress.value.withLock { $0.min() } ?? 0) > 4000 {
                    try waitUntil("the slowest of ten readers at row \(seq - 4000)") {
                        seq - (progress.value.withLock { $0.min() } ?? 0) <= 4000
                    }
                }
                hub.publish(session: "t", seq: seq, line: sampleLine("t", seq))
            }
        }
        for reader in readers { #expect(try await reader.value == Array(0..<rows)) }
        #expect(try residentMegabytes() - before < 64)
        let late = try await onThread { try stalled.value.withLock { try readAll(from: $0, upTo: rows - 1) } }
        let gap = try object(#require(late.gaps.first))
        let dropped = try #require(gap["dropped"] as? Int)
        #expect(late.gaps.count == 1)
        #expect(late.seqs.count + dropped == rows)
        #expect(dropped > rows / 2)
        let from = try #require(gap["from_seq"] as? Int)
        let to = try #require(gap["to_seq"] as? Int)
        #expect(late.seqs == Array(0..<from) + Array(to + 1..<rows))
        await stream.close()
    }

    private struct Heard { var seqs: [Int] = [], gaps: [String] = [] }

    private func readAll(from client: StreamClient, upTo last: Int) throws -> Heard {
        var heard = Heard()
        while heard.seqs.last != last, let line = try client.line() {
            if line.contains("\"type\":\"gap\"") { heard.gaps.append(line) }
            if line.contains("\"type\":\"sample\"") { heard.seqs.append(try #require(seq(of: line))) }
        }
        return heard
    }

    private func residentMegabytes() throws -> Int {
        let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
        return try #require(Int(fields[1])) * 4096 >> 20
    }
}
