// `rima model show`: what a network says of itself. `rima check`: the configuration.

import ArgumentParser
import Decode
import Foundation
import Frames
import Segment

struct ModelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model", abstract: "Looks at networks.", subcommands: [Show.self])

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Prints a network's card: what it is, was trained on and may be used for.")

        @Argument(help: "A network (ONNX). Default: the one that comes with Rima.")
        var file: String?

        mutating func run() throws {
            let path = try file ?? BundledModel.path("opening.onnx")
            let card = try Model(path: path).card
            let fingerprint = try Fingerprint(path: path)
            for (key, value) in [
                ("file", path), ("task", card.task.rawValue), ("name", card.name), ("version", card.version),
                (
                    "input",
                    "\(card.inputSize.width)x\(card.inputSize.height) \(card.colorOrder.rawValue), "
                        + "crops \(card.cropSize.width)x\(card.cropSize.height)"
                ),
                ("classes", card.classes.joined(separator: ", ")), ("licence", card.licence),
                ("training data", card.trainingData), ("size", "\(grouped(Int(fingerprint.bytes))) bytes"),
                ("sha256", fingerprint.sha256),
            ] {
                print(
                    (key + ":").padding(toLength: 15, withPad: " ", startingAt: 0)
                        + TextSafety.plain(value, limit: 4096))
            }
            let companion = URL(fileURLWithPath: path).deletingPathExtension().appendingPathExtension("md")
            if let text = try? String(contentsOf: companion, encoding: .utf8) { print("\n" + text) }
        }
    }
}

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Checks the configuration, with line and column of every fault.",
        discussion: "EXIT STATUS: 0 sound; 78 not.")

    @Argument(help: "Configuration file. Default: /etc/rima/rima.yaml where it exists.")
    var file: String?

    @Option(help: "The same, as other verbs take it.")
    var config: String?

    mutating func run() throws {
        let configuration = try Configuration.forCommand(path: file ?? config)
        let settings = try MeasuringSettings(configuration)
        let model = try settings.loadOpening().model
        let engine = try adopting { try model.makeEngine(threads: 1) }
        _ = try settings.loadGate()
        for folder in configuration.watch where !FileManager.default.fileExists(atPath: folder.folder) {
            Terminal.warn("the watched folder \(folder.folder) does not exist yet")
        }
        print("configuration sound; network \(model.card.name) \(model.card.version), engine \(engine.name)")
    }
}
