// A picture or a clip from somebody's hand: what gate and network make of it. Nothing is kept.

import Decode
import Encode
import Foundation
import Frames
import Metrics
import Segment

/// Measures one file and says what was seen.
struct Trial {
    private var measurer: FrameMeasurer
    private let settings: MeasuringSettings
    private var picture = PanePicture()
    private let scaler = PictureScaler()

    /// A clip is measured up to here.
    static let longestClip = StreamTime(nanoseconds: 20_000_000_000)
    static let mostFrames = 1000
    /// Frames in which the pane of a clip is looked for.
    private static let paneFrames = 120
    private static let mostPictures = 6

    init(settings: MeasuringSettings) throws {
        var settings = settings
        settings.decode.follow = false
        self.settings = settings
        measurer = try FrameMeasurer(
            settings: settings, model: try settings.loadOpening().model, gate: try settings.loadGate()?.model,
            state: nil)
    }

    /// - Returns: one JSON object: `kind` is `picture` or `clip`.
    mutating func run(_ path: String) throws -> [UInt8] {
        let head = try FileHandle(forReadingFrom: URL(fileURLWithPath: path)).read(upToCount: 8) ?? Data()
        if head.starts(with: [0x89, 0x50, 0x4E, 0x47]) || head.starts(with: [0xFF, 0xD8, 0xFF]) {
            return try tryPicture(path)
        }
        return try tryClip(path)
    }

    private mutating func tryPicture(_ path: String) throws -> [UInt8] {
        let frame = try PictureFile.frame(path, maximumPixels: settings.decode.maximumPixels)
        let pane = try pane(of: frame)
        let sample = try measurer.measure(frame, in: pane)
        var line = JSONLine()
        line.field("kind", "picture")
        describe(pane, frame.displaySize, &line)
        line.field("shown", json: "[" + String(decoding: try shown(frame, sample, pane), as: UTF8.self) + "]")
        return Array(line.text().utf8)
    }

    /// The pane of a single picture: found in it, or else all of it.
    private func pane(of frame: borrowing VideoFrame) throws -> Pane {
        let size = frame.displaySize
        var whole = RGBPicture(size: size)
        try scaler.rgb(frame, from: PixelRect(size), into: &whole)
        if settings.pane == nil {
            var finder = PaneFinder(frameSize: size)
            if finder.observe(whole) != .notUsable, let found = finder.find() { return found }
        }
        let rect = settings.pane ?? PixelRect(size)
        var finder = try PaneFinder(explicit: rect, frameSize: size)
        _ = finder.observe(whole)
        return try finder.find() ?? Pane(explicit: rect, frameSize: size)
    }

    private mutating func tryClip(_ path: String) throws -> [UInt8] {
        let pane = try findPane(path)
        var reader = try RecordingReader(path: path, settings: settings.decode)
        var accounting = Accounting()
        var breaths = BreathDetector()
        var events: [BreathEvent] = []
        var curve: [String] = []
        var shown: [String] = []
        var lastShown = StreamTime(nanoseconds: -2_000_000_000)
        var size = PixelSize(width: 1, height: 1)
        while let frame = try reader.next() {
            guard frame.time < Self.longestClip, frame.index < Self.mostFrames else { break }
            size = frame.displaySize
            let whole = PixelRect(size)
            let usable = pane.flatMap { whole.contains($0.rect) ? $0 : nil }
            let sample = try measurer.measure(frame, in: usable)
            accounting.add(sample)
            events += breaths.observe(sample)
            var point = JSONLine()
            point.field("t_s", seconds: sample.time)
            point.field("area_fov_ratio", sample.fieldShare, places: 6)
            point.field("reason", sample.reasons.first?.rawValue ?? "")
            curve.append(point.text())
            // The first picture of each of the first seconds.
            if let usable, sample.time - lastShown >= StreamTime(nanoseconds: 1_000_000_000),
                shown.count < Self.mostPictures
            {
                lastShown = sample.time
                shown.append(String(decoding: try self.shown(frame, sample, usable), as: UTF8.self))
            }
        }
        guard accounting.decoded > 0 else { throw CommandError(.badData, "no picture could be decoded") }
        events += breaths.finish()
        var line = JSONLine()
        line.field("kind", "clip")
        describe(pane, size, &line)
        line.field("decoded", accounting.decoded)
        line.field("measured", accounting.measured)
        line.field("rejected", accounting.rejected)
        let reasons = accounting.reasons.sorted { $0.key.rawValue < $1.key.rawValue }
            .map { "\"\($0.key.rawValue)\":\($0.value)" }
        line.field("reasons", json: "{" + reasons.joined(separator: ",") + "}")
        line.field("curve", json: "[" + curve.joined(separator: ",") + "]")
        let found = events.compactMap { event -> String? in
            if case .breath(let breath) = event { return BreathLine.object(breath) }
            return nil
        }
        line.field("breaths", json: "[" + found.joined(separator: ",") + "]")
        line.field("shown", json: "[" + shown.joined(separator: ",") + "]")
        return Array(line.text().utf8)
    }

    private func findPane(_ path: String) throws -> Pane? {
        var lock = PaneLock(explicit: settings.pane)
        var reader = try RecordingReader(path: path, settings: settings.decode)
        var size: PixelSize?
        var frames = 0
        while let frame = try reader.next(), frames < Self.paneFrames {
            if let size, frame.displaySize != size { break }
            size = frame.displaySize
            frames += 1
            _ = try lock.observe(frame, holding: frames - 1)
            if lock.pane != nil { return lock.pane }
        }
        lock.settle(firstHeld: 0)
        if lock.pane == nil, let size { return try Pane(explicit: PixelRect(size), frameSize: size) }
        return lock.pane
    }

    private func describe(_ pane: Pane?, _ size: PixelSize, _ line: inout JSONLine) {
        line.field("width_px", size.width)
        line.field("height_px", size.height)
        guard let pane else {
            line.field("pane", json: "null")
            return
        }
        var object = JSONLine()
        object.field("x_px", pane.rect.x)
        object.field("y_px", pane.rect.y)
        object.field("width_px", pane.rect.width)
        object.field("height_px", pane.rect.height)
        object.field("form", pane.form.rawValue)
        line.field("pane", json: object.text())
    }

    private mutating func shown(_ frame: borrowing VideoFrame, _ sample: Sample, _ pane: Pane) throws -> [UInt8] {
        try picture.json(frame, sample, pane: pane, rings: measurer.result)
    }
}
