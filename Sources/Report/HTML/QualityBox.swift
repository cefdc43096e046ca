// First on the page: how much of the test could be measured, and why not all of it.
import Frames

enum QualityBox {
    static func html(_ content: ReportContent) -> String {
        let account = content.accounting
        var html = "<section class=\"quality\" aria-labelledby=\"h-quality\"><h2 id=\"h-quality\">Quality</h2>\n"
        html += "<div class=\"columns\"><div class=\"share\"><p "
        html += "class=\"big\">\(percent(content.usableShare))\u{202F}%</p>"
        if let time = content.stageTime {
            html += "<p>of the stages' time usable<br/>\(clock(time.usable)) of \(clock(time.length))</p>"
        } else {
            html += "<p>of frames measured; no stages are marked</p>"
        }
        html += "</div>\n<div class=\"loss\">\(reasons(account))</div>\n<div class=\"checks\"><ul>"
        html += "<li>Frames: decoded \(grouped(account.decoded)) = measured \(grouped(account.measured)) + rejected "
        html += "\(grouped(account.rejected))"
        html += account.addsUp ? "</li>" : " <strong>– does not add up; do not use this report</strong></li>"
        if account.dropped > 0 {
            html += "<li><strong>\(grouped(account.dropped)) live frames were dropped unseen</strong>: the machine "
            html += "was too "
            html += "slow</li>"
        }
        html += "<li>\(drift(content.summary))</li><li>\(baseline(content.summary))</li>"
        if !content.recording.isComplete {
            html += "<li><strong>The recording was not read to its end.</strong></li>"
        }
        html += "</ul></div></div></section>\n"
        return html
    }

    private static func reasons(_ account: ReportAccounting) -> String {
        guard account.rejected > 0 else { return "<p>No frame was rejected.</p>" }
        let sorted = account.reasons.filter { $0.value > 0 }
            .sorted { ($1.value, $0.key.rawValue) < ($0.value, $1.key.rawValue) }
        guard !sorted.isEmpty else { return "<p>\(grouped(account.rejected)) frames rejected.</p>" }
        var html = "<p>Frames rejected as:</p><table class=\"plain\"><tbody>"
        for (reason, count) in sorted.prefix(4) {
            let share = Double(count) / Double(max(1, account.decoded))
            html += "<tr><th scope=\"row\">\(reason.words)</th><td>\(grouped(count))</td>"
            html += "<td>\(fixed(share * 100, 1))\u{202F}%</td></tr>"
        }
        if sorted.count > 4 {
            html += "<tr><th scope=\"row\">\(sorted.count - 4) more reasons</th>"
            html += "<td>\(grouped(sorted.dropFirst(4).reduce(0) { $0 + $1.value }))</td><td></td></tr>"
        }
        return html + "</tbody></table><p class=\"caption\">A frame may have several reasons.</p>"
    }

    private static func drift(_ summary: TestSummary) -> String {
        let changes = summary.stages.compactMap(\.scaleChange)
        guard let most = changes.max(by: { abs($0) < abs($1) }) else {
            return "Scope distance: not known, so openings may not be comparable between stages"
        }
        let size = "\(most > 0 ? "+" : "")\(percent(most))\u{202F}% at most against rest"
        guard summary.hasScaleDrift else { return "Scope distance steady (scale \(size))" }
        // Only areas that were rescaled can still be compared.
        let isRescaled = summary.baseline?.normalisation == .restBaseline
        return "<strong>▲ Scope distance changed</strong> (scale \(size)). Closure is not affected; openings are "
            + (isRescaled ? "rescaled" : "<strong>not comparable between stages</strong>")
    }

    private static func baseline(_ summary: TestSummary) -> String {
        if let baseline = summary.baseline {
            let stage =
                summary.stages.indices.contains(baseline.stage)
                ? " (\(escaped(summary.stages[baseline.stage].span.label)))" : ""
            return "Own rest: \(baseline.breaths) breaths\(stage)"
        }
        return "<strong>No rest baseline</strong>: \(summary.baselineSilence?.words ?? "not known")"
    }

    private static func clock(_ seconds: Double) -> String {
        timeCode(StreamTime(nanoseconds: Int64((seconds * 1e9).rounded())), places: 0)
    }
}
