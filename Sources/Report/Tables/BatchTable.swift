// One row for every test, for studies over many sessions. Columns: ref/tables.md.
package import Frames

/// What a test contributes to the batch table.
package struct BatchRow: Sendable, Hashable {
    package var session: String
    package var pseudonym: String?
    package var date: String?
    package var parts: [ReportPart]
    package var accounting: ReportAccounting
    package var usableShare: Double
    package var breaths: Int
    package var summary: TestSummary

    package init(_ content: ReportContent) {
        session = content.session
        pseudonym = content.pseudonym
        date = content.date
        parts = content.parts
        accounting = content.accounting
        usableShare = content.usableShare
        breaths = content.breaths.count
        summary = content.summary
    }
}

/// Many tests as one table: columns of the test, then the same columns, `stage_<label>_…`, for every label.
package enum BatchTable {
    static let columns = [
        "session", "pseudonym", "date", "software", "decoded_frames", "measured_frames", "rejected_frames",
        "usable_ratio", "breaths", "rest_normalisation", "rest_closure_ratio", "worst_stage",
        "worst_stage_closure_ratio", "worst_stage_ci95_low", "worst_stage_ci95_high", "worst_stage_narrowing_band",
        "worst_breath_closure_ratio",
        "worst_breath_frame", "worst_breath_t_s", "closure_trend_per_min", "closure_trend_ci95_low",
        "closure_trend_ci95_high", "onset_t_s", "onset_frame", "recovery_half_time_s", "scale_drift",
    ]
    static let stageColumns = [
        "usable_ratio", "usable_breaths", "rate_per_min", "opened_rest_ratio", "closure_ratio", "closure_ci95_low",
        "closure_ci95_high", "worst_closure_ratio", "below_50_s", "silence",
        "glottic_closure_ratio", "supraglottic_closure_ratio",
    ]

    package static func csv(_ rows: [BatchRow]) -> String {
        var names: [String] = []
        for row in rows {
            for stage in row.summary.stages {
                let name = columnName(stage.span.label)
                if !names.contains(name) { names.append(name) }
            }
        }
        var table = TableText(columns + names.flatMap { name in stageColumns.map { "stage_\(name)_\($0)" } })
        for row in rows { table.add(test(row) + names.flatMap { stage(row, $0) }) }
        return table.text
    }

    private static func test(_ row: BatchRow) -> [String] {
        let summary = row.summary
        let worst = summary.worstStage.flatMap { summary.stages.indices.contains($0) ? summary.stages[$0] : nil }
        let software = row.parts.map { "\($0.name) \($0.version)" }.joined(separator: "; ")
        return [
            labelCell(row.session), labelCell(row.pseudonym ?? ""), labelCell(row.date ?? ""), labelCell(software),
            String(row.accounting.decoded), String(row.accounting.measured), String(row.accounting.rejected),
            cell(row.usableShare, 4), String(row.breaths), summary.baseline?.normalisation.rawValue ?? "",
            cell(summary.baseline?.closure, 4), labelCell(worst?.span.label ?? ""), cell(worst?.closure?.median, 4),
            cell(worst?.closure?.low, 4), cell(worst?.closure?.high, 4), worst?.band?.rawValue ?? "",
            cell(worst?.worst?.value, 4), cell(worst?.worst?.frame), cell(worst?.worst?.time),
            cell(summary.trend?.perMinute, 5), cell(summary.trend?.low, 5), cell(summary.trend?.high, 5),
            cell(summary.onset?.time), cell(summary.onset?.frame), cell(summary.recoveryHalfTime, 2),
            summary.hasScaleDrift ? "1" : "0",
        ]
    }

    /// The first stage of that name; empty where the test has none.
    private static func stage(_ row: BatchRow, _ name: String) -> [String] {
        guard let stage = row.summary.stages.first(where: { columnName($0.span.label) == name }) else {
            return [String](repeating: "", count: stageColumns.count)
        }
        return [
            cell(stage.usableShare, 4), String(stage.usableBreaths), cell(stage.rate, 2),
            cell(stage.openedOfRest?.median, 4), cell(stage.closure?.median, 4), cell(stage.closure?.low, 4),
            cell(stage.closure?.high, 4), cell(stage.worst?.value, 4),
            cell(stage.timeBelow.first { $0.threshold == 0.5 }?.seconds, 3), stage.silence?.rawValue ?? "",
            cell(stage.glotticClosure?.median, 4), cell(stage.supraglotticClosure?.median, 4),
        ]
    }

    /// A label as lower snake case; "Warm-up" gives "warm_up".
    static func columnName(_ label: String) -> String {
        var name = ""
        for scalar in label.lowercased().unicodeScalars {
            if scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) {
                name.unicodeScalars.append(scalar)
            } else if !name.isEmpty, !name.hasSuffix("_") {
                name += "_"
            }
        }
        while name.hasSuffix("_") { name.removeLast() }
        return name.isEmpty ? "unnamed" : name
    }
}
