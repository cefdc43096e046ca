// Numbers and codes as people read them.
import Frames

/// Text that is safe inside elements and quoted attributes; characters that XML forbids become U+FFFD.
func escaped(_ text: String) -> String {
    var out = ""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "&": out += "&amp;"
        case "<": out += "&lt;"
        case ">": out += "&gt;"
        case "\"": out += "&quot;"
        case "'": out += "&#39;"
        case "\t", "\n", "\r": out += " "
        case _
        where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
            || (scalar.value & 0xFFFE) == 0xFFFE:
            out += "\u{FFFD}"
        // Marks that turn the reading direction could make a label look like another.
        case "\u{202A}"..."\u{202E}", "\u{2066}"..."\u{2069}": out += "\u{FFFD}"
        default: out.unicodeScalars.append(scalar)
        }
    }
    return out
}

/// A number with a fixed count of decimals, rounded half away from zero; "–" when it is not finite.
func fixed(_ value: Double, _ places: Int) -> String {
    guard value.isFinite, abs(value) < 1e14 else { return "–" }
    var scale: Int64 = 1
    for _ in 0..<places { scale *= 10 }
    let scaled = Int64((abs(value) * Double(scale)).rounded())
    let sign = value < 0 && scaled > 0 ? "-" : ""
    guard places > 0 else { return sign + String(scaled) }
    let fraction = String(scaled % scale)
    return sign + String(scaled / scale) + "." + String(repeating: "0", count: places - fraction.count) + fraction
}

/// A share as whole per cent, without the sign.
func percent(_ share: Double) -> String { fixed(share * 100, 0) }

/// A count with thin spaces between groups of three.
func grouped(_ value: Int) -> String {
    let digits = String(value.magnitude)
    var out = ""
    for (place, digit) in digits.enumerated() {
        if place > 0, (digits.count - place) % 3 == 0 { out += "\u{202F}" }
        out.append(digit)
    }
    return (value < 0 ? "-" : "") + out
}

/// Minutes, seconds and tenths, such as 9:42.1; with hours from one hour on.
func timeCode(_ time: StreamTime, places: Int = 1) -> String {
    let unit: Int64 = places == 0 ? 1_000_000_000 : 100_000_000
    let steps = (abs(time.nanoseconds) + unit / 2) / unit
    let seconds = places == 0 ? steps : steps / 10
    let (h, m, s) = (seconds / 3600, seconds / 60 % 60, seconds % 60)
    let two = { (n: Int64) in (n < 10 ? "0" : "") + String(n) }
    var out = (time.nanoseconds < 0 ? "-" : "") + (h > 0 ? "\(h):\(two(m)):\(two(s))" : "\(m):\(two(s))")
    if places > 0 { out += ".\(steps % 10)" }
    return out
}

extension Reason {
    /// The reason in words.
    var words: String {
        switch self {
        case .tainted: "picture damaged in the recording"
        case .noSignal: "no camera signal"
        case .frozen: "picture frozen"
        case .noPane: "endoscope picture not found yet"
        case .tooDark: "too dark"
        case .overexposed: "overexposed"
        case .blurred: "blurred"
        case .foggy: "foggy lens"
        case .flat: "scope touches tissue"
        case .noLarynx: "no larynx in view"
        case .poorPicture: "picture too poor to measure"
        case .lowConfidence: "network too unsure of the outline"
        case .cutByEdge: "opening cut by the edge of view"
        }
    }
}

extension StageSilence {
    var words: String {
        switch self {
        case .tooFewBreaths: "too few usable breaths"
        case .tooLittleUsableTime: "too little usable time"
        case .noFrames: "no frames in this stage"
        }
    }
}

extension BaselineSilence {
    var words: String {
        switch self {
        case .noRestStage: "no stage is marked as rest"
        case .tooFewRestBreaths: "too few usable breaths at rest"
        }
    }
}

extension InterruptionKind {
    var words: String {
        switch self {
        case .swallow: "swallow"
        case .cough: "cough"
        case .voice: "talking"
        }
    }
}

extension MarkSource {
    var words: String {
        switch self {
        case .live: "set during the test"
        case .plan: "protocol"
        case .sidecar: "table beside the recording"
        case .edit: "edited afterwards"
        }
    }
}

extension Normalisation {
    /// What a share is compared with, in words.
    var words: String {
        switch self {
        case .withinBreath: "within the breath"
        case .referenceLength: "area over squared reference length"
        case .restBaseline: "share of the patient's own rest, rescaled by the reference length"
        case .restBaselinePixels:
            "share of the patient's own rest in pixels, valid only while the scope keeps its "
                + "distance"
        case .fieldShare: "share of the field of view"
        case .pixels: "pixels"
        }
    }
}

extension NarrowingBand {
    /// Name and symbol: the symbol tells bands apart without colour.
    var words: String { rawValue }
    var symbol: String {
        switch self {
        case .none: "○"
        case .mild: "◔"
        case .moderate: "◑"
        case .severe: "●"
        }
    }
}
