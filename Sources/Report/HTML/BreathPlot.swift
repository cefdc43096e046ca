// Closure of every breath, with each stage's median and interval.
import Frames

enum BreathPlot {
    static func html(_ content: ReportContent, _ links: FrameLinks) -> String {
        let span = PlotFrame.span(content)
        let frame = PlotFrame(height: 140, start: span.start, end: span.end, most: 1)
        var html = "<section class=\"plot\" aria-labelledby=\"h-breaths\"><h2 id=\"h-breaths\">Closure of each "
        html += "breath</h2>\n"
        html += frame.open(
            title: "Closure of each breath over time",
            description: "\(content.breaths.count) breaths; every breath stands in the table of "
                + "breaths.", id: "breaths")
        html += frame.stages(content)
        html += "<path class=\"gaps\" d=\"\(gaps(content, frame))\" fill=\"url(#breaths-hatch)\"/>\n<g "
        html += "class=\"levels\">"
        html += frame.level(0, "0 %") + frame.level(1, "100 %")
        for bound in content.thresholds.bands where bound > 0 && bound < 1 {
            html += frame.level(bound, percent(bound) + " %")
        }
        html += "</g>\n"
        for breath in content.breaths { html += dot(breath, frame, links) }
        html += "\n<g class=\"medians\">"
        for stage in content.summary.stages {
            guard let closure = stage.closure else { continue }
            let (x0, x1) = (frame.x(stage.span.start), frame.x(stage.span.end))
            html += "<rect x=\"\(fixed(x0, 1))\" y=\"\(fixed(frame.y(closure.high), 1))\" "
            html += "width=\"\(fixed(x1 - x0, 1))\" "
            html += "height=\"\(fixed(frame.y(closure.low) - frame.y(closure.high), 1))\" "
            html += "fill=\"#c25700\" fill-opacity=\"0.25\"/>"
            html += "<path d=\"M\(fixed(x0, 1)) \(fixed(frame.y(closure.median), 1))H\(fixed(x1, 1))\" "
            html += "stroke=\"#c25700\" "
            html += "stroke-width=\"2.5\"><title>\(escaped(stage.span.label)): median closure "
            html += "\(percent(closure.median)) %</title></path>"
        }
        html += "</g>\n" + frame.timeAxis()
        html += "</svg>\n<p class=\"caption\">● used in statistics, ○ not used. Orange: median of the stage with its "
        return html + "95\u{202F}% interval. Higher is narrower. Dashed: narrowing bands.</p></section>\n"
    }

    private static func gaps(_ content: ReportContent, _ frame: PlotFrame) -> String {
        CurvePlot.gapPath(CurveRuns(content.samples, CurvePlot.Measure(content)).gaps, frame)
    }

    private static func dot(_ breath: Breath, _ frame: PlotFrame, _ links: FrameLinks) -> String {
        let place = "cx=\"\(fixed(frame.x(breath.narrowestTime), 1))\" cy=\"\(fixed(frame.y(breath.closure), 1))\""
        let look = breath.isUsable ? "r=\"2.2\" fill=\"#1f4e8c\"" : "r=\"2\" fill=\"#fff\" stroke=\"#5b6570\""
        return "<a href=\"\(links.target(breath.narrowestFrame) ?? "#")\" tabindex=\"-1\"><circle \(place) \(look)/>"
            + "<title>Breath \(breath.index), closure \(percent(breath.closure)) %, frame \(breath.narrowestFrame), "
            + "\(timeCode(breath.narrowestTime))</title></a>"
    }
}
