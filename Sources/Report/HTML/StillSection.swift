// The frames that prove the numbers, with the measured outline drawn over them.
import Foundation
import Frames

enum StillSection {
    static func html(_ content: ReportContent, _ anchors: inout FrameAnchors) -> String {
        var html = "<section class=\"stills\" aria-labelledby=\"h-stills\"><h2 id=\"h-stills\">Worst breath of each "
        html += "stage</h2>\n"
        guard !content.stills.isEmpty else { return html + "<p>No stills were kept.</p></section>\n" }
        html += "<div class=\"grid\">\n"
        let measure = CurvePlot.Measure(content)
        for (index, stage) in content.summary.stages.enumerated() {
            let pair = ReportStill.Kind.allCases.compactMap { content.still(ofStage: index, $0) }
            guard !pair.isEmpty else { continue }
            html += "<div class=\"stage\"><h3>\(escaped(stage.span.label))</h3>"
            for still in pair { html += figure(still, stage, content, anchors.attribute(still.frame)) }
            html += WorstBreathPlot.svg(stage, content, measure)
            html += "</div>\n"
        }
        html += "</div><p class=\"caption\">The widest and the narrowest frame of the usable breath that closes most. "
        html += "Blue-green line: the outline that was measured. Below: the opening in the seconds around that breath "
        return html + "(dashed), frame by frame; grey: not measured.</p></section>\n"
    }

    /// A small copy beside the finding; it links to the large one.
    static func thumbnail(_ still: ReportStill, _ content: ReportContent) -> String {
        "<figure><a href=\"#frame-\(still.frame)\">\(picture(still, content.paneSize))</a>"
            + "<figcaption>\(title(still.kind)), \(timeCode(still.time))<br/>frame "
            + "\(still.frame)</figcaption></figure>"
    }

    private static func figure(
        _ still: ReportStill, _ stage: StageSummary, _ content: ReportContent, _ anchor: String
    ) -> String {
        var html = "<figure\(anchor)>\(picture(still, content.paneSize))<figcaption>"
        html += "<strong>\(title(still.kind))</strong> "
        html += "\(timeCode(still.time))<br/>frame \(still.frame), area "
        html += "\(grouped(Int(still.area.rounded())))\u{202F}px²"
        if still.kind == .narrowest, let worst = stage.worst {
            html +=
                worst.frame == still.frame
                ? "<br/>this breath closes by \(percent(worst.value))\u{202F}%"
                : "<br/>narrowest view that was kept; the worst breath is frame \(worst.frame), "
                    + "\(timeCode(worst.time))"
        }
        return html + "</figcaption></figure>"
    }

    private static func title(_ kind: ReportStill.Kind) -> String { kind == .widest ? "Widest" : "Narrowest" }

    private static func picture(_ still: ReportStill, _ paneSize: PixelSize) -> String {
        let size = still.size ?? paneSize
        let words =
            "\(title(still.kind)) frame of the worst breath in stage \(still.stage), frame \(still.frame), "
            + "\(timeCode(still.time))"
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
