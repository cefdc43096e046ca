// What stands under the picture in an overlay video: stage, time, and the curve around the present moment.
package import Frames

/// Draws the strip of one test, frame by frame.
package struct OverlayStrip: Sendable {
    private let content: ReportContent
    private let measure: CurvePlot.Measure
    private let most: Double
    private let size: PixelSize
    private let dot: Int
    /// Where the curve begins to be searched: frames come in order.
    private var first = 0

    /// Seconds before and after the present moment.
    private static let past = 15.0
    private static let future = 5.0

    private static let paper = LineColour(red: 16, green: 20, blue: 26)
    private static let ink = LineColour(red: 235, green: 238, blue: 242)
    private static let faint = LineColour(red: 90, green: 100, blue: 112)
    private static let lost = LineColour(red: 58, green: 62, blue: 68)
    private static let curve = LineColour(red: 0, green: 229, blue: 255)
    private static let now = LineColour(red: 255, green: 160, blue: 40)

    /// - Parameter size: of the strip, in pixels.
    package init(_ content: ReportContent, size: PixelSize) {
        self.content = content
        self.size = size
        let measure = CurvePlot.Measure(content)
        self.measure = measure
        let values = content.samples.compactMap { measure.value($0) }.sorted()
        // A few wild frames do not flatten the curve.
        most = max(1e-9, values.isEmpty ? 1 : values[min(values.count - 1, values.count * 99 / 100)] * 1.1)
        dot = max(1, size.width / 280)
    }

    /// A strip's height for a picture of this width.
    package static func height(forWidth width: Int) -> Int { max(48, width / 4) & ~1 }

    /// Draws the strip for the moment of `sample` into the rows of `picture` from `top` on.
    package mutating func draw(_ sample: Sample, top: Int, on picture: inout RGBPicture) {
        let time = sample.time
        picture.fill(PixelRect(x: 0, y: top, width: size.width, height: size.height), Self.paper)
        let margin = 3 * dot
        let line = 7 * dot
        let stage = content.stageIndex(at: time).map { content.summary.stages[$0].span.label } ?? "no stage"
        PixelFont.write(
            "\(timeCode(time)) \(stage)", x: margin, y: top + margin, dot: dot, colour: Self.ink, on: &picture)
        let words = state(sample)
        PixelFont.write(
            words, x: max(margin, size.width - margin - PixelFont.width(words, dot: dot)), y: top + margin, dot: dot,
            colour: sample.usableArea == nil ? Self.now : Self.ink, on: &picture)
        let foot = 7 * max(1, dot / 2)
        PixelFont.write(
            "Research use only", x: margin, y: top + size.height - 2 * dot - foot, dot: max(1, dot / 2),
            colour: Self.faint, on: &picture)
        let plot = PixelRect(
            x: margin, y: top + 2 * margin + line, width: size.width - 2 * margin,
            height: max(8, size.height - 4 * margin - line - foot))
        drawCurve(around: time, in: plot, on: &picture)
    }

    /// Frame, and closure of the breath that the frame belongs to, or why nothing was measured.
    private func state(_ sample: Sample) -> String {
        guard sample.usableArea != nil else {
            return "not measured" + (sample.reasons.first.map { ": \($0.rawValue)" } ?? "")
        }
        guard let breath = breath(at: sample.frame), breath.isUsable else { return "frame \(sample.frame)" }
        return "closure \(percent(breath.closure)) %"
    }

    private func breath(at frame: Int) -> Breath? {
        var (low, high) = (0, content.breaths.count)
        while low < high {
            let middle = (low + high) / 2
            if content.breaths[middle].endFrame <= frame { low = middle + 1 } else { high = middle }
        }
        guard low < content.breaths.count, content.breaths[low].startFrame <= frame else { return nil }
        return content.breaths[low]
    }

    private mutating func drawCurve(around time: StreamTime, in plot: PixelRect, on picture: inout RGBPicture) {
        let start = time.seconds - Self.past
        let scale = Double(plot.width) / (Self.past + Self.future)
        func x(_ seconds: Double) -> Double { Double(plot.x) + (seconds - start) * scale }
        func y(_ value: Double) -> Double {
            Double(plot.maxY) - Double(plot.height) * min(1, max(0, value / most))
        }
        let samples = content.samples
        while first < samples.count, samples[first].time.seconds < start - 1 { first += 1 }
        var last: (x: Double, y: Double)?
        for index in first..<samples.count {
            let sample = samples[index]
            let seconds = sample.time.seconds
            guard seconds <= time.seconds + Self.future else { break }
            let here = x(seconds)
            guard let value = measure.value(sample) else {
                last = nil
                // Measured frames whose scale is not known yet are blank, not grey.
                guard sample.usableArea == nil else { continue }
                let end = index + 1 < samples.count ? min(samples[index + 1].time.seconds, seconds + 0.5) : seconds
                picture.fill(
                    PixelRect(
                        x: max(plot.x, Int(here)), y: plot.y,
                        width: max(1, min(plot.maxX, Int(x(end).rounded(.up))) - max(plot.x, Int(here))),
                        height: plot.height), Self.lost)
                continue
            }
            let point = (x: here, y: y(value))
            if let last, point.x - last.x < scale * 0.5, last.x >= Double(plot.x) {
                OutlineDrawing.draw(
                    line: Point(x: last.x, y: last.y), Point(x: point.x, y: point.y), colour: Self.curve,
                    width: Double(max(1, dot)), on: &picture)
            }
            last = point
        }
        picture.fill(PixelRect(x: plot.x, y: plot.maxY, width: plot.width, height: 1), Self.faint)
        for stage in content.summary.stages {
            let at = x(stage.span.start.seconds)
            guard at > Double(plot.x), at < Double(plot.maxX) else { continue }
            picture.fill(PixelRect(x: Int(at), y: plot.y, width: 1, height: plot.height), Self.faint)
        }
        picture.fill(
            PixelRect(x: Int(x(time.seconds)), y: plot.y, width: max(1, dot / 2), height: plot.height), Self.now)
    }
}
