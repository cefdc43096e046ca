// What both plots share: the time axis, stage bands and the vector text.
import Frames

/// The text of a drawing: attributes, because not every program that prints the page applies its style inside drawings.
func svgFont(_ size: Int) -> String {
    "font-size=\"\(size)\" font-family=\"system-ui, 'DejaVu Sans', sans-serif\" fill=\"#15191e\""
}

/// A plot's place and scales, in SVG units.
struct PlotFrame: Sendable {
    let width = 1000.0
    let left = 46.0
    let right = 20.0
    let top = 22.0
    let bottom = 22.0
    let height: Double
    let start: StreamTime
    let end: StreamTime
    let most: Double

    var plotWidth: Double { width - left - right }
    var plotHeight: Double { height - top - bottom }
    var floor: Double { height - bottom }

    /// Column of a moment.
    func x(_ time: StreamTime) -> Double {
        let share = Double(time.nanoseconds - start.nanoseconds) / Double(max(1, end.nanoseconds - start.nanoseconds))
        return left + plotWidth * min(1, max(0, share))
    }

    /// Row of a value; what is above the scale lies on its upper edge.
    func y(_ value: Double) -> Double { floor - plotHeight * min(1, max(0, value / most)) }

    func open(title: String, description: String, id: String) -> String {
        "<svg viewBox=\"0 0 \(fixed(width, 0)) \(fixed(height, 0))\" role=\"img\" aria-labelledby=\"\(id)-t \(id)-d\" "
            + "\(svgFont(12)) xmlns=\"http://www.w3.org/2000/svg\">\n<title id=\"\(id)-t\">\(escaped(title))</title>"
            + "<desc id=\"\(id)-d\">\(escaped(description))</desc>\n" + Self.hatch(id)
    }

    /// Oblique lines for what was not measured: they hold in black and white.
    private static func hatch(_ id: String) -> String {
        "<defs><pattern id=\"\(id)-hatch\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\" "
            + "patternTransform=\"rotate(45)\"><rect width=\"5\" height=\"5\" fill=\"#d9d9d9\"/>"
            + "<path d=\"M0 0V5\" stroke=\"#a6a6a6\" stroke-width=\"1.5\"/></pattern></defs>\n"
    }

    /// Bands behind the data, with the stages' names above.
    func stages(_ content: ReportContent) -> String {
        var svg = "<g class=\"bands\">"
        for (index, stage) in content.summary.stages.enumerated() {
            let (x0, x1) = (x(stage.span.start), x(stage.span.end))
            let isWorst = index == content.summary.worstStage
            svg += rect(x0, top, x1 - x0, plotHeight, isWorst ? "#fdebd3" : index % 2 == 0 ? "#eef2f7" : "#f8fafc")
            svg += "<path d=\"M\(fixed(x0, 1)) 4V\(fixed(floor, 1))\" stroke=\"#8a94a0\" stroke-width=\"1\"/>"
            let room = Int((x1 - x0 - 6) / 7)
            guard room >= 3 else { continue }
            var name = stage.span.label
            if isWorst, room >= name.count + 8 { name += " (worst)" }
            if name.count > room { name = String(name.prefix(room - 1)) + "…" }
            svg += text(x0 + 4, top - 7, name, anchor: "start", weight: isWorst ? "bold" : "normal")
        }
        return svg + "</g>\n"
    }

    /// Whole steps of time that leave about ten labels.
    func timeAxis() -> String {
        let seconds = max(1, (end - start).seconds)
        let steps = [1.0, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200]
        let step = steps.first { seconds / $0 <= 16 } ?? seconds / 10
        var svg = "<g class=\"axis\">"
        var at = (start.seconds / step).rounded(.up) * step
        while at <= end.seconds {
            let time = StreamTime(nanoseconds: Int64((at * 1e9).rounded()))
            svg += "<path d=\"M\(fixed(x(time), 1)) \(fixed(floor, 1))v4\" stroke=\"#333\"/>"
            svg += text(x(time), floor + 16, timeCode(time, places: 0), anchor: "middle")
            at += step
        }
        return svg + "<path d=\"M\(fixed(left, 1)) \(fixed(floor, 1))H\(fixed(width - right, 1))\" "
            + "stroke=\"#333\"/></g>\n"
    }

    /// A horizontal line with its value at the left.
    func level(_ value: Double, _ label: String, isStrong: Bool = false) -> String {
        "<path d=\"M\(fixed(left, 1)) \(fixed(y(value), 1))H\(fixed(width - right, 1))\" stroke=\"#5b6570\" "
            + "stroke-width=\"\(isStrong ? "1.2" : "0.6")\" stroke-dasharray=\"\(isStrong ? "none" : "4 3")\"/>"
            + text(left - 5, y(value) + 4, label, anchor: "end")
    }

    func rect(_ x: Double, _ y: Double, _ width: Double, _ height: Double, _ fill: String) -> String {
        "<rect x=\"\(fixed(x, 1))\" y=\"\(fixed(y, 1))\" width=\"\(fixed(max(0, width), 1))\" "
            + "height=\"\(fixed(max(0, height), 1))\" fill=\"\(fill)\"/>"
    }

    func text(_ x: Double, _ y: Double, _ words: String, anchor: String, weight: String = "normal") -> String {
        "<text x=\"\(fixed(x, 1))\" y=\"\(fixed(y, 1))\" text-anchor=\"\(anchor)\" font-weight=\"\(weight)\">"
            + "\(escaped(words))</text>"
    }

    /// The first and last moment that a plot must hold.
    static func span(_ content: ReportContent) -> (start: StreamTime, end: StreamTime) {
        var start = content.samples.first?.time ?? .zero
        var end = max(content.recording.duration, content.samples.last?.time ?? .zero)
        for stage in content.summary.stages {
            start = min(start, stage.span.start)
            end = max(end, stage.span.end)
        }
        return (start, max(end, start + StreamTime(nanoseconds: 1_000_000_000)))
    }
}
