// A frame for the eyes: the pane as JPEG with its outline beside it. Nothing outside the pane is in it.

import Decode
import Encode
import Foundation
import Frames
import Metrics
import Report

/// Makes pictures of the pane.
struct PanePicture {
    /// Longer sides are scaled down to this.
    static let longestSide = 720
    private let scaler = PictureScaler()
    private var scaled = RGBPicture(size: PixelSize(width: 1, height: 1))

    /// The pane, scaled, as JPEG.
    /// - Parameter rings: outlines to draw in, pane pixels.
    mutating func jpeg(
        _ frame: borrowing VideoFrame, pane: PixelRect, rings: [[Point]] = [], quality: Double = 0.8
    ) throws -> [UInt8] {
        let longer = max(pane.width, pane.height)
        let share = longer > Self.longestSide ? Double(Self.longestSide) / Double(longer) : 1
        scaled.resize(
            to: PixelSize(
                width: max(1, Int(Double(pane.width) * share)), height: max(1, Int(Double(pane.height) * share))))
        try scaler.rgb(frame, from: pane, into: &scaled)
        if !rings.isEmpty {
            let drawn = rings.map { ring in ring.map { Point(x: $0.x * share, y: $0.y * share) } }
            OutlineDrawing.draw(rings: drawn, colour: .outline, width: 2, on: &scaled)
        }
        return try PictureWriter.encodeJPEG(scaled, quality: quality)
    }

    /// The picture with what was measured in it, one JSON object.
    ///
    /// - **Units** `width_px`, `height_px` and `rings` in pane pixels, whatever the size of the JPEG.
    mutating func json(
        _ frame: borrowing VideoFrame, _ sample: Sample, pane: Pane, rings: MeterResult
    ) throws -> [UInt8] {
        var line = JSONLine()
        line.field("frame", sample.frame)
        line.field("t_s", seconds: sample.time)
        line.field("state", sample.state.rawValue)
        line.field("reasons", json: "[" + sample.reasons.map { "\"\($0.rawValue)\"" }.joined(separator: ",") + "]")
        line.field("quality", sample.quality, places: 3)
        line.field("confidence", sample.confidence, places: 3)
        line.field("area_px", sample.opening?.area, places: 1)
        line.field("area_fov_ratio", sample.fieldShare, places: 6)
        line.field("width_px", pane.rect.width)
        line.field("height_px", pane.rect.height)
        line.field("rings", json: sample.opening == nil ? "[]" : Self.text(rings))
        line.field("jpeg", json: "\"" + Data(try jpeg(frame, pane: pane.rect)).base64EncodedString() + "\"")
        return Array(line.text().utf8)
    }

    private static func text(_ result: MeterResult) -> String {
        var out: [UInt8] = [UInt8(ascii: "[")]
        for index in result.ringStarts.indices {
            out.append(contentsOf: index == 0 ? "[".utf8 : ",[".utf8)
            for (place, point) in result.ring(index).enumerated() {
                out.append(contentsOf: place == 0 ? "[".utf8 : ",[".utf8)
                out.append(decimal: point.x, places: 1)
                out.append(UInt8(ascii: ","))
                out.append(decimal: point.y, places: 1)
                out.append(UInt8(ascii: "]"))
            }
            out.append(UInt8(ascii: "]"))
        }
        out.append(UInt8(ascii: "]"))
        return String(decoding: out, as: UTF8.self)
    }
}
