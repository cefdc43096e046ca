// `rima analyze`: recordings in, results folders out.

import ArgumentParser
import Decode
import Foundation
import Frames

struct AnalyzeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "analyze",
        abstract: "Measures finished recordings, faster than real time.",
        discussion: """
            Writes a folder for each recording: samples.csv (one row for every decoded frame), session.json (what it was
            measured with), session.sqlite (the rows themselves) and still.png (the widest view with its outline).
            An interrupted run goes on where it stopped when it is started again. Several recordings are measured at the
            same time, each by a process of its own; the results are printed in the order in which the files are named.
            Stages come from --protocol or --stages, from a table FILE.stages.csv beside the recording, or from the
            configured protocol; `rima report` changes them afterwards. FILE.flow.csv beside the recording tells in which
            phase of breathing the opening narrows.

            EXIT STATUS: 0 measured; 65 not a recording, or damaged beyond reading; 66 no such file; 73, 74 the results
            cannot be written; 78 the configuration is wrong; 130 interrupted. Of several recordings, the first that
            failed decides; all others are measured.
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

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "Recordings measured at the same time. Default: as many as there are cores.", valueName: "n"))
    var jobs: Int?

    @Flag(help: ArgumentHelp("Tell another process of the progress; end when it ends.", visibility: .private))
    var attended = false

    @Option(help: ArgumentHelp("Cores for the network where the configuration leaves it open.", visibility: .private))
    var networkThreads: Int?

    @OptionGroup var stages: StageOptions
    @OptionGroup var shared: SharedOptions

    mutating func validate() throws {
        if let jobs, !(1...256).contains(jobs) { throw ValidationError("--jobs must be from 1 to 256.") }
    }

    mutating func run() async throws {
        let configuration = try shared.loadConfiguration()
        var settings = try MeasuringSettings(configuration, modelPath: shared.model)
        settings.decode.follow = follow
        if let networkThreads, configuration.model.threads == 0 { settings.threads = networkThreads }
        let plan = try stages.plan()
        if files.count > 1 { return try await analyzeAll() }
        let file = files[0]
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
        let stop = StopFlag()
        let signals = stopOnSignal(stop)
        defer { signals.cancel() }
        if attended { stopAtEndOfInput(stop) }
        try adopting { try analyze(job, stop: stop) }
        if stop.isRaised { throw ExitCode(130) }
    }

    /// Several recordings, each in a process of its own.
    private func analyzeAll() async throws {
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let parallel = min(jobs ?? cores, files.count)
        var options = ["--network-threads", "\(max(1, cores / parallel))"]
        if let config = shared.config { options += ["--config", config] }
        if let model = shared.model { options += ["--model", model] }
        for (option, value) in [
            ("--protocol", stages.stageProtocol), ("--protocol-start", stages.protocolStart),
            ("--stages", stages.table), ("--subject", stages.subject), ("--date", stages.testDate),
        ] {
            if let value { options += [option, value] }
        }
        for (isSet, flag) in [
            (follow, "--follow"), (again, "--again"), (debugStill, "--debug-still"), (shared.json, "--json"),
            (shared.quiet, "--quiet"),
        ] where isSet { options.append(flag) }
        let many = AnalyzeMany(
            jobs: files.map { AnalysisJob(file: $0, folder: outputFolder(for: $0).path) }, parallel: parallel,
            options: options, isQuiet: shared.quiet)
        let running = Task { await many.run() }
        let signals = ServiceSignals([SIGINT, SIGTERM]) { signal in
            if signal == .stopNow { Foundation.exit(130) }
            running.cancel()
        }
        defer { signals.cancel() }
        let statuses = await running.value
        if running.isCancelled { throw ExitCode(130) }
        if let failed = statuses.compactMap(\.self).first(where: { $0 != 0 }) { throw ExitCode(failed) }
    }

    private func analyze(_ job: SessionJob, stop: StopFlag) throws {
        let display = AnalyzeDisplay(isQuiet: shared.quiet, isAttended: attended)
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
