import Encode
import Foundation
import Frames
import Synchronization
import TestSupport
import Testing

@testable import Decode

/// What a live reader has told.
private final class Told: Sendable {
    private let events = Mutex<[LiveEvent]>([])

    func note(_ event: LiveEvent) { events.withLock { $0.append(event) } }

    var gaps: [LiveGap] { events.withLock { $0.compactMap { if case .gap(let gap) = $0 { gap } else { nil } } } }

    var words: [String] {
        events.withLock {
            $0.compactMap {
                switch $0 {
                case .state(.disconnected(let message)): message
                case .state(.stalled): "stalled"
                default: nil
                }
            }
        }
    }

    /// Waits for so many words; the test looks at them itself.
    func wait(forWords count: Int) { _ = eventually(within: patience) { words.count >= count } }
}

/// A live reader that gives up when its source does not give what a test waits for.
private struct LimitedReader {
    let live: LiveReader
    let alarm: Alarm

    var ending: RecordingEnding? { live.ending }

    func next() -> VideoFrame? { live.next() }
}

@Suite("A live source") struct LiveReaderTests {
    private func reader(
        _ settings: LiveSettings, start: LiveStart = LiveStart(), recorder: PacketRecorder? = nil,
        finish: StopFlag = StopFlag(), told: Told = Told()
    ) -> LimitedReader {
        let stop = StopFlag()
        return LimitedReader(
            live: LiveReader(
                settings: settings, decode: DecodeSettings(), start: start, recorder: recorder, stop: stop,
                finish: finish, watch: LiveWatch(), onEvent: { told.note($0) }),
            alarm: Alarm {
                Issue.record("waited \(patience) s in vain for a live source; it said \(told.words)")
                stop.raise()
            })
    }

    /// Writes files into a named pipe one after the other, each as a writer of its own.
    private func feed(_ pipe: String, _ files: [String], between: @escaping @Sendable () -> Void = {}) {
        Thread {
            for (index, file) in files.enumerated() {
                if index > 0 { between() }
                guard let bytes = FileManager.default.contents(atPath: file),
                    let handle = FileHandle(forWritingAtPath: pipe)
                else { continue }
                try? handle.write(contentsOf: bytes)
                try? handle.close()
            }
        }.start()
    }

    @Test("that is a named pipe is opened again for its next writer, in the next segment and behind the last frame")
    func pipe() throws {
        let scratch = try Scratch()
        let file = scratch.path("a.ts")
        try record(file, frames: 30, settings: codec("mpeg2video"))
        let pipe = scratch.path("pipe")
        try #require(mkfifo(pipe, 0o600) == 0)
        let told = Told()
        // To a pipe, a writer that comes before the loss of the one before is the same source.
        feed(pipe, [file, file]) { told.wait(forWords: 1) }
        let finish = StopFlag()
        let live = reader(LiveSettings(address: try LiveAddress(pipe)), finish: finish, told: told)
        var last: (index: Int, time: StreamTime, segment: Int)?
        while let frame = live.next() {
            #expect(frame.index == (last?.index ?? -1) + 1)
            if let last { #expect(frame.time > last.time) }
            last = (frame.index, frame.time, frame.segment)
            if frame.index == 59 { finish.raise() }
        }
        #expect(last?.index == 59)
        #expect(last?.segment == 1)
        #expect(live.ending?.reason == .finished)
        #expect(told.gaps.map(\.segment) == [1])
        #expect(told.gaps.allSatisfy { $0.cause == "the source has ended" })
    }

    @Test("is recorded packet by packet; the recording gives the same frames")
    func recorded() throws {
        let scratch = try Scratch()
        let file = scratch.path("a.ts")
        try record(file, frames: 40, settings: codec("mpeg2video"))
        let pipe = scratch.path("pipe")
        try #require(mkfifo(pipe, 0o600) == 0)
        let told = Told()
        feed(pipe, [file, file]) { told.wait(forWords: 1) }
        let recorder = PacketRecorder(folder: scratch.folder, onTrouble: { Issue.record("\($0)") })
        let finish = StopFlag()
        let live = reader(LiveSettings(address: try LiveAddress(pipe)), recorder: recorder, finish: finish, told: told)
        var seen: [(taint: Bool, segment: Int)] = []
        while let frame = live.next() {
            seen.append((frame.isTainted, frame.segment))
            if seen.count == 80 { finish.raise() }
        }
        recorder.close()
        var again = try RecordingReader(path: scratch.path("recording.mkv"))
        var count = 0
        while let frame = try again.next() {
            #expect(frame.isTainted == seen[count].taint)
            #expect(frame.segment == seen[count].segment)
            count += 1
        }
        #expect(count == 80)
        #expect(!FileManager.default.fileExists(atPath: scratch.path("recording-2.mkv")))
    }

    @Test("that sent a damaged packet has it damaged in its recording, too")
    func damaged() throws {
        let scratch = try Scratch()
        let (file, torn) = (scratch.path("a.ts"), scratch.path("torn.ts"))
        try record(file, frames: 40, settings: codec("mpeg2video"))
        let bytes = try #require(FileManager.default.contents(atPath: file))
        // A sender that falls over in the middle of a picture, and is back before anybody has missed it.
        try (bytes.prefix(bytes.count / 188 * 3 / 5 * 188) + bytes).write(to: URL(fileURLWithPath: torn))
        let pipe = scratch.path("pipe")
        try #require(mkfifo(pipe, 0o600) == 0)
        let told = Told()
        feed(pipe, [torn])
        let recorder = PacketRecorder(folder: scratch.folder, onTrouble: { Issue.record("\($0)") })
        let finish = StopFlag()
        let live = reader(LiveSettings(address: try LiveAddress(pipe)), recorder: recorder, finish: finish, told: told)
        var seen: [Bool] = []
        while let frame = live.next() {
            seen.append(frame.isTainted)
            if frame.segment == 1, seen.count > 60 { finish.raise() }
        }
        recorder.close()
        #expect(seen.contains(true))
        var again = try RecordingReader(path: scratch.path("recording.mkv"))
        var taints: [Bool] = []
        while let frame = try again.next() { taints.append(frame.isTainted) }
        #expect(taints == Array(seen.prefix(taints.count)))
        #expect(taints.count >= seen.count - 1)
    }

    @Test("that is a recording is played at its own pace, and again where it loops")
    func realTime() throws {
        let scratch = try Scratch()
        let file = scratch.path("a.mkv")
        try record(file, frames: 10, settings: codec("mpeg4"))
        var settings = LiveSettings(address: try LiveAddress(file))
        settings.isRealTime = true
        let began = ContinuousClock.now
        let once = reader(settings)
        var count = 0
        while once.next() != nil { count += 1 }
        #expect(count == 10)
        #expect(once.ending?.reason == .finished)
        #expect(ContinuousClock.now - began >= .milliseconds(350))

        settings.loops = true
        let finish = StopFlag()
        let told = Told()
        let looped = reader(settings, finish: finish, told: told)
        var reached = -1
        while reached < 24, let frame = looped.next() { reached = frame.index }
        #expect(reached == 24)
        finish.raise()
        #expect(told.gaps.map(\.segment) == [1, 2])
    }

    @Test("goes on where an earlier process left it, on the same clock")
    func resumed() throws {
        let scratch = try Scratch()
        let file = scratch.path("a.mkv")
        try record(file, frames: 5, settings: codec("mpeg4"))
        var settings = LiveSettings(address: try LiveAddress(file))
        settings.isRealTime = true
        let start = LiveStart(
            frame: 100, segment: 7, lastTime: StreamTime(nanoseconds: 4_000_000_000),
            clockOrigin: monotonicNanoseconds() - 60_000_000_000)
        let told = Told()
        let live = reader(settings, start: start, told: told)
        guard let first = live.next() else {
            Issue.record("the source gives no frame")
            return
        }
        #expect(first.index == 100)
        #expect(first.segment == 7)
        #expect(first.time.seconds >= 60 && first.time.seconds < 70)
        #expect(told.gaps.map(\.from) == [StreamTime(nanoseconds: 4_000_000_000)])
    }

    @Test("that nobody serves is tried again, and neither its path nor its password is told")
    func refused() throws {
        let told = Told()
        let finish = StopFlag()
        // A port that was free a moment ago.
        let address = try LiveAddress("rtsp://me:hunter2@127.0.0.1:\(try freePort())/hunter3")
        let live = reader(LiveSettings(address: address), finish: finish, told: told)
        Thread {
            told.wait(forWords: 1)
            finish.raise()
        }.start()
        let isOver = live.next() == nil
        #expect(isOver)
        #expect(live.ending?.reason == .finished)
        #expect(!told.words.isEmpty)
        #expect(told.words.allSatisfy { $0.contains("nobody serves this address") && !$0.contains("hunter") })
    }

    @Test("that is a plain file is refused unless it is to be played as if live")
    func plainFile() throws {
        let scratch = try Scratch()
        let file = scratch.path("a.mkv")
        try record(file, frames: 5, settings: codec("mpeg4"))
        let told = Told()
        let finish = StopFlag()
        let live = reader(LiveSettings(address: try LiveAddress(file)), finish: finish, told: told)
        Thread {
            told.wait(forWords: 1)
            finish.raise()
        }.start()
        let isOver = live.next() == nil
        #expect(isOver)
        #expect(told.words.first?.contains("realtime") == true)
    }

    @Test("that is no capture device fails at the kernel's first question, with a message")
    func noDevice() throws {
        let told = Told()
        let finish = StopFlag()
        let live = reader(
            LiveSettings(address: try LiveAddress("/dev/video987")), finish: finish, told: told)
        Thread {
            told.wait(forWords: 1)
            finish.raise()
        }.start()
        let isOver = live.next() == nil
        #expect(isOver)
        #expect(told.words.first.map { $0.contains("No such file") || $0.contains("not installed") } == true)
    }

    @Test("that falls silent is said to be stalled, given up and connected to again")
    func silent() throws {
        let scratch = try Scratch()
        let file = scratch.path("a.ts")
        try record(file, frames: 60, settings: codec("mpeg2video"))
        let pipe = scratch.path("pipe")
        try #require(mkfifo(pipe, 0o600) == 0)
        let told = Told()
        let finish = StopFlag()
        let bytes = try #require(FileManager.default.contents(atPath: file))
        Thread {
            let first = FileHandle(forWritingAtPath: pipe)
            try? first?.write(contentsOf: bytes)
            // Held open, and silent, until the reader has given up.
            told.wait(forWords: 2)
            try? first?.close()
            let second = FileHandle(forWritingAtPath: pipe)
            try? second?.write(contentsOf: bytes)
            try? second?.close()
        }.start()
        var settings = LiveSettings(address: try LiveAddress(pipe))
        settings.stallNanoseconds = 3_000_000_000
        let live = reader(settings, finish: finish, told: told)
        while let frame = live.next() { if frame.segment == 1 { finish.raise() } }
        #expect(told.words.first == "stalled")
        #expect(told.words.dropFirst().first?.hasPrefix("nothing came any more") == true)
        #expect(told.gaps.first?.segment == 1)
    }

    private func freePort() throws -> UInt16 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        try #require(bound)
        return UInt16(bigEndian: address.sin_port)
    }
}
