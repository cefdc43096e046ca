// Events as NDJSON: one object a line, written without intermediate trees. See ref/socket.md.

import Foundation
import Frames

/// Renders a session's events.
struct EventLine: Sendable {
    private let prefix: [UInt8]

    /// - Parameter session: the session's name, which stands in every line.
    init(session: String) {
        prefix = Array("\",\"session\":\(jsonString(session)),\"seq\":".utf8)
    }

    /// Appends a `sample` object, without line feed.
    func append(_ row: NumberedSample, stage: String, to line: inout [UInt8]) {
        let sample = row.sample
        open("sample", row.sequence, &line)
        line.append(contentsOf: ",\"frame\":".utf8)
        line.append(integer: sample.frame)
        line.append(contentsOf: ",\"t_s\":".utf8)
        line.append(seconds: sample.time)
        line.append(contentsOf: ",\"segment\":".utf8)
        line.append(integer: sample.segment)
        line.append(contentsOf: ",\"stage\":".utf8)
        line.append(contentsOf: (stage.isEmpty ? "null" : jsonString(stage)).utf8)
        line.append(contentsOf: ",\"state\":\"".utf8)
        line.append(contentsOf: sample.state.rawValue.utf8)
        line.append(contentsOf: "\",\"reasons\":[".utf8)
        for (index, reason) in sample.reasons.enumerated() {
            line.append(contentsOf: (index == 0 ? "\"" : ",\"").utf8)
            line.append(contentsOf: reason.rawValue.utf8)
            line.append(UInt8(ascii: "\""))
        }
        line.append(UInt8(ascii: "]"))
        let opening = sample.opening
        append("quality", sample.quality, 3, &line)
        append("confidence", sample.confidence, 3, &line)
        append("area_px", opening?.area, 2, &line)
        append("area_fov_ratio", sample.fieldShare, 6, &line)
        append("area_norm", sample.normalisedArea, 6, &line)
        append("length_px", opening?.length, 2, &line)
        append("width_px", opening?.width, 2, &line)
        append("angle_deg", opening?.angle, 1, &line)
        append("left_area_px", opening?.leftArea, 2, &line)
        append("right_area_px", opening?.rightArea, 2, &line)
        append("center_x_px", opening?.center?.x, 2, &line)
        append("center_y_px", opening?.center?.y, 2, &line)
        if let inlet = sample.inletArea { append("inlet_area_px", inlet, 2, &line) }
        line.append(UInt8(ascii: "}"))
    }

    /// Appends a `mark` object, without line feed.
    func append(_ mark: CommittedMark, to line: inout [UInt8]) {
        open("mark", mark.sequence, &line)
        line.append(contentsOf: ",\"frame\":".utf8)
        line.append(integer: mark.frame)
        line.append(
            contentsOf: ",\"label\":\(jsonString(mark.label)),\"source\":\(jsonString(mark.source.rawValue))}".utf8)
    }

    /// Appends a `gap` object, without line feed.
    func append(_ gap: CommittedGap, to line: inout [UInt8]) {
        open("gap", gap.sequence, &line)
        line.append(contentsOf: ",\"frame\":".utf8)
        line.append(integer: gap.frame)
        line.append(contentsOf: ",\"segment\":".utf8)
        line.append(integer: gap.segment)
        line.append(
            contentsOf: ",\"cause\":\"\(gap.cause.rawValue)\",\"detail\":\(jsonString(gap.detail)),\"from_s\":".utf8)
        if let from = gap.from { line.append(seconds: from) } else { line.append(contentsOf: "null".utf8) }
        line.append(contentsOf: ",\"to_s\":".utf8)
        if let to = gap.to { line.append(seconds: to) } else { line.append(contentsOf: "null".utf8) }
        line.append(contentsOf: ",\"dropped\":".utf8)
        line.append(integer: gap.dropped)
        line.append(UInt8(ascii: "}"))
    }

    private func open(_ type: String, _ sequence: Int, _ line: inout [UInt8]) {
        line.append(contentsOf: "{\"type\":\"".utf8)
        line.append(contentsOf: type.utf8)
        line.append(contentsOf: prefix)
        line.append(integer: sequence)
    }

    private func append(_ key: String, _ value: Double?, _ places: Int, _ line: inout [UInt8]) {
        line.append(contentsOf: ",\"".utf8)
        line.append(contentsOf: key.utf8)
        line.append(contentsOf: "\":".utf8)
        guard let value, value.isFinite else {
            line.append(contentsOf: "null".utf8)
            return
        }
        line.append(decimal: value, places: places)
    }
}

/// `text` as a JSON string with its quotes.
func jsonString(_ text: String) -> String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count + 2)
    JSONLine.append(text, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
}
