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

    private let source: String
    private let settings: DecodeSettings
    private let stop: StopFlag
    private let inbox: SessionInbox

    init(job: SessionJob, stop: StopFlag, inbox: SessionInbox) {
        source = job.source
        settings = job.settings.decode
        self.stop = stop
        self.inbox = inbox
    }

    func start() {
        let thread = Thread { [self] in
            read()
            inbox.finish()
        }
        thread.name = "rima-decode"
        thread.stackSize = 4 << 20
        thread.start()
    }

    /// Waits until it is known what the recording is.
    /// - Parameter observer: told what is being waited for meanwhile.
    func waitForInfo(_ observer: any SessionObserver) throws(DecodeError) -> RecordingInfo {
        condition.lock()
        defer { condition.unlock() }
        while info == nil {
            condition.wait(until: Date(timeIntervalSinceNow: 1))
            for state in states { observer.changed(state) }
            states.removeAll()
            observer.lives()
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
