// Marks of a running session, and the stages of a finished one.
import Foundation
import Frames
import NIOHTTP1

extension WebContext {
    /// The marks that hold, and those that were replaced.
    func marks(_ request: WebRequest) throws -> WebResponse {
        let folder = try folder(request)
        let store = try store(folder)
        let statistics = try statistics(folder)
        let items = try store.markHistory().map { entry in
            var line = JSONLine()
            line.field("seq", entry.mark.sequence)
            line.field("label", entry.mark.label)
            line.field("frame", entry.mark.frame)
            line.field("t_s", statistics.time(of: entry.mark.frame)?.seconds, places: 6)
            line.field("source", entry.mark.source.rawValue)
            line.field("holds", entry.holds)
            return line.text()
        }
        return WebResponse(json: #"{"marks":["# + items.joined(separator: ",") + "]}")
    }

    private struct NewMark: Decodable {
        var label: String
    }

    /// Begins a stage at the frame that is measured next.
    func mark(_ request: WebRequest) async throws -> WebResponse {
        try requireWriting()
        let folder = try folder(request)
        guard let wish = try? JSONDecoder().decode(NewMark.self, from: Data(request.body)) else {
            throw WebError(.badRequest, #"a mark is {"label":"…"}"#)
        }
        let label = try Self.label(wish.label)
        switch await supervisor.mark(label, session: folder.name) {
        case .refused(let why): throw WebError(.conflict, why)
        case .set(let session):
            var line = JSONLine()
            line.field("session", session)
            line.field("label", label)
            return WebResponse(json: line.text())
        }
    }

    private struct NewStages: Decodable {
        struct Stage: Decodable {
            var label: String
            var tS: Double
        }
        var stages: [Stage]
    }

    /// Puts other stages in the place of those that hold, and writes the report anew; no frame is measured again.
    func replaceStages(_ request: WebRequest) throws -> WebResponse {
        try requireWriting()
        let folder = try folder(request)
        guard registry.standing(of: folder) == .complete else {
            throw WebError(.conflict, "stages can be edited when the recording is over; until then, set marks")
        }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard let wish = try? decoder.decode(NewStages.self, from: Data(request.body)), !wish.stages.isEmpty,
            wish.stages.count <= 100
        else { throw WebError(.badRequest, #"stages are {"stages":[{"label":"Rest","t_s":0}]}, 1 to 100 of them"#) }
        let stages = try wish.stages.map { stage -> (label: String, time: StreamTime) in
            guard stage.tS.isFinite, (0..<1e6).contains(stage.tS) else {
                throw WebError(.badRequest, "`t_s` takes seconds from the recording's start")
            }
            // An empty name ends the stage before it, and none begins.
            return (
                stage.label.isEmpty ? "" : try Self.label(stage.label),
                StreamTime(nanoseconds: Int64((stage.tS * 1e9).rounded()))
            )
        }
        try StageEditor(folder: folder, configuration: configuration).replace(by: try StagePlan(edits: stages))
        return try summary(request)
    }

    private static func label(_ text: String) throws(WebError) -> String {
        let label = text.trimmingCharacters(in: .whitespaces)
        guard (1...StreamCommand.maximumLabelBytes).contains(label.utf8.count),
            label == TextSafety.plain(label, limit: StreamCommand.maximumLabelBytes)
        else {
            throw WebError(
                .badRequest,
                "a stage's name is text of 1 to \(StreamCommand.maximumLabelBytes) bytes without control characters")
        }
        return label
    }
}
