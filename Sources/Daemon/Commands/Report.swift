// `rima report`: the clinician's report, and stage edits without new analysis.

import ArgumentParser
import Foundation
import Frames
import Report

struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Writes a session's report; edits its stages without new analysis.",
        discussion: """
            rima report test.mkv.rima
            rima report test.mkv.rima --stage Rest@0 --stage Moderate@185.5 --stage Maximal@7:30
            rima report test.mkv.rima --protocol treadmill-modified-bruce --stage Recovery@11:40 --pdf
            rima report test.mkv.rima --history

            Writes report.html (one file, no network needed), report.json, stages.csv and breaths.csv into the session's
            folder. Earlier stages stay in the store as history. With a pseudonym (--subject), the latest earlier test
            of the same one in the same folder of sessions stands beside this one.
            """)

    @Argument(help: ArgumentHelp("A session's folder, or a session's name in the state folder.", valueName: "session"))
    var session: String

    @Option(
        name: .customLong("stage"),
        help: ArgumentHelp(
            "A stage and when it begins, s or min:s. Given once or more, replaces all stages; with --protocol or "
                + "--stages, replaces those from the first of them on.", valueName: "label@time"))
    var starts: [String] = []

    @OptionGroup var stages: StageOptions

    @Option(
        help: ArgumentHelp(
            "Air flow beside the video, to tell inspiration from expiration: CSV with the columns time_s and flow "
                + "(positive while air goes in) or expiratory_flow. FILE.flow.csv beside a recording is found by itself.",
            valueName: "file"))
    var flow: String?

    @Option(help: ArgumentHelp("An earlier test of the same patient to compare with.", valueName: "session"))
    var compare: String?

    @Flag(help: "Compare with no earlier test.")
    var noCompare = false

    @Flag(help: "Also write report.pdf; WeasyPrint or Chromium must be installed.")
    var pdf = false

    @Flag(help: "Also write report.fhir.json, a FHIR R4 bundle with a DiagnosticReport and its Observations.")
    var fhir = false

    @Option(
        help: ArgumentHelp(
            "Where the recording lies now, for pictures of frames that were not kept.", valueName: "file"))
    var recording: String?

    @Flag(help: "Print the history of the stages as JSON, and write nothing.")
    var history = false

    @Option(help: ArgumentHelp("Configuration file.", valueName: "file"))
    var config: String?

    func validate() throws {
        for start in starts where Self.parse(start) == nil {
            throw ValidationError("--stage is LABEL@SECONDS or LABEL@MIN:SECONDS, not '\(start)'")
        }
        if compare != nil, noCompare { throw ValidationError("--compare and --no-compare exclude each other") }
    }

    mutating func run() throws {
        let configuration = try Configuration.forCommand(path: config)
        let folder = try SessionRegistry.find(session, configuration)
        if history { return try printHistory(folder) }
        let plan = try plan()
        let lock = try folder.acquireLock()
        let store = try openStore(folder)
        var record = try StageEditor.record(of: folder)
        if let flow { try folder.keep(flow: flow) }
        if let plan { try StageEditor(folder: folder, configuration: configuration).apply(plan, to: store) }
        if stages.subject != nil || stages.testDate != nil {
            record.subject = stages.subject ?? record.subject
            record.testDate = stages.testDate ?? record.testDate
            try store.setFacts(["subject": record.subject, "test_date": record.testDate].compactMapValues { $0 })
            try record.write(to: folder)
        }
        var builder = ReportBuilder(folder: folder, store: store, configuration: configuration, record: record)
        if let recording {
            builder.recording = try RecordingPlace(named: recording, record: record).path
            builder.mayReadAll = true
        }
        if noCompare { builder.comparison = .none }
        if let compare { builder.comparison = .session(try SessionRegistry.find(compare, configuration)) }
        let content = try builder.writeAll()
        var files = [folder.report, folder.reportData, folder.stages, folder.breaths]
        if fhir {
            try builder.write(FHIRReport.json(content), to: folder.reportFHIR)
            files.append(folder.reportFHIR)
        }
        if pdf {
            try PDFPrinter().print(folder.report, to: folder.reportPDF)
            files.append(folder.reportPDF)
        }
        for file in files { print(file.path) }
        // Nobody else may write the session until its views are whole.
        _ = consume lock
    }

    /// The stages that were asked for; nil leaves them as they are.
    private func plan() throws(CommandError) -> StagePlan? {
        let base = try stages.plan()
        guard !starts.isEmpty else { return base }
        let edits = try StagePlan(edits: starts.compactMap(Self.parse))
        return base?.cut(by: edits) ?? edits
    }

    private func printHistory(_ folder: SessionFolder) throws {
        let store = try openStore(folder)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        let history = StageHistory(measured: try store.marksOfMeasuring(), edits: try store.markEdits())
        print(String(decoding: try encoder.encode(history), as: UTF8.self))
    }

    private struct StageHistory: Encodable {
        var measured: [CommittedMark]
        var edits: [MarkEdit]
    }

    /// `Moderate@7:30` as a label and a time.
    static func parse(_ text: String) -> (label: String, time: StreamTime)? {
        guard let at = text.lastIndex(of: "@"), at > text.startIndex else { return nil }
        let label = text[..<at].trimmingCharacters(in: .whitespaces)
        guard !label.isEmpty, label.count <= StagePlan.longestLabel,
            let time = StagePlan.time(text[text.index(after: at)...])
        else { return nil }
        return (label, time)
    }
}

extension SessionRegistry {
    /// A session by its folder, or by its name in the state folder.
    static func find(_ name: String, _ configuration: Configuration) throws(CommandError) -> SessionFolder {
        let given = SessionFolder(root: URL(fileURLWithPath: name, isDirectory: true))
        if FileManager.default.fileExists(atPath: given.store.path) { return given }
        if let named = SessionRegistry(stateFolder: configuration.stateFolder).session(named: name) { return named }
        throw CommandError(
            .noInput, "there is no session \(name)",
            remedy: "give the folder that `rima analyze` wrote, or a name that `rima sessions` lists")
    }
}
