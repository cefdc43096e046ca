// The curve of a whole test in as many columns as a screen has.
import Frames

/// The opening's range in each column of time.
struct CurveColumns {
    private struct Column {
        var low: Double?
        var high: Double?
        var frames = 0
        var measured = 0
        var firstFrame: Int?
        var reasons: [Reason: Int] = [:]
    }

    private let start: Double
    private let step: Double
    private var columns: [Column]

    /// - Parameters: `from` and `to` in seconds; frames outside are left out.
    init(_ samples: [Sample], from start: Double, to end: Double, count: Int) {
        self.start = start
        step = max((end - start) / Double(count), 1e-9)
        columns = [Column](repeating: Column(), count: count)
        for sample in samples {
            let t = sample.time.seconds
            guard t >= start, t <= end else { continue }
            let index = min(count - 1, Int((t - start) / step))
            columns[index].frames += 1
            if columns[index].firstFrame == nil { columns[index].firstFrame = sample.frame }
            if sample.usableArea != nil, let value = sample.fieldShare {
                columns[index].measured += 1
                columns[index].low = min(columns[index].low ?? value, value)
                columns[index].high = max(columns[index].high ?? value, value)
            }
            for reason in sample.reasons { columns[index].reasons[reason, default: 0] += 1 }
        }
    }

    /// - **Units** `low` and `high`: share of the field of view; null where nothing was measured.
    func json(duration: Double) -> String {
        var line = JSONLine()
        line.field("from_s", start, places: 6)
        line.field("step_s", step, places: 6)
        line.field("duration_s", duration, places: 6)
        line.field("low", json: list { $0.low.map(Self.text) })
        line.field("high", json: list { $0.high.map(Self.text) })
        line.field("frames", json: list { "\($0.frames)" })
        line.field("measured", json: list { "\($0.measured)" })
        line.field("first_frame", json: list { $0.firstFrame.map { "\($0)" } })
        line.field(
            "reason",
            json: list { column in
                column.reasons.max { ($0.value, $1.key.rawValue) < ($1.value, $0.key.rawValue) }
                    .map { "\"\($0.key.rawValue)\"" }
            })
        return line.text()
    }

    private func list(_ text: (Column) -> String?) -> String {
        "[" + columns.map { text($0) ?? "null" }.joined(separator: ",") + "]"
    }

    private static func text(_ value: Double) -> String {
        var bytes: [UInt8] = []
        bytes.append(decimal: value, places: 6)
        return String(decoding: bytes, as: UTF8.self)
    }
}
