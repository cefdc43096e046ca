// The frames that prove the numbers, with the measured outline drawn over them.
import Foundation
import Frames

enum StillSection {
    static func html(_ content: ReportContent, _ anchors: inout FrameAnchors) -> String {
        var html = "<section class=\"stills\" aria-labelledby=\"h-stills\"><h2 id=\"h-stills\">Widest and narrowest "
        html += "view of "
        html += "each stage</h2>\n"
        guard !content.stills.isEmpty else { return html + "<p>No stills were kept.</p></section>\n" }
        html += "<div class=\"grid\">\n"
        let measure = CurvePlot.Measure(content)
        var shown: Set<String> = []
        let labels = content.summary.stages.map(\.span.label) + content.stills.map(\.stage)
        for label in labels where shown.insert(label).inserted {
            let pair = ReportStill.Kind.allCases.compactMap { content.still(label, $0) }
            guard !pair.isEmpty else { continue }
            html += "<div class=\"stage\"><h3>\(escaped(label.isEmpty ? "Outside stages" : label))</h3>"
            for still in pair { html += figure(still, content, anchors.attribute(still.frame)) }
            if let stage = content.summary.stages.first(where: { $0.span.label == label }) {
                html += WorstBreathPlot.svg(stage, content, measure)
            }
            html += "</div>\n"
        }
        html += "</div><p class=\"caption\">Blue-green line: the outline that was measured. Below: the opening in "
        html += "the seconds "
        return html + "around the stage's worst breath (dashed), frame by frame; grey: not measured.</p></section>\n"
    }

    /// A small copy beside the finding; it links to the large one.
    static func thumbnail(_ still: ReportStill, _ content: ReportContent) -> String {
        "<figure><a href=\"#frame-\(still.frame)\">\(picture(still, content.paneSize))</a>"
            + "<figcaption>\(title(still.kind)) view, \(timeCode(still.time))<br/>frame "
            + "\(still.frame)</figcaption></figure>"
    }

    private static func figure(_ still: ReportStill, _ content: ReportContent, _ anchor: String) -> String {
        var html = "<figure\(anchor)>\(picture(still, content.paneSize))<figcaption>"
        html += "<strong>\(title(still.kind))</strong> "
        html += "\(timeCode(still.time))<br/>frame \(still.frame), area "
        html += "\(grouped(Int(still.area.rounded())))\u{202F}px²"
        let stage = content.summary.stages.first { $0.span.label == still.stage }
        if still.kind == .narrowest, let worst = stage?.worst {
            html +=
                worst.frame == still.frame
                ? "<br/>worst breath, closure \(percent(worst.value))\u{202F}%"
                : "<br/>worst breath is frame \(worst.frame), \(timeCode(worst.time))"
        }
        return html + "</figcaption></figure>"
    }

    private static func title(_ kind: ReportStill.Kind) -> String { kind == .widest ? "Widest" : "Narrowest" }

    private static func picture(_ still: ReportStill, _ size: PixelSize) -> String {
        let words = "\(title(still.kind)) view in stage \(still.stage), frame \(still.frame), \(timeCode(still.time))"
        var html = "<span class=\"picture\"><img alt=\"\(escaped(words))\" src=\"data:image/jpeg;base64,"
        html += Data(still.jpeg).base64EncodedString()
        html += "\"/>"
        guard !still.rings.isEmpty else { return html + "</span>" }
        html += "<svg viewBox=\"0 0 \(size.width) \(size.height)\" aria-hidden=\"true\" "
        html += "xmlns=\"http://www.w3.org/2000/svg\"><g fill=\"none\" stroke-linejoin=\"round\">"
        let path = outline(still.rings)
        let width = max(1, Double(size.width) / 130)
        // A dark rim keeps the line visible on bright tissue.
        html += "<path d=\"\(path)\" stroke=\"#00212b\" stroke-opacity=\"0.7\" "
        html += "stroke-width=\"\(fixed(width * 2, 1))\"/>"
        html += "<path d=\"\(path)\" stroke=\"#00e5ff\" stroke-width=\"\(fixed(width, 1))\"/></g></svg>"
        return html + "</span>"
    }

    static func outline(_ rings: [[Point]]) -> String {
        var path = ""
        for ring in rings where ring.count > 1 {
            for (index, point) in ring.enumerated() {
                path += "\(index == 0 ? "M" : "L")\(fixed(point.x, 1)) \(fixed(point.y, 1))"
            }
            path += "Z"
        }
        return path
    }
}
