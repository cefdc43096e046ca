// From the stored rows to the report: breaths, stages, and the pages that show them. Measures nothing.

import Decode
import Foundation
import Frames
import Metrics
import Report

/// What a report is made with; changing it needs no new analysis.
struct ReportSettings: Sendable {
    var stages = StageSettings()
    /// For reading single frames of the recording again.
    var decode = DecodeSettings()
    /// Whether the recording's sound may tell the phase of breathing.
    var sound = Configuration.SoundUse.off

    init() {}

    init(_ configuration: Configuration) {
        stages.bands = configuration.narrowingBands
        stages.leastBreaths = configuration.report.leastBreaths
        stages.leastUsableShare = configuration.report.leastUsableRatio
        stages.sustainedBreaths = configuration.report.sustainedBreaths
        stages.sustainedClosure = configuration.report.sustainedClosureRatio
        stages.driftLimit = configuration.report.scaleDriftRatio
        decode.threads = configuration.decode.threads
        decode.maximumPixels = configuration.decode.maximumPixels
        sound = configuration.phase.sound
    }
}

/// Makes a session's report from its store.
struct ReportBuilder {
    let folder: SessionFolder
    let store: SessionStore
    let settings: ReportSettings
    let record: SessionRecord
    /// Where the recording can be read again; nil takes the place where it was measured, if it still lies there.
    var recording: String?
    /// Whether the whole recording may be decoded for pictures that cannot be jumped to.
    var mayReadAll = false
    /// Which earlier test stands beside this one.
    var comparison = EarlierTest.automatic

    init(folder: SessionFolder, store: SessionStore, settings: ReportSettings, record: SessionRecord) {
        self.folder = folder
        self.store = store
        self.settings = settings
        self.record = record
    }

    init(folder: SessionFolder, store: SessionStore, configuration: Configuration, record: SessionRecord) {
        self.init(folder: folder, store: store, settings: ReportSettings(configuration), record: record)
    }

    /// Writes report.html, report.json, stages.csv and breaths.csv, each whole or not at all.
    @discardableResult
    func writeAll() throws -> ReportContent {
        let faults = [adoptFlow(), adoptSound()].compactMap { $0 }
        var content = try content()
        content.notes += faults
        // What only some calls write must not show stages of before.
        for stale in [folder.reportPDF, folder.reportFHIR] { try? FileManager.default.removeItem(at: stale) }
        try write(HTMLReport.render(content), to: folder.report)
        try write(StageTable.csv(content), to: folder.stages)
        try write(BreathTable.csv(content), to: folder.breaths)
        try write(String(decoding: ReportRecord(content).json(), as: UTF8.self), to: folder.reportData)
        return content
    }

    func write(_ text: String, to file: URL) throws {
        do {
            try Data(text.utf8).write(to: file, options: .atomic)
        } catch {
            throw CommandError(
                .inputOutput, "cannot write \(file.path): \(describe(error))",
                remedy: "free some space, then run `rima report \(folder.root.path)`")
        }
    }

    /// Everything that the report shows.
    func content() throws -> ReportContent {
        var content = try numbers()
        try fetchPictures(content)
        content.stills = try stills(content)
        if let earlier = try comparison.find(for: folder, record: record) {
            content.comparison = try earlier.comparison(settings)
        }
        return content
    }

    /// The report without its pictures and without other tests.
    func numbers() throws -> ReportContent {
        var rows = SessionStatistics()
        try rows.update(from: store)
        let statistics = rows.finished
        let breaths = try folder.phases(of: statistics.breaths, sound: settings.sound)
        let marks = statistics.stageMarks(try store.marks())
        return ReportContent(
            session: folder.name, pseudonym: record.subject, date: record.dateText, plan: try plan(),
            recording: recording(duration: statistics.samples.last?.time ?? .zero), parts: parts,
            accounting: accounting, samples: statistics.samples, breaths: breaths,
            interruptions: statistics.interruptions, marks: marks,
            summary: statistics.summary(marks: marks, settings: settings.stages), thresholds: thresholds,
            paneSize: record.panes.last?.rect.size ?? PixelSize(width: 1, height: 1))
    }

    /// Keeps the flow channel that lies beside the recording with the session, where it has none yet.
    ///
    /// - Returns: what is wrong with it, for the reader; a bad one costs the phases and not the report.
    private func adoptFlow() -> String? {
        guard !FileManager.default.fileExists(atPath: folder.flow.path),
            let place = try? RecordingPlace(of: store, record: record)?.path
        else { return nil }
        do throws(CommandError) {
            if let table = try FlowSidecar.find(beside: place) { try folder.keep(flow: table) }
            return nil
        } catch {
            return "The flow channel was left out: \(error.message)."
        }
    }

    /// Keeps how loud the recording is with the session, where it is wanted and not there yet.
    ///
    /// - Returns: why it cannot be had, for the reader; that costs the phases and not the report.
    private func adoptSound() -> String? {
        let files = FileManager.default
        guard settings.sound == .auto, !files.fileExists(atPath: folder.flow.path),
            !files.fileExists(atPath: folder.sound.path),
            let place = try? recording ?? RecordingPlace(of: store, record: record)?.path
        else { return nil }
        do {
            try write(SoundTable.csv(try SoundTable.listen(to: place, settings: settings.decode)), to: folder.sound)
            return nil
        } catch let error as DecodeError {
            return "The sound was left out: \(error.found)."
        } catch {
            return "The sound was left out: \(describe(error))."
        }
    }

    /// The one stage of a recording without marks.
    static let wholeRecording = "Whole recording"

    /// What the stages were set with, in words.
    private func plan() throws -> String? {
        let edits = try store.markEdits()
        guard let last = edits.last else { return try store.facts()["plan"] }
        let by = last.note.isEmpty ? "" : " (\(last.note))"
        return "set \(last.at.prefix(10))\(by)" + (edits.count > 1 ? ", \(edits.count) edits" : "")
    }

    // MARK: Pictures

    /// Fetches the pictures of every stage's worst breath that the store does not hold yet.
    private func fetchPictures(_ content: ReportContent) throws {
        let known = try store.framesWithPicture()
        let segments = Dictionary(
            content.breaths.map { ($0.index, $0.segment) }, uniquingKeysWith: { first, _ in first })
        var wanted: [EvidenceFrame] = []
        for evidence in content.worstBreaths.values.flatMap({ [$0.widest, $0.narrowest] })
        where !known.contains(evidence.frame) {
            wanted.append(
                EvidenceFrame(
                    frame: evidence.frame, time: evidence.time, segment: segments[evidence.breath] ?? 0))
        }
        guard !wanted.isEmpty else { return }
        let place = try recording ?? RecordingPlace(of: store, record: record)?.path
        guard let place else { return }
        let panes = try store.panes().compactMap { entry in
            (try? JSONDecoder().decode(StoredPane.self, from: Data(entry.json.utf8))).map { (entry.fromFrame, $0) }
        }
        do {
            try EvidencePictures(path: place, settings: settings.decode, panes: panes).fetch(
                wanted.sorted { $0.frame < $1.frame }, mayReadAll: mayReadAll
            ) { frame, jpeg in try store.commit(picture: jpeg, ofFrame: frame) }
        } catch is DecodeError {
            // The numbers stand without pictures; the report says which are missing.
        }
    }

    private func stills(_ content: ReportContent) throws -> [ReportStill] {
        let sizes = record.panes
        func size(_ frame: Int) -> PixelSize {
            sizes.last { $0.fromFrame <= frame }?.rect.size ?? content.paneSize
        }
        let areas = Dictionary(
            content.samples.compactMap { sample in sample.opening.map { (sample.frame, $0.area) } },
            uniquingKeysWith: { first, _ in first })
        let kept = try store.stills()
        var stills: [ReportStill] = []
        for (index, stage) in content.summary.stages.enumerated() {
            let worst = content.worstBreaths[index]
            for kind in ReportStill.Kind.allCases {
                let evidence = kind == .widest ? worst?.widest : worst?.narrowest
                if let evidence, let jpeg = try store.picture(ofFrame: evidence.frame) {
                    stills.append(
                        ReportStill(
                            stage: stage.span.label, stageIndex: index, kind: kind, frame: evidence.frame,
                            time: evidence.time, area: areas[evidence.frame] ?? 0, jpeg: jpeg,
                            rings: try store.outline(ofFrame: evidence.frame) ?? [], size: size(evidence.frame)))
                } else if let still = kept.first(where: {
                    $0.kind.rawValue == kind.rawValue && stage.span.contains($0.sample.time)
                        && ($0.stage == stage.span.label || $0.stage.isEmpty)
                }) {
                    stills.append(
                        ReportStill(
                            stage: stage.span.label, stageIndex: index, kind: kind, frame: still.sample.frame,
                            time: still.sample.time, area: still.area, jpeg: still.jpeg, rings: still.rings,
                            size: size(still.sample.frame)))
                }
            }
        }
        return stills
    }

    // MARK: What it was measured with

    private func recording(duration: StreamTime) -> ReportRecording {
        ReportRecording(
            name: record.source.name, sha256: record.source.sha256, codec: record.source.codec,
            size: PixelSize(width: record.source.width, height: record.source.height),
            framesPerSecond: record.source.framesPerSecond, duration: duration, pane: record.panes.last?.rect,
            isComplete: record.complete)
    }

    private var parts: [ReportPart] {
        [ReportPart(role: "Program", name: "rima", version: record.rimaVersion)]
            + record.allModels.map { model in
                ReportPart(
                    role: "Opening network" + (model.fromFrame.map { " from frame \($0)" } ?? ""), name: model.name,
                    version: model.version, sha256: model.sha256)
            }
    }

    private var accounting: ReportAccounting {
        ReportAccounting(
            decoded: record.frames.decoded, measured: record.frames.measured, rejected: record.frames.rejected,
            reasons: Dictionary(
                uniqueKeysWithValues: record.frames.reasons.compactMap { key, count in
                    Reason(rawValue: key).map { ($0, count) }
                }))
    }

    private var thresholds: ReportThresholds {
        var thresholds = ReportThresholds()
        thresholds.bands = settings.stages.bands
        thresholds.leastBreaths = settings.stages.leastBreaths
        thresholds.leastUsableShare = settings.stages.leastUsableShare
        thresholds.sustainedBreaths = settings.stages.sustainedBreaths
        thresholds.sustainedClosure = settings.stages.sustainedClosure
        thresholds.driftLimit = settings.stages.driftLimit
        return thresholds
    }
}
