// Which stage a frame belongs to.

/// Stage labels by frame, read off marks: a mark holds until the next one.
struct StageLabels: Sendable {
    private var marks: [CommittedMark]

    init(_ marks: [CommittedMark]) {
        self.marks = marks.sorted { ($0.frame, $0.sequence) < ($1.frame, $1.sequence) }
    }

    mutating func add(_ mark: CommittedMark) {
        self = StageLabels(marks + [mark])
    }

    /// The label at `frame`; empty before the first mark.
    func label(at frame: Int) -> String {
        var low = 0
        var high = marks.count
        while low < high {
            let middle = (low + high) / 2
            if marks[middle].frame <= frame { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? "" : marks[low - 1].label
    }
}
