// `rima extract`: frames to label, with what the network already sees in them.

import ArgumentParser
import Decode
import Encode
import Foundation
import Frames
import Segment

struct ExtractCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "extract",
        abstract: "Takes frames out of recordings for labelling, outlines already drawn.",
        discussion: """
            Writes the endoscope picture alone (never the rest of the screen, which may show patient data) of frames
            spread evenly over each recording, as PNG, with two files for Label Studio: labels.xml, the labelling
            interface, and tasks.json, the pictures with the network's outline as a prediction to correct. Frames that
            the gate refuses are left out, unless --all-frames asks for them.

              rima extract test.mkv --output to-label --count 60

            In Label Studio make a project with labels.xml, serve the folder with LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED
            and LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT set to the folder above it, and import tasks.json. Export as COCO;
            `rima-train import-coco` reads that.
            """)

    @Argument(help: ArgumentHelp("Recordings.", valueName: "file"))
    var files: [String]

    @Option(name: .shortAndLong, help: ArgumentHelp("Folder for pictures and tasks.", valueName: "dir"))
    var output: String

    @Option(help: ArgumentHelp("How many frames to take from each recording, at most.", valueName: "n"))
    var count = 100

    @Option(
        help: ArgumentHelp(
            "Stands before the file names: the pseudonym of the patient. Splits are made by it. Default: the recording's name.",
            valueName: "name"))
    var patient: String?

    @Flag(help: "Also take frames that the gate refuses, for labelling what a bad picture is.")
    var allFrames = false

    @OptionGroup var shared: SharedOptions

    func validate() throws {
        guard count > 0 else { throw ValidationError("--count must be at least 1") }
        if let patient, patient != LabelTasks.fileName(patient) {
            throw ValidationError("--patient may hold letters, digits, '.', '-' and '_' only")
        }
        if patient != nil, files.count > 1 {
            throw ValidationError("--patient names the patient of one recording; call once for each")
        }
    }

    mutating func run() throws {
        let settings = try MeasuringSettings(try shared.loadConfiguration(), modelPath: shared.model)
        let model = try settings.loadOpening().model
        let gate = try settings.loadGate()?.model
        let folder = URL(fileURLWithPath: output, isDirectory: true)
        var tasks = try LabelTasks(folder: folder, model: "\(model.card.name) \(model.card.version)")
        let stop = StopFlag()
        let signals = stopOnSignal(stop)
        defer { signals.cancel() }
        for file in files where !stop.isRaised {
            let stem = URL(fileURLWithPath: file).deletingPathExtension().lastPathComponent
            var extraction = Extraction(
                file: file, name: LabelTasks.fileName(patient ?? stem), settings: settings, takesAll: allFrames,
                measurer: try FrameMeasurer(settings: settings, model: model, gate: gate, state: nil))
            var progress = ProgressLine(isQuiet: shared.quiet)
            defer { progress.finish() }
            try extraction.run(count: count, into: &tasks, stop: stop) { done, total, seconds in
                progress.show(done: done, total: total, mediaSeconds: seconds, usable: nil)
            }
        }
        try tasks.write()
        if stop.isRaised { throw ExitCode(130) }
        guard tasks.count > 0 else {
            throw CommandError(
                .badData, "no frame of \(files.joined(separator: ", ")) can be used",
                remedy: "--all-frames takes the refused ones, too")
        }
        if !shared.quiet { Terminal.say("\(grouped(tasks.count)) frames, \(grouped(tasks.outlined)) with an outline") }
        print("tasks   \(tasks.tasksFile.path)")
    }
}

/// Takes frames out of one recording: once through to find the pane and the length, once to take them.
private struct Extraction {
    let file: String
    let name: String
    let settings: MeasuringSettings
    let takesAll: Bool
    var measurer: FrameMeasurer

    typealias Progress = (_ done: Int, _ total: Int?, _ mediaSeconds: Double) -> Void

    mutating func run(count: Int, into tasks: inout LabelTasks, stop: StopFlag, progress: Progress) throws {
        let (pane, frames) = try survey(stop: stop, progress: progress)
        guard let pane, frames > 0 else {
            throw CommandError(
                .badData, "no endoscope picture was found in \(file)", remedy: "set `pane` in the configuration")
        }
        // Candidates are wanted in every part of the recording; a refused one gives way to the next.
        let step = max(1, frames / count)
        var next = step / 2
        var reader = try RecordingReader(path: file, settings: settings.decode, stop: stop)
        while let frame = try reader.next() {
            progress(frames + frame.index, 2 * frames, frame.time.seconds)
            guard frame.index >= next, frame.displaySize == pane.size else { continue }
            measurer.forget()
            let sample = try measurer.measure(frame, in: pane.pane)
            if sample.opening == nil, !takesAll {
                // The rest of this part may still show a better one.
                if frame.index + 1 >= next - step / 2 + step { next += step }
                continue
            }
            try tasks.add(frame, pane: pane.pane, name: name, sample: sample, measurer: measurer)
            next = (frame.index / step + 1) * step + step / 2
        }
    }

    /// The pane that is locked first, with the size of its frames, and the number of frames.
    private func survey(stop: StopFlag, progress: Progress) throws -> ((pane: Pane, size: PixelSize)?, Int) {
        var lock = PaneLock(explicit: settings.pane)
        var found: (Pane, PixelSize)?
        var held = 0
        var frames = 0
        var reader = try RecordingReader(path: file, settings: settings.decode, stop: stop)
        let estimate = reader.info.estimatedFrameCount
        while let frame = try reader.next() {
            frames += 1
            progress(frames, estimate.map { 2 * $0 }, frame.time.seconds)
            guard found == nil else { continue }
            switch try lock.observe(frame, holding: held) {
            case .holdBack: held += 1
            case .settled: held = 0
            }
            if let pane = lock.pane { found = (pane, frame.displaySize) }
        }
        if found == nil {
            lock.settle(firstHeld: 0)
            if let pane = lock.pane { found = (pane, pane.field.size) }
        }
        return (found, frames)
    }
}
