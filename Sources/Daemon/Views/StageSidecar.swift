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
        let url = URL(fileURLWithPath: recording)
        let places = [url.path, url.deletingPathExtension().path].map { $0 + ".stages.csv" }
        let found = Set(places).filter { FileManager.default.isReadableFile(atPath: $0) }.sorted()
        guard found.count < 2 else {
            throw CommandError(
                .usage, "two tables of stages lie beside the recording: \(found.joined(separator: " and "))",
                remedy: "keep one of them, or name it with --stages")
        }
        return found.first
    }

    static func load(_ path: String) throws(CommandError) -> StagePlan {
        let bytes: Data
        do {
            let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            defer { try? file.close() }
            bytes = try file.read(upToCount: largest + 1) ?? Data()
        } catch {
            throw CommandError(.noInput, "cannot read the table of stages \(path): \(describe(error))")
        }
        guard bytes.count <= largest, let text = String(validating: bytes, as: UTF8.self) else {
            throw CommandError(.badData, "\(path) is no table of stages: it is too large, or not UTF-8 text")
        }
        return try parse(text, source: path)
    }

    static func parse(_ text: String, source: String) throws(CommandError) -> StagePlan {
        func fault(_ line: Int, _ message: String, _ remedy: String? = nil) -> CommandError {
            CommandError(.badData, "\(source):\(line): \(message)", remedy: remedy)
        }
        var rows = try records(text, source: source)
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
            func cell(_ column: Int) -> String {
                column < row.cells.count ? row.cells[column].trimmingCharacters(in: .whitespaces) : ""
            }
            let label = cell(labels)
            do { try StagePlan.check(label) } catch { throw fault(row.line, error.message) }
            guard let start = StagePlan.time(cell(starts)) else {
                throw fault(row.line, "\"\(cell(starts))\" is no time; write seconds or min:s")
            }
            var end = StagePlan.openEnd
            if let ends, !cell(ends).isEmpty {
                guard let time = StagePlan.time(cell(ends)) else {
                    throw fault(row.line, "\"\(cell(ends))\" is no time; write seconds or min:s")
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

    // MARK: RFC 4180

    private struct Record {
        var line: Int
        var cells: [String]
    }

    private static func records(_ text: String, source: String) throws(CommandError) -> [Record] {
        var records: [Record] = []
        var record = Record(line: 1, cells: [])
        var cell = ""
        var isQuoted = false
        var line = 1
        var scalars = text.unicodeScalars.makeIterator()
        var ahead: Unicode.Scalar? = scalars.next()
        if ahead == "\u{FEFF}" { ahead = scalars.next() }
        while let scalar = ahead {
            ahead = scalars.next()
            if isQuoted {
                if scalar == "\"", ahead == "\"" {
                    cell.unicodeScalars.append("\"")
                    ahead = scalars.next()
                } else if scalar == "\"" {
                    isQuoted = false
                } else {
                    if scalar == "\n" { line += 1 }
                    cell.unicodeScalars.append(scalar)
                }
                continue
            }
            switch scalar {
            case "\"" where cell.isEmpty: isQuoted = true
            // A spreadsheet of some countries writes semicolons.
            case ",", ";":
                record.cells.append(cell)
                cell = ""
            case "\r": break
            case "\n":
                record.cells.append(cell)
                records.append(record)
                line += 1
                record = Record(line: line, cells: [])
                cell = ""
            default: cell.unicodeScalars.append(scalar)
            }
        }
        guard !isQuoted else {
            throw CommandError(.badData, "\(source):\(record.line): a quotation mark is not closed")
        }
        if !cell.isEmpty || !record.cells.isEmpty {
            record.cells.append(cell)
            records.append(record)
        }
        return records
    }
}
