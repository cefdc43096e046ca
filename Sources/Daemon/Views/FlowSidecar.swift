// A flow channel beside a recording: RECORDING.flow.csv. See guide/stages.md.

import Foundation
import Frames
import Metrics

/// Reads tables of air flow: a column `time_s`, and `flow` (positive while air goes in) or `expiratory_flow` (out).
///
/// Times are seconds from the recording's first frame; the unit of the flow does not matter.
enum FlowSidecar {
    /// Twenty minutes at 1,000 Hz have room.
    private static let largest = 64 << 20
    private static let what = "flow channel"
    private static let timeNames = ["time_s", "t_s", "time"]
    private static let flowNames = [("flow", 1.0), ("flow_l_s", 1.0), ("flow_l_min", 1.0), ("expiratory_flow", -1.0)]

    /// The table that lies beside a recording: `test.mkv.flow.csv` or `test.flow.csv`.
    static func find(beside recording: String) throws(CommandError) -> String? {
        try CSVText.find("flow", beside: recording, what: "flow channels", option: "--flow")
    }

    static func load(_ path: String) throws(CommandError) -> FlowChannel {
        try parse(try CSVText.read(path, what: what, largest: largest), source: path)
    }

    static func parse(_ text: String, source: String) throws(CommandError) -> FlowChannel {
        func fault(_ line: Int, _ message: String) -> CommandError {
            CommandError(.badData, "\(source):\(line): \(message)", remedy: "see guide/stages.md for the columns")
        }
        let rows = try CSVText.records(text, source: source)
        guard let head = rows.first else { throw fault(1, "the table is empty; its first line names the columns") }
        let columns = head.cells.map { $0.trimmingCharacters(in: .whitespaces).lowercased() }
        guard let timeColumn = timeNames.lazy.compactMap({ columns.firstIndex(of: $0) }).first,
            let (flowColumn, sign) = flowNames.lazy.compactMap({ name, sign in
                columns.firstIndex(of: name).map { ($0, sign) }
            }).first
        else { throw fault(head.line, "the columns time_s and flow (or expiratory_flow) are needed") }
        var times: [StreamTime] = []
        var flow: [Double] = []
        for row in rows.dropFirst() where row.cells != [""] {
            guard let time = Double(row.cell(timeColumn)), time.isFinite, abs(time) < 1e6 else {
                throw fault(row.line, "\"\(row.cell(timeColumn))\" is no time in seconds")
            }
            guard let value = Double(row.cell(flowColumn)), value.isFinite else {
                throw fault(row.line, "\"\(row.cell(flowColumn))\" is no flow")
            }
            let stamp = StreamTime(nanoseconds: Int64((time * 1e9).rounded()))
            guard times.last.map({ $0 < stamp }) ?? true else {
                throw fault(row.line, "times must ascend; \(time) does not")
            }
            times.append(stamp)
            flow.append(sign * value)
        }
        guard let channel = FlowChannel(times: times, flow: flow) else {
            throw fault(head.line, "the table holds no flow")
        }
        return channel
    }
}

extension SessionFolder {
    /// The breaths with their phases where a flow channel was kept, or else a sound that may be used; as they are where
    /// neither was.
    func phases(of breaths: [Breath], sound use: Configuration.SoundUse) throws(CommandError) -> [Breath] {
        if FileManager.default.fileExists(atPath: flow.path) { return try FlowSidecar.load(flow.path).label(breaths) }
        guard use == .auto, FileManager.default.fileExists(atPath: sound.path) else { return breaths }
        return try SoundTable.load(sound.path)?.label(breaths) ?? breaths
    }

    /// Keeps a flow channel with the session, so that every later report has it.
    func keep(flow path: String) throws(CommandError) {
        _ = try FlowSidecar.load(path)
        do {
            try Data(contentsOf: URL(fileURLWithPath: path)).write(to: flow, options: .atomic)
        } catch {
            throw CommandError(.inputOutput, "cannot write \(flow.path): \(describe(error))")
        }
    }
}
