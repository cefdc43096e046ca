// Where the larynx narrows: at the vocal folds or above them.
import Frames

/// One row per stage; nothing where the network does not tell the levels apart.
enum LevelSection {
    static func html(_ content: ReportContent) -> String {
        let stages = content.summary.stages.filter { $0.supraglotticClosure != nil }
        guard !stages.isEmpty else { return "" }
        var html = "<section aria-labelledby=\"h-levels\"><h2 id=\"h-levels\">Levels of narrowing</h2>\n"
        html += "<table class=\"levels\"><thead><tr><th scope=\"col\">Stage</th>"
        html += "<th scope=\"col\">Glottic<small>closure, median [IQR] %</small></th>"
        html += "<th scope=\"col\">Supraglottic<small>closure, median [IQR] %</small></th></tr></thead><tbody>\n"
        for stage in stages {
            html += "<tr><th scope=\"row\">\(escaped(stage.span.label))</th>"
            html += "<td>\(cell(stage.glotticClosure))</td><td>\(cell(stage.supraglotticClosure))</td></tr>\n"
        }
        html += "</tbody></table>\n<p class=\"caption\">Within each breath, widest against narrowest moment. "
        html += "Supraglottic: how far the inlet narrows, that is opening and visible vocal folds together. "
        html += "Glottic: how far the open share of that inlet falls. Below 0: the level widens. The scope's distance "
        html += "cancels out of the glottic closure; out of the supraglottic one as far as it stays the same within a "
        html += "breath. No clinical grade.</p></section>\n"
        return html
    }

    private static func cell(_ spread: Spread?) -> String {
        guard let spread else { return "–" }
        return "<strong>\(percent(spread.median))</strong> [\(percent(spread.lowerQuartile)) to "
            + "\(percent(spread.upperQuartile))]<small>95\u{202F}%: \(percent(spread.low)) to "
            + "\(percent(spread.high)); \(spread.count) breaths</small>"
    }
}
