// Protocol files: the stages of an exercise test with their durations. See guide/stages.md and config/protocols/.

import Foundation
import Frames
import Metrics
import Yams

/// An exercise protocol.
struct StageProtocol: Sendable, Hashable {
    var title: String
    var steps: [PlannedStage]

    /// The protocols that come with Rima.
    static let bundled = ["treadmill-modified-bruce", "cycle-ramp", "constant-work"]

    /// - Parameter name: a file, or the name of one in the folders where protocols are kept.
    static func load(_ name: String) throws(CommandError) -> StageProtocol {
        let path = try find(name)
        let text: String
        do {
            text = try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw CommandError(.noInput, "cannot read the protocol \(path): \(describe(error))")
        }
        return try parse(text, source: path)
    }

    /// Its stages, from `origin` on.
    func plan(origin: StreamTime) throws(CommandError) -> StagePlan {
        do {
            let schedule = try StageSchedule(plan: steps, origin: origin, end: StagePlan.openEnd)
            return StagePlan(spans: schedule.spans, source: .plan, note: title)
        } catch {
            throw CommandError(.configuration, "the protocol \(title): \(error)")
        }
    }

    private static func find(_ name: String) throws(CommandError) -> String {
        if name.contains("/") || name.hasSuffix(".yaml") || name.hasSuffix(".yml") {
            guard FileManager.default.isReadableFile(atPath: name) else {
                throw CommandError(.noInput, "there is no protocol file \(name)")
            }
            return name
        }
        var folders = ["/etc/rima/protocols"]
        let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        folders += [
            program.appending(path: "../share/rima/protocols").standardizedFileURL.path, "/usr/share/rima/protocols",
        ]
        // In a checkout the program lies in .build/…/release.
        var folder = program
        for _ in 0..<3 {
            folder.deleteLastPathComponent()
            folders.append(folder.appending(path: "config/protocols").path)
        }
        for folder in folders {
            let path = "\(folder)/\(name).yaml"
            if FileManager.default.isReadableFile(atPath: path) { return path }
        }
        let suggestion = bundled.contains(name) ? nil : NearestName.suggestion(for: name, among: bundled)
        let near = suggestion.map { "did you mean \($0)? " } ?? ""
        throw CommandError(
            .noInput, "there is no protocol named \(name)",
            remedy: "\(near)Rima comes with \(bundled.joined(separator: ", ")); a file is named by its path")
    }

    private static let keys = ["title", "stages"]
    private static let stageKeys = ["label", "start_s", "duration_s"]

    /// Reads a protocol file's text.
    static func parse(_ text: String, source: String) throws(CommandError) -> StageProtocol {
        func fault(_ mark: Mark?, _ message: String) -> CommandError {
            CommandError(.configuration, "\(source):\(mark?.line ?? 1):\(mark?.column ?? 1): \(message)")
        }
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch {
            let problem = YAMLFault.problem(error, text: text, source: source)
            throw CommandError(.configuration, "\(source):\(problem.line):\(problem.column): \(problem.message)")
        }
        guard case .mapping(let mapping) = root else {
            throw fault(root?.mark, "a protocol is a mapping with title and stages")
        }
        let known = KnownMapping(mapping, keys: keys, what: "the protocol")
        if let first = known.faults.first { throw fault(first.mark, first.message) }
        guard case .scalar(let title) = known.values["title"], !title.isEmptyValue, title.string.count <= 120 else {
            throw fault(known.values["title"]?.mark, "title takes a name for the protocol, as \"Treadmill, 3 min\"")
        }
        guard case .sequence(let list) = known.values["stages"], !list.isEmpty, list.count <= 100 else {
            throw fault(known.values["stages"]?.mark, "stages takes a list of 1 to 100 stages")
        }
        var steps: [PlannedStage] = []
        for item in list {
            guard case .mapping(let entry) = item else {
                throw fault(item.mark, "a stage is a mapping, as {label: Rest, duration_s: 60}")
            }
            let stage = KnownMapping(entry, keys: stageKeys, what: "a stage")
            if let first = stage.faults.first { throw fault(first.mark, first.message) }
            guard case .scalar(let label) = stage.values["label"], !label.isEmptyValue else {
                throw fault(item.mark, "a stage needs a label")
            }
            do {
                try StagePlan.check(label.string)
            } catch {
                throw fault(label.mark, error.message)
            }
            func seconds(_ key: String) throws(CommandError) -> Double? {
                guard let node = stage.values[key] else { return nil }
                guard case .scalar(let scalar) = node, let number = scalar.number, (0...86_400).contains(number) else {
                    throw fault(node.mark, "\(key) takes a number of seconds from 0 to 86400")
                }
                return number
            }
            steps.append(
                PlannedStage(
                    label: label.string, start: try seconds("start_s"), duration: try seconds("duration_s")))
        }
        let result = StageProtocol(title: title.string, steps: steps)
        do {
            _ = try StageSchedule(plan: steps, origin: .zero, end: StagePlan.openEnd)
        } catch {
            throw fault(known.values["stages"]?.mark, error.description)
        }
        return result
    }
}
