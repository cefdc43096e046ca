// stages.csv: one row for every stage. Columns: ref/tables.md.
import Frames

/// The stages of one test as a table.
package enum StageTable {
    /// Shares of rest in `below_…` columns, whatever was asked for; others stay empty.
    static let belowShares = [0.75, 0.5, 0.25]

    static let columns =
        [
            "session", "stage_index", "stage", "start_s", "end_s", "frames", "measured_frames", "rejected_frames",
            "measured_s", "usable_s", "usable_ratio", "breaths", "usable_breaths", "swallows", "coughs", "voices",
            "silence", "rate_per_min",
        ] + SpreadColumns.names("opened_px") + SpreadColumns.names("opened_norm")
        + SpreadColumns.names("opened_rest_ratio") + ["rest_normalisation"] + SpreadColumns.names("closure_ratio") + [
            "narrowing_band", "worst_closure_ratio", "worst_breath", "worst_frame", "worst_t_s", "widest_area_px",
            "widest_frame", "widest_t_s", "below_75_s", "below_75_ratio", "below_50_s", "below_50_ratio", "below_25_s",
            "below_25_ratio", "longest_below_50_s", "p10_rest_ratio", "reference_length_px", "scale_change_ratio",
        ] + SpreadColumns.names("glottic_closure_ratio") + SpreadColumns.names("supraglottic_closure_ratio")

    package static func csv(_ content: ReportContent) -> String {
        var table = TableText(columns)
        for (index, stage) in content.summary.stages.enumerated() {
            var cells = [
                labelCell(content.session), String(index), labelCell(stage.span.label),
                cell(stage.span.start), cell(stage.span.end), String(stage.frames), String(stage.measuredFrames),
                String(stage.rejectedFrames),
                cell(stage.measuredSeconds, 3), cell(stage.usableSeconds, 3), cell(stage.usableShare, 4),
                String(stage.breaths), String(stage.usableBreaths), String(stage.swallows), String(stage.coughs),
                String(stage.voices), stage.silence?.rawValue ?? "", cell(stage.rate, 2),
            ]
            cells += SpreadColumns.cells(stage.opened, 1)
            cells += SpreadColumns.cells(stage.openedNormalised, 6)
            cells += SpreadColumns.cells(stage.openedOfRest, 4)
            cells.append(stage.baselineNormalisation?.rawValue ?? "")
            cells += SpreadColumns.cells(stage.closure, 4)
            cells += [
                stage.band?.rawValue ?? "", cell(stage.worst?.value, 4), cell(stage.worst?.breath),
                cell(stage.worst?.frame), cell(stage.worst?.time), cell(stage.widest?.value, 1),
                cell(stage.widest?.frame), cell(stage.widest?.time),
            ]
            for share in belowShares {
                let below = stage.timeBelow.first { $0.threshold == share }
                cells += [cell(below?.seconds, 3), cell(below?.share, 4)]
            }
            cells += [
                cell(stage.longestBelowHalf, 3), cell(stage.tenthOfRest, 4), cell(stage.referenceLength, 2),
                cell(stage.scaleChange, 4),
            ]
            cells += SpreadColumns.cells(stage.glotticClosure, 4)
            cells += SpreadColumns.cells(stage.supraglotticClosure, 4)
            table.add(cells)
        }
        return table.text
    }
}
