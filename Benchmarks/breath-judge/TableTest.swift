// A recording that was really painted and really measured: `rima phantom`'s truth beside `rima analyze`'s samples.
import Foundation
import Frames

/// A table that is not what it should be.
package struct TableError: Error, CustomStringConvertible {
    package var description: String
}

/// A plain table: no quoted fields.
private struct Table {
    let columns: [String: Int]
    let rows: [[Substring]]

    init(_ path: String) throws(TableError) {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw TableError(description: "cannot read \(path)")
        }
        var lines = text.split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
        guard !lines.isEmpty else { throw TableError(description: "\(path) is empty") }
        let header = lines.removeFirst()
        columns = Dictionary(header.enumerated().map { (String($1), $0) }, uniquingKeysWith: { first, _ in first })
        rows = lines
    }

    func text(_ row: [Substring], _ name: String) -> Substring? {
        guard let column = columns[name], column < row.count, !row[column].isEmpty else { return nil }
        return row[column]
    }

    func number(_ row: [Substring], _ name: String) -> Double? { text(row, name).flatMap { Double($0) } }
}

extension TrueTest {
    /// - Parameters:
    ///   - samples: `samples.csv` of a session.
    ///   - truth: the table that `rima phantom` wrote beside the recording.
    package init(samples samplesPath: String, truth truthPath: String) throws(TableError) {
        let measured = try Table(samplesPath)
        let truth = try Table(truthPath)
        let samples = measured.rows.map { row in
            var sample = Sample(
                frame: Int(measured.number(row, "frame") ?? 0),
                time: StreamTime(nanoseconds: Int64((measured.number(row, "t_s") ?? 0) * 1e9)),
                segment: Int(measured.number(row, "segment") ?? 0))
            let words = measured.text(row, "reasons")?.split(separator: " ") ?? []
            sample.reasons = words.compactMap { Reason(rawValue: String($0)) }
            if let area = measured.number(row, "area_px"), measured.text(row, "state") == "measured" {
                let length = measured.number(row, "length_px") ?? 0
                sample.opening = area > 0 && length > 0 ? Self.opening(area, length: length) : .closed
                sample.normalisedArea = measured.number(row, "area_norm")
            }
            return sample
        }
        let (breaths, events, stages, hidden) = Self.read(truth)
        self.init(
            name: truthPath, samples: samples, breaths: breaths, stages: stages, events: events, hidden: hidden)
    }

    /// One frame of the truth.
    private struct Row {
        var time: Double
        var stage: String
        var breath: Int
        var area: Double
        var isGood: Bool
        var isPresent: Bool
        var kind: InterruptionKind?
    }

    private static func read(
        _ table: Table
    ) -> ([TrueBreath], [TrueEvent], [TrueStage], [ClosedRange<Double>]) {
        let rows = table.rows.map { row in
            Row(
                time: table.number(row, "t_s") ?? 0, stage: String(table.text(row, "stage") ?? ""),
                breath: Int(table.number(row, "breath") ?? 0), area: table.number(row, "area_px") ?? 0,
                isGood: table.text(row, "quality") == "good", isPresent: table.text(row, "larynx") == "1",
                kind: table.text(row, "swallow") == "1" ? .swallow : table.text(row, "cough") == "1" ? .cough : nil)
        }
        guard rows.count > 1 else { return ([], [], [], []) }
        let step = rows[1].time - rows[0].time
        var events: [TrueEvent] = []
        var hidden: [ClosedRange<Double>] = []
        var stages: [TrueStage] = []
        var groups: [(start: Int, end: Int)] = []
        for (i, row) in rows.enumerated() {
            let before = i > 0 ? rows[i - 1] : nil
            if let kind = row.kind {
                if before?.kind == kind, !events.isEmpty {
                    events[events.count - 1].end = row.time + step
                } else {
                    events.append(TrueEvent(kind: kind, start: row.time - step, end: row.time + step))
                }
            }
            if !row.isGood {
                if before?.isGood == false, let open = hidden.last {
                    hidden[hidden.count - 1] = open.lowerBound...(row.time + step)
                } else {
                    hidden.append(row.time...(row.time + step))
                }
            }
            if before?.stage != row.stage {
                stages.append(TrueStage(label: row.stage, start: row.time, end: row.time, rate: 0))
            }
            stages[stages.count - 1].end = row.time + step
            if before?.breath == row.breath, !groups.isEmpty {
                groups[groups.count - 1].end = i + 1
            } else {
                groups.append((i, i + 1))
            }
        }
        let ends = stages.map(\.end)
        // The last group may be half a breath.
        let breaths = groups.dropLast().map { group in
            let (start, end) = (rows[group.start].time, rows[group.end].time)
            let areas = rows[group.start..<group.end].filter(\.isPresent).map(\.area).sorted()
            let isDisturbed = rows[group.start..<group.end].contains { $0.kind != nil }
            let high = areas.isEmpty ? 0 : areas[Int((0.95 * Double(areas.count - 1)).rounded())]
            let low = areas.isEmpty ? 0 : areas[Int((0.05 * Double(areas.count - 1)).rounded())]
            let trough = (start + end) / 2
            return TrueBreath(
                start: start, trough: trough, end: end, closure: isDisturbed || high <= 0 ? nil : 1 - low / high,
                stage: ends.firstIndex { trough < $0 } ?? max(0, ends.count - 1))
        }
        for i in stages.indices {
            // Whole breaths inside the stage: the script keeps one rate in each.
            let own = breaths.filter { $0.start >= stages[i].start && $0.end <= stages[i].end }
            if let first = own.first, let last = own.last {
                stages[i].rate = 60 * Double(own.count) / (last.end - first.start)
            }
        }
        return (Array(breaths), events, stages, hidden)
    }
}
