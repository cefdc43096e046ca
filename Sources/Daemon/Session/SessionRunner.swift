// A session from its first frame to its last row. `rima analyze` and the daemon's workers run this same code.

import Decode
import Foundation
import Frames
import Metrics
import Segment

/// What a session is about to do.
struct SessionJob: Sendable {
    /// Path of the recording.
    var source: String
    var folder: SessionFolder
    /// In place of a recording; `source` is then only a name.
    var live: LiveJob?
    var settings: MeasuringSettings
    /// Forget what an earlier run has measured.
    var startsOver = false
    /// Write a picture of the pane that was found.
    var writesDebugStill = false
    /// Stages that are known beforehand; an operator's first mark ends what is planned.
    var plan: StagePlan?
    /// Refuse a session that already has other stages, rather than leave them.
    var insistsOnPlan = false
    /// Go on with another network than the one that measured the first rows, and note it, rather than refuse.
    var mayChangeNetwork = false
    /// The patient's pseudonym.
    var subject: String?
    /// Day of the test, YYYY-MM-DD.
    var testDate: String?
}

/// Who wants to know what a session does.
///
/// Called on the measuring thread; must not block for long.
protocol SessionObserver: AnyObject {
    func opened(_ info: RecordingInfo, resumingAt frame: Int)
    func measured(_ row: NumberedSample, stage: String)
    /// A frame and what was measured in it, after its row; `cost` is how long the measuring took.
    func seen(_ frame: borrowing VideoFrame, _ sample: Sample, pane: Pane?, rings: MeterResult, cost: Duration)
    func marked(_ mark: CommittedMark)
    func changed(_ state: ReaderState)
    /// A hole in the rows of a live source.
    func missed(_ gap: CommittedGap)
    /// The disk does not take a live source's rows; they are kept in memory and tried again every second.
    func cannotStore(_ error: CommandError)
    /// All rows up to now are stored.
    func stored()
    /// Called about once a second, whether or not frames come; `waiting` frames are decoded and not yet measured.
    func lives(waiting: Int)
}

extension SessionObserver {
    func missed(_ gap: CommittedGap) {}
    func cannotStore(_ error: CommandError) {}
    func stored() {}
    func seen(_ frame: borrowing VideoFrame, _ sample: Sample, pane: Pane?, rings: MeterResult, cost: Duration) {}
}

/// How a session came out.
struct SessionOutcome: Sendable {
    var accounting: Accounting
    var ending: RecordingEnding
    var info: RecordingInfo
}

/// Runs one session.
///
/// Decoding has a thread of its own, and looking ahead has some; everything else happens on the calling one.
final class SessionRunner {
    private let job: SessionJob
    private let observer: any SessionObserver
    private let stop: StopFlag
    private let inbox: SessionInbox
    private let store: SessionStore
    private let model: Model
    private let lock: SessionLock
    /// Reads a recording that is finished since before the session was opened.
    private let early: ReadingThread?
    /// Keeps hold of the recording's bytes, whatever becomes of its name.
    private let source: SourceHandle

    private var measurer: FrameMeasurer
    /// Recordings are looked at several frames at once; of a live source every frame is measured as it comes.
    private let lookAhead: LookAhead?
    private var paneLock: PaneLock
    private var samples: SampleFile
    private var stages: StageLabels
    private var planned: PlannedMarks
    private var stills: StillKeeper
    private var accounting: Accounting
    private var ledger = LiveLedger()
    private var nextFrame: Int
    private var nextSequence: Int
    private var batch = CommitBatch()
    /// Why the last commit failed, as long as no later one has come through.
    private var trouble: CommandError?
    private var isPaneCommitted: Bool
    private let network: MeasuredWith
    /// `network` is stored with the first row that it measures.
    private var isNetworkNew: Bool
    private var lastCommit = ContinuousClock.now

    /// Rows are safe at most this long after they were measured.
    private static let commitInterval = Duration.seconds(1)
    /// Rows of a live source that may wait in memory for a disk that does not take them; ten minutes at 25 in a second.
    ///
    /// A recording is still there when the disk is well again; what a live source shows comes once.
    private static let waitingRows = 15_000

    init(job: SessionJob, inbox: SessionInbox, stop: StopFlag, observer: any SessionObserver) throws {
        self.job = job
        self.observer = observer
        self.stop = stop
        self.inbox = inbox
        var isReady = false
        defer { if !isReady { inbox.close() } }
        // A finished recording is opened while the network is loaded. One that cannot be opened leaves no folder behind
        // and costs no earlier results.
        let isFinished = !job.settings.decode.follow && job.live == nil
        early = isFinished ? ReadingThread(job: job, stop: stop, inbox: inbox) : nil
        early?.start()
        let loaded = try job.settings.loadOpening()
        let gate = try job.settings.loadGate()
        if let early { _ = try early.waitForInfo(observer) }
        source = SourceHandle(path: job.source)
        try job.folder.create()
        lock = try job.folder.acquireLock()
        if job.startsOver { job.folder.forget() }
        store = try openStore(job.folder)
        try claim(store, for: job)
        model = loaded.model
        let resume = try store.resumePoint()
        let atOnce = job.live == nil ? job.settings.threads : 1
        measurer = try FrameMeasurer(
            settings: job.settings, model: model, gate: gate?.model,
            state: resume.temporalState.flatMap { try? JSONDecoder().decode(TemporalState.self, from: $0) },
            threads: atOnce > 1 ? 1 : nil)
        (nextFrame, nextSequence) = (resume.nextFrame, resume.nextSequence)
        network = MeasuredWith(
            name: model.card.name, version: model.card.version, sha256: loaded.fingerprint.sha256,
            gateSha256: gate?.fingerprint.sha256, engine: measurer.engineName,
            fromFrame: nextFrame == 0 ? nil : nextFrame)
        isNetworkNew = try store.mayGoOn(with: network, for: job)
        paneLock = PaneLock(explicit: job.settings.pane)
        isPaneCommitted = false
        stages = StageLabels(try store.marks())
        planned = try PlannedMarks(job.plan, in: store, insists: job.insistsOnPlan, folder: job.folder)
        samples = try SampleFile(rebuilding: job.folder, from: store, stages: stages)
        stills = try StillKeeper(folder: job.folder, store: store)
        accounting = try store.accounting()
        let lookers = try (0..<(atOnce > 1 ? atOnce : 0)).map { [settings = job.settings] _ in
            try FrameLooker(settings: settings, model: loaded.model, gate: gate?.model, threads: 1)
        }
        lookAhead = lookers.isEmpty ? nil : LookAhead(lookers: lookers)
        isReady = true
    }

    /// Measures until the recording is over or a stop is asked for.
    /// - Returns: how it came out; an ending of `stopped` leaves a session that a later run goes on with.
    func run() throws -> SessionOutcome {
        nameThread("rima-measure")
        defer {
            inbox.close()
            lookAhead?.close()
        }
        let reading: ReadingThread
        if let early {
            reading = early
        } else {
            let start = job.live == nil ? LiveStart() : try store.liveStart()
            reading = ReadingThread(job: job, liveStart: start, stop: stop, inbox: inbox)
            reading.start()
        }
        let info = try reading.waitForInfo(observer)
        if !info.codec.isEmpty {
            observer.opened(info, resumingAt: nextFrame)
            try setFacts(info)
        }
        let panes = try storedPanes()

        var held: [HeldFrame] = []
        loop: while true {
            let deadline = Date(
                timeIntervalSinceNow: max(0.01, (Self.commitInterval - (.now - lastCommit)) / .seconds(1)))
            switch inbox.take(until: deadline) {
            case .frame(let frame):
                if job.live != nil { try noteHoles(before: frame, reading) }
                if frame.displaySize != lastSize { try takeAllAhead() }
                if let first = held.first, first.frame.displaySize != frame.displaySize {
                    paneLock.settle(firstHeld: first.frame.index)
                    for frame in held { try take(frame.frame) }
                    held.removeAll()
                }
                if paneLock.pane == nil || frame.displaySize != lastSize { restorePane(panes, for: frame) }
                switch try paneLock.observe(frame, holding: held.count) {
                case .holdBack:
                    try takeAllAhead()
                    held.append(HeldFrame(frame))
                case .settled:
                    if !held.isEmpty { try takeAllAhead() }
                    for frame in held { try take(frame.frame) }
                    held.removeAll()
                    try takeAhead(frame)
                }
            case .wake:
                try takeAllAhead()
                try takeRequests()
            case .end:
                try takeAllAhead()
                break loop
            }
            reading.takeStates { observer.changed($0) }
            if .now - lastCommit >= Self.commitInterval {
                try commit()
                observer.lives(waiting: inbox.waiting)
                try reading.requireLife()
            }
        }
        let end = reading.end
        // After a stop the frames held back are left to the next run, which sees all that follow them as well; those of
        // a live source come only once.
        if let first = held.first, job.live != nil || (try? end.get())?.reason != .stopped {
            paneLock.settle(firstHeld: first.frame.index)
            for frame in held { try take(frame.frame) }
        }
        if let drops = ledger.takeDrops(before: nextFrame, segment: measurer.state.segment, time: nil) {
            try commit(drops)
        }
        try takeRequests()
        try commitAll()
        // Whatever went wrong while reading: the rows up to there are kept.
        let ending = try end.get()
        let outcome = SessionOutcome(accounting: accounting, ending: ending, info: reading.lastInfo ?? info)
        if ending.reason != .stopped {
            guard job.live == nil || accounting.decoded > 0 else {
                throw CommandError(.noInput, "the live source was stopped before its first picture")
            }
            try finish(outcome)
        }
        return outcome
    }

    /// Commits the holes in front of a frame of a live source.
    private func noteHoles(before frame: borrowing VideoFrame, _ reading: ReadingThread) throws {
        if let origin = reading.takeClockOrigin() { try store.setLiveClock(origin) }
        let isNew = frame.segment != liveSegment
        var lost = isNew ? reading.takeGap(before: frame.segment) : nil
        if isNew, lost == nil, liveSegment >= 0 {
            lost = LiveGap(
                segment: frame.segment, from: ledger.lastTime, to: frame.time,
                cause: "the source broke off and went on within its connection")
        }
        liveSegment = frame.segment
        for hole in ledger.holes(before: frame, expecting: lastSeen.map { $0 + 1 } ?? nextFrame, lost: lost) {
            try commit(hole)
        }
        lastSeen = frame.index
    }

    private func commit(_ hole: CommittedGap) throws {
        var gap = hole
        gap.sequence = nextSequence
        nextSequence += 1
        batch.gaps.append(gap)
        // Like a mark, together with the rows before it.
        try commit()
        accounting.dropped += gap.dropped
        observer.missed(gap)
    }

    private var liveSegment = -1
    private var lastSeen: Int?
    private var lastSize = PixelSize(width: 0, height: 0)

    /// Puts back the pane that an earlier run has committed for this frame's picture size.
    private func restorePane(_ panes: [(fromFrame: Int, pane: StoredPane)], for frame: borrowing VideoFrame) {
        lastSize = frame.displaySize
        guard paneLock.pane == nil,
            let known = panes.last(where: { $0.fromFrame <= frame.index && $0.pane.frameSize == lastSize })
        else { return }
        paneLock.restore(known.pane.pane, fromFrame: known.fromFrame, frameSize: lastSize)
        isPaneCommitted = true
    }

    /// Measures a frame that no earlier run has committed.
    private func take(_ frame: borrowing VideoFrame) throws {
        guard frame.index >= nextFrame else { return }
        try measure(frame, in: paneLock.pane, beginsPane: takePaneStart(frame.index), foreseen: nil, cost: .zero)
    }

    /// Lets a frame be looked at before its turn, where that is done, and measures those whose turn it is.
    private func takeAhead(_ frame: consuming VideoFrame) throws {
        guard let lookAhead else { return try take(frame) }
        guard frame.index >= nextFrame else { return }
        if lookAhead.isFull { try takeOldestAhead(lookAhead) }
        let start = takePaneStart(frame.index)
        lookAhead.add(frame, pane: paneLock.pane, beginsPane: start)
        // Of a recording that is still being written, nothing is kept back until more comes.
        if inbox.waiting == 0 { try takeAllAhead() }
    }

    private func takeAllAhead() throws {
        guard let lookAhead else { return }
        while !lookAhead.isEmpty { try takeOldestAhead(lookAhead) }
    }

    private func takeOldestAhead(_ lookAhead: LookAhead) throws {
        try lookAhead.takeOldest { frame, pane, beginsPane, foresight, cost in
            try measure(frame, in: pane, beginsPane: beginsPane, foreseen: foresight, cost: cost)
            return measurer.guess
        }
    }

    /// The first frame of a pane that is to be stored with this frame.
    private func takePaneStart(_ frame: Int) -> Int? {
        guard paneLock.pane != nil, !isPaneCommitted || frame == paneLock.fromFrame else { return nil }
        isPaneCommitted = true
        return paneLock.fromFrame
    }

    /// Measures a frame and tells of its row; `earlier` is what looking at it has cost so far.
    private func measure(
        _ frame: borrowing VideoFrame, in pane: Pane?, beginsPane: Int?, foreseen foresight: Foresight?,
        cost earlier: Duration
    ) throws {
        if let pane, let beginsPane { try commit(pane, from: beginsPane, frame) }
        for label in planned.due(at: frame.time) { try mark(label, source: planned.source) }
        let began = ContinuousClock.now
        let sample = try measurer.measure(frame, in: pane, foreseen: foresight)
        let cost = ContinuousClock.now - began + earlier
        let row = NumberedSample(sequence: nextSequence, sample: sample)
        nextFrame = frame.index + 1
        nextSequence += 1
        accounting.add(sample)
        batch.rows.append(row)
        if let opening = sample.opening, opening.area > 0 {
            batch.outlines.append(frame: sample.frame, measurer.result)
        }
        let stage = stages.label(at: sample.frame)
        if let pane {
            try stills.consider(sample, stage: stage, of: frame, pane: pane, measurer.result)
        }
        observer.measured(row, stage: stage)
        observer.seen(frame, sample, pane: pane, rings: measurer.result, cost: cost)
    }

    private func commit(_ pane: Pane, from first: Int, _ frame: borrowing VideoFrame) throws {
        let stored = StoredPane(pane: pane, frameSize: frame.displaySize)
        try store.commit(
            paneJSON: String(decoding: try JSONEncoder.stable.encode(stored), as: UTF8.self),
            fromFrame: first)
        if job.writesDebugStill { try stills.writeDebugStill(frame, pane: pane) }
    }

    private func storedPanes() throws -> [(fromFrame: Int, pane: StoredPane)] {
        try store.panes().compactMap { entry in
            (try? JSONDecoder().decode(StoredPane.self, from: Data(entry.json.utf8))).map { (entry.fromFrame, $0) }
        }
    }

    /// Sets the stage marks that operators have asked for.
    private func takeRequests() throws {
        for label in inbox.takeMarks() {
            planned.stop()
            try mark(label, source: .live)
        }
    }

    /// Begins a stage with the frame that is measured next.
    private func mark(_ label: String, source: MarkSource) throws {
        let mark = CommittedMark(frame: nextFrame, label: label, source: source, sequence: nextSequence)
        nextSequence += 1
        batch.marks.append(mark)
        stages.add(mark)
        // A mark is committed at once, together with the rows before it.
        try commit()
        observer.marked(mark)
    }

    /// Makes everything up to now safe.
    ///
    /// - Throws: when the disk does not take it; rows of a live source are kept for the next call instead.
    private func commit() throws {
        lastCommit = .now
        guard !batch.isEmpty || samples.isBehind || stills.isBehind else { return }
        let first = batch.rows.first?.sample.frame ?? nextFrame
        do {
            if isNetworkNew, !batch.rows.isEmpty {
                try store.add(network)
                isNetworkNew = false
            }
            if !batch.isEmpty {
                try store.commit(batch, temporalState: try JSONEncoder.stable.encode(measurer.state))
                samples.append(batch.rows, stages: stages)
                batch.removeAll()
            }
            try samples.flush()
            try stills.commit()
            trouble = nil
            observer.stored()
        } catch {
            let failure = CommandError(
                .inputOutput, "cannot store rows in \(job.folder.root.path): \(describe(error))",
                remedy: "free some space; all rows before frame \(first) are safe, run again to go on")
            guard job.live != nil, batch.rows.count < Self.waitingRows else { throw failure }
            trouble = failure
            observer.cannotStore(failure)
        }
    }

    /// Stores what is left of a live source, however long the disk does not take it, unless a stop is asked for.
    private func commitAll() throws {
        try commit()
        while let trouble {
            guard !stop.isRaised else { throw trouble }
            observer.lives(waiting: inbox.waiting)
            Thread.sleep(forTimeInterval: 0.5)
            try commit()
        }
    }

    private func setFacts(_ info: RecordingInfo) throws {
        try store.setFacts([
            "container": info.container, "codec": info.codec, "model": model.card.name,
            "model_version": model.card.version, "rima_version": rimaVersion,
        ])
        var told = ["subject": job.subject, "test_date": job.testDate, "plan": job.plan?.note].compactMapValues { $0 }
        let written = try? FileManager.default.attributesOfItem(atPath: job.source)[.modificationDate] as? Date
        if let written { told["recorded_at"] = written.formatted(.iso8601) }
        try store.setFacts(told)
    }

    private func finish(_ outcome: SessionOutcome) throws {
        nameThread("rima-report")
        try stills.finish()
        let fingerprint = try job.fingerprint(of: source.path) { [observer] in observer.lives(waiting: 0) }
        // Rows of versions that did not note their network are taken to be of this one.
        let noted = try store.networks()
        let record = try SessionRecord(
            job: job, outcome: outcome, networks: noted.isEmpty ? [network] : noted, source: fingerprint,
            panes: storedPanes(), marks: store.marks(), losses: store.gaps().count { $0.cause == .sourceLost },
            facts: store.facts())
        var builder = ReportBuilder(
            folder: job.folder, store: store, settings: job.settings.report, record: record)
        // A live source's pictures are gone when they are needed again.
        if job.live == nil {
            builder.recording = source.path ?? job.source
            builder.mayReadAll = true
        }
        try builder.writeAll()
        // Last, because it says that everything else is there.
        try record.write(to: job.folder)
    }
}

/// A frame kept back while the pane is being looked for.
private final class HeldFrame {
    let frame: VideoFrame

    init(_ frame: consuming VideoFrame) {
        self.frame = frame
    }
}

extension JSONEncoder {
    /// The same value gives the same bytes.
    static var stable: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }
}
