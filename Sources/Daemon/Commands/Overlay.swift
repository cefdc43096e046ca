// `rima overlay`: the endoscope picture with the measured outline, the curve and the stage, as a video.

import ArgumentParser
import Decode
import Encode
import Foundation
import Frames
import Report

struct OverlayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "overlay", abstract: "Writes a video of the pane with outline, curve and stage.",
        discussion: """
            rima overlay test.mkv.rima --output test-overlay.mkv

            Only the endoscope picture is shown, nothing else of the recording. The recording must still lie where it
            was measured, or be named with --recording. The file's extension chooses the container.
            """)

    @Argument(help: ArgumentHelp("A session's folder, or a session's name in the state folder.", valueName: "session"))
    var session: String

    @Option(name: .shortAndLong, help: ArgumentHelp("The video to write.", valueName: "file"))
    var output: String

    @Option(help: ArgumentHelp("Where the recording lies now.", valueName: "file"))
    var recording: String?

    @Option(help: ArgumentHelp("Begin here, s or min:s.", valueName: "time"))
    var from: String?

    @Option(help: ArgumentHelp("End here, s or min:s.", valueName: "time"))
    var to: String?

    @Flag(name: .shortAndLong, help: "Print nothing but results and errors.")
    var quiet = false

    @Option(help: ArgumentHelp("Configuration file.", valueName: "file"))
    var config: String?

    func validate() throws {
        for text in [from, to].compactMap({ $0 }) where StagePlan.time(text) == nil {
            throw ValidationError("a time is SECONDS or MIN:SECONDS, not '\(text)'")
        }
    }

    mutating func run() throws {
        let configuration = try Configuration.forCommand(path: config)
        let folder = try SessionRegistry.find(session, configuration)
        let record = try StageEditor.record(of: folder)
        let store = try openStore(folder)
        let place =
            try recording.map { try RecordingPlace(named: $0, record: record) }
            ?? RecordingPlace(of: store, record: record)
        guard let place else {
            throw CommandError(
                .noInput, "the recording \(record.source.name) does not lie where it was measured, or has changed",
                remedy: "name it with --recording")
        }
        let content = try ReportBuilder(
            folder: folder, store: store, configuration: configuration, record: record
        ).numbers()
        let stop = StopFlag()
        let signals = stopOnSignal(stop)
        defer { signals.cancel() }
        let draft = Self.draft(output)
        defer { try? FileManager.default.removeItem(atPath: draft) }
        let film = try OverlayFilm(
            store: store, content: content, from: from.flatMap { StagePlan.time($0) } ?? .zero,
            to: to.flatMap { StagePlan.time($0) } ?? StagePlan.openEnd)
        var progress = ProgressLine(isQuiet: quiet)
        let isWhole = try film.write(
            place.path, settings: ReportSettings(configuration).decode, to: draft, stop: stop
        ) { done, total, time in
            progress.show(done: done, total: total, mediaSeconds: time.seconds, usable: nil)
        }
        progress.finish()
        guard isWhole else { throw ExitCode(130) }
        guard rename(draft, output) == 0 else {
            throw CommandError(.cannotCreate, "cannot write \(output): \(String(cString: strerror(errno)))")
        }
        print(output)
    }

    /// A name beside the target with the same extension, by which the container is chosen.
    private static func draft(_ path: String) -> String {
        let url = URL(fileURLWithPath: path)
        let name = url.deletingPathExtension().lastPathComponent
        return url.deletingLastPathComponent().appending(path: ".\(name).part.\(url.pathExtension)").path
    }
}

/// Draws and encodes an overlay video.
struct OverlayFilm {
    let store: SessionStore
    let content: ReportContent
    let from: StreamTime
    let to: StreamTime
    private let panes: [(fromFrame: Int, pane: StoredPane)]

    /// Outlines are read from the store in runs of so many frames.
    private static let run = 512
    private static let ticks: Int64 = 90_000

    init(store: SessionStore, content: ReportContent, from: StreamTime, to: StreamTime) throws {
        self.store = store
        self.content = content
        self.from = from
        self.to = to
        panes = try store.panes().compactMap { entry in
            (try? JSONDecoder().decode(StoredPane.self, from: Data(entry.json.utf8))).map { (entry.fromFrame, $0) }
        }
        guard !panes.isEmpty else {
            throw CommandError(.badData, "no endoscope picture was found in this recording: there is nothing to show")
        }
    }

    /// Writes the video.
    /// - Parameter onFrame: told of every frame: how many are done, of how many, at which time.
    /// - Returns: false when it was stopped.
    func write(
        _ recording: String, settings: DecodeSettings, to path: String, stop: StopFlag,
        onFrame: (Int, Int, StreamTime) -> Void
    ) throws -> Bool {
        var reader = try RecordingReader(path: recording, settings: settings, stop: stop)
        let paneSize = panes[0].pane.pane.rect.size
        let width = paneSize.width & ~1
        let height = paneSize.height & ~1
        let size = PixelSize(width: width, height: height + OverlayStrip.height(forWidth: width))
        var writing = WriterSettings()
        writing.ticksPerSecond = Int(Self.ticks)
        let writer = try RecordingWriter(
            path: path, size: size, rateNumerator: reader.info.rateNumerator ?? 25,
            rateDenominator: reader.info.rateDenominator ?? 1, settings: writing)
        var strip = OverlayStrip(
            content, size: PixelSize(width: width, height: OverlayStrip.height(forWidth: width)))
        var picture = RGBPicture(size: size)
        var view = RGBPicture(size: PixelSize(width: width, height: height))
        let scaler = PictureScaler()
        var outlines: [Int: [[Point]]] = [:]
        var loaded = 0..<0
        let total = content.samples.count
        var lastStamp: Int64 = -1
        while let frame = try reader.next() {
            if stop.isRaised { return false }
            guard frame.index < total, frame.time <= to else { break }
            onFrame(frame.index + 1, total, frame.time)
            guard frame.time >= from else { continue }
            let sample = content.samples[frame.index]
            if !loaded.contains(frame.index) {
                loaded = frame.index..<(frame.index + Self.run)
                outlines = try store.outlines(ofFrames: loaded)
            }
            if let pane = pane(at: frame.index, size: frame.displaySize) {
                try scaler.rgb(frame, from: pane.rect, into: &view)
                if let rings = outlines[frame.index] { draw(rings, pane: pane.rect.size, on: &view) }
            } else {
                view.fill(PixelRect(view.size), LineColour(red: 0, green: 0, blue: 0))
            }
            picture.pixels.replaceSubrange(0..<view.pixels.count, with: view.pixels)
            strip.draw(sample, top: height, on: &picture)
            let stamp = max(lastStamp + 1, (frame.time - from).nanoseconds / 1000 * Self.ticks / 1_000_000)
            lastStamp = stamp
            try writer.write(picture, stamp: stamp)
        }
        guard !stop.isRaised else { return false }
        guard lastStamp >= 0 else { throw CommandError(.usage, "no frame lies between --from and --to") }
        try writer.finish()
        return true
    }

    private func draw(_ rings: [[Point]], pane: PixelSize, on view: inout RGBPicture) {
        let (sx, sy) = (
            Double(view.size.width) / Double(max(1, pane.width)), Double(view.size.height) / Double(max(1, pane.height))
        )
        let scaled = rings.map { ring in ring.map { Point(x: $0.x * sx, y: $0.y * sy) } }
        OutlineDrawing.draw(
            rings: scaled, colour: .outline, width: max(1.5, Double(view.size.width) / 250), on: &view)
    }

    private func pane(at frame: Int, size: PixelSize) -> Pane? {
        panes.last { $0.fromFrame <= frame && $0.pane.frameSize == size }?.pane.pane
    }
}
