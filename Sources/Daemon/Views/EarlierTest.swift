// An earlier test of the same patient, to stand beside this one.

import Foundation
import Frames
import Report

/// Which earlier test a report is compared with.
enum EarlierTest: Sendable {
    /// The latest earlier one of the same pseudonym in the same folder of sessions, if there is any.
    case automatic
    case none
    case session(SessionFolder)

    /// The session to compare with; nil for none.
    func find(for folder: SessionFolder, record: SessionRecord) throws -> Found? {
        switch self {
        case .none: return nil
        case .session(let other):
            guard other.root.resolvingSymlinksInPath() != folder.root.resolvingSymlinksInPath() else {
                throw CommandError(.usage, "a test cannot be compared with itself")
            }
            let earlier = try StageEditor.record(of: other)
            if let mine = record.subject, let theirs = earlier.subject, mine != theirs {
                throw CommandError(
                    .usage, "\(other.name) is a test of another patient (\(theirs), not \(mine))",
                    remedy: "correct the pseudonym with --subject if this is wrong")
            }
            return Found(folder: other, record: earlier)
        case .automatic:
            guard let subject = record.subject, let date = record.sortingDate else { return nil }
            return Self.sessions(beside: folder).filter {
                $0.record.subject == subject && $0.record.sortingDate.map { $0 < date } ?? false
            }.max { ($0.record.sortingDate ?? "", $0.folder.name) < ($1.record.sortingDate ?? "", $1.folder.name) }
        }
    }

    private static func sessions(beside folder: SessionFolder) -> [Found] {
        let parent = folder.root.standardizedFileURL.deletingLastPathComponent()
        let names = (try? FileManager.default.contentsOfDirectory(atPath: parent.path)) ?? []
        return names.compactMap { name in
            guard name != folder.name else { return nil }
            let other = SessionFolder(root: parent.appending(path: name))
            guard FileManager.default.fileExists(atPath: other.store.path),
                let record = try? SessionRecord(of: other)
            else { return nil }
            return Found(folder: other, record: record)
        }
    }

    /// An earlier session and what its record says.
    struct Found {
        var folder: SessionFolder
        var record: SessionRecord

        /// Its numbers, made anew with the same settings, so that both tests are judged alike.
        func comparison(_ settings: ReportSettings) throws -> ReportComparison {
            let store: SessionStore
            do {
                store = try SessionStore(readOnly: folder)
            } catch {
                throw CommandError(.noInput, "cannot open \(folder.store.path): \(describe(error))")
            }
            let content = try ReportBuilder(folder: folder, store: store, settings: settings, record: record).numbers()
            return ReportComparison(content)
        }
    }
}
