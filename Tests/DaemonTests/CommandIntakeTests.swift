// Lines and rates, without a socket.
import Testing

@testable import Daemon

/// `#expect` for calls that change what they are called on.
private func expectThat(_ holds: Bool, at location: SourceLocation = #_sourceLocation) {
    #expect(holds, sourceLocation: location)
}

@Suite("What comes in from clients")
struct CommandIntakeTests {
    private static func pieces(_ chunks: [String], limit: Int = 8) -> [String] {
        var splitter = LineSplitter(limit: limit)
        var result: [String] = []
        for chunk in chunks {
            splitter.take(chunk.utf8) { piece in
                switch piece {
                case .line(let line): result.append(String(decoding: line, as: UTF8.self))
                case .tooLong: result.append("!")
                }
            }
        }
        return result
    }

    @Test("is split into lines, wherever the chunks break")
    func splits() {
        let text = "ab\n\ncd\r\n12345678\n123456789 and much more\nx\ny"
        let whole = ["ab", "", "cd", "12345678", "!", "x"]
        #expect(Self.pieces([text]) == whole)
        #expect(Self.pieces(text.map(String.init)) == whole)
        #expect(Self.pieces(["123456789", "0", "\n", "a\n"]) == ["!", "a"])
    }

    @Test("is allowed in bursts of a second's worth and at the rate, and refused once aloud")
    func rate() {
        var rate = RateLimit(perSecond: 3, now: 0)
        let burst = (0..<6).map { _ in rate.take(now: 0) }
        #expect(burst == [.allowed, .allowed, .allowed, .firstRefusal, .refused, .refused])
        expectThat(rate.take(now: 333) == .refused)
        expectThat(rate.take(now: 334) == .allowed)
        expectThat(rate.take(now: 334) == .firstRefusal)
        // A clock that steps back neither gives nor takes.
        expectThat(rate.take(now: 0) == .refused)
        let later = (0..<4).map { _ in rate.take(now: 1_000_000) }
        #expect(later == [.allowed, .allowed, .allowed, .firstRefusal])
    }

    @Test("text is freed of what could deceive a terminal or a reader")
    func plainText() {
        #expect(TextSafety.plain("a\u{1B}[31mb\n\u{202E}c\u{85}d\u{2028}é") == "a[31mbcdé")
        #expect(TextSafety.plain("äöü", limit: 5) == "äö")
    }
}

@Suite("A session's history")
struct EventHistoryTests {
    private static func line(_ number: Int, bytes: Int = 10) -> [UInt8] {
        Array(repeating: UInt8(ascii: "a") + UInt8(number % 26), count: bytes)
    }

    @Test("agrees with a plain list that forgets, over every size and place")
    func agreesWithList() {
        for capacity in 1...7 {
            var history = EventHistory(capacity: capacity)
            var list: [(seq: Int, line: [UInt8])] = []
            var dropped = 0
            for step in 0..<40 {
                if step == 23 {
                    history.removeAll()
                    dropped += list.count
                    list = []
                }
                let row = (seq: step * 2, line: Self.line(step))
                expectThat(history.append(seq: row.seq, line: row.line))
                list.append(row)
                if list.count > capacity {
                    list.removeFirst()
                    dropped += 1
                }
                #expect(history.first == dropped)
                #expect(history.next == step + 1)
                #expect(history.firstSeq == list[0].seq)
                for ordinal in 0...step + 1 {
                    var got: [[UInt8]] = []
                    let reading = history.read(from: ordinal, maximumBytes: 25) { got.append($0) }
                    let start = max(0, ordinal - dropped)
                    #expect(got == list.dropFirst(start).prefix(2).map(\.line))
                    #expect(reading.dropped == max(0, dropped - ordinal))
                    #expect(reading.next == max(dropped, ordinal) + got.count)
                }
                for seq in -1...step * 2 + 1 {
                    let expected = dropped + (list.firstIndex { $0.seq >= seq } ?? list.count)
                    #expect(history.ordinal(atOrAfter: seq) == expected)
                }
            }
        }
    }

    @Test("refuses numbers seen before and takes events without a number")
    func numbers() {
        var history = EventHistory(capacity: 4)
        expectThat(history.append(seq: 5, line: [1]))
        expectThat(!history.append(seq: 5, line: [2]))
        expectThat(!history.append(seq: 3, line: [2]))
        expectThat(history.append(seq: nil, line: [3]))
        expectThat(history.append(seq: 6, line: [4]))
        #expect(history.lastSeq == 6)
        var got: [[UInt8]] = []
        _ = history.read(from: history.ordinal(atOrAfter: 6), maximumBytes: 100) { got.append($0) }
        #expect(got == [[4]])
    }

    @Test("holds no more than a kibibyte a row on average, and always the newest row")
    func bytes() {
        var history = EventHistory(capacity: 4)
        for number in 0..<10 { expectThat(history.append(seq: number, line: Self.line(number, bytes: 2048))) }
        #expect(history.next - history.first == 2)
        expectThat(history.append(seq: 10, line: Self.line(10, bytes: 100_000)))
        #expect(history.next - history.first == 1)
    }
}

@Suite("The nearest name")
struct NearestNameTests {
    @Test("counts the slips between two words")
    func distances() {
        let table: [(String, String, Int)] = [
            ("", "", 0), ("a", "", 1), ("", "abc", 3), ("kitten", "sitting", 3), ("sokcet", "socket", 1),
            ("flaw", "lawn", 2), ("same", "same", 0),
        ]
        for (a, b, expected) in table { #expect(NearestName.distance(Array(a.utf8), Array(b.utf8)) == expected) }
    }

    @Test("is not offered when nothing is near")
    func nothingNear() {
        #expect(NearestName.suggestion(for: "qqqqqq", among: ["path", "mode"]) == nil)
        #expect(NearestName.suggestion(for: "PATH", among: ["path", "mode"]) == "path")
        #expect(
            NearestName.suggestion(for: "idle_limit", among: ["idle_limit_seconds", "pane"]) == "idle_limit_seconds")
    }
}
