// `rima glance`: single pictures for the page, made by a process of its own so that a bad file costs nobody else.

import ArgumentParser
import Decode
import Encode
import Foundation
import Frames

struct GlanceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "glance", abstract: "Looks at one frame or tries the network, for `rima serve`.",
        shouldDisplay: false,
        subcommands: [FrameGlanceCommand.self, TrialGlanceCommand.self])
}

/// A frame of a stored session, pane only, as JPEG on standard output.
struct FrameGlanceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "frame")

    @Argument(help: "The session's folder.")
    var folder: String

    @Argument(help: "The frame's number.")
    var frame: Int

    @Flag(inversion: .prefixedNo, help: "Draw the stored outline.")
    var outline = true

    mutating func run() throws {
        let folder = SessionFolder(root: URL(fileURLWithPath: folder, isDirectory: true))
        let store = try SessionStore(readOnly: folder)
        guard let row = try store.rows(fromFrame: frame, limit: 1).first, row.sample.frame == frame else {
            throw CommandError(.noInput, "there is no frame \(frame) in \(folder.name)")
        }
        let pane = try store.panes().last { $0.fromFrame <= frame }.flatMap {
            try? JSONDecoder().decode(StoredPane.self, from: Data($0.json.utf8))
        }
        guard let pane else {
            throw CommandError(.noInput, "no endoscope picture was found up to frame \(frame)")
        }
        guard let source = try store.facts()["source"] ?? SessionOrigin(of: folder)?.source else {
            throw CommandError(.noInput, "the session does not say where its recording is")
        }
        var settings = DecodeSettings()
        settings.threads = 1
        var finder = try FrameFinder(path: source, settings: settings)
        guard row.sample.segment == 0, let found = try finder.frame(frame, at: row.sample.time) else {
            throw Self.lost(frame)
        }
        guard found.displaySize == pane.frameSize else { throw Self.lost(frame) }
        var picture = PanePicture()
        let rings = outline ? try store.outline(ofFrame: frame) ?? [] : []
        let jpeg = try picture.jpeg(found, pane: pane.pane.rect, rings: rings)
        FileHandle.standardOutput.write(Data(jpeg))
    }

    private static func lost(_ frame: Int) -> CommandError {
        CommandError(.noInput, "the recording does not show frame \(frame) again")
    }
}

/// What the network makes of a picture or a clip, as JSON on standard output.
struct TrialGlanceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "trial")

    @Argument(help: "A picture or a recording.")
    var file: String

    @Option(help: "Configuration file.")
    var config: String?

    mutating func run() throws {
        var trial = try Trial(settings: try MeasuringSettings(try Configuration.forCommand(path: config)))
        FileHandle.standardOutput.write(Data(try trial.run(file)))
    }
}
