// breaths.csv: one row for every breath, usable or not. Columns: ref/tables.md.
import Frames

/// The breaths of one test as a table.
package enum BreathTable {
    static let columns = [
        "session", "breath", "segment", "stage_index", "stage", "start_s", "end_s", "duration_s", "rate_per_min",
        "start_frame", "end_frame", "widest_frame", "widest_t_s", "narrowest_frame", "narrowest_t_s", "opened_px",
        "narrowed_px", "opened_norm", "closure_ratio", "usable_ratio", "confidence", "usable", "whole", "phase",
        "phase_source", "glottic_closure_ratio", "supraglottic_closure_ratio",
    ]

    package static func csv(_ content: ReportContent) -> String {
        var table = TableText(columns)
        for breath in content.breaths {
            let stage = content.stageIndex(at: breath.narrowestTime)
            table.add([
                labelCell(content.session), String(breath.index), String(breath.segment), cell(stage),
                stage.map { labelCell(content.summary.stages[$0].span.label) } ?? "", cell(breath.start),
                cell(breath.end), cell(breath.duration, 3), cell(breath.isWhole ? breath.rate : nil, 2),
                String(breath.startFrame), String(breath.endFrame), String(breath.widestFrame), cell(breath.widestTime),
                String(breath.narrowestFrame), cell(breath.narrowestTime), cell(breath.opened, 1),
                cell(breath.narrowed, 1), cell(breath.openedNormalised, 6), cell(breath.closure, 4),
                cell(breath.usableShare, 4), cell(breath.confidence, 3), breath.isUsable ? "1" : "0",
                breath.isWhole ? "1" : "0", breath.phase.rawValue, breath.phaseSource?.rawValue ?? "",
                cell(breath.levels?.glottic, 4), cell(breath.levels?.supraglottic, 4),
            ])
        }
        return table.text
    }
}
