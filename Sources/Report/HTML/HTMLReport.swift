// The report as one HTML file: no script, no network, prints to A4. The parts stand in files of their own.
import Frames

/// Renders a test's report.
package enum HTMLReport {
    /// The whole file; the same content gives the same text.
    package static func render(_ content: ReportContent) -> String {
        let links = FrameLinks(content)
        var anchors = FrameAnchors()
        var html = ""
        html.reserveCapacity(content.stills.reduce(400_000) { $0 + $1.jpeg.count * 2 })
        html += head(content)
        html += "<body>\n"
        html += header(content)
        html += "<main>\n"
        html += QualityBox.html(content)
        html += AnswerBox.html(content, links)
        html += StageTableSection.html(content, links)
        html += LevelSection.html(content)
        html += CurvePlot.html(content, links)
        html += BreathPlot.html(content, links)
        html += ScoreFields.html
        html += StandingNotes.html(content)
        html += ComparisonSection.html(content, links)
        html += StillSection.html(content, &anchors)
        html += Appendix.html(content, &anchors)
        html += "</main>\n"
        html += "<footer><p>\(ReportContent.notice) Test \(escaped(content.session)). "
        html += "Made by \(escaped(content.makers)).</p></footer>\n</body>\n</html>\n"
        return html
    }

    private static func head(_ content: ReportContent) -> String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8"/>
        <meta name="viewport" content="width=device-width, initial-scale=1"/>
        <meta name="referrer" content="no-referrer"/>
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; \
        img-src data:"/>
        <title>Rima report: \(escaped(content.session))</title>
        <style>
        \(ReportStyle.css)
        </style>
        </head>

        """
    }

    private static func header(_ content: ReportContent) -> String {
        var facts = [("Test", content.session)]
        if let pseudonym = content.pseudonym { facts.append(("Patient", pseudonym)) }
        facts.append(("Date", content.date ?? "not known"))
        facts.append(("Length", timeCode(content.recording.duration, places: 0)))
        facts.append(("Recording", content.recording.name))
        if let plan = content.plan { facts.append(("Stages", plan)) }
        let list = facts.map { "<div><dt>\($0.0)</dt><dd>\(escaped($0.1))</dd></div>" }.joined()
        return """
            <header>
            <div class="title"><h1>Larynx opening during exercise</h1>
            <p class="notice" role="note">\(ReportContent.notice)</p></div>
            <dl class="facts">\(list)</dl>
            </header>

            """
    }
}

/// The sentences that a reader must know.
enum StandingNotes {
    static func html(_ content: ReportContent) -> String {
        guard !content.notes.isEmpty else { return "" }
        let items = content.notes.map { "<li>\(escaped($0))</li>" }.joined()
        return "<section class=\"notes\" aria-labelledby=\"h-notes\"><h2 "
            + "id=\"h-notes\">Notes</h2><ul>\(items)</ul></section>\n"
    }
}

/// Gives every frame's anchor to the first element that asks for it.
struct FrameAnchors: Sendable {
    private var taken: Set<Int> = []

    /// ` id="frame-N"`, or nothing where the anchor already stands.
    mutating func attribute(_ frame: Int) -> String {
        taken.insert(frame).inserted ? " id=\"frame-\(frame)\"" : ""
    }
}

extension ReportContent {
    /// Program and network for the foot of the page.
    var makers: String {
        let names = parts.prefix(3).map { "\($0.name) \($0.version)" }
        return names.isEmpty ? "Rima" : names.joined(separator: ", ")
    }
}
