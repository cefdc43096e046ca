// `rima worker`: one session in a process of its own, started by `rima serve`.

import ArgumentParser
import Decode
import Foundation
import Frames

struct WorkerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker", abstract: "Runs one session for `rima serve`.", shouldDisplay: false)

    @Argument(help: "The session's folder, with its origin.json.")
    var folder: String

    @Option(help: "Configuration file.")
    var config: String?

    @Option(help: "Where the service holds the configuration that it uses.")
    var accepted: String?

    mutating func run() throws {
        let folder = SessionFolder(root: URL(fileURLWithPath: folder, isDirectory: true))
        guard let origin = SessionOrigin(of: folder) else {
            throw CommandError(.noInput, "\(folder.root.path) is not a session: it has no origin.json")
        }
        let configuration = try Configuration.forWorker(accepted: accepted, path: config)
        var settings = try MeasuringSettings(configuration)
        settings.decode.follow = true
        WorkerLimits.take(configuration, isLive: origin.live != nil)
        let live = try origin.live.map { try LiveJob(named: $0, in: configuration, folder: folder) }
        let stop = StopFlag()
        let signals = stopOnSignal(stop)
        defer { signals.cancel() }
        let inbox =
            live == nil ? SessionInbox() : SessionInbox(capacity: LiveJob.waitingFrames, dropsOldest: true)
        let wanted = PictureWish()
        CommandReader(inbox: inbox, wanted: wanted, stop: stop, finish: live?.finish).start()
        let writer = WorkerVoice(
            folder: folder, stages: ReportSettings(configuration).stages, wanted: wanted)
        var job = SessionJob(source: origin.source, folder: folder, live: live, settings: settings)
        // After an upgrade, a test that was being measured goes on; its record names both networks.
        job.mayChangeNetwork = true
        do {
            job.plan = try StagePlan.standing(for: origin.source, configuration)
        } catch {
            // Wrong stages can be set right afterwards; a recording that is not measured cannot.
            Terminal.warn("no stages are set: \(error)")
        }
        do {
            let runner = try SessionRunner(job: job, inbox: inbox, stop: stop, observer: writer)
            let outcome = try runner.run()
            if outcome.ending.reason == .stopped { throw ExitCode(CommandError.Code.tryAgain.rawValue) }
            writer.ended(outcome)
        } catch let error as ExitCode {
            throw error
        } catch {
            // An empty file may still be written to: its session waits.
            let isEmpty = (error as? DecodeError)?.code == .empty
            let isReading = (error as? DecodeError)?.code == .readFailed
            let error = CommandError(adopting: error)
            if stop.isRaised || isEmpty { throw ExitCode(CommandError.Code.tryAgain.rawValue) }
            if [.inputOutput, .cannotCreate].contains(error.code) {
                writer.hinder(isReading ? .cannotRead : .cannotStore, error)
            }
            if [.badData, .noInput].contains(error.code) { try SessionFailure(error).write(to: folder) }
            throw error
        }
    }
}

/// Why a session cannot be completed, kept in its folder so that it is not tried for ever.
struct SessionFailure: Codable, Sendable {
    var error: String
    var code: Int32

    init(_ error: CommandError) {
        self.error = error.description
        code = error.code.rawValue
    }

    static func file(in folder: SessionFolder) -> URL { folder.root.appending(path: "failed.json") }

    func write(to folder: SessionFolder) throws {
        try JSONEncoder.stable.encode(self).write(to: Self.file(in: folder), options: .atomic)
    }
}

/// Takes the supervisor's commands from standard input; its end means that the supervisor is gone.
private struct CommandReader {
    let inbox: SessionInbox
    let wanted: PictureWish
    let stop: StopFlag
    let finish: StopFlag?

    func start() {
        startThread("rima-commands") { [inbox, wanted, stop, finish] in
            while let line = readLine() {
                guard let command = try? JSONDecoder().decode([String: String].self, from: Data(line.utf8)) else {
                    continue
                }
                if let label = command["mark"] { inbox.requestMark(label) }
                if command["finish"] != nil { finish?.raise() }
                if command["picture"] != nil { wanted.raise() }
            }
            stop.raise()
        }
    }
}
