// What a worker tells its supervisor: one line for every event on standard output.

import Decode
import Foundation
import Frames
import Metrics
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Writes `KEY<tab>TEXT<lf>`: the key is the sequence number of a stored event, empty for one that is not stored,
/// `picture` for what the page has asked to see, `trouble` for what keeps the session from going on, and `timing` for
/// the worker's own measures.
final class WorkerVoice: SessionObserver {
    private let folder: SessionFolder
    private let stages: StageSettings
    private let lines: EventLine
    private let output = LineOutput()
    private let wanted: PictureWish
    private var buffer: [UInt8] = []
    private var breaths = BreathDetector()
    private var state = StateTeller()
    private var timing = FrameTiming()
    private var picture = PanePicture()
    private var lastTold: [UInt8] = []
    /// Whether it is known that rows can be stored.
    private var isStoring = false

    init(folder: SessionFolder, stages: StageSettings, wanted: PictureWish) {
        self.folder = folder
        self.stages = stages
        self.wanted = wanted
        lines = EventLine(session: folder.name)
    }

    func opened(_ info: RecordingInfo, resumingAt frame: Int) {
        tell(
            "measuring", detail: "\(info.container) \(info.codec) \(info.displaySize.width)x\(info.displaySize.height)")
        // Breaths go on where the stored rows end.
        guard frame > 0, let store = try? SessionStore(readOnly: folder) else { return }
        try? store.forEachRow { row in
            if row.sample.frame < frame { _ = breaths.observe(row.sample) }
        }
    }

    func measured(_ row: NumberedSample, stage: String) {
        if let word = state.rowCame() { tell(word, detail: "") }
        begin(row.sequence)
        lines.append(row, stage: stage, to: &buffer)
        send()
        tell(breaths.observe(row.sample))
    }

    func seen(_ frame: borrowing VideoFrame, _ sample: Sample, pane: Pane?, rings: MeterResult, cost: Duration) {
        timing.add(cost)
        guard let pane, wanted.take() else { return }
        guard let json = try? picture.json(frame, sample, pane: pane, rings: rings) else { return }
        output.write(Array("picture\t".utf8) + json)
    }

    func marked(_ mark: CommittedMark) {
        begin(mark.sequence)
        lines.append(mark, to: &buffer)
        send()
        // The stage that ends here is summed up beside the measuring, which must not wait for it.
        let teller = StageTeller(folder: folder, settings: stages)
        let output = self.output
        startThread("rima-stage") {
            if let line = try? teller.stage(endingAt: mark) { output.write([UInt8(ascii: "\t")] + line) }
        }
    }

    func changed(_ state: ReaderState) {
        switch state {
        case .reading: self.state.isWaiting = false
        case .waitingForData: self.state.isWaiting = true
        case .waitingForIndex(let message): tell("waiting_for_index", detail: message)
        case .connecting: tell("connecting", detail: "")
        case .stalled(let message): tell("stalled", detail: message)
        case .disconnected(let message): tell("disconnected", detail: message)
        case .recordingTrouble(let message): tell("recording_paused", detail: message)
        }
    }

    func missed(_ gap: CommittedGap) {
        begin(gap.sequence)
        lines.append(gap, to: &buffer)
        send()
    }

    func cannotStore(_ error: CommandError) {
        isStoring = false
        hinder(.cannotStore, error)
    }

    func stored() {
        guard !isStoring else { return }
        isStoring = true
        output.write(Array("trouble\t".utf8))
        if state.told == Trouble.Kind.cannotStore.rawValue { tell("measuring", detail: "") }
    }

    /// Tells what keeps the session from going on, in words that name no file.
    func hinder(_ kind: Trouble.Kind, _ error: CommandError) {
        output.write(Array("trouble\t\(kind.rawValue) \(error.cause)".utf8))
        tell(kind.rawValue, detail: error.cause)
    }

    func lives(waiting: Int) {
        if let word = state.secondPassed() { tell(word, detail: "") }
        tellTiming()
        output.write(Array("queue\t\(waiting)".utf8))
        begin(nil)
        send()
    }

    private func tellTiming() {
        if let counts = timing.take() { output.write(Array("timing\t".utf8) + Array(counts.utf8)) }
    }

    /// The session is over: the last breaths, the last stage, the end.
    func ended(_ outcome: SessionOutcome) {
        tellTiming()
        tell(breaths.finish())
        if let line = try? StageTeller(folder: folder, settings: stages).lastStage() {
            output.write([UInt8(ascii: "\t")] + line)
        }
        let accounting = outcome.accounting
        var line = JSONLine(type: "end")
        line.field("session", folder.name)
        line.field("reason", outcome.ending.reason.rawValue)
        line.field("decoded", accounting.decoded)
        line.field("measured", accounting.measured)
        line.field("rejected", accounting.rejected)
        line.field("dropped", accounting.dropped)
        output.write([UInt8(ascii: "\t")] + Array(line.text().utf8))
    }

    private func tell(_ events: [BreathEvent]) {
        for event in events {
            output.write([UInt8(ascii: "\t")] + BreathLine.event(event, session: folder.name))
        }
    }

    /// A state is told once, however often the reader comes back to it.
    private func tell(_ word: String, detail: String) {
        state.told = word
        var line = JSONLine(type: "state")
        line.field("session", folder.name)
        line.field("state", word)
        line.field("detail", detail)
        let text = Array(line.text().utf8)
        guard text != lastTold else { return }
        lastTold = text
        output.write([UInt8(ascii: "\t")] + text)
    }

    private func begin(_ sequence: Int?) {
        buffer.removeAll(keepingCapacity: true)
        if let sequence { buffer.append(integer: sequence) }
        buffer.append(UInt8(ascii: "\t"))
    }

    private func send() { output.write(buffer) }
}

/// Whole lines on standard output, from any thread.
private final class LineOutput: Sendable {
    private let turn = Mutex<Void>(())

    func write(_ line: [UInt8]) {
        turn.withLock { _ in
            put(line)
            put([UInt8(ascii: "\n")])
        }
    }

    private func put(_ bytes: [UInt8]) {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(STDOUT_FILENO, $0.baseAddress! + written, $0.count - written)
            }
            if count < 0, errno == EINTR { continue }
            // Without a reader the rows are still in the store; the supervisor reads them from there.
            guard count > 0 else { return }
            written += count
        }
    }
}

/// Decides when it is worth saying that a recording waits for its writer: not for the blink between two flushes.
struct StateTeller {
    var isWaiting = false
    var told = ""
    private var rows = 0

    /// - Returns: the word to say.
    mutating func rowCame() -> String? {
        rows += 1
        isWaiting = false
        // That a recording beside a live source pauses, or that its rows wait in memory, holds while rows come.
        return ["measuring", "recording_paused", Trouble.Kind.cannotStore.rawValue, ""].contains(told)
            ? nil : "measuring"
    }

    /// To be called about once a second.
    mutating func secondPassed() -> String? {
        defer { rows = 0 }
        guard isWaiting, rows == 0, told == "measuring" else { return nil }
        return "waiting_for_data"
    }
}

/// Whether somebody wants to see the next frame.
final class PictureWish: Sendable {
    private let isWanted = Atomic<Bool>(false)

    func raise() { isWanted.store(true, ordering: .releasing) }

    func take() -> Bool { isWanted.exchange(false, ordering: .acquiring) }
}

/// How long frames took to be measured, as a histogram that the supervisor adds up.
struct FrameTiming {
    /// Upper bounds of the buckets, seconds.
    static let bounds = [0.002, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 1]
    private var counts = [Int](repeating: 0, count: FrameTiming.bounds.count + 1)
    private var nanoseconds: Int64 = 0

    mutating func add(_ cost: Duration) {
        let (seconds, attoseconds) = cost.components
        let value = seconds * 1_000_000_000 + attoseconds / 1_000_000_000
        nanoseconds += value
        counts[Self.bounds.firstIndex { Double(value) / 1e9 <= $0 } ?? Self.bounds.count] += 1
    }

    /// What has come since the last call; nil for nothing.
    mutating func take() -> String? {
        guard counts.contains(where: { $0 > 0 }) else { return nil }
        defer {
            counts = [Int](repeating: 0, count: Self.bounds.count + 1)
            nanoseconds = 0
        }
        return "\(nanoseconds) " + counts.map(String.init).joined(separator: " ")
    }
}
