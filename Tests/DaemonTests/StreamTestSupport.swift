// What the tests of the stream share: a folder, a store that is a list, a client that collects lines.
import Daemon
import Foundation
import Logging
import Synchronization
import TestSupport

/// A fresh folder with a short path, removed by `remove`.
struct ScratchFolder {
    let path: String

    init() throws {
        path = "/tmp/rima-\(UInt32.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    func remove() { try? FileManager.default.removeItem(atPath: path) }
}

/// Stands for the sessions' stores: rows by session.
final class FakeStore: Sendable {
    struct UnknownSession: Error {}
    private let rows = Mutex<[String: [StoredEvent]]>([:])

    func append(_ session: String, seq: Int, line: String) {
        rows.withLock { $0[session, default: []].append(StoredEvent(seq: seq, line: line)) }
    }

    func read(_ session: String, from: Int, limit: Int) throws -> [StoredEvent] {
        guard let all = rows.withLock({ $0[session] }) else { throw UnknownSession() }
        return Array(all.drop { $0.seq < from }.prefix(limit))
    }
}

func sampleLine(_ session: String, _ seq: Int) -> String {
    "{\"type\":\"sample\",\"session\":\"\(session)\",\"seq\":\(seq),\"area_px\":\(1000 + seq % 97).25,"
        + "\"state\":\"measured\",\"padding\":\"0123456789012345678901234567890123456789\"}"
}

let quietLogger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// A served stream in a folder of its own.
struct ServedStream {
    let folder: ScratchFolder
    let hub: EventHub
    let store: FakeStore
    let server: StreamServer
    var path: String { folder.path + "/s.sock" }

    init(
        historyRows: Int = 8192, options: StreamOptions = StreamOptions(),
        mark: @escaping @Sendable (MarkRequest) async -> MarkOutcome = { _ in .refused("no session is recorded") }
    ) async throws {
        folder = try ScratchFolder()
        let hub = EventHub(historyRows: historyRows)
        let store = FakeStore()
        self.hub = hub
        self.store = store
        server = try await StreamServer.start(
            on: ListeningSocket.bind(path: folder.path + "/s.sock"), hub: hub,
            handlers: StreamHandlers(
                replay: { try store.read($0, from: $1, limit: $2) }, mark: mark, status: { "{\"x\":1}" }),
            options: options, logger: quietLogger)
    }

    func close() async {
        await server.shutdown(patience: 50)
        folder.remove()
    }
}

/// Runs blocking work on a thread of its own, so that the tests' executor stays free.
func onThread<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        let thread = Thread { continuation.resume(with: Result { try work() }) }
        thread.stackSize = 1 << 20
        thread.start()
    }
}

extension StreamClient {
    /// The next line that is wanted, within a limit that heartbeats do not lengthen; nil at the end of the stream.
    func line(
        _ what: String = "the next line", within seconds: Double = patience,
        where isWanted: (String) -> Bool = { _ in true }
    ) throws -> String? {
        let deadline = MonotonicClock.milliseconds() + Int(seconds * 1000)
        while let line = try nextLine(timeout: max(1, deadline - MonotonicClock.milliseconds())) {
            if isWanted(line) { return line }
            if MonotonicClock.milliseconds() >= deadline {
                throw WaitedInVain(for: what, seconds: seconds, detail: "the last line was \(line)")
            }
        }
        return nil
    }
}

/// A line's field, by a parse of its own.
func object(_ line: String) throws -> [String: Any] {
    try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
}

/// The number of a row, found without a parser: half a million rows are read in one test.
func seq(of line: String) -> Int? {
    line.withCString { text in
        strstr(text, "\"seq\":").map { strtol($0 + 6, nil, 10) }
    }
}

/// A value that several threads use.
final class Shared<Value>: Sendable {
    let value: Mutex<Value>

    init(_ value: consuming sending Value) { self.value = Mutex(value) }
}
