// The tables and report.json.
import Foundation
import Frames
import Testing

@testable import Report

@Suite("Tables")
struct TableTests {
    private static let content = DrawnTest.content(
        seconds: 30, lost: [31..<58], labels: ["Rest", "Warm, \"up\"\nlong", "=SUM(A1)", "Maximal", "Recovery"])

    @Test("hold one row for each stage and breath, with as many cells as names")
    func haveRows() {
        let stages = read(StageTable.csv(Self.content))
        #expect(stages.count == 1 + Self.content.summary.stages.count)
        let breaths = read(BreathTable.csv(Self.content))
        #expect(breaths.count == 1 + Self.content.breaths.count)
        let batch = read(BatchTable.csv([BatchRow(Self.content), BatchRow(DrawnTest.content(seconds: 20))]))
        #expect(batch.count == 3)
        for table in [stages, breaths, batch] {
            #expect(Set(table.map(\.count)).count == 1)
            #expect(Set(table[0]).count == table[0].count)
            for name in table[0] { #expect(name.allSatisfy { $0 == "_" || $0.isNumber || $0.isLowercase }, "\(name)") }
        }
    }

    @Test("keep labels with commas, quotes and line feeds, and disarm formulas")
    func keepLabels() {
        let stages = read(StageTable.csv(Self.content))
        #expect(stages[2][2] == "Warm, \"up\"\nlong")
        #expect(stages[3][2] == "'=SUM(A1)")
    }

    @Test("leave numbers empty where the stage is silent, and give the summary's elsewhere")
    func giveNumbers() throws {
        let stages = read(StageTable.csv(Self.content))
        let closure = try #require(stages[0].firstIndex(of: "closure_ratio_median"))
        let silence = try #require(stages[0].firstIndex(of: "silence"))
        for (row, stage) in zip(stages.dropFirst(), Self.content.summary.stages) {
            #expect(row[silence] == stage.silence?.rawValue ?? "")
            if let median = stage.closure?.median {
                #expect(abs((Double(row[closure]) ?? -1) - median) < 0.00006)
            } else {
                #expect(row[closure].isEmpty)
            }
        }
        #expect(stages[2][closure].isEmpty)
    }

    @Test("write times from whole nanoseconds")
    func writeTimes() {
        #expect(cell(StreamTime(nanoseconds: 1_000_000_499)) == "1.000000")
        #expect(cell(StreamTime(nanoseconds: 59_999_999_500)) == "60.000000")
        #expect(cell(StreamTime(nanoseconds: -40_000_000)) == "-0.040000")
        #expect(timeCode(StreamTime(nanoseconds: 59_960_000_000)) == "1:00.0")
        #expect(timeCode(StreamTime(nanoseconds: 3_661_000_000_000), places: 0) == "1:01:01")
        #expect(fixed(-0.004, 2) == "0.00")
        #expect(fixed(0.995, 1) == "1.0")
        #expect(fixed(.nan, 1) == "–")
    }

    @Test("make column names of labels")
    func makeNames() {
        #expect(BatchTable.columnName("Warm-up") == "warm_up")
        #expect(BatchTable.columnName(" 50 W / 2 ") == "50_w_2")
        #expect(BatchTable.columnName("–") == "unnamed")
    }

    @Test("report.json says the same and can be read back")
    func recordReadsBack() throws {
        let record = ReportRecord(Self.content)
        let json = try record.json()
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        #expect(try decoder.decode(ReportRecord.self, from: json) == record)
        let object = try #require(try JSONSerialization.jsonObject(with: json) as? [String: Any])
        #expect(object["schema"] as? Int == 1)
        #expect((object["frames"] as? [String: Any])?["decoded"] as? Int == Self.content.accounting.decoded)
        for name in keys(object) { #expect(name == name.lowercased()) }
    }

    @Test("report.json has no member that its schema does not name, and all that it asks for")
    func recordMatchesSchema() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let schema = try #require(
            try JSONSerialization.jsonObject(
                with: Data(contentsOf: root.appendingPathComponent("ref/report.schema.json"))) as? [String: Any])
        let record = try JSONSerialization.jsonObject(with: ReportRecord(Self.content).json())
        #expect(complaints(record, schema, schema, "report").isEmpty)
    }

    /// The parts of JSON Schema that report.schema.json uses.
    private func complaints(_ value: Any, _ rule: [String: Any], _ root: [String: Any], _ place: String) -> [String] {
        if let name = rule["$ref"] as? String {
            let parts = (root["$defs"] as? [String: Any])?[String(name.dropFirst("#/$defs/".count))] as? [String: Any]
            return parts.map { complaints(value, $0, root, place) } ?? ["\(place): no rule \(name)"]
        }
        var found: [String] = []
        if let allowed = rule["enum"] as? [String], !allowed.contains((value as? String) ?? "") {
            found.append("\(place): not allowed")
        }
        switch rule["type"] as? String {
        case "object":
            guard let object = value as? [String: Any] else { return ["\(place): no object"] }
            let known = rule["properties"] as? [String: [String: Any]] ?? [:]
            for name in rule["required"] as? [String] ?? [] where object[name] == nil {
                found.append("\(place).\(name): missing")
            }
            for (name, member) in object {
                if let next = known[name] ?? rule["additionalProperties"] as? [String: Any] {
                    found += complaints(member, next, root, "\(place).\(name)")
                } else {
                    found.append("\(place).\(name): unknown")
                }
            }
        case "array":
            guard let items = value as? [Any], let next = rule["items"] as? [String: Any] else {
                return ["\(place): no array"]
            }
            for item in items { found += complaints(item, next, root, place + "[]") }
        case "string": if !(value is String) { found.append("\(place): no string") }
        case "number", "integer":
            guard let number = (value as? NSNumber)?.doubleValue, !(value is String) else {
                return ["\(place): no number"]
            }
            if let least = rule["minimum"] as? Double, number < least { found.append("\(place): too small") }
            if let most = rule["maximum"] as? Double, number > most { found.append("\(place): too large") }
        default: break
        }
        return found
    }

    private func keys(_ value: Any) -> [String] {
        if let object = value as? [String: Any] { return object.flatMap { [$0.key] + keys($0.value) } }
        if let list = value as? [Any] { return list.flatMap(keys) }
        return []
    }

    /// RFC 4180, read by the book.
    private func read(_ text: String) -> [[String]] {
        var rows: [[String]] = [[""]]
        var isQuoted = false
        var scalars = Array(text.unicodeScalars)[...]
        while let scalar = scalars.popFirst() {
            let row = rows.count - 1
            let last = rows[row].count - 1
            switch scalar {
            case "\"" where isQuoted && scalars.first == "\"":
                scalars.removeFirst()
                rows[row][last] += "\""
            case "\"": isQuoted.toggle()
            case "," where !isQuoted: rows[row].append("")
            case "\n" where !isQuoted: rows.append([""])
            default: rows[row][last].unicodeScalars.append(scalar)
            }
        }
        return rows.dropLast()
    }
}
