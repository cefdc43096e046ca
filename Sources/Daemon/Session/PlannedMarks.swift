// Marks that a plan sets while a recording is measured, at the same frames however often the session is interrupted.

import Foundation
import Frames

/// What of a plan is still to come.
struct PlannedMarks {
    private var rest: ArraySlice<StagePlan.Start> = []
    let source: MarkSource

    /// - Throws: when the session has other stages than the plan's, and the plan was asked for by `insists`; otherwise
    ///   what is there already counts more.
    init(_ plan: StagePlan?, in store: SessionStore, insists: Bool, folder: SessionFolder) throws {
        source = plan?.source ?? .plan
        guard let plan else { return }
        let marks = try store.marks()
        // An operator's first mark has ended the plan.
        if marks.contains(where: { $0.source == .live }) { return }
        let isOwn =
            try store.markEdits().isEmpty && marks.count <= plan.starts.count
            && zip(marks, plan.starts).allSatisfy { $0.source == plan.source && $0.label == $1.label }
        let rest = isOwn ? plan.starts[marks.count...] : []
        let isLate = try rest.first.map { first in try store.lastTime().map { first.time <= $0 } ?? false } ?? false
        if isOwn, !isLate {
            self.rest = rest
        } else if insists {
            throw CommandError(
                .usage, "\(folder.root.path) has been measured with other stages than \(plan.note)",
                remedy: "give the stages to `rima report`, which changes them without new analysis")
        }
    }

    /// Labels of the stages that begin at or before `time` and have not begun yet.
    mutating func due(at time: StreamTime) -> [String] {
        guard let first = rest.first, first.time <= time else { return [] }
        var labels: [String] = []
        while let next = rest.first, next.time <= time {
            labels.append(next.label)
            rest.removeFirst()
        }
        return labels
    }

    /// The operator has taken over.
    mutating func stop() { rest = [] }
}
