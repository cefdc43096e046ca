// A table of stages beside a recording: RECORDING.stages.csv. See guide/stages.md.

import Foundation
import Frames

/// Reads tables of stages: columns `stage` and `start`, and `end` where a stage does not last to the next.
///
/// Times are seconds, `min:s` or `h:min:s` from the recording's first frame. The names of `stages.csv`, which `rima
/// report` writes, are understood as well, so that a table can be edited and given back.
enum StageSidecar {
    /// A larger file is no table of stages.
    private static let largest = 1 << 20
    private static let names = [
        "stage": ["stage", "label"], "start": ["start_s", "start"], "end": ["end_s", "end"],
    ]

    /// The table that lies beside a recording: `test.mkv.stages.csv` or `test.stages.csv`.
    static func find(beside recording: String) throws(CommandError) -> String? {
        try CSVText.find("stages", beside: recording, what: "tables of stages", option: "--stages")
    }

    static func load(_ path: String) throws(CommandError) -> StagePlan {
        try parse(try CSVText.read(path, what: "table of stages", largest: largest), source: path)
    }

    static func parse(_ text: String, source: String) throws(CommandError) -> StagePlan {
        func fault(_ line: Int, _ message: String, _ remedy: String? = nil) -> CommandError {
            CommandError(.badData, "\(source):\(line): \(message)", remedy: remedy)
        }
        var rows = try CSVText.records(text, source: source)
        guard let head = rows.first else { throw fault(1, "the table is empty; its first line names the columns") }
        rows.removeFirst()
        let columns = head.cells.map { $0.trimmingCharacters(in: .whitespaces).lowercased() }
        func column(_ name: String) -> Int? {
            names[name]?.lazy.compactMap { columns.firstIndex(of: $0) }.first
        }
        guard let labels = column("stage"), let starts = column("start") else {
            throw fault(head.line, "the columns stage and start are needed, as: stage,start")
        }
        let ends = column("end")
        var spans: [StageSpan] = []
        for row in rows where row.cells != [""] {
            let label = row.cell(labels)
            do { try StagePlan.check(label) } catch { throw fault(row.line, error.message) }
            guard let start = StagePlan.time(row.cell(starts)) else {
                throw fault(row.line, "\"\(row.cell(starts))\" is no time; write seconds or min:s")
            }
            var end = StagePlan.openEnd
            if let ends, !row.cell(ends).isEmpty {
                guard let time = StagePlan.time(row.cell(ends)) else {
                    throw fault(row.line, "\"\(row.cell(ends))\" is no time; write seconds or min:s")
                }
                end = time
            }
            guard end > start else { throw fault(row.line, "the stage \(label) ends before it begins") }
            if let last = spans.last {
                guard start > last.start else {
                    throw fault(row.line, "\(label) begins no later than \(last.label) before it", "sort the rows")
                }
                if last.end == StagePlan.openEnd {
                    spans[spans.count - 1].end = start
                } else if last.end > start {
                    throw fault(
                        row.line, "\(label) begins at \(StagePlan.clock(start)), before \(last.label) has ended",
                        "stages may not overlap: correct one of the times")
                }
            }
            spans.append(StageSpan(label: label, start: start, end: end))
        }
        guard !spans.isEmpty else { throw fault(head.line, "the table names no stage") }
        return StagePlan(spans: spans, source: .sidecar, note: URL(fileURLWithPath: source).lastPathComponent)
    }
}
