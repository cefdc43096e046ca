// A network that names the vocal folds: levels of narrowing from the film to the report.
import Encode
import Foundation
import Frames
import TestSupport
import Testing

@Suite("Levels of narrowing, from film to report") struct LevelTests {
    private static let side = 384

    /// One frame: red tissue, a pale inlet in it, a dark opening in that; half axes in pixels.
    private static func picture(inlet: Axes, opening: Axes) -> RGBPicture {
        var picture = RGBPicture(size: PixelSize(width: side, height: side))
        for y in 0..<side {
            for x in 0..<side {
                let (dx, dy) = (Double(x) - 191.5, Double(y) - 175.5)
                func isWithin(_ a: Axes) -> Bool { (dx / a.x) * (dx / a.x) + (dy / a.y) * (dy / a.y) < 1 }
                // Furrows keep the gate from taking it for blurred.
                let furrow = Double((x / 3 + y / 3) % 2) * 24
                let colour: [Double] =
                    if isWithin(opening) { [14, 14, 14] } else if isWithin(inlet) {
                        [225, 220, 210]
                    } else {
                        [150 + furrow, 60 + furrow, 55 + furrow]
                    }
                for channel in 0..<3 { picture.pixels[(y * side + x) * 3 + channel] = UInt8(colour[channel]) }
            }
        }
        return picture
    }

    private struct Axes {
        var x: Double
        var y: Double

        func narrowed(_ width: Double, _ height: Double = 0) -> Axes { Axes(x: x * (1 - width), y: y * (1 - height)) }
    }

    /// Forty seconds at 15 breaths a minute.
    ///
    /// First the folds close to a chink under a wide inlet, by 0.6 in width and by 0.5 in height; then the inlet closes
    /// to half its width over both. The opening is small enough for a tracked crop.
    private func film(_ path: String) throws {
        let writer = try RecordingWriter(
            path: path, size: PixelSize(width: Self.side, height: Self.side), rateNumerator: 25,
            settings: WriterSettings())
        var drawn: [Int: RGBPicture] = [:]
        for frame in 0..<1000 {
            let dip = 0.5 - 0.5 * cos(2 * .pi * Double(frame) / 100)
            let step = Int((dip * 40).rounded()) + (frame < 500 ? 0 : 100)
            if drawn[step] == nil {
                let share = Double(step % 100) / 40
                let (inlet, opening) = (Axes(x: 40, y: 48), Axes(x: 24, y: 36))
                drawn[step] =
                    frame < 500
                    ? Self.picture(inlet: inlet, opening: opening.narrowed(0.6 * share, 0.5 * share))
                    : Self.picture(inlet: inlet.narrowed(0.5 * share), opening: opening.narrowed(0.5 * share))
            }
            try writer.write(drawn[step]!)
        }
        try writer.finish()
    }

    private static let network = URL(fileURLWithPath: Program.darkNetwork).deletingLastPathComponent()
        .appending(path: "levels.onnx").path

    @Test("are told apart per breath and per stage, in the tables, the page and FHIR")
    func filmToReport() throws {
        let scratch = try Scratch()
        let file = scratch.path("a.mkv")
        try film(file)
        try "stage,start,end\nModerate,0,20\nMaximal,20,\n".write(
            toFile: file + ".stages.csv", atomically: true, encoding: .utf8)
        let outcome = try Program.run(
            ["analyze", file, "--output", scratch.path("out"), "--model", Self.network, "--quiet"],
            environment: [
                "RIMA_MODEL_GATE_PATH": "none", "RIMA_GATE_BLURRED_SHARPNESS_MIN": "0",
                "RIMA_PANE": "{x_px: 0, y_px: 0, width_px: \(Self.side), height_px: \(Self.side)}",
            ])
        try #require(outcome.status == 0, "\(outcome.err)")
        let report = try #require(
            try JSONSerialization.jsonObject(with: Data(contentsOf: scratch.root.appending(path: "out/report.json")))
                as? [String: Any])
        let stages = try #require(report["stages"] as? [[String: Any]])
        func median(_ stage: Int, _ name: String) throws -> Double {
            try #require((stages[stage][name] as? [String: Any])?["median"] as? Double, "\(name) of \(stages[stage])")
        }
        // 1 - 0.4 * 0.5 at the folds; then 1 - 0.5 above them, and the open share stays.
        #expect(abs(try median(0, "glottic_closure_ratio") - 0.8) < 0.05)
        #expect(abs(try median(0, "supraglottic_closure_ratio")) < 0.02)
        #expect(abs(try median(1, "glottic_closure_ratio")) < 0.05)
        #expect(abs(try median(1, "supraglottic_closure_ratio") - 0.5) < 0.05)
        let page = try scratch.text("out/report.html")
        #expect(page.contains("Levels of narrowing") && page.contains("are told apart by the vocal folds"))
        #expect(!page.contains("One visible opening was measured"))
        let breaths = try scratch.text("out/breaths.csv").split(separator: "\n")
        #expect(breaths[0].hasSuffix("glottic_closure_ratio,supraglottic_closure_ratio"))
        #expect(!breaths[1].hasSuffix(","))
        #expect(try scratch.text("out/stages.csv").contains("supraglottic_closure_ratio_median"))
        #expect(try Program.run(["report", scratch.path("out"), "--fhir"]).status == 0)
        #expect(try scratch.text("out/report.fhir.json").contains("supraglottic_closure_ratio_median"))
    }

    @Test("are not spoken of where the network does not know them")
    func oneClass() throws {
        let scratch = try Scratch()
        let file = try scratch.phantom("a.mkv", seconds: 30, extra: ["--calm"])
        try #require(try scratch.analyze(file, into: "out").status == 0)
        let page = try scratch.text("out/report.html")
        #expect(page.contains("One visible opening was measured") && !page.contains("Levels of narrowing"))
        #expect(!(try scratch.text("out/report.json").contains("glottic_closure")))
    }
}
