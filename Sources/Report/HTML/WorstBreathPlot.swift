// A few seconds around a stage's worst breath, frame by frame: the whole curve is too dense to show a breath's shape.
import Frames

enum WorstBreathPlot {
    /// Seconds before and after the narrowest frame.
    private static let reach = 4.0

    static func svg(_ stage: StageSummary, _ content: ReportContent, _ measure: CurvePlot.Measure) -> String {
        guard let worst = stage.worst else { return "" }
        let half = StreamTime(nanoseconds: Int64(reach * 1e9))
        let (start, end) = (worst.time - half, worst.time + half)
        let near = slice(content.samples, from: start, to: end)
        let runs = CurveRuns(near, measure)
        let most = runs.runs.reduce(0) { $1.values.reduce($0, max) }
        guard most > 0 else { return "" }
        let scale = Scale(start: start, end: end, most: most * 1.05)
        let words =
            "Opening from \(timeCode(start)) to \(timeCode(end)), around the worst breath at "
            + "\(timeCode(worst.time))"
        var svg = "<svg class=\"near\" viewBox=\"0 0 200 70\" role=\"img\" aria-label=\"\(escaped(words))\" "
        svg += "\(svgFont(9)) xmlns=\"http://www.w3.org/2000/svg\">"
        svg += "<path d=\"M0 60.5H200\" stroke=\"#333\" stroke-width=\"0.8\"/>"
        for gap in runs.gaps {
            svg += "<rect x=\"\(fixed(scale.x(gap.start), 1))\" y=\"2\" width=\""
            svg += "\(fixed(scale.x(gap.end) - scale.x(gap.start), 1))\" height=\"58\" fill=\"#d0d0d0\"/>"
        }
        svg += "<path d=\"M\(fixed(scale.x(worst.time), 1)) 2V60\" stroke=\"#c25700\" stroke-width=\"1\" "
        svg += "stroke-dasharray=\"3 2\"/><path d=\""
        for run in runs.runs {
            for index in run.times.indices {
                svg += "\(index == 0 ? "M" : "L")\(fixed(scale.x(run.times[index]), 1)) "
                svg += fixed(scale.y(run.values[index]), 1)
            }
        }
        svg += "\" fill=\"none\" stroke=\"#1f4e8c\" stroke-width=\"1.5\"/>"
        svg += "<text x=\"0\" y=\"69\">−\(fixed(reach, 0)) s</text><text x=\"100\" y=\"69\" text-anchor=\"middle\">"
        svg += "\(timeCode(worst.time))</text><text x=\"200\" y=\"69\" text-anchor=\"end\">+\(fixed(reach, 0)) s</text>"
        return svg + "</svg>"
    }

    private struct Scale {
        let start: StreamTime
        let end: StreamTime
        let most: Double

        func x(_ time: StreamTime) -> Double { 200 * min(1, max(0, (time - start).seconds / (end - start).seconds)) }
        func y(_ value: Double) -> Double { 60 - 57 * value / most }
    }

    private static func slice(_ samples: [Sample], from start: StreamTime, to end: StreamTime) -> [Sample] {
        samples.filter { $0.time >= start && $0.time <= end }
    }
}
