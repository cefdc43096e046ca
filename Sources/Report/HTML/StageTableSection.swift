// One row per stage.
import Frames

enum StageTableSection {
    private static let heads: [(name: String, note: String)] = [
        ("Stage", ""), ("Time", "start–end"), ("Usable", "% of time"), ("Breaths", "usable of all"),
        ("Rate", "per min"), ("Opening", "% of rest [IQR]"), ("Closure", "median [IQR] %"),
        ("Worst breath", "closure, frame"), ("Below\u{A0}50\u{202F}%", "of rest, time"), ("Narrowing", "band"),
    ]

    static func html(_ content: ReportContent, _ links: FrameLinks) -> String {
        var html = "<section aria-labelledby=\"h-stages\"><h2 id=\"h-stages\">Stages</h2>\n"
        guard !content.summary.stages.isEmpty else {
            return html + "<p>No stages are marked. Marks can be set afterwards; the report then fills without a new "
                + "analysis.</p></section>\n"
        }
        html += "<table class=\"stages\"><thead><tr>"
        for head in heads {
            html += "<th scope=\"col\">\(head.name)\(head.note.isEmpty ? "" : "<small>\(head.note)</small>")</th>"
        }
        html += "</tr></thead><tbody>\n"
        for (index, stage) in content.summary.stages.enumerated() {
            html += row(stage, isWorst: index == content.summary.worstStage, content, links)
        }
        html += "</tbody></table>\n<p class=\"caption\">Closure = 1 − narrowed ÷ opened within each breath; the "
        html += "scope's distance cancels out. IQR: quartiles over breaths; the line below closure is its 95\u{202F}% "
        html += "interval. Bands are of narrowing only and are no clinical grade."
        return html + " \(openingBasis(content.summary))</p></section>\n"
    }

    private static func openingBasis(_ summary: TestSummary) -> String {
        guard let baseline = summary.baseline else {
            return "No opening is given as % of rest: \(summary.baselineSilence?.words ?? "no baseline")."
        }
        return "Opening: \(baseline.normalisation.words)."
    }

    private static func row(
        _ stage: StageSummary, isWorst: Bool, _ content: ReportContent, _ links: FrameLinks
    ) -> String {
        let label = escaped(stage.span.label)
        var html = "<tr\(isWorst ? " class=\"worst\"" : "")><th scope=\"row\">"
        html += isWorst ? "<strong>\(label)</strong><small>▶\u{A0}worst</small></th>" : "\(label)</th>"
        html += "<td>\(timeCode(stage.span.start, places: 0))–\(timeCode(stage.span.end, places: 0))</td>"
        html += "<td>\(percent(stage.usableShare))</td><td>\(stage.usableBreaths) of \(stage.breaths)</td>"
        if let silence = stage.silence {
            html += "<td colspan=\"6\" class=\"silent\">No statistic: "
            html += "\(silence.words)\(detail(silence, stage, content))"
            return html + "</td></tr>\n"
        }
        html += "<td>\(stage.rate.map { fixed($0, 1) } ?? "–")</td>"
        html += cell(
            stage.openedOfRest.map { spread in
                let median = percent(spread.median)
                let shown = content.typicalOpening(stage).map {
                    links.link(median, frame: $0.widestFrame, time: $0.widestTime)
                }
                return "\(shown ?? median) [\(percent(spread.lowerQuartile))–\(percent(spread.upperQuartile))]"
            })
        html += cell(
            stage.closure.map { spread in
                let median = percent(spread.median)
                let shown = content.typicalBreath(stage).map {
                    links.link(median, frame: $0.narrowestFrame, time: $0.narrowestTime)
                }
                return "<strong>\(shown ?? median)</strong> [\(percent(spread.lowerQuartile))–"
                    + "\(percent(spread.upperQuartile))]<small>\(percent(spread.low)) to \(percent(spread.high))</small>"
            })
        html += cell(
            stage.worst.map {
                "\(links.link(percent($0.value), frame: $0.frame, time: $0.time))<small>frame \($0.frame), "
                    + "\(timeCode($0.time))</small>"
            })
        html += cell(
            stage.timeBelow.first { $0.threshold == 0.5 }.map { below in
                let seconds = stage.longestBelowHalf ?? 0
                let longest = seconds > 0 ? "<small>longest \(fixed(seconds, 1))\u{202F}s</small>" : ""
                return "\(fixed(below.seconds, 1))\u{202F}s (\(percent(below.share))\u{202F}%)\(longest)"
            })
        html += cell(stage.band.map { "<span class=\"band\">\($0.symbol)</span> \($0.words)" })
        return html + "</tr>\n"
    }

    private static func cell(_ text: String?) -> String { "<td>\(text ?? "–")</td>" }

    private static func detail(_ silence: StageSilence, _ stage: StageSummary, _ content: ReportContent) -> String {
        switch silence {
        case .tooFewBreaths: " (\(stage.usableBreaths); at least \(content.thresholds.leastBreaths) are needed)"
        case .tooLittleUsableTime:
            " (\(percent(stage.usableShare))\u{202F}%; at least \(percent(content.thresholds.leastUsableShare))"
                + "\u{202F}% is needed)"
        case .noFrames: ""
        }
    }
}

/// For the doctor to fill in by hand.
enum ScoreFields {
    static let html = """
        <section class="score" aria-labelledby="h-score"><h2 id="h-score">CLE score \
        <span>For the doctor to fill in after watching the film; Rima never fills it.</span></h2>
        <table><thead><tr><th scope="col">A<small>glottic, moderate effort, 0–3</small></th>\
        <th scope="col">B<small>supraglottic, moderate effort, 0–3</small></th>\
        <th scope="col">C<small>glottic, maximal effort, 0–3</small></th>\
        <th scope="col">D<small>supraglottic, maximal effort, 0–3</small></th>\
        <th scope="col">Sum<small>0–12</small></th><th scope="col">Read by, date</th></tr></thead>
        <tbody><tr class="blank"><td></td><td></td><td></td><td></td><td></td><td></td></tr></tbody></table></section>

        """
}
