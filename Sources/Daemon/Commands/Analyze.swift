// `rima analyze`: recordings in, results folders out.

import ArgumentParser
import Decode
import Foundation
import Frames

struct AnalyzeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "analyze",
        abstract: "Measures finished recordings, faster than real time.",
        discussion: """
            Writes a folder for each recording: samples.csv (one row for every decoded frame), session.json (what it was
            measured with), session.sqlite (the rows themselves) and still.png (the widest view with its outline).
            An interrupted run goes on where it stopped when it is started again.
            Stages come from --protocol or --stages, from a table FILE.stages.csv beside the recording, or from the
            configured protocol; `rima report` changes them afterwards.

            EXIT STATUS: 0 measured; 65 not a recording, or damaged beyond reading; 66 no such file; 73, 74 the results
            cannot be written; 78 the configuration is wrong; 130 interrupted.
            """)

    @Argument(help: ArgumentHelp("Recordings in any container and codec that FFmpeg reads.", valueName: "file"))
    var files: [String]

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "Folder for the results; with several recordings, for one folder each. Default: FILE.rima beside FILE.",
            valueName: "dir"))
    var output: String?

    @Flag(help: "The recording is still being written: wait for more until its writer closes it.")
    var follow = false

    @Flag(help: "Forget earlier results in the folder and start over.")
    var again = false

    @Flag(help: "Also write pane.png, the frame with the pane and the field of view that were found.")
    var debugStill = false

    @OptionGroup var stages: StageOptions
    @OptionGroup var shared: SharedOptions

    mutating func run() throws {
        let configuration = try shared.loadConfiguration()
        var settings = try MeasuringSettings(configuration, modelPath: shared.model)
        settings.decode.follow = follow
        let plan = try stages.plan()
        let stop = StopFlag()
        let signals = stopOnSignal(stop)
        defer { signals.cancel() }
        var firstError: CommandError?
        for file in files where !stop.isRaised {
            do {
                if plan != nil, let table = try StageSidecar.find(beside: file) {
                    throw CommandError(
                        .usage, "\(table) beside the recording sets stages, too",
                        remedy: "leave --protocol and --stages out, or move the table away")
                }
                var job = SessionJob(
                    source: file, folder: SessionFolder(root: outputFolder(for: file)), settings: settings,
                    startsOver: again, writesDebugStill: debugStill)
                job.plan = try plan ?? StagePlan.standing(for: file, configuration)
                job.insistsOnPlan = plan != nil
                job.subject = stages.subject
                job.testDate = stages.testDate
                try analyze(file, job, stop: stop)
            } catch {
                let error = CommandError(adopting: error)
                if files.count == 1 { throw error }
                Terminal.complain(error.description)
                firstError = firstError ?? error
            }
        }
        if stop.isRaised { throw ExitCode(130) }
        if let firstError { throw ExitCode(firstError.code.rawValue) }
    }

    private func analyze(_ file: String, _ job: SessionJob, stop: StopFlag) throws {
        let display = AnalyzeDisplay(file: file, isQuiet: shared.quiet)
        let inbox = SessionInbox()
        let runner = try SessionRunner(job: job, inbox: inbox, stop: stop, observer: display)
        defer { display.finish() }
        let outcome = try runner.run()
        display.finish()
        if outcome.ending.reason == .stopped {
            Terminal.say("stopped after frame \(outcome.accounting.decoded); run again to go on")
            return
        }
        try report(outcome, folder: job.folder, display: display)
    }

    private func outputFolder(for file: String) -> URL {
        let url = URL(fileURLWithPath: file)
        guard let output else { return url.appendingPathExtension("rima") }
        let root = URL(fileURLWithPath: output, isDirectory: true)
        guard files.count > 1 else { return root }
        let stem = url.deletingPathExtension().lastPathComponent
        let namesakes = files.filter { URL(fileURLWithPath: $0).deletingPathExtension().lastPathComponent == stem }
        let number = namesakes.firstIndex(of: file) ?? 0
        return root.appending(path: number == 0 ? stem : "\(stem)-\(number + 1)")
    }

    private func report(_ outcome: SessionOutcome, folder: SessionFolder, display: AnalyzeDisplay) throws {
        if shared.json {
            print(String(decoding: try Data(contentsOf: folder.summary), as: UTF8.self))
            return
        }
        let accounting = outcome.accounting
        if !shared.quiet {
            Terminal.say(
                "\(grouped(accounting.decoded)) frames = \(grouped(accounting.measured)) measured + "
                    + "\(grouped(accounting.rejected)) rejected\(display.speed)")
            for (reason, count) in accounting.reasons.sorted(by: {
                ($1.value, $0.key.rawValue) < ($0.value, $1.key.rawValue)
            }) {
                Terminal.say("  \(reason.rawValue) \(grouped(count))")
            }
            if outcome.ending.lastPacketIncomplete { Terminal.warn("the last packet of the recording is incomplete") }
            if outcome.ending.reason == .failed {
                Terminal.warn("the recording could not be read to its end; the rows up to there are kept")
            }
        }
        print("samples \(folder.samples.path)")
        print("report  \(folder.report.path)")
        if FileManager.default.fileExists(atPath: folder.still.path) { print("still   \(folder.still.path)") }
        if debugStill, FileManager.default.fileExists(atPath: folder.debugStill.path) {
            print("pane    \(folder.debugStill.path)")
        }
    }
}

/// Shows an analysis to a person.
private final class AnalyzeDisplay: SessionObserver {
    private let file: String
    private let isQuiet: Bool
    private var progress: ProgressLine
    private var info: RecordingInfo?
    private var accounting = Accounting()
    private var total: Int?
    private var firstFrame = 0
    private var lastTime = StreamTime.zero
    private var firstTime: StreamTime?
    private let started = ContinuousClock.now

    init(file: String, isQuiet: Bool) {
        self.file = file
        self.isQuiet = isQuiet
        progress = ProgressLine(isQuiet: isQuiet)
    }

    func opened(_ info: RecordingInfo, resumingAt frame: Int) {
        self.info = info
        total = info.estimatedFrameCount
        firstFrame = frame
        if frame > 0, !isQuiet { Terminal.say("going on after frame \(grouped(frame - 1))") }
    }

    func measured(_ row: NumberedSample, stage: String) {
        accounting.add(row.sample)
        firstTime = firstTime ?? row.sample.time
        lastTime = row.sample.time
        progress.show(
            done: accounting.decoded, total: total.map { max(0, $0 - firstFrame) },
            mediaSeconds: (lastTime - (firstTime ?? .zero)).seconds, usable: accounting.usableShare)
    }

    func marked(_ mark: CommittedMark) {}

    func changed(_ state: ReaderState) {
        if case .waitingForIndex(let message) = state, !isQuiet { Terminal.warn(message) }
    }

    func lives() {}

    func finish() { progress.finish() }

    /// How fast it went, for the closing line.
    var speed: String {
        let elapsed = (ContinuousClock.now - started) / .seconds(1)
        let media = (lastTime - (firstTime ?? .zero)).seconds
        guard elapsed > 0, media > 0 else { return "" }
        return String(format: " · %.1fx real time", media / elapsed)
    }
}
