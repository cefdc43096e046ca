// The decoding half of a session: from the recording to the inbox, on a thread of its own.

import Decode
import Foundation

/// Decodes one recording into a session's inbox.
final class ReadingThread: @unchecked Sendable {
    // SAFETY: what both threads touch is touched only with `condition` locked.
    private let condition = NSCondition()
    private var info: Result<RecordingInfo, DecodeError>?
    private var result: Result<RecordingEnding, DecodeError>?
    private var states: [ReaderState] = []
    private var gaps: [LiveGap] = []
    private var clockOrigin: Int64?

    private let source: String
    private let settings: DecodeSettings
    private let live: LiveJob?
    private let liveStart: LiveStart
    private let folder: SessionFolder
    private let watch = LiveWatch()
    private let stop: StopFlag
    private let inbox: SessionInbox

    init(job: SessionJob, liveStart: LiveStart = LiveStart(), stop: StopFlag, inbox: SessionInbox) {
        source = job.source
        live = job.live
        self.liveStart = liveStart
        folder = job.folder
        settings = job.settings.decode
        self.stop = stop
        self.inbox = inbox
    }

    func start() {
        startThread("rima-decode") { [self] in
            if let live { readLive(live) } else { read() }
            inbox.finish()
        }
    }

    /// Waits until it is known what the recording is.
    /// - Parameter observer: told what is being waited for meanwhile.
    func waitForInfo(_ observer: any SessionObserver) throws -> RecordingInfo {
        condition.lock()
        defer { condition.unlock() }
        while info == nil {
            _ = condition.wait(until: Date(timeIntervalSinceNow: 1))
            for state in states { observer.changed(state) }
            states.removeAll()
            observer.lives(waiting: 0)
            try requireLife()
        }
        guard let info else { preconditionFailure("the loop ends with an answer") }
        return try info.get()
    }

    /// What the recording is, as completed by its last frame.
    var lastInfo: RecordingInfo? {
        condition.lock()
        defer { condition.unlock() }
        return try? info?.get()
    }

    /// Tells of waiting and reading since the last call.
    func takeStates(_ onState: (ReaderState) -> Void) {
        condition.lock()
        defer { condition.unlock() }
        for state in states { onState(state) }
        states.removeAll()
    }

    /// How the recording ended.
    ///
    /// Ask after the inbox has said `end`.
    var end: Result<RecordingEnding, DecodeError> {
        condition.lock()
        defer { condition.unlock() }
        return result ?? .success(RecordingEnding(reason: .stopped))
    }

    /// What is known of the hole before a segment of a live source.
    func takeGap(before segment: Int) -> LiveGap? {
        condition.lock()
        defer { condition.unlock() }
        guard let index = gaps.firstIndex(where: { $0.segment == segment }) else { return nil }
        // Connections that brought no frame have left none behind.
        defer { gaps.removeFirst(index + 1) }
        return gaps[index]
    }

    /// The monotonic clock at a live session's time zero, once.
    func takeClockOrigin() -> Int64? {
        condition.lock()
        defer {
            clockOrigin = nil
            condition.unlock()
        }
        return clockOrigin
    }

    /// A library that does not come back is left by ending the process; the session goes on in the next one.
    func requireLife() throws {
        guard live != nil, watch.silence > Self.silenceLimit else { return }
        throw CommandError(.tryAgain, "the live source's connection hangs; it is begun again")
    }

    /// Looking up a host's name may take this long.
    ///
    /// Nanoseconds.
    private static let silenceLimit: Int64 = 45_000_000_000

    private func readLive(_ live: LiveJob) {
        let recorder =
            live.records
            ? PacketRecorder(folder: folder.root.path) { [self] trouble in
                locked { states.append(.recordingTrouble(message: trouble)) }
            } : nil
        let reader = LiveReader(
            settings: live.settings, decode: settings, start: liveStart, recorder: recorder, stop: stop,
            finish: live.finish, watch: watch
        ) { [self] event in
            locked {
                switch event {
                case .state(let state): states.append(state)
                case .gap(let gap): gaps.append(gap)
                case .clockOrigin(let origin): clockOrigin = origin
                }
            }
        }
        while let frame = reader.next() {
            if let info = reader.info { locked { self.info = .success(info) } }
            guard inbox.put(frame) else { break }
        }
        recorder?.close()
        locked {
            info = .success(reader.info ?? .unknown)
            result = .success(reader.ending ?? RecordingEnding(reason: .stopped))
        }
    }

    private func read() {
        var settings = settings
        var nextFrame = 0
        // What a graphics card could not finish is read again without it, and only what is still missing handed on.
        while !read(settings, nextFrame: &nextFrame) { settings.usesHardware = false }
    }

    /// - Returns: false when the graphics card gave up.
    private func read(_ settings: DecodeSettings, nextFrame: inout Int) -> Bool {
        do throws(DecodeError) {
            var reader = try RecordingReader(path: source, settings: settings, stop: stop) { [self] state in
                locked { states.append(state) }
            }
            locked { info = .success(reader.info) }
            while let frame = try reader.next() {
                guard frame.index >= nextFrame else { continue }
                nextFrame = frame.index + 1
                guard inbox.put(frame) else { break }
            }
            let ending = reader.ending ?? RecordingEnding(reason: .stopped)
            let final = reader.info
            locked {
                info = .success(final)
                result = .success(ending)
            }
        } catch {
            if error.code == .hardware { return false }
            locked {
                if info == nil { info = .failure(error) }
                result = .failure(error)
            }
        }
        return true
    }

    private func locked(_ body: () -> Void) {
        condition.lock()
        body()
        condition.broadcast()
        condition.unlock()
    }
}
