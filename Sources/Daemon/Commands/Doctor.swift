// `rima doctor`: what will go wrong here, in plain words.

import ArgumentParser
import Foundation

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Says what will go wrong here, and what to do about it.",
        discussion: """
            Looks at FFmpeg, the processor, the networks, folders, the socket, limits, devices, the service and what a PDF
            needs; with recordings, also at those. As root it looks with the eyes of the service's user.

            EXIT STATUS: 0 nothing stands in the way; 69 something does not work. Warnings do not count.
            """)

    @Argument(help: ArgumentHelp("Recordings as your recorder writes them.", valueName: "file"))
    var files: [String] = []

    @Option(help: ArgumentHelp("Configuration file. Default: /etc/rima/rima.yaml where it exists.", valueName: "file"))
    var config: String?

    @Flag(help: "Print JSON.")
    var json = false

    @Flag(name: .shortAndLong, help: "Print warnings and problems only.")
    var quiet = false

    mutating func run() async throws {
        let findings = await Doctor(configurationPath: config).examine(recordings: files)
        if json {
            try printJSON(findings)
        } else {
            for finding in findings where !quiet || [.warning, .problem].contains(finding.level) {
                Self.show(finding)
            }
        }
        let problems = findings.count { $0.level == .problem }
        let warnings = findings.count { $0.level == .warning }
        if !json {
            print(
                problems + warnings == 0
                    ? "Nothing stands in the way." : "\(problems) problems, \(warnings) warnings.")
        }
        if problems > 0 { throw ExitCode(CommandError.Code.unavailable.rawValue) }
    }

    private static func show(_ finding: Finding) {
        let mark = finding.level.rawValue.padding(toLength: 9, withPad: " ", startingAt: 0)
        print("\(mark)\(finding.topic): \(finding.text)")
        if let remedy = finding.remedy { print("         -> \(remedy)") }
    }

    private func printJSON(_ findings: [Finding]) throws {
        struct Answer: Encodable {
            var version = rimaVersion
            var problems: Int
            var warnings: Int
            var findings: [Finding]
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let answer = Answer(
            problems: findings.count { $0.level == .problem }, warnings: findings.count { $0.level == .warning },
            findings: findings)
        print(String(decoding: try encoder.encode(answer), as: UTF8.self))
    }
}

/// Examines the machine.
struct Doctor {
    let configurationPath: String?

    func examine(recordings: [String]) async -> [Finding] {
        var findings: [Finding] = []
        var configuration = Configuration()
        do {
            let files = try ConfigurationFiles.forCommand(path: configurationPath)
            configuration = try files.soundConfiguration()
            let names = files.parts.map(\.source)
            findings.append(
                Finding(
                    .fine, "configuration",
                    names.isEmpty ? "the defaults hold: there is no file" : "\(names.joined(separator: ", ")) is sound")
            )
        } catch {
            let text = CommandError(adopting: error).description
            findings.append(Finding(.problem, "configuration", text, remedy: "`rima check` lists every fault"))
        }
        // The service's user, whose eyes root can look through; others see only what they may do themselves.
        let service = MachineUser(named: "rima")
        let eyes = geteuid() == 0 && service != nil && configurationPath == nil ? service : MachineUser.current
        let places = PlaceChecks(configuration: configuration, user: eyes)
        findings += MeasuringChecks.libraries() + MeasuringChecks.processor()
        findings += MeasuringChecks.networks(configuration) + MeasuringChecks.onnxRuntime()
        findings += places.stateFolder() + places.watchedFolders() + places.socket()
        findings += MachineChecks.limits(configuration) + MachineChecks.devices(eyes)
        findings += await MachineChecks.service(service)
        findings += MachineChecks.printing()
        for recording in recordings { findings += MeasuringChecks.recording(recording, configuration) }
        return findings
    }
}
