// How stages, the patient's pseudonym and the day of the test are given on a command line.

import ArgumentParser
import Foundation
import Frames

/// Options of the verbs that set stages.
struct StageOptions: ParsableArguments {
    @Option(
        name: .customLong("protocol"),
        help: ArgumentHelp(
            "An exercise protocol whose stages are set by time: \(StageProtocol.bundled.joined(separator: ", ")), or "
                + "a YAML file.", valueName: "name|file"))
    var stageProtocol: String?

    @Option(help: ArgumentHelp("When the protocol begins in the recording, s or min:s.", valueName: "time"))
    var protocolStart: String?

    @Option(
        name: .customLong("stages"),
        help: ArgumentHelp("A table of stages: CSV with the columns stage, start and perhaps end.", valueName: "file"))
    var table: String?

    @Option(help: ArgumentHelp("The patient's pseudonym; earlier tests of the same one are compared.", valueName: "id"))
    var subject: String?

    @Option(name: .customLong("date"), help: ArgumentHelp("Day of the test.", valueName: "YYYY-MM-DD"))
    var testDate: String?

    func validate() throws {
        if stageProtocol != nil, table != nil {
            throw ValidationError("--protocol and --stages both set the stages: give one of them")
        }
        if let protocolStart {
            guard stageProtocol != nil else { throw ValidationError("--protocol-start needs --protocol") }
            guard StagePlan.time(protocolStart) != nil else {
                throw ValidationError("--protocol-start is SECONDS or MIN:SECONDS, not '\(protocolStart)'")
            }
        }
        if let subject,
            subject.isEmpty || subject.count > 64 || subject.unicodeScalars.contains(where: TextSafety.isUnsafe)
        {
            throw ValidationError("--subject is a pseudonym of 1 to 64 printable characters")
        }
        if let testDate, !Self.isDate(testDate) {
            throw ValidationError("--date is YYYY-MM-DD, not '\(testDate)'")
        }
    }

    /// The stages that were asked for; nil where none were.
    func plan() throws(CommandError) -> StagePlan? {
        if let table { return try StageSidecar.load(table) }
        guard let stageProtocol else { return nil }
        return try StageProtocol.load(stageProtocol).plan(
            origin: protocolStart.flatMap { StagePlan.time($0) } ?? .zero)
    }

    static func isDate(_ text: String) -> Bool {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "UTC")
        formatter.dateFormat = "yyyy-MM-dd"
        return formatter.date(from: text).map { formatter.string(from: $0) == text } ?? false
    }
}

extension StagePlan {
    /// What holds for a recording when nothing is asked for: the table beside it, or else the configured protocol.
    static func standing(for recording: String, _ configuration: Configuration) throws(CommandError) -> StagePlan? {
        if let table = try StageSidecar.find(beside: recording) { return try StageSidecar.load(table) }
        guard configuration.stageProtocol != Configuration.noProtocol else { return nil }
        return try StageProtocol.load(configuration.stageProtocol).plan(origin: .zero)
    }
}
