import Foundation
import Frames
import Metrics
import Segment
import Testing

@testable import Daemon

@Suite("Views") struct ViewTests {
    private func text(_ body: (inout [UInt8]) -> Void) -> String {
        var bytes: [UInt8] = []
        body(&bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test(
        "write numbers with fixed decimals, rounded half away from zero",
        arguments: [
            (0.0, 2, "0.00"), (1.005, 1, "1.0"), (2.5, 0, "3"), (-2.5, 0, "-3"), (0.04, 1, "0.0"), (-0.04, 1, "0.0"),
            (123456.789, 2, "123456.79"), (0.000_000_4, 6, "0.000000"), (0.999_999_9, 6, "1.000000"),
            (7.0625, 3, "7.063"),
        ])
    func decimals(value: Double, places: Int, expected: String) {
        #expect(text { $0.append(decimal: value, places: places) } == expected)
    }

    @Test("write nothing for what is not a number")
    func notFinite() {
        for value in [Double.nan, .infinity, -.infinity, 1e300] {
            #expect(text { $0.append(decimal: value, places: 2) } == "")
        }
    }

    @Test(
        "write seconds from whole nanoseconds",
        arguments: [
            (Int64(0), "0.000000"), (40_000_000, "0.040000"), (1_000_000_499, "1.000000"), (1_000_000_500, "1.000001"),
            (-1_500_000_000, "-1.500000"), (-400, "0.000000"), (95_443_717_688_889, "95443.717689"),
        ])
    func seconds(nanoseconds: Int64, expected: String) {
        #expect(text { $0.append(seconds: StreamTime(nanoseconds: nanoseconds)) } == expected)
    }

    @Test(
        "guard text cells against formulas and separators",
        arguments: [
            ("Rest", "Rest"), ("a,b", "\"a,b\""), ("say \"ah\"", "\"say \"\"ah\"\"\""), ("=1+1", "'=1+1"),
            ("-x", "'-x"), ("", ""),
            ("two\nlines", "\"two\nlines\""),
        ])
    func cells(value: String, expected: String) {
        #expect(text { $0.append(csvField: value) } == expected)
    }

    @Test("leave everything empty that was not measured, and write a closed larynx as 0")
    func rows() {
        var sample = Sample(frame: 7, time: StreamTime(nanoseconds: 280_000_000), segment: 0)
        sample.reasons = [.foggy, .blurred]
        sample.quality = 0.25
        #expect(
            text { SampleCSV.append(sample, stage: "Rest", to: &$0) }
                == "7,0.280000,0,Rest,rejected,foggy blurred,0.250,,,,,,,,,,,\n")
        sample.reasons = []
        sample.opening = .closed
        sample.fieldShare = 0
        #expect(
            text { SampleCSV.append(sample, stage: "", to: &$0) }
                == "7,0.280000,0,,measured,,0.250,,0.00,0.000000,,0.00,0.00,,0.00,0.00,,\n")
        let commas = SampleCSV.header.filter { $0 == "," }.count
        #expect(text { SampleCSV.append(sample, stage: "", to: &$0) }.filter { $0 == "," }.count == commas)
    }

    @Test("are valid JSON on the socket, whatever a label holds")
    func lines() throws {
        let mark = CommittedMark(frame: 3, label: "a\"b\\c\n\u{1}é", source: .live, sequence: 9)
        var line: [UInt8] = []
        EventLine(session: "s").append(mark, to: &line)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
        #expect(object["label"] as? String == mark.label)
        #expect(object["seq"] as? Int == 9)
        line.removeAll()
        var sample = Sample(frame: 1, time: .zero, segment: 0)
        sample.opening = Opening(
            area: 1.5, length: 2, width: 1, angle: nil, leftArea: 1, rightArea: 0.5, center: Point(x: 1, y: 2))
        EventLine(session: "s").append(NumberedSample(sequence: 4, sample: sample), stage: "", to: &line)
        let row = try #require(try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
        #expect(row["area_px"] as? Double == 1.5)
        #expect(row["angle_deg"] is NSNull)
    }

    @Test("know the stage of a frame from the marks before it")
    func stages() {
        var labels = StageLabels([
            CommittedMark(frame: 10, label: "Rest", source: .live, sequence: 1),
            CommittedMark(frame: 50, label: "Maximal", source: .live, sequence: 2),
        ])
        #expect(
            [0, 9, 10, 49, 50, 999].map { labels.label(at: $0) } == ["", "", "Rest", "Rest", "Maximal", "Maximal"])
        labels.add(CommittedMark(frame: 30, label: "Warm-up", source: .edit, sequence: 3))
        #expect([29, 30, 49, 50].map { labels.label(at: $0) } == ["Rest", "Warm-up", "Warm-up", "Maximal"])
    }

    @Test("cut a worker's bytes into lines wherever the pipe breaks them")
    func lineBuffer() {
        let bytes = Array("1\ta\n\t\n2\tbc\n".utf8)
        for piece in 1...bytes.count {
            var buffer = LineBuffer()
            var lines: [String] = []
            for start in stride(from: 0, to: bytes.count, by: piece) {
                Array(bytes[start..<min(bytes.count, start + piece)]).withUnsafeBytes { part in
                    buffer.append(part) { lines.append(String(decoding: $0, as: UTF8.self)) }
                }
            }
            #expect(lines == ["1\ta", "\t", "2\tbc"])
        }
    }
}

@Suite("Stores") struct StoreTests {
    @Test("give back what was committed, and where to go on")
    func roundTrip() throws {
        let scratch = try Scratch()
        let folder = SessionFolder(root: scratch.root.appending(path: "session"))
        try folder.create()
        var rows: [NumberedSample] = []
        for frame in 0..<200 {
            var sample = Sample(
                frame: frame, time: StreamTime(nanoseconds: Int64(frame) * 40_000_000), segment: frame / 150)
            if frame % 3 == 0 {
                sample.reasons = [.foggy, .tooDark]
            } else {
                sample.opening = Opening(
                    area: Double(frame) * 1.1, length: 3, width: 2, angle: frame % 2 == 0 ? 41.5 : nil, leftArea: 1,
                    rightArea: 2,
                    center: Point(x: 0.1 + 0.2, y: 5))
                sample.confidence = 1.0 / 3
            }
            rows.append(NumberedSample(sequence: frame + (frame >= 100 ? 1 : 0), sample: sample))
        }
        do {
            let store = try SessionStore(folder: folder)
            try store.commit(CommitBatch(rows: Array(rows[..<100])), temporalState: Data("{}".utf8))
            let mark = CommittedMark(frame: 100, label: "Rest", source: .live, sequence: 100)
            try store.commit(
                CommitBatch(rows: Array(rows[100...]), marks: [mark]), temporalState: Data("{\"a\":1}".utf8))
        }
        let store = try SessionStore(readOnly: folder)
        #expect(try store.rows() == rows)
        let resume = try store.resumePoint()
        #expect(resume.nextFrame == 200)
        #expect(resume.nextSequence == 201)
        #expect(resume.temporalState == Data("{\"a\":1}".utf8))
        let accounting = try store.accounting()
        #expect(accounting.decoded == 200)
        #expect(accounting.rejected == 67)
        #expect(accounting.reasons[.foggy] == 67)
        let replay = StoreReplay(registry: SessionRegistry(stateFolder: scratch.root.path))
        #expect(throws: (any Error).self) { try replay.events(of: "../session", from: 0, limit: 10) }
    }

    @Test("belong to one writer at a time")
    func lock() throws {
        let scratch = try Scratch()
        let folder = SessionFolder(root: scratch.root)
        let lock = try folder.acquireLock()
        #expect(throws: CommandError.self) { _ = try folder.acquireLock() }
        _ = consume lock
        let again = try folder.acquireLock()
        _ = consume again
    }
}

@Suite("Settings that are stated twice") struct DefaultsTests {
    @Test("agree: the configuration's defaults are the modules'")
    func agree() throws {
        let settings = try MeasuringSettings(Configuration())
        #expect(settings.gate == GateSettings())
        #expect(settings.opening == OpeningSettings())
    }
}
