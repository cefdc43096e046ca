// The parsers of Rima's own that see bytes from outside, each with seeds to start from and a way to be fed.

import Foundation
import Frames
import Segment

@testable import Daemon
@testable import Decode

/// A parser under attack.
///
/// `feed` may refuse its bytes in any way that the program would; it must not crash, hang or break its promises.
public enum FuzzTarget: String, CaseIterable, Sendable {
    case configuration
    case command
    case commandStream = "command-stream"
    case accepted
    case onnx
    case boxes
    case fileKind = "file-kind"
    case jpeg
    case store
    case record

    /// Feeds one input.
    public func feed(_ bytes: [UInt8]) {
        switch self {
        case .configuration: feedConfiguration(bytes)
        case .command: _ = try? StreamCommand.parse(bytes)
        case .commandStream: feedSplitter(bytes)
        case .accepted: _ = try? JSONDecoder().decode(ConfigurationFiles.self, from: Data(bytes)).parse()
        case .onnx: feedNetwork(bytes)
        case .boxes: feedSniffer(bytes)
        case .fileKind: _ = FileKind(bytes)
        case .jpeg: feedJPEG(bytes)
        case .store: feedStore(bytes)
        case .record: feedRecord(bytes)
        }
    }

    /// Sound inputs, from which mutation starts.
    public var seeds: [[UInt8]] {
        switch self {
        case .configuration:
            [
                ConfigurationReference.yaml, "watch: [{folder: /a, pattern: '*.mkv', recursive: true}]\n",
                "pane: {x_px: 0, y_px: 0, width_px: 640, height_px: 480}\nlog: {level: debug}\n",
                "narrowing_bands: [0.1, 0.2, 0.3]\n--- \na: &b [1, *b]\n", "? {a: b}\n: c\n\"k\\u00e9y\": !!int 3\n",
            ].map { Array($0.utf8) }
        case .command, .commandStream:
            [
                #"{"subscribe":"latest","from_seq":12}"#, #"{"subscribe":"*"}"#,
                #"{"mark":"Moderate","session":"a-1"}"#,
                #"{"status":true}"#, "{\"status\":true}\n{\"mark\":\"\u{e9}\\u0301\"}\r\n",
            ].map { Array($0.utf8) }
        case .accepted:
            [Array(#"{"parts":[{"source":"/a","bytes":"bG9nOgogIGxldmVsOiBkZWJ1Zwo="}]}"#.utf8)]
        case .onnx: [FuzzSeeds.network]
        case .boxes:
            [
                FuzzSeeds.box("ftyp", 24) + FuzzSeeds.box("moov", 100) + FuzzSeeds.box("mdat", 0),
                FuzzSeeds.box("ftyp", 24) + FuzzSeeds.box("mdat", 1, wide: 64) + FuzzSeeds.box("moov", 100),
                FuzzSeeds.box("styp", 8) + FuzzSeeds.box("moof", 16),
            ]
        case .fileKind:
            [
                Array("#EXTM3U\n".utf8), Array("RIFF....WAVEfmt ".utf8), Array("\u{7F}ELF".utf8),
                [0x1A, 0x45, 0xDF, 0xA3],
            ]
        case .jpeg:
            [
                [
                    0xFF, 0xD8, 0xFF, 0xC0, 0, 11, 8, 0, 16, 0, 16, 1, 1, 0x11, 0, 0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0,
                    0xFF, 0xD9,
                ]
            ]
        case .store: [FuzzSeeds.store]
        case .record:
            [
                Array(
                    #"{"source":"/a.mkv","identity":{"device":1,"inode":2}}"#.utf8),
                Array(#"{"error":"x","code":65}"#.utf8),
            ]
        }
    }

    /// Longer inputs teach nothing new.
    public var mostBytes: Int {
        switch self {
        case .onnx, .store: 1 << 17
        default: 1 << 13
        }
    }

    // MARK: Promises beyond not crashing

    private func feedConfiguration(_ bytes: [UInt8]) {
        do {
            _ = try Configuration.parse(bytes, source: "fuzz")
        } catch {
            precondition(!error.problems.isEmpty, "an error without a reason")
            for problem in error.problems {
                precondition(problem.line >= 1 && problem.column >= 1, "a place before the beginning")
            }
        }
    }

    private func feedSplitter(_ bytes: [UInt8]) {
        var splitter = LineSplitter(limit: 64)
        var whole: [LineSplitter.Piece] = []
        splitter.take(bytes) { whole.append($0) }
        // The same bytes in pieces give the same lines.
        var parts: [LineSplitter.Piece] = []
        var again = LineSplitter(limit: 64)
        let step = 1 + Int(bytes.first ?? 0) % 7
        for start in stride(from: 0, to: bytes.count, by: step) {
            again.take(bytes[start..<min(start + step, bytes.count)]) { parts.append($0) }
        }
        precondition(whole == parts, "lines depend on how they arrive")
        for case .line(let line) in whole {
            precondition(line.count <= 64)
            _ = try? StreamCommand.parse(line)
        }
    }

    /// Reads a network, and runs it where it is small: what was accepted must also be safe to run.
    private func feedNetwork(_ bytes: [UInt8]) {
        guard let network = try? Network(bytes: bytes), let model = try? Model(network: network),
            let workspace = try? Workspace(model: model, threads: 1), workspace.work < 100_000_000
        else { return }
        var answer: [Float] = []
        try? workspace.run(RGBPicture(size: workspace.inputSize), into: &answer)
        precondition(answer.count == workspace.outputShape.reduce(1, *), "an answer of another size")
    }

    private func feedSniffer(_ bytes: [UInt8]) {
        var sniffer = BoxSniffer()
        for _ in 0..<200 {
            precondition(sniffer.offset >= 0, "a place before the beginning")
            let start = Int(min(sniffer.offset, Int64(bytes.count)))
            if sniffer.feed(Array(bytes[start..<min(start + BoxSniffer.headerLength, bytes.count)])) != nil { return }
        }
        preconditionFailure("no verdict after 200 boxes")
    }

    private func feedJPEG(_ bytes: [UInt8]) {
        bytes.withUnsafeBufferPointer { _ = JPEGCheck.isWhole($0) }
    }

    private func feedStore(_ bytes: [UInt8]) {
        FuzzSeeds.withFolder { root in
            let folder = SessionFolder(root: root)
            guard FileManager.default.createFile(atPath: folder.store.path, contents: Data(bytes)) else { return }
            if let store = try? SessionStore(readOnly: folder) {
                _ = try? store.accounting()
                _ = try? store.rows()
                _ = try? store.marks()
                _ = try? store.panes()
                _ = try? store.facts()
                _ = try? store.stills()
                _ = try? store.resumePoint()
            }
        }
    }

    private func feedRecord(_ bytes: [UInt8]) {
        _ = try? JSONDecoder().decode(SessionOrigin.self, from: Data(bytes))
        _ = try? JSONDecoder().decode(SessionFailure.self, from: Data(bytes))
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        _ = try? decoder.decode(SessionRecord.self, from: Data(bytes))
        _ = try? JSONDecoder().decode(TemporalState.self, from: Data(bytes))
        _ = try? JSONDecoder().decode(StoredPane.self, from: Data(bytes))
    }
}

/// What seeds are made of.
enum FuzzSeeds {
    /// A small network that Rima runs.
    static var network: [UInt8] {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Tests/DaemonTests/Fixtures/dark.onnx")
        return (try? [UInt8](Data(contentsOf: file))) ?? []
    }

    static func box(_ type: String, _ length: UInt32, wide: UInt64? = nil) -> [UInt8] {
        var bytes = withUnsafeBytes(of: length.bigEndian, Array.init) + Array(type.utf8)
        if let wide { bytes += withUnsafeBytes(of: wide.bigEndian, Array.init) }
        while bytes.count < min(Int(length), 256) { bytes.append(0) }
        return bytes
    }

    /// A session's store with a few rows and a mark.
    static var store: [UInt8] {
        var bytes: [UInt8] = []
        withFolder { root in
            let folder = SessionFolder(root: root)
            guard let store = try? SessionStore(folder: folder) else { return }
            var rows: [NumberedSample] = []
            for frame in 0..<20 {
                var sample = Sample(frame: frame, time: StreamTime(nanoseconds: Int64(frame) * 40_000_000), segment: 0)
                sample.quality = 0.5
                if frame.isMultiple(of: 2) {
                    sample.reasons = [.blurred]
                } else {
                    sample.opening = Opening(
                        area: 12.5, length: 5, width: 3, angle: 40, leftArea: 6, rightArea: 6.5,
                        center: Point(x: 3, y: 4))
                }
                rows.append(NumberedSample(sequence: frame, sample: sample))
            }
            let mark = CommittedMark(frame: 20, label: "Rest", source: .live, sequence: 20)
            try? store.commit(CommitBatch(rows: rows, marks: [mark]), temporalState: Data("{}".utf8))
            try? store.commit(paneJSON: "{}", fromFrame: 0)
            try? store.setFacts(["container": "matroska"])
            try? store.close()
            bytes = (try? [UInt8](Data(contentsOf: folder.store))) ?? []
        }
        return bytes
    }

    static func withFolder(_ body: (URL) -> Void) {
        let shared = FileManager.default.fileExists(atPath: "/dev/shm") ? URL(fileURLWithPath: "/dev/shm") : nil
        let root = (shared ?? FileManager.default.temporaryDirectory).appending(path: "rima-fuzz-\(UUID().uuidString)")
        guard (try? FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)) != nil else {
            return
        }
        defer { try? FileManager.default.removeItem(at: root) }
        body(root)
    }
}
