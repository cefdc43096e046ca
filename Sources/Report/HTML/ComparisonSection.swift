// This test beside an earlier one of the same patient: closures side by side, and both courses over each other.
import Frames

enum ComparisonSection {
    static func html(_ content: ReportContent, _ links: FrameLinks) -> String {
        guard let earlier = content.comparison else { return "" }
        let name = earlier.date.map { "\(earlier.session), \($0)" } ?? earlier.session
        var html = "<section class=\"compare\" aria-labelledby=\"h-compare\"><h2 id=\"h-compare\">Compared with "
        html += "\(escaped(name))</h2>\n<div class=\"columns\"><div class=\"sides\">"
        html += table(content, earlier, links)
        html += "</div>\n<div class=\"course\">\(overlay(content, earlier))</div></div>\n"
        html += "<p class=\"caption\">Closure within each breath, the same measure in both tests and independent of "
        html += "the scope's distance. Brackets: 95\u{202F}% intervals; they cover the spread between breaths, neither "
        html += "the day-to-day variation of a patient nor errors of the network. * intervals of the difference that "
        html += "do not hold zero.\(caution(content, earlier))</p></section>\n"
        return html
    }

    /// What makes the two tests less comparable.
    private static func caution(_ content: ReportContent, _ earlier: ReportComparison) -> String {
        let mine = content.parts.map { "\($0.name) \($0.version)" }
        let theirs = earlier.parts.map { "\($0.name) \($0.version)" }
        guard mine != theirs else { return "" }
        return " <strong>The earlier test was measured with \(escaped(theirs.joined(separator: ", "))), this one with "
            + "\(escaped(mine.joined(separator: ", "))): part of a difference may come from that.</strong>"
    }

    private static func table(
        _ content: ReportContent, _ earlier: ReportComparison, _ links: FrameLinks
    ) -> String {
        var html = "<table class=\"stages\"><thead><tr><th scope=\"col\">Stage</th>"
        html += "<th scope=\"col\">Closure then<small>median [95\u{202F}%] %</small></th>"
        html += "<th scope=\"col\">now<small>median [95\u{202F}%] %</small></th>"
        html += "<th scope=\"col\">Change<small>percentage points</small></th>"
        html += "<th scope=\"col\">Worst breath<small>then → now, %</small></th>"
        html += "<th scope=\"col\">Narrowing<small>then → now</small></th></tr></thead><tbody>\n"
        for pair in StagePair.all(content.summary, earlier.summary) {
            html += "<tr><th scope=\"row\">\(escaped(pair.label))</th><td>\(closure(pair.then))</td>"
            html += "<td>\(closure(pair.now))</td><td>\(change(pair))</td><td>\(worst(pair, links))</td>"
            html += "<td>\(band(pair.then)) → \(band(pair.now))</td></tr>\n"
        }
        return html + "</tbody></table>"
    }

    private static func closure(_ stage: StageSummary?) -> String {
        guard let stage else { return "not in this test" }
        guard let closure = stage.closure else { return "no statistic" }
        return "<strong>\(percent(closure.median))</strong> [\(percent(closure.low))–\(percent(closure.high))]"
    }

    private static func change(_ pair: StagePair) -> String {
        guard let difference = pair.difference else { return "–" }
        let isClear = difference.low > 0 || difference.high < 0
        return "<strong>\(signed(difference.value))</strong>\(isClear ? "*" : "") [\(signed(difference.low)) to "
            + "\(signed(difference.high))]"
    }

    /// Percentage points with their sign; nothing is neither more nor less.
    static func signed(_ value: Double) -> String {
        let text = fixed(value * 100, 0)
        return value > 0 && text != "0" ? "+" + text : text
    }

    /// One sentence for the finding: how the stage that is worst now compares.
    static func sentence(_ content: ReportContent) -> String? {
        guard let earlier = content.comparison, let index = content.summary.worstStage,
            content.summary.stages.indices.contains(index)
        else { return nil }
        let label = content.summary.stages[index].span.label
        let pair = StagePair.all(content.summary, earlier.summary).first { $0.label == label }
        let name = escaped(earlier.date ?? earlier.session)
        guard let then = pair?.then?.closure, let difference = pair?.difference else {
            return "The earlier test (\(name)) says nothing of this stage."
        }
        return "In the earlier test (\(name)) it closed by \(percent(then.median))\u{202F}%: a change of "
            + "\(signed(difference.value)) percentage points (\(signed(difference.low)) to \(signed(difference.high)))."
    }

    private static func worst(_ pair: StagePair, _ links: FrameLinks) -> String {
        let then = pair.then?.worst.map { percent($0.value) } ?? "–"
        let now = pair.now?.worst.map { links.link(percent($0.value), frame: $0.frame, time: $0.time) } ?? "–"
        return "\(then) → \(now)"
    }

    private static func band(_ stage: StageSummary?) -> String {
        stage?.band.map { "\($0.symbol)\u{A0}\($0.words)" } ?? "–"
    }

    // MARK: Both courses

    private static func overlay(_ content: ReportContent, _ earlier: ReportComparison) -> String {
        let now = course(content.breaths, from: content.summary.stages.first?.span.start ?? .zero)
        let then = course(earlier.breaths, from: earlier.summary.stages.first?.span.start ?? .zero)
        let length = max(now.last?.seconds ?? 0, then.last?.seconds ?? 0, 1)
        func place(_ point: (seconds: Double, closure: Double)) -> String {
            "\(fixed(30 + 260 * point.seconds / length, 1)) \(fixed(112 - 100 * min(1, max(0, point.closure)), 1))"
        }
        func line(_ points: [(seconds: Double, closure: Double)]) -> String {
            points.enumerated().map { ($0 == 0 ? "M" : "L") + place($1) }.joined()
        }
        let words =
            "Closure over time, running median of \(window) breaths, this test and the earlier one; the numbers stand in "
            + "the table"
        var svg = "<svg viewBox=\"0 0 300 130\" role=\"img\" aria-label=\"\(escaped(words))\" "
        svg += "\(svgFont(9)) xmlns=\"http://www.w3.org/2000/svg\">"
        for share in [0.0, 0.5, 1] {
            let y = fixed(112 - 100 * share, 1)
            svg += "<path d=\"M30 \(y)H290\" stroke=\"#8a94a0\" stroke-width=\"0.6\"/>"
            svg += "<text x=\"26\" y=\"\(fixed(115 - 100 * share, 1))\" text-anchor=\"end\">\(percent(share))</text>"
        }
        svg += "<path d=\"\(line(then))\" fill=\"none\" stroke=\"#5b6570\" stroke-width=\"1.6\" "
        svg += "stroke-dasharray=\"4 3\"/>"
        svg += "<path d=\"\(line(now))\" fill=\"none\" stroke=\"#1f4e8c\" stroke-width=\"1.8\"/>"
        svg += "<text x=\"30\" y=\"126\">0:00</text><text x=\"290\" y=\"126\" text-anchor=\"end\">"
        svg += "\(timeCode(StreamTime(nanoseconds: Int64(length * 1e9)), places: 0))</text>"
        svg += "<text x=\"160\" y=\"126\" text-anchor=\"middle\">– – then, — now: closure %</text>"
        return svg + "</svg>"
    }

    private static let window = 7

    /// Running median of closure over usable breaths, seconds from the test's first stage.
    private static func course(_ breaths: [Breath], from start: StreamTime) -> [(seconds: Double, closure: Double)] {
        let usable = breaths.filter { $0.isUsable && $0.narrowestTime >= start }
        guard usable.count >= window else { return [] }
        return (0...(usable.count - window)).map { first in
            let near = usable[first..<(first + window)]
            let sorted = near.map(\.closure).sorted()
            return ((usable[first + window / 2].narrowestTime - start).seconds, sorted[window / 2])
        }
    }
}

/// Stages of one label in two tests.
struct StagePair: Sendable {
    var label: String
    var now: StageSummary?
    var then: StageSummary?

    /// Change of the median closure with a 95 % interval; nil where either test has none.
    var difference: (value: Double, low: Double, high: Double)? {
        guard let now = now?.closure, let then = then?.closure else { return nil }
        let value = now.median - then.median
        // The medians are independent: their intervals add in squares, each on its own side.
        func root(_ a: Double, _ b: Double) -> Double { (a * a + b * b).squareRoot() }
        return (
            value, value - root(now.median - now.low, then.high - then.median),
            value + root(now.high - now.median, then.median - then.low)
        )
    }

    /// This test's stages in order, then those that only the other one has; the first of each label.
    static func all(_ now: TestSummary, _ then: TestSummary) -> [StagePair] {
        var pairs: [StagePair] = []
        for stage in now.stages where !pairs.contains(where: { $0.label == stage.span.label }) {
            pairs.append(StagePair(label: stage.span.label, now: stage))
        }
        for stage in then.stages {
            if let place = pairs.firstIndex(where: { $0.label == stage.span.label }) {
                if pairs[place].then == nil { pairs[place].then = stage }
            } else {
                pairs.append(StagePair(label: stage.span.label, then: stage))
            }
        }
        return pairs
    }
}
