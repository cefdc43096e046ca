// Tables that people and other programs lay beside a recording.

import Foundation

/// Reads comma- or semicolon-separated text as RFC 4180 has it.
enum CSVText {
    struct Record {
        /// In the file, from 1.
        var line: Int
        var cells: [String]

        /// A cell without the blanks around it; empty where the record is too short.
        func cell(_ column: Int) -> String {
            column < cells.count ? cells[column].trimmingCharacters(in: .whitespaces) : ""
        }
    }

    /// A file's text.
    /// - Parameters:
    ///   - what: what it should be, for errors, as in "table of stages".
    ///   - largest: bytes; a larger file is something else.
    static func read(_ path: String, what: String, largest: Int) throws(CommandError) -> String {
        let bytes: Data
        do {
            let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            defer { try? file.close() }
            bytes = try file.read(upToCount: largest + 1) ?? Data()
        } catch {
            throw CommandError(.noInput, "cannot read the \(what) \(path): \(describe(error))")
        }
        guard bytes.count <= largest, let text = String(validating: bytes, as: UTF8.self) else {
            throw CommandError(.badData, "\(path) is no \(what): it is too large, or not UTF-8 text")
        }
        return text
    }

    /// The table `RECORDING.KIND.csv` or, with the recording's extension left out, `STEM.KIND.csv`.
    static func find(_ kind: String, beside recording: String, what: String, option: String) throws(CommandError)
        -> String?
    {
        let url = URL(fileURLWithPath: recording)
        let places = [url.path, url.deletingPathExtension().path].map { $0 + ".\(kind).csv" }
        let found = Set(places).filter { FileManager.default.isReadableFile(atPath: $0) }.sorted()
        guard found.count < 2 else {
            throw CommandError(
                .usage, "two \(what) lie beside the recording: \(found.joined(separator: " and "))",
                remedy: "keep one of them, or name it with \(option)")
        }
        return found.first
    }

    static func records(_ text: String, source: String) throws(CommandError) -> [Record] {
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
