// The whole test's curve: every measured frame lies inside what is drawn, and nothing is drawn where none was measured.
import Frames

enum CurvePlot {
    /// What the curve's height means.
    struct Measure: Sendable {
        enum Kind: Sendable { case restScaled(Double), restPixels(Double), normalised, pixels }
        let kind: Kind

        init(_ content: ReportContent) {
            if let base = content.summary.baseline {
                if let normalised = base.openedNormalised, normalised > 0 {
                    kind = .restScaled(normalised)
                    return
                }
                if base.opened > 0 {
                    kind = .restPixels(base.opened)
                    return
                }
            }
            kind = content.samples.contains { $0.normalisedArea != nil } ? .normalised : .pixels
        }

        /// Nil where the frame was not measured, or its scale was not known yet.
        func value(_ sample: Sample) -> Double? {
            guard let area = sample.usableArea else { return nil }
            switch kind {
            // A closed opening is zero on any scale.
            case .restScaled(let base): return area == 0 ? 0 : sample.normalisedArea.map { $0 / base }
            case .restPixels(let base): return area / base
            case .normalised: return area == 0 ? 0 : sample.normalisedArea
            case .pixels: return area
            }
        }

        var isShareOfRest: Bool {
            switch kind {
            case .restScaled, .restPixels: true
            case .normalised, .pixels: false
            }
        }

        var words: String {
            switch kind {
            case .restScaled: "Opening in % of the median rest opening, rescaled by the reference length"
            case .restPixels:
                "Opening in % of the median rest opening, in pixels: holds only while the scope keeps "
                    + "its "
                    + "distance"
            case .normalised: "Area over squared reference length (no rest baseline)"
            case .pixels: "Area in square pixels (no rest baseline, no reference length)"
            }
        }
    }

    static func html(_ content: ReportContent, _ links: FrameLinks) -> String {
        let measure = Measure(content)
        let span = PlotFrame.span(content)
        let runs = CurveRuns(content.samples, measure)
        let frame = PlotFrame(height: 180, start: span.start, end: span.end, most: top(runs, measure))
        var html = "<section class=\"plot\" aria-labelledby=\"h-curve\"><h2 id=\"h-curve\">Opening over the whole "
        html += "test</h2>\n"
        html += frame.open(
            title: "Opening over time", description: description(content, runs), id: "curve")
        html += frame.stages(content)
        html += "<path class=\"gaps\" d=\"\(gapPath(runs.gaps, frame))\" fill=\"url(#curve-hatch)\"/>\n"
        html += levels(frame, measure)
        let (filled, lines) = paths(runs, frame)
        html += "<path class=\"curve\" d=\"\(filled)\" fill=\"#1f4e8c\" stroke=\"#1f4e8c\" stroke-width=\"0.5\"/>\n"
        html += "<path class=\"curve\" d=\"\(lines)\" fill=\"none\" stroke=\"#1f4e8c\" stroke-width=\"1.2\"/>\n"
        html += marks(content, frame, links)
        html += frame.timeAxis()
        html += "</svg>\n<p class=\"caption\">\(measure.words). Blue: from the narrowest to the widest frame of "
        html += "every column. "
        html += "Hatched grey: not measured; no line crosses it. ▼ worst breath of each stage. "
        return html + "Short bars at the foot: swallow, cough or talking, kept out of statistics.</p></section>\n"
    }

    private static func top(_ runs: CurveRuns, _ measure: Measure) -> Double {
        let most = runs.runs.reduce(0) { $1.values.reduce($0, max) }
        if measure.isShareOfRest { return max(1.2, min(2.5, (most * 10).rounded(.up) / 10)) }
        return most > 0 ? most * 1.05 : 1
    }

    private static func levels(_ frame: PlotFrame, _ measure: Measure) -> String {
        var svg = "<g class=\"levels\">"
        if measure.isShareOfRest {
            for share in [0.0, 0.25, 0.5, 0.75, 1] {
                svg += frame.level(share, percent(share) + " %", isStrong: share == 1)
            }
        } else {
            for share in [0.0, 0.25, 0.5, 0.75, 1] {
                let value = frame.most / 1.05 * share
                svg += frame.level(value, fixed(value, value >= 100 || value == 0 ? 0 : 3))
            }
        }
        return svg + "</g>\n"
    }

    private static func description(_ content: ReportContent, _ runs: CurveRuns) -> String {
        let lost = runs.gaps.reduce(0.0) { $0 + ($1.end - $1.start).seconds }
        return "Curve of the opening over \(timeCode(content.recording.duration, places: 0)), with "
            + "\(content.summary.stages.count) stages and \(runs.gaps.count) gaps of \(fixed(lost, 0)) s in all. "
            + "The numbers stand in the stage table."
    }

    /// One rectangle for each gap, at its true width.
    static func gapPath(_ gaps: [CurveRuns.Gap], _ frame: PlotFrame) -> String {
        var path = ""
        for gap in gaps {
            let (x0, x1) = (frame.x(gap.start), frame.x(gap.end))
            guard x1 - x0 >= 0.01 else { continue }
            path += "M\(fixed(x0, 2)) \(fixed(frame.top, 0))H\(fixed(x1, 2))V\(fixed(frame.floor, 0))H\(fixed(x0, 2))Z"
        }
        return path
    }

    /// Filled envelopes of the runs that are denser than the columns, and lines of the others.
    static func paths(_ runs: CurveRuns, _ frame: PlotFrame) -> (filled: String, lines: String) {
        var (filled, lines) = ("", "")
        for run in runs.runs {
            let columns = frame.x(run.times[run.times.count - 1]) - frame.x(run.times[0])
            if Double(run.times.count) < 3 * max(2, columns) {
                for index in run.times.indices {
                    let place = "\(fixed(frame.x(run.times[index]), 2)) \(fixed(frame.y(run.values[index]), 1))"
                    lines += (index == 0 ? "M" : "L") + place
                }
                // A lone frame is a dot.
                if run.times.count == 1 { lines += "h0.4" }
            } else {
                filled += envelope(run, frame)
            }
        }
        return (filled, lines)
    }

    private static func envelope(_ run: CurveRuns.Run, _ frame: PlotFrame) -> String {
        var columns: [(x: Double, low: Double, high: Double)] = []
        var column = Int.min
        for index in run.times.indices {
            let x = frame.x(run.times[index])
            let value = run.values[index]
            if Int(x) == column {
                let last = columns.count - 1
                columns[last].low = min(columns[last].low, value)
                columns[last].high = max(columns[last].high, value)
                columns[last].x = x
            } else {
                column = Int(x)
                columns.append((x, value, value))
            }
        }
        // From the run's first frame to its last, so that neighbouring gaps keep their width.
        columns[0].x = frame.x(run.times[0])
        var path = ""
        for (index, column) in columns.enumerated() {
            path += "\(index == 0 ? "M" : "L")\(fixed(column.x, 2)) \(fixed(frame.y(column.high), 1))"
        }
        for column in columns.reversed() { path += "L\(fixed(column.x, 2)) \(fixed(frame.y(column.low), 1))" }
        return path + "Z"
    }

    private static func marks(_ content: ReportContent, _ frame: PlotFrame, _ links: FrameLinks) -> String {
        var svg = "<g class=\"marks\">"
        for event in content.interruptions {
            let (x0, x1) = (frame.x(event.start), frame.x(event.end))
            svg += "<path d=\"M\(fixed(x0, 1)) \(fixed(frame.floor - 2, 1))H\(fixed(max(x1, x0 + 1.5), 1))\" "
            svg += "stroke=\"#111\" stroke-width=\"4\"><title>\(event.kind.words), "
            svg += "\(timeCode(event.start))</title></path>"
        }
        for (index, stage) in content.summary.stages.enumerated() {
            guard let worst = stage.worst, let target = links.target(worst.frame) else { continue }
            let x = frame.x(worst.time)
            let colour = index == content.summary.worstStage ? "#c25700" : "#111"
            svg += "<a href=\"\(target)\"><path d=\"M\(fixed(x - 5, 1)) \(fixed(frame.top + 1, 1))h10l-5 9z\" "
            svg += "fill=\"\(colour)\" stroke=\"#fff\" stroke-width=\"0.8\"/><title>\(escaped(stage.span.label)): "
            svg += "worst "
            svg += "breath, closure \(percent(worst.value)) %, frame \(worst.frame), "
            svg += "\(timeCode(worst.time))</title></a>"
        }
        return svg + "</g>\n"
    }
}
