// `rima report`: the clinician's report, and stage edits without new analysis.

import ArgumentParser
import Foundation
import Frames

struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Writes a session's report; edits its stages without new analysis.",
        discussion: """
            rima report test.mkv.rima
            rima report test.mkv.rima --stage Rest@0 --stage Moderate@185.5 --stage Maximal@7:30

            Writes report.html (one file, no network needed), report.json, stages.csv and breaths.csv into the session's
            folder. Earlier stages stay in the store as history.
            """)

    @Argument(help: ArgumentHelp("A session's folder, or a session's name in the state folder.", valueName: "session"))
    var session: String

    @Option(
        name: .customLong("stage"),
        help: ArgumentHelp(
            "A stage and when it begins, s or min:s. Given once or more, replaces all stages.", valueName: "label@time")
    )
    var stages: [String] = []

    @Option(help: ArgumentHelp("Configuration file.", valueName: "file"))
    var config: String?

    func validate() throws {
        for stage in stages where Self.parse(stage) == nil {
            throw ValidationError("--stage is LABEL@SECONDS or LABEL@MIN:SECONDS, not '\(stage)'")
        }
    }

    mutating func run() throws {
        let configuration = try Configuration.forCommand(path: config)
        let folder = try find(configuration)
        let lock = try folder.acquireLock()
        let store = try openStore(folder)
        guard FileManager.default.fileExists(atPath: folder.summary.path) else {
            throw CommandError(
                .tryAgain, "the session \(folder.name) is not finished",
                remedy: "let it end, or run `rima analyze` again to go on with it")
        }
        if !stages.isEmpty {
            try store.replaceMarks(by: stages.compactMap(Self.parse).sorted { $0.time < $1.time }, source: .edit)
            _ = try SampleFile(rebuilding: folder, from: store, stages: StageLabels(try store.marks()))
        }
        try ReportBuilder(
            folder: folder, store: store, bands: configuration.narrowingBands, record: try SessionRecord(of: folder)
        ).writeAll()
        for file in [folder.report, folder.reportData, folder.stages, folder.breaths] { print(file.path) }
        // Nobody else may write the session until its views are whole.
        _ = consume lock
    }

    private func find(_ configuration: Configuration) throws(CommandError) -> SessionFolder {
        let given = SessionFolder(root: URL(fileURLWithPath: session, isDirectory: true))
        if FileManager.default.fileExists(atPath: given.store.path) { return given }
        if let named = SessionRegistry(stateFolder: configuration.stateFolder).session(named: session) { return named }
        throw CommandError(
            .noInput, "there is no session \(session)",
            remedy: "give the folder that `rima analyze` wrote, or a name that `rima sessions` lists")
    }

    /// `Moderate@7:30` as a label and a time.
    static func parse(_ text: String) -> (label: String, time: StreamTime)? {
        guard let at = text.lastIndex(of: "@"), at > text.startIndex else { return nil }
        let label = text[..<at].trimmingCharacters(in: .whitespaces)
        let parts = text[text.index(after: at)...].split(separator: ":", omittingEmptySubsequences: false).map {
            Double($0)
        }
        guard !label.isEmpty, label.count <= 64, (1...3).contains(parts.count) else { return nil }
        var seconds = 0.0
        for part in parts {
            guard let part, part >= 0, part.isFinite, part < 1e6 else { return nil }
            seconds = seconds * 60 + part
        }
        return (label, StreamTime(nanoseconds: Int64((seconds * 1e9).rounded())))
    }
}
