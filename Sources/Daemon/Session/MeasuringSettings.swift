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
    /// Closures at which the narrowing bands end.
    ///
    /// For the report only.
    var bands = [0.25, 0.5, 0.75]
    /// Path of the opening network; nil is the one that comes with Rima.
    var modelPath: String?
    /// Threads of the network's engine.
    var threads = 2
}
