// What a person, or the process that attends, sees of an analysis.

import Decode
import Foundation
import Frames

/// Shows an analysis to a person.
final class AnalyzeDisplay: SessionObserver {
    private let isQuiet: Bool
    private let isAttended: Bool
    private var lastTold: ContinuousClock.Instant?
    private var progress: ProgressLine
    private var info: RecordingInfo?
    private var accounting = Accounting()
    private var total: Int?
    private var firstFrame = 0
    private var lastTime = StreamTime.zero
    private var firstTime: StreamTime?
    private let started = ContinuousClock.now

    /// - Parameter isAttended: another process is told of the progress on standard output.
    init(isQuiet: Bool, isAttended: Bool) {
        self.isQuiet = isQuiet
        self.isAttended = isAttended
        progress = ProgressLine(isQuiet: isQuiet || isAttended)
    }

    func opened(_ info: RecordingInfo, resumingAt frame: Int) {
        self.info = info
        total = info.estimatedFrameCount
        firstFrame = frame
        if frame > 0, !isQuiet { Terminal.say("going on after frame \(grouped(frame - 1))") }
    }

    func measured(_ row: NumberedSample, stage: String) {
        accounting.add(row.sample)
        firstTime = firstTime ?? row.sample.time
        lastTime = row.sample.time
        if isAttended, lastTold.map({ .now - $0 >= .milliseconds(200) }) ?? true { tell() }
        progress.show(
            done: accounting.decoded, total: total.map { max(0, $0 - firstFrame) },
            mediaSeconds: (lastTime - (firstTime ?? .zero)).seconds, usable: accounting.usableShare)
    }

    func marked(_ mark: CommittedMark) {}

    func changed(_ state: ReaderState) {
        if case .waitingForIndex(let message) = state, !isQuiet { Terminal.warn(message) }
    }

    func lives(waiting: Int) {}

    func finish() {
        progress.finish()
        if isAttended, lastTold != nil { tell() }
    }

    /// One line for the process that attends.
    private func tell() {
        lastTold = .now
        var report = AnalysisProgress()
        (report.done, report.measured) = (accounting.decoded, accounting.measured)
        report.total = total.map { max(0, $0 - firstFrame) }
        report.mediaSeconds = (lastTime - (firstTime ?? .zero)).seconds
        FileHandle.standardOutput.write(Data(report.line.utf8))
    }

    /// How fast it went, for the closing line.
    var speed: String {
        let elapsed = (ContinuousClock.now - started) / .seconds(1)
        let media = (lastTime - (firstTime ?? .zero)).seconds
        guard elapsed > 0, media > 0 else { return "" }
        return String(format: " · %.1fx real time", media / elapsed)
    }
}
