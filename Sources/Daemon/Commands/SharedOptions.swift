// Options that several verbs share, and how settings and errors reach them.

import ArgumentParser
import Decode
import Encode
import Foundation
import Frames
import Metrics
import Segment

/// Options of every verb that measures.
struct SharedOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Configuration file. Default: /etc/rima/rima.yaml where it exists, else built-in defaults.",
            valueName: "file"))
    var config: String?

    @Option(help: ArgumentHelp("Opening network (ONNX). Default: the one that comes with Rima.", valueName: "file"))
    var model: String?

    @Flag(help: "Print the result as JSON.")
    var json = false

    @Flag(name: .shortAndLong, help: "Print nothing but results and errors.")
    var quiet = false

    static let defaultConfiguration = "/etc/rima/rima.yaml"

    func loadConfiguration() throws(CommandError) -> Configuration {
        try Configuration.forCommand(path: config)
    }
}

extension Configuration {
    /// Loads the named file, or the system's where it exists, or the defaults.
    static func forCommand(path: String?) throws(CommandError) -> Configuration {
        let system = SharedOptions.defaultConfiguration
        do {
            let environment = ProcessInfo.processInfo.environment
            if let path { return try load(path: path, environment: environment) }
            return try load(
                path: FileManager.default.isReadableFile(atPath: system) ? system : nil, environment: environment)
        } catch {
            throw CommandError(adopting: error)
        }
    }
}

extension MeasuringSettings {
    /// The part of the configuration that decides a session's rows.
    /// - Parameter modelPath: takes the place of the configured network.
    init(_ configuration: Configuration, modelPath: String? = nil) throws(CommandError) {
        decode.threads = configuration.decode.threads
        decode.maximumPixels = configuration.decode.maximumPixels
        decode.idleLimitNanoseconds = Int64(configuration.idleLimitSeconds) * 1_000_000_000
        if case .explicit(let x, let y, let width, let height) = configuration.pane {
            pane = PixelRect(x: x, y: y, width: width, height: height)
        }
        gate.uniformity = configuration.gate.noSignalUniformityRatio
        gate.darkUniformity = configuration.gate.noSignalDarkUniformityRatio
        gate.darkestMean = configuration.gate.tooDarkMeanRatio
        gate.mostBlack = configuration.gate.tooDarkBlackShareRatio
        gate.mostSaturated = configuration.gate.overexposedShareRatio
        gate.brightestMean = configuration.gate.overexposedMeanRatio
        gate.leastContrast = configuration.gate.flatContrastMinRatio
        gate.leastRelativeContrast = configuration.gate.flatRelativeContrastMinRatio
        gate.leastSharpness = configuration.gate.blurredSharpnessMin
        gate.mostFog = configuration.gate.foggyIndexMax
        gate.mostBad = configuration.gate.poorPictureMax
        gate.mostOther = configuration.gate.noLarynxMax
        opening.leastShare = configuration.opening.minimumAreaRatio
        opening.fieldEdgeShare = configuration.opening.edgeShareMax
        opening.apex = ApexEnd(rawValue: configuration.opening.apex.rawValue) ?? .down
        guard configuration.model.engine != .onnxruntime else {
            throw CommandError(
                .configuration, "model.engine: onnxruntime is not supported by this version",
                remedy: "set it to auto or native")
        }
        report = ReportSettings(configuration)
        let configured = configuration.model.openingPath
        self.modelPath = modelPath ?? (configured == Configuration.Model.bundled ? nil : configured)
        gateNetwork =
            switch configuration.model.gatePath {
            case Configuration.Model.bundled: .bundled
            case Configuration.Model.absent: .none
            default: .file(configuration.model.gatePath)
            }
        threads =
            configuration.model.threads > 0
            ? configuration.model.threads : ProcessInfo.processInfo.activeProcessorCount
    }
}

extension CommandError {
    /// Any error as a user meets it.
    init(adopting error: any Error) {
        switch error {
        case let error as CommandError:
            self = error
        case let error as DecodeError:
            let code: Code =
                switch error.code {
                case .notFound: .noInput
                case .notPermitted: .noPermission
                case .notAFile: .noInput
                case .readFailed: .inputOutput
                case .library: .unavailable
                case .stopped: .tryAgain
                default: .badData
                }
            self.init(code, error.description)
        case let error as EncodeError:
            self.init(.cannotCreate, "\(error)")
        case let error as SegmentError:
            self.init(.configuration, "\(error)")
        case let error as ConfigurationError:
            self.init(.configuration, "\(error)")
        case let error as StreamClientError:
            self.init(.unavailable, "\(error)")
        default:
            self.init(.inputOutput, describe(error))
        }
    }
}

/// The network that comes with Rima.
enum BundledModel {
    /// Where installations and checkouts keep it, the first that exists.
    static func path(_ name: String) throws(CommandError) -> String {
        let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        var places = [
            program.appending(path: "../share/rima/models").standardizedFileURL.path, "/usr/share/rima/models",
        ]
        // In a checkout the program lies in .build/…/release.
        var folder = program
        for _ in 0..<3 {
            folder.deleteLastPathComponent()
            places.append(folder.appending(path: "models").path)
        }
        if let chosen = ProcessInfo.processInfo.environment["RIMA_MODELS"] { places.insert(chosen, at: 0) }
        for place in places {
            let path = place + "/" + name
            if FileManager.default.isReadableFile(atPath: path) { return path }
        }
        throw CommandError(
            .unavailable, "the network \(name) is not installed (looked in \(places.joined(separator: ", ")))",
            remedy: "install Rima's models there, or name a file with --model")
    }
}

/// Raises a stop flag on the first SIGINT or SIGTERM; a second one ends the program at once.
func stopOnSignal(_ stop: StopFlag) -> ServiceSignals {
    ServiceSignals([SIGINT, SIGTERM]) { signal in
        if signal == .stopNow { exit(130) }
        stop.raise()
    }
}
