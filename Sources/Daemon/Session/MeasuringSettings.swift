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
