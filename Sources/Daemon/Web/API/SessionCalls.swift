// Sessions and what was measured in them.
import Foundation
import Frames
import NIOHTTP1
import Report

extension WebContext {
    /// Every session, the newest first.
    func sessions(_ request: WebRequest) throws -> WebResponse {
        let limit = try request.number("limit", in: 1...1000) ?? 200
        let items = registry.all().reversed().prefix(limit).map { summary(of: $0).text() }
        return WebResponse(json: #"{"sessions":["# + items.joined(separator: ",") + "]}")
    }

    func session(_ request: WebRequest) throws -> WebResponse {
        WebResponse(json: summary(of: try folder(request)).text())
    }

    private func summary(of folder: SessionFolder) -> JSONLine {
        var line = JSONLine()
        let state = state(of: folder)
        line.field("session", folder.name)
        line.field("state", state)
        line.field("began", Self.began(folder.name))
        let record = try? SessionRecord(of: folder)
        var accounting: (decoded: Int, measured: Int, rejected: Int, reasons: [String: Int])?
        if let record {
            accounting = (
                record.frames.decoded, record.frames.measured, record.frames.rejected, record.frames.reasons
            )
        } else if let store = try? SessionStore(readOnly: folder), let now = try? store.accounting() {
            accounting = (
                now.decoded, now.measured, now.rejected,
                Dictionary(uniqueKeysWithValues: now.reasons.map { ($0.key.rawValue, $0.value) })
            )
        }
        line.field("decoded", accounting?.decoded ?? 0)
        line.field("measured", accounting?.measured ?? 0)
        line.field("rejected", accounting?.rejected ?? 0)
        let reasons = (accounting?.reasons ?? [:]).sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            .map { "\(jsonString($0.key)):\($0.value)" }
        line.field("reasons", json: "{" + reasons.joined(separator: ",") + "}")
        line.field("has_report", FileManager.default.fileExists(atPath: folder.report.path))
        line.field("may_edit", settings.allowMarks && state == "complete")
        if state == "failed", let data = try? Data(contentsOf: SessionFailure.file(in: folder)),
            let failure = try? JSONDecoder().decode(SessionFailure.self, from: data)
        {
            line.field("error", Self.withoutPaths(failure.error))
        }
        return line
    }

    /// `20260131-142300` as a time that every program reads.
    private static func began(_ name: String) -> String {
        let digits = Array(name.prefix(15))
        guard digits.count == 15, digits[8] == "-", digits.enumerated().allSatisfy({ $0 == 8 || $1.isNumber }) else {
            return ""
        }
        func part(_ range: Range<Int>) -> String { String(digits[range]) }
        return "\(part(0..<4))-\(part(4..<6))-\(part(6..<8))T\(part(9..<11)):\(part(11..<13)):\(part(13..<15))Z"
    }

    /// File names may name patients.
    private static func withoutPaths(_ text: String) -> String {
        text.split(separator: " ").map { $0.contains("/") ? "the recording" : String($0) }.joined(separator: " ")
    }

    /// Rows, as the stream has them.
    func samples(_ request: WebRequest) throws -> WebResponse {
        let folder = try folder(request)
        let store = try store(folder)
        let limit = try request.number("limit", in: 1...20_000) ?? 5000
        let from = try request.number("from_frame", in: 0...Int.max) ?? 0
        let to = try request.number("to_frame", in: 0...Int.max) ?? Int.max
        let stages = StageLabels(try store.marks())
        let rows = try store.rows(fromFrame: from, limit: limit).filter { $0.sample.frame < to }
        let lines = EventLine(session: folder.name)
        var out = Array(#"{"session":"#.utf8)
        JSONLine.append(folder.name, to: &out)
        out.append(contentsOf: #","samples":["#.utf8)
        for (index, row) in rows.enumerated() {
            if index > 0 { out.append(UInt8(ascii: ",")) }
            lines.append(row, stage: stages.label(at: row.sample.frame), to: &out)
        }
        out.append(contentsOf: #"],"next_frame":"#.utf8)
        // Null when the range asked for is exhausted.
        let isMore = rows.count == limit && (rows.last?.sample.frame ?? 0) + 1 < to
        out.append(contentsOf: (isMore ? "\((rows.last?.sample.frame ?? 0) + 1)" : "null").utf8)
        out.append(UInt8(ascii: "}"))
        return WebResponse(json: out)
    }

    func breaths(_ request: WebRequest) throws -> WebResponse {
        let folder = try folder(request)
        let statistics = try statistics(folder)
        let phased =
            (try? folder.phases(of: statistics.breaths, sound: configuration.phase.sound)) ?? statistics.breaths
        let breaths = phased.map { BreathLine.object($0) }
        let interruptions = statistics.interruptions.map { BreathLine.object($0) }
        return WebResponse(
            json: #"{"breaths":["# + breaths.joined(separator: ",") + #"],"interruptions":["#
                + interruptions.joined(separator: ",") + "]}")
    }

    /// Breaths, stages and accounting, in the form of report.json.
    func summary(_ request: WebRequest) throws -> WebResponse {
        let folder = try folder(request)
        if let data = try? Data(contentsOf: folder.reportData), registry.standing(of: folder) == .complete {
            return WebResponse(json: Array(data))
        }
        let store = try store(folder)
        let record = try statistics(folder).record(
            session: folder.name, store: store, settings: ReportSettings(configuration).stages)
        return WebResponse(json: Array(try record.json()))
    }

    func statistics(_ folder: SessionFolder) throws -> SessionStatistics {
        try book.statistics(
            of: folder, store: try store(folder), isOver: registry.standing(of: folder) == .complete)
    }

    /// The curve in columns: lowest and highest opening of each, and what kept it from being measured.
    func curve(_ request: WebRequest) throws -> WebResponse {
        let folder = try folder(request)
        let statistics = try statistics(folder)
        let points = try request.number("points", in: 1...5000) ?? 1000
        let end = statistics.samples.last?.time.seconds ?? 0
        let start = try request.seconds("from_s") ?? 0
        let stop = try request.seconds("to_s") ?? end
        guard stop >= start else { throw WebError(.badRequest, "`to_s` comes before `from_s`") }
        let curve = CurveColumns(statistics.samples, from: start, to: stop, count: points)
        return WebResponse(json: curve.json(duration: end))
    }

    /// A view of the session as it lies in its folder.
    func file(_ request: WebRequest, _ url: (SessionFolder) -> URL, type: String) throws -> WebResponse {
        let folder = try folder(request)
        guard let data = try? Data(contentsOf: url(folder)) else {
            throw WebError(.notFound, "the session has no such file yet; it is written when the recording is over")
        }
        return WebResponse(type: type, body: Array(data))
    }
}
