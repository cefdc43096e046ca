// `rima evaluate`: a network against masks drawn by hand.

import ArgumentParser
import Decode
import Foundation
import Frames
import Metrics
import Segment

struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Compares a network's openings with masks drawn by hand.",
        discussion: """
            Looks for X.png or X.jpg beside X.mask.png (0 outside, 255 opening) or X.labels.png (3 is the opening), in all
            folders below DIR. Every picture goes the way of a recording's frame: field of view, gate, first look,
            tracked crop, outline. Dice and IoU are of that outline, whether or not the gate let the frame pass.
            """)

    @Argument(help: ArgumentHelp("Folder with pictures and masks.", valueName: "dir"))
    var folder: String

    @OptionGroup var shared: SharedOptions

    @Option(
        help: ArgumentHelp("Write every picture with its outline (cyan) and truth (yellow) here.", valueName: "dir"))
    var overlays: String?

    mutating func run() throws {
        let pairs = try LabelledPicture.all(in: folder)
        let settings = try MeasuringSettings(try shared.loadConfiguration(), modelPath: shared.model)
        let model = try settings.loadOpening().model
        var evaluator = try Evaluator(settings: settings, model: model, gate: settings.loadGate()?.model)
        var result = EvaluationResult(model: "\(model.card.name) \(model.card.version)", engine: evaluator.engineName)
        var progress = ProgressLine(isQuiet: shared.quiet)
        let started = ContinuousClock.now
        if let overlays { try FileManager.default.createDirectory(atPath: overlays, withIntermediateDirectories: true) }
        for (index, pair) in pairs.enumerated() {
            let image = try evaluator.evaluate(pair, overlayFolder: overlays)
            result.images.append(image)
            progress.show(done: index + 1, total: pairs.count, mediaSeconds: 0, usable: nil)
        }
        progress.finish()
        result.summarise(seconds: (ContinuousClock.now - started) / .seconds(1))
        if shared.json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
            encoder.keyEncodingStrategy = .convertToSnakeCase
            print(String(decoding: try encoder.encode(result), as: UTF8.self))
        } else {
            print(result.text)
        }
    }
}

/// A picture with its truth.
struct LabelledPicture {
    var name: String
    var picture: String
    var truth: String
    /// The truth is a label map, in which 3 is the opening.
    var isLabelMap: Bool

    /// All pairs below a folder, by name.
    static func all(in folder: String) throws -> [LabelledPicture] {
        guard let enumerator = FileManager.default.enumerator(atPath: folder) else {
            throw CommandError(.noInput, "there is no folder \(folder)")
        }
        let files = Set(enumerator.compactMap { $0 as? String })
        let pairs = files.sorted().compactMap { file -> LabelledPicture? in
            guard file.hasSuffix(".png") || file.hasSuffix(".jpg") || file.hasSuffix(".jpeg"),
                !file.hasSuffix(".mask.png"), !file.hasSuffix(".labels.png")
            else { return nil }
            let stem = file.prefix(upTo: file.lastIndex(of: ".") ?? file.endIndex)
            for (suffix, isLabelMap) in [(".mask.png", false), (".labels.png", true)]
            where files.contains(stem + suffix) {
                return LabelledPicture(
                    name: String(stem), picture: folder + "/" + file, truth: folder + "/" + stem + suffix,
                    isLabelMap: isLabelMap)
            }
            return nil
        }
        guard !pairs.isEmpty else {
            throw CommandError(
                .noInput, "\(folder) holds no picture with a mask",
                remedy: "put X.mask.png (0 and 255) or X.labels.png beside X.png or X.jpg")
        }
        return pairs
    }
}

/// What `rima evaluate --json` prints; other programs read it.
struct EvaluationResult: Codable {
    struct Image: Codable {
        var name: String
        var dice: Double
        var iou: Double
        var truthPx: Int
        var predictedPx: Int
        var state: String
        var reasons: [String]
        var confidence: Double?
    }

    var model: String
    var engine: String
    var images: [Image] = []
    var meanDice: Double?
    var medianDice: Double?
    var worstDice: Double?
    var meanIou: Double?
    var falseOpeningRatio: Double?
    var framesPerSecond: Double?

    init(model: String, engine: String) {
        self.model = model
        self.engine = engine
    }

    mutating func summarise(seconds: Double) {
        let open = images.filter { $0.truthPx > 0 }
        let dice = open.map(\.dice).sorted()
        if !dice.isEmpty {
            meanDice = dice.reduce(0, +) / Double(dice.count)
            medianDice = (dice[(dice.count - 1) / 2] + dice[dice.count / 2]) / 2
            worstDice = dice[0]
            meanIou = open.map(\.iou).reduce(0, +) / Double(open.count)
        }
        let empty = images.filter { $0.truthPx == 0 }
        if !empty.isEmpty {
            let wrong = empty.filter { $0.state == "measured" && $0.predictedPx > 0 }
            falseOpeningRatio = Double(wrong.count) / Double(empty.count)
        }
        framesPerSecond = seconds > 0 ? Double(images.count) / seconds : nil
    }

    var text: String {
        func number(_ value: Double?) -> String { value.map { String(format: "%.3f", $0) } ?? "-" }
        var lines = [
            "model               \(model), engine \(engine)",
            "pictures            \(images.count), \(images.filter { $0.truthPx > 0 }.count) with an opening",
            "Dice                mean \(number(meanDice)), median \(number(medianDice)), worst \(number(worstDice))",
            "IoU                 mean \(number(meanIou))",
            "false openings      \(number(falseOpeningRatio)) of the pictures without one",
        ]
        for image in images.filter({ $0.truthPx > 0 }).sorted(by: { $0.dice < $1.dice }).prefix(5) {
            lines.append(
                "  \(number(image.dice))  \(image.name)  \(image.state) \(image.reasons.joined(separator: " "))")
        }
        return lines.joined(separator: "\n")
    }
}
