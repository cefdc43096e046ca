// What a session is measured with; the same settings and bytes give the same rows.

import Decode
import Frames
import Metrics
import Segment

/// The settings that decide a session's rows.
struct MeasuringSettings: Sendable {
    var decode = DecodeSettings()
    /// Nil: found by itself.
    var pane: PixelRect?
    var gate = GateSettings()
    var opening = OpeningSettings()
    /// Masks less sure than this are rejected, 0...1.
    var confidenceFloor = 0.3
    /// For the report only.
    var report = ReportSettings()
    /// Path of the opening network; nil is the one that comes with Rima.
    var modelPath: String?
    /// The gate's network.
    var gateNetwork = GateChoice.bundled
    /// The numbers that the network that comes with Rima computes with.
    var precision = Configuration.Precision.auto
    /// What runs the network.
    var engine = EngineSettings()
    /// Threads of the network's engine.
    var threads = 2
}

/// Which network helps the gate.
enum GateChoice: Sendable, Equatable {
    /// The one that comes with Rima.
    case bundled
    case none
    case file(String)

    /// Its file; nil when there is none.
    func path() throws -> String? {
        switch self {
        case .bundled: try BundledModel.path("gate.onnx")
        case .none: nil
        case .file(let path): path
        }
    }
}

extension MeasuringSettings {
    /// The opening network's file.
    ///
    /// The 8-bit variant of the one that comes with Rima is taken only if it is a variant of the same version.
    func openingPath() throws -> String {
        if let modelPath { return modelPath }
        let plain = try BundledModel.path("opening.onnx")
        let wantsBytes = precision == .int8 || (precision == .auto && InstructionSet.standard == .avx512vnni)
        // ONNX Runtime takes its own time over 8-bit numbers: it gets them only when somebody insists.
        guard wantsBytes, precision == .int8 || engine.choice != .onnxRuntime,
            let quantised = try? BundledModel.path("opening.int8.onnx")
        else { return plain }
        let versions = try (ModelCard(path: plain).version, ModelCard(path: quantised).version)
        return versions.0 == versions.1 ? quantised : plain
    }
}
