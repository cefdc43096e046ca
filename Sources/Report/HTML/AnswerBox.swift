// The finding in one sentence, with the pictures that show it.
import Frames

enum AnswerBox {
    static func html(_ content: ReportContent, _ links: FrameLinks) -> String {
        var html = "<section class=\"answer\" aria-labelledby=\"h-answer\"><div class=\"said\">"
        html += "<h2 id=\"h-answer\">Finding</h2>\n"
        guard let index = content.summary.worstStage, content.summary.stages.indices.contains(index),
            let closure = content.summary.stages[index].closure
        else {
            return html + "<p class=\"lead\">No stage has enough usable breaths to say how far the opening narrows.</p>"
                + "</div></section>\n"
        }
        let stage = content.summary.stages[index]
        html += lead(content, stage, closure, links)
        html += "<ul>"
        html += sureness(content, stage, closure)
        html += against(content, index, closure)
        if let sentence = ComparisonSection.sentence(content) { html += "<li>\(sentence)</li>" }
        html += course(content, links)
        html += "</ul></div>\n"
        let pair = ReportStill.Kind.allCases.compactMap { content.still(ofStage: index, $0) }
        if !pair.isEmpty {
            html += "<div class=\"pair\">"
            for still in pair { html += StillSection.thumbnail(still, content) }
            html += "</div>"
        }
        return html + "</section>\n"
    }

    private static func lead(
        _ content: ReportContent, _ stage: StageSummary, _ closure: Spread, _ links: FrameLinks
    ) -> String {
        let median = "\(percent(closure.median))\u{202F}%"
        let typical = content.typicalBreath(stage).map {
            links.link(median, frame: $0.narrowestFrame, time: $0.narrowestTime)
        }
        var html = "<p class=\"lead\">Worst stage: <strong>\(escaped(stage.span.label))</strong>. The opening closed "
        html += "by "
        html += "<strong>\(typical ?? median)</strong> within the median breath (95\u{202F}% interval "
        html += "\(percent(closure.low))–\(percent(closure.high))\u{202F}%)"
        if let band = stage.band { html += ": <strong>\(bandText(band))</strong>" }
        html += "."
        if let worst = stage.worst {
            let shown = links.link("frame \(worst.frame)", frame: worst.frame, time: worst.time)
            html += " The worst breath closed by <strong>\(percent(worst.value))\u{202F}%</strong>: "
            html += "<strong>\(shown)</strong> at \(timeCode(worst.time))."
        }
        return html + "</p>\n"
    }

    private static func bandText(_ band: NarrowingBand) -> String {
        band == .none ? "○ no narrowing beyond the first band" : "\(band.symbol) \(band.words) narrowing"
    }

    private static func sureness(_ content: ReportContent, _ stage: StageSummary, _ closure: Spread) -> String {
        let footing = Footing(stage, closure)
        return "<li>How sure: <strong>\(footing.rawValue)</strong> footing: \(closure.count) usable breaths, "
            + "\(percent(stage.usableShare))\u{202F}% of the stage's time usable. The interval covers the spread "
            + "between "
            + "breaths, not errors of the network.</li>"
    }

    /// Whether the worst stage stands out from rest.
    private static func against(_ content: ReportContent, _ index: Int, _ closure: Spread) -> String {
        guard let baseline = content.summary.baseline, content.summary.stages.indices.contains(baseline.stage)
        else { return "<li>No comparison with rest: \(content.summary.baselineSilence?.words ?? "no baseline").</li>" }
        guard baseline.stage != index else {
            return "<li>This stage is rest itself: exercise narrowed no further.</li>"
        }
        let rest = content.summary.stages[baseline.stage]
        guard let before = rest.closure else {
            return "<li>At rest the opening closed by \(percent(baseline.closure))\u{202F}% (median breath).</li>"
        }
        let isApart = closure.low > before.high
        return "<li>At rest it closed by \(percent(before.median))\u{202F}% (\(percent(before.low))–"
            + "\(percent(before.high))\u{202F}%): \(isApart ? apart : overlapping)</li>"
    }

    private static let apart = "the intervals do not overlap."
    private static let overlapping =
        "<strong>the intervals overlap, so this does not stand out from rest.</strong>"

    private static func course(_ content: ReportContent, _ links: FrameLinks) -> String {
        let summary = content.summary
        var html = ""
        if let onset = summary.onset {
            html += "<li>Sustained narrowing began at "
            html += links.link(timeCode(onset.time), frame: onset.frame, time: onset.time)
            html += " (closure \(percent(onset.value))\u{202F}%).</li>"
        }
        if let trend = summary.trend {
            let change = signed(trend.perMinute)
            let interval = "95\u{202F}% interval \(signed(trend.low)) to \(signed(trend.high))"
            html +=
                trend.low <= 0 && trend.high >= 0
                ? "<li>No steady change of closure during exercise: \(change) percentage points per minute "
                    + "(\(interval)).</li>"
                : "<li>Closure changed by \(change) percentage points per minute of exercise (\(interval)).</li>"
        }
        if let half = summary.recoveryHalfTime {
            let words = "\(fixed(half, 0))\u{202F}s"
            let breath = content.halfRecovered(after: half)
            let shown = breath.map { links.link(words, frame: $0.narrowestFrame, time: $0.narrowestTime) }
            html += "<li>Half way back to rest \(shown ?? words) into recovery.</li>"
        }
        return html
    }

    /// Percentage points with one decimal and a sign.
    private static func signed(_ share: Double) -> String {
        let digits = fixed(abs(share) * 100, 1)
        return digits == "0.0" ? digits : (share > 0 ? "+" : "\u{2212}") + digits
    }
}
