// samples.csv: RFC 4180, UTF-8, LF, decimal point; empty means not measured. See ref/csv.md.

import Foundation
import Frames

/// Writes rows as text.
///
/// The same rows give the same bytes.
enum SampleCSV {
    static let header =
        "frame,t_s,segment,stage,state,reasons,quality,confidence,area_px,area_fov_ratio,area_norm,length_px,width_px,"
        + "angle_deg,left_area_px,right_area_px,center_x_px,center_y_px\n"

    /// Appends one row and its line feed.
    static func append(_ sample: Sample, stage: String, to text: inout [UInt8]) {
        text.append(integer: sample.frame)
        text.append(comma)
        text.append(seconds: sample.time)
        text.append(comma)
        text.append(integer: sample.segment)
        text.append(comma)
        text.append(csvField: stage)
        text.append(comma)
        text.append(contentsOf: sample.state.rawValue.utf8)
        text.append(comma)
        for (index, reason) in sample.reasons.enumerated() {
            if index > 0 { text.append(UInt8(ascii: " ")) }
            text.append(contentsOf: reason.rawValue.utf8)
        }
        let opening = sample.opening
        text.append(cell: sample.quality, places: 3)
        text.append(cell: sample.confidence, places: 3)
        text.append(cell: opening?.area, places: 2)
        text.append(cell: sample.fieldShare, places: 6)
        text.append(cell: sample.normalisedArea, places: 6)
        text.append(cell: opening?.length, places: 2)
        text.append(cell: opening?.width, places: 2)
        text.append(cell: opening?.angle, places: 1)
        text.append(cell: opening?.leftArea, places: 2)
        text.append(cell: opening?.rightArea, places: 2)
        text.append(cell: opening?.center?.x, places: 2)
        text.append(cell: opening?.center?.y, places: 2)
        text.append(newline)
    }
}

private let comma = UInt8(ascii: ",")
private let newline = UInt8(ascii: "\n")

/// Numbers as text, without locale and without allocation.
extension [UInt8] {
    mutating func append(integer value: Int) {
        if value < 0 { append(UInt8(ascii: "-")) }
        append(magnitude: value.magnitude, digits: 1)
    }

    /// Seconds with six decimals, from whole nanoseconds, rounded half away from zero.
    mutating func append(seconds time: StreamTime) {
        let micro = (time.nanoseconds.magnitude + 500) / 1000
        if time.nanoseconds < 0, micro > 0 { append(UInt8(ascii: "-")) }
        append(magnitude: UInt(micro / 1_000_000), digits: 1)
        append(UInt8(ascii: "."))
        append(magnitude: UInt(micro % 1_000_000), digits: 6)
    }

    /// A number with a fixed count of decimals, rounded half away from zero; nothing for what is not finite.
    mutating func append(decimal value: Double, places: Int) {
        var scale = 1.0
        for _ in 0..<places { scale *= 10 }
        let scaled = (value * scale).rounded(.toNearestOrAwayFromZero)
        guard scaled.magnitude < 9e15 else { return }
        let whole = UInt(scaled.magnitude)
        if scaled < 0 { append(UInt8(ascii: "-")) }
        let unit = UInt(scale)
        append(magnitude: whole / unit, digits: 1)
        guard places > 0 else { return }
        append(UInt8(ascii: "."))
        append(magnitude: whole % unit, digits: places)
    }

    /// A comma and a number, or nothing after the comma where there is none.
    fileprivate mutating func append(cell value: Double?, places: Int) {
        append(comma)
        if let value { append(decimal: value, places: places) }
    }

    /// A text cell: quoted where RFC 4180 asks for it, and guarded against being read as a formula.
    mutating func append(csvField text: String) {
        guard let first = text.utf8.first else { return }
        let guarded = "=+-@\t\r".utf8.contains(first)
        let quoted = text.utf8.contains { $0 == UInt8(ascii: "\"") || $0 == comma || $0 == newline || $0 == 13 }
        if quoted { append(UInt8(ascii: "\"")) }
        if guarded { append(UInt8(ascii: "'")) }
        for byte in text.utf8 {
            if byte == UInt8(ascii: "\"") { append(byte) }
            append(byte)
        }
        if quoted { append(UInt8(ascii: "\"")) }
    }

    /// Decimal digits of `magnitude`, padded with zeros to `digits`.
    private mutating func append(magnitude: UInt, digits: Int) {
        var divisor: UInt = 1
        var count = 1
        while count < digits || magnitude / divisor >= 10 {
            divisor *= 10
            count += 1
        }
        var rest = magnitude
        while divisor > 0 {
            append(UInt8(ascii: "0") + UInt8(rest / divisor))
            rest %= divisor
            divisor /= 10
        }
    }
}
