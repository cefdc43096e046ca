// What the first page rests on: every breath, what measured it, and what the words mean.
import Frames

enum Appendix {
    static func html(_ content: ReportContent, _ anchors: inout FrameAnchors) -> String {
        "<section class=\"appendix\" aria-labelledby=\"h-appendix\"><h2 id=\"h-appendix\">Appendix</h2>\n"
            + definitions(content) + marks(content) + origin(content) + breathTable(content, &anchors) + "</section>\n"
    }

    private static func definitions(_ content: ReportContent) -> String {
        let set = content.thresholds
        let bands = set.bands.map(percent).joined(separator: " / ")
        var html = "<h3>What the words mean</h3>\n<dl class=\"words\">"
        let entries: [(String, String)] = [
            ("Opening", "visible area inside the measured outline, per frame"),
            ("Breath", "one cycle of the area, from one widest opening over the narrowest to the next"),
            ("Opened, narrowed", "95th and 5th percentile of the measured areas of a breath"),
            ("Closure", "1 − narrowed ÷ opened, within the breath; independent of the scope's distance"),
            ("% of rest", restMeaning(content.summary)),
            (
                "Usable",
                "measured and not interrupted by swallow, cough or talking. Rejected frames enter no statistic "
                    + "and are never counted as closed; a closed larynx in plain view is measured with area 0"
            ),
            ("Median", "of all usable breaths, weighted towards the middle (Harrell and Davis 1982)"),
            ("95 % interval", "of the median, bootstrap over breaths; it does not hold the network's own error"),
            (
                "Footing",
                "good: interval at most 10 percentage points wide, at least 75 % of the time usable, at "
                    + "least 10 breaths; fair: at most 20 points and at least 50 %; otherwise weak"
            ),
            ("Narrowing band", "median closure below \(bands) %: none, mild, moderate; above: severe. Not a CLE grade"),
            (
                "Statistics need",
                "at least \(set.leastBreaths) usable breaths and \(percent(set.leastUsableShare)) % of "
                    + "the stage's time usable"
            ),
            (
                "Sustained narrowing",
                "\(set.sustainedBreaths) usable breaths in a row that close by at least "
                    + "\(percent(set.sustainedClosure)) %"
            ),
            ("Scope distance changed", "reference length differs from rest by more than \(percent(set.driftLimit)) %"),
        ]
        for (term, meaning) in entries { html += "<div><dt>\(term)</dt><dd>\(escaped(meaning))</dd></div>" }
        for setting in set.others {
            html += "<div><dt>\(escaped(setting.name))</dt><dd>\(escaped(setting.value))</dd></div>"
        }
        return html + "</dl>\n"
    }

    private static func restMeaning(_ summary: TestSummary) -> String {
        guard let baseline = summary.baseline else {
            return "not given: \(summary.baselineSilence?.words ?? "no baseline")"
        }
        return "median opened area of \(baseline.breaths) breaths at rest is 100 %; \(baseline.normalisation.words)"
    }

    private static func marks(_ content: ReportContent) -> String {
        guard !content.marks.isEmpty else { return "" }
        var html = "<h3>Stage marks</h3>\n<table class=\"plain\"><thead><tr><th scope=\"col\">Stage</th>"
        html += "<th scope=\"col\">From</th><th scope=\"col\">Source</th></tr></thead><tbody>"
        for mark in content.marks {
            let label = mark.label.isEmpty ? "no stage" : escaped(mark.label)
            html += "<tr><th scope=\"row\">\(label)</th><td>\(timeCode(mark.time))</td>"
            html += "<td>\(mark.source.words)</td></tr>"
        }
        return html + "</tbody></table>\n"
    }

    private static func origin(_ content: ReportContent) -> String {
        let recording = content.recording
        var rows: [(String, String, String?)] = [("Recording", recording.name, recording.sha256)]
        for part in content.parts { rows.append((part.role, "\(part.name) \(part.version)", part.sha256)) }
        var html = "<h3>Versions and hashes</h3>\n<table class=\"plain origin\"><thead><tr><th scope=\"col\">What</th>"
        html += "<th scope=\"col\">Name and version</th><th scope=\"col\">SHA-256</th></tr></thead><tbody>"
        for (role, name, hash) in rows {
            html += "<tr><th scope=\"row\">\(escaped(role))</th><td>\(escaped(name))</td>"
            html += "<td><code>\(escaped(hash ?? "not known"))</code></td></tr>"
        }
        html += "</tbody></table>\n<p>"
        var facts = ["Recorder: \(recording.recorder ?? "not known")"]
        if let codec = recording.codec { facts.append("codec \(codec)") }
        if let size = recording.size { facts.append("\(size.width) × \(size.height) px") }
        if let rate = recording.framesPerSecond { facts.append("\(fixed(rate, 2)) frames/s") }
        if let pane = recording.pane {
            facts.append("endoscope picture \(pane.width) × \(pane.height) px at (\(pane.x), \(pane.y))")
        }
        html += escaped(facts.joined(separator: "; "))
        return html + ". Frames are counted from 0 in the order in which they were decoded.</p>\n"
    }

    private static func breathTable(_ content: ReportContent, _ anchors: inout FrameAnchors) -> String {
        var html = "<h3>Breaths</h3>\n"
        guard !content.breaths.isEmpty else { return html + "<p>No breath was found.</p>\n" }
        html += "<table class=\"plain breaths\"><thead><tr>"
        let heads = [
            "Breath", "Stage", "Start", "Duration s", "Closure %", "Narrowest frame", "at", "Widest frame", "at",
            "Opened px²", "Narrowed px²", "Usable %", "Confidence", "Used",
        ]
        for head in heads { html += "<th scope=\"col\">\(head)</th>" }
        html += "</tr></thead><tbody>\n"
        for breath in content.breaths {
            let place = content.stageIndex(at: breath.narrowestTime)
            let stage = place.map { content.summary.stages[$0].span.label } ?? "–"
            html += "<tr><th "
            html += "scope=\"row\">\(breath.index)</th><td>\(escaped(stage))</td><td>\(timeCode(breath.start))</td>"
            html += "<td>\(fixed(breath.duration, 2))</td><td>\(fixed(breath.closure * 100, 1))</td>"
            html += "<td\(anchors.attribute(breath.narrowestFrame))>\(breath.narrowestFrame)</td>"
            html += "<td>\(timeCode(breath.narrowestTime))</td>"
            html += "<td\(anchors.attribute(breath.widestFrame))>\(breath.widestFrame)</td>"
            html += "<td>\(timeCode(breath.widestTime))</td><td>\(fixed(breath.opened, 0))</td>"
            html += "<td>\(fixed(breath.narrowed, 0))</td><td>\(percent(breath.usableShare))</td>"
            html += "<td>\(fixed(breath.confidence, 2))</td><td>\(breath.isUsable ? "yes" : "no")</td></tr>\n"
        }
        return html + "</tbody></table>\n"
    }
}
