// What is stored in one go.

/// What a session has measured and not stored yet.
struct CommitBatch {
    /// In order.
    var rows: [NumberedSample] = []
    /// Of the frames in `rows` that show an opening.
    var outlines = OutlineBatch()
    var marks: [CommittedMark] = []
    var gaps: [CommittedGap] = []

    var isEmpty: Bool { rows.isEmpty && marks.isEmpty && gaps.isEmpty }

    /// Forgets what was stored, and keeps the room for what comes.
    mutating func removeAll() {
        rows.removeAll(keepingCapacity: true)
        outlines.removeAll()
        marks.removeAll(keepingCapacity: true)
        gaps.removeAll(keepingCapacity: true)
    }
}
