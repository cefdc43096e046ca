// What a session of a live source has besides that of a recording: holes, a clock of its own, an end by command.

import Decode
import Foundation
import Frames

/// A session's live source.
struct LiveJob: Sendable {
    /// The configured name; the address stays with the reader.
    var name: String
    var settings: LiveSettings
    /// Keep what is seen.
    var records: Bool
    /// Raised when the test is over.
    var finish = StopFlag()

    /// Pictures that wait to be measured, at most; when more come, the oldest are dropped.
    ///
    /// Enough for the burst in which the frames kept back for the search of the pane are measured.
    static let waitingFrames = 24
}

/// A hole in the rows of a live source.
struct CommittedGap: Sendable, Hashable {
    enum Cause: String, Sendable {
        /// The source was away.
        case sourceLost = "source_lost"
        /// The machine was too slow: the oldest waiting frames were dropped.
        case tooSlow = "too_slow"
    }

    /// The first frame after the hole.
    var frame: Int
    var segment: Int
    var cause: Cause
    /// In words, without secrets.
    var detail: String
    /// Times of the last frame before and the first after it; nil where unknown.
    var from: StreamTime?
    var to: StreamTime?
    /// Decoded frames that were not measured.
    var dropped: Int
    var sequence = 0
}

/// Finds the holes between the frames of a live source.
///
/// Confined to the measuring thread.
struct LiveLedger {
    private var skipped = 0
    private var skippedFrom: StreamTime?
    private(set) var lastTime: StreamTime?
    private var lastTold = ContinuousClock.now - .seconds(1)

    /// Holes that end at this frame; drops are gathered for a second.
    /// - Parameters:
    ///   - expected: ordinal that would follow without a hole.
    ///   - lost: what the reader knows of the segment that begins here.
    mutating func holes(before frame: borrowing VideoFrame, expecting expected: Int, lost: LiveGap?) -> [CommittedGap] {
        var holes: [CommittedGap] = []
        if let lost {
            if let drops = takeDrops(before: frame.index, segment: frame.segment, time: frame.time) {
                holes.append(drops)
            }
            holes.append(
                CommittedGap(
                    frame: frame.index, segment: frame.segment, cause: .sourceLost, detail: lost.cause,
                    from: lost.from, to: lost.to, dropped: 0))
        }
        if frame.index > expected {
            if skipped == 0 { skippedFrom = lastTime }
            skipped += frame.index - expected
        }
        if skipped > 0, .now - lastTold >= .seconds(1),
            let drops = takeDrops(before: frame.index, segment: frame.segment, time: frame.time)
        {
            holes.append(drops)
        }
        lastTime = frame.time
        return holes
    }

    /// Drops that have not been told of yet.
    mutating func takeDrops(before frame: Int, segment: Int, time: StreamTime?) -> CommittedGap? {
        guard skipped > 0 else { return nil }
        defer { (skipped, lastTold) = (0, .now) }
        return CommittedGap(
            frame: frame, segment: segment, cause: .tooSlow,
            detail: "the machine was too slow: the oldest waiting frames were dropped", from: skippedFrom, to: time,
            dropped: skipped)
    }
}

/// A live session's time zero on this machine's clocks, as it is stored.
struct LiveClock {
    /// Monotonic nanoseconds.
    let origin: Int64
    /// The boot that the monotonic clock belongs to; empty where the service may not see it.
    private let boot: String
    /// Seconds of the wall clock, which may be stepped.
    private let wall: Int64

    /// How far both clocks may be apart when only they can tell whether the machine was booted again.
    private static let tolerance: Int64 = 10

    init(origin: Int64) {
        self.origin = origin
        boot = Self.presentBoot
        wall = Int64(Date().timeIntervalSince1970) - (Int64(MonotonicClock.milliseconds()) - origin / 1_000_000) / 1000
    }

    /// Reads it back.
    /// - Returns: nil when none was stored, or the monotonic clock has begun anew since.
    init?(_ facts: [String: String]) {
        guard let text = facts["live_clock"] else { return nil }
        let parts = text.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 3, let origin = Int64(parts[0]), let wall = Int64(parts[1]) else { return nil }
        (self.origin, self.wall, boot) = (origin, wall, String(parts[2]))
        if !boot.isEmpty, !Self.presentBoot.isEmpty {
            guard boot == Self.presentBoot else { return nil }
        } else {
            guard abs(LiveClock(origin: origin).wall - wall) <= Self.tolerance else { return nil }
        }
    }

    var facts: [String: String] { ["live_clock": "\(origin) \(wall) \(boot)"] }

    private static let presentBoot =
        (try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8))?
        .trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
}

extension SessionFolder {
    /// Its presence says that the live source's test is over, whatever became of the process that was told so.
    var finishMark: URL { root.appending(path: "finish") }

    /// What was recorded of a live source, in order.
    var recordings: [URL] {
        var found: [URL] = []
        while true {
            let next = root.appending(path: PacketRecorder.name(found.count + 1))
            guard FileManager.default.fileExists(atPath: next.path) else { return found }
            found.append(next)
        }
    }
}

extension SessionJob {
    /// The bytes that the rows belong to: the recording, or the first file of what was recorded of a live source.
    func fingerprint(of path: String?, onProgress: () -> Void) throws -> Fingerprint {
        guard live != nil else { return try Fingerprint(path: path ?? source, onProgress: onProgress) }
        guard let recording = folder.recordings.first else { return Fingerprint(bytes: 0, sha256: "") }
        return try Fingerprint(path: recording.path, onProgress: onProgress)
    }
}

extension LiveJob {
    /// The configured source of that name.
    ///
    /// One that is no longer configured is not connected to; its session is brought to its end.
    init(named name: String, in configuration: Configuration, folder: SessionFolder) throws(CommandError) {
        let source = configuration.sources.first { $0.name == name }
        do {
            let settings = try source.map { source throws(LiveAddress.Refusal) in try LiveSettings(source) }
            self.init(
                name: name, settings: try settings ?? LiveSettings(address: LiveAddress("/nowhere")),
                records: source?.record ?? false)
        } catch {
            throw CommandError(
                .configuration, "the address of \(name): \((error as? LiveAddress.Refusal)?.description ?? "")")
        }
        if source == nil || FileManager.default.fileExists(atPath: folder.finishMark.path) { finish.raise() }
    }
}
