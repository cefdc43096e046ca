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
        try adopting {
            try ConfigurationFiles.forCommand(path: path).parse(environment: ProcessInfo.processInfo.environment)
        }
    }

    /// Loads what the service has handed to its worker, or else what any command loads.
    /// - Parameter accepted: where the service holds the configuration that it uses.
    static func forWorker(accepted: String?, path: String?) throws(CommandError) -> Configuration {
        guard let accepted else { return try forCommand(path: path) }
        return try adopting {
            try ConfigurationFiles(encoded: accepted).parse(environment: ProcessInfo.processInfo.environment)
        }
    }

    /// Settings that differ and that a running service cannot take over.
    func settingsForRestart(replacing old: Configuration) -> [String] {
        var names: [String] = []
        if stateFolder != old.stateFolder { names.append("state_folder") }
        if socket != old.socket { names.append("socket") }
        if log != old.log { names.append("log") }
        return names
    }
}

extension ConfigurationFiles {
    /// Reads the named file, or the system's where it exists, or nothing; with drop-ins.
    static func forCommand(path: String?) throws(CommandError) -> ConfigurationFiles {
        let system = SharedOptions.defaultConfiguration
        return try adopting {
            try ConfigurationFiles(
                path: path ?? (FileManager.default.isReadableFile(atPath: system) ? system : nil))
        }
    }

    /// The configuration, if sessions could be measured with it.
    ///
    /// Looks at the network as well: a service that took over the name of a missing one would fail every later test.
    func soundConfiguration() throws -> Configuration {
        let configuration = try parse(environment: ProcessInfo.processInfo.environment)
        _ = try MeasuringSettings(configuration).loadOpening()
        return configuration
    }
}

extension MeasuringSettings {
    /// The part of the configuration that decides a session's rows.
    /// - Parameter modelPath: takes the place of the configured network.
    init(_ configuration: Configuration, modelPath: String? = nil) throws(CommandError) {
        decode.threads = configuration.decode.threads
        decode.usesHardware = configuration.decode.hardwareDecoding == .auto
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
        engine.choice =
            switch configuration.model.engine {
            case .auto: .auto
            case .native: .native
            case .onnxruntime: .onnxRuntime
            }
        let library = configuration.model.onnxruntimeLibrary
        engine.library = library == Configuration.Model.searched ? nil : library
        precision = configuration.model.precision
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

/// Raises a stop flag when standard input ends: whoever holds its other end is then gone.
func stopAtEndOfInput(_ stop: StopFlag) {
    startThread("rima-attended") {
        while readLine() != nil {}
        stop.raise()
    }
}

/// Raises a stop flag on the first SIGINT or SIGTERM; a second one ends the program at once.
func stopOnSignal(_ stop: StopFlag) -> ServiceSignals {
    ServiceSignals([SIGINT, SIGTERM]) { signal in
        if signal == .stopNow { exit(130) }
        stop.raise()
    }
}
