import Decode
import Encode
import Foundation
import Frames
import Synchronization
import TestSupport
import Testing

/// Appends a recording to a file, one chunk for every time that the reader waits, and closes it in the end.
private final class Appender: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)
    private let finished = DispatchSemaphore(value: 0)
    private let waits = Atomic<Int>(0)
    private let isAbandoned = Atomic<Bool>(false)

    var timesWaited: Int { waits.load(ordering: .relaxed) }

    /// - Parameter head: bytes that stand in the file before the reader comes.
    init(_ bytes: [UInt8], to path: String, head: Int, chunk: Int) throws {
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        let handle = try #require(FileHandle(forWritingAtPath: path))
        try handle.write(contentsOf: Data(bytes[0..<head]))
        let (semaphore, finished) = (semaphore, finished)
        let thread = Thread { [self] in
            var at = head
            while at < bytes.count {
                // A reader that never asks gets the rest all the same, and the test sees that it did not ask.
                if !isAbandoned.load(ordering: .acquiring) { _ = semaphore.wait(timeout: .now() + patience) }
                let next = min(bytes.count, at + chunk)
                try? handle.write(contentsOf: Data(bytes[at..<next]))
                at = next
            }
            try? handle.close()
            finished.signal()
        }
        thread.start()
    }

    func notice(_ state: ReaderState) {
        guard state == .waitingForData else { return }
        waits.add(1, ordering: .relaxed)
        semaphore.signal()
    }

    /// Lets the writer write what it still has, for readers that did not ask for all of it.
    func join() throws {
        isAbandoned.store(true, ordering: .releasing)
        semaphore.signal()
        try finished.wait(for: "the end of what is appended")
    }
}

private func follow() -> DecodeSettings {
    var settings = DecodeSettings()
    settings.follow = true
    settings.idleLimitNanoseconds = 20_000_000_000
    return settings
}

private struct Case: CustomTestStringConvertible, Sendable {
    var file: String
    var codec: String
    var isFragmented = false
    var testDescription: String { file + (isFragmented ? " in fragments" : "") }
}

private let growing: [Case] = [
    Case(file: "a.mkv", codec: "h264"), Case(file: "a.mp4", codec: "h264", isFragmented: true),
    Case(file: "a.ts", codec: "h264"), Case(file: "b.ts", codec: "mpeg2video"),
    Case(file: "a.mpg", codec: "mpeg2video"), Case(file: "a.avi", codec: "mjpeg"),
    Case(file: "b.avi", codec: "mpeg4"), Case(file: "a.wmv", codec: "wmv2"), Case(file: "a.flv", codec: "flv1"),
    Case(file: "a.h264", codec: "h264"), Case(file: "a.mjpeg", codec: "mjpeg"),
]

@Suite("Tailing recordings that grow")
struct TailingTests {
    @Test("a growing file gives the frames, times and pixels of the closed one", arguments: growing)
    fileprivate func growingEqualsClosed(item: Case) throws {
        let scratch = try Scratch()
        var writing = codec(item.codec)
        writing.isFragmented = item.isFragmented
        let closed = try record(scratch.path(item.file), frames: 50, settings: writing)
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: closed)))
        let wanted = readAll(closed)
        #expect(wanted.frames.count == 50)
        #expect(wanted.error == nil)
        for (head, chunk) in [(0, bytes.count / 7 + 1), (bytes.count / 2, 2999), (bytes.count / 3 * 2, 611)] {
            let path = scratch.path("growing-\(head)-" + item.file)
            let appender = try Appender(bytes, to: path, head: head, chunk: chunk)
            let seen = readAll(path, settings: follow(), onState: { appender.notice($0) })
            try appender.join()
            #expect(seen.error == nil)
            #expect(seen.frames == wanted.frames)
            #expect(seen.ending?.reason == .finished)
            #expect(appender.timesWaited >= 1)
        }
    }

    @Test("without notice from the kernel the end is polled")
    func polling() throws {
        let scratch = try Scratch()
        let closed = try record(scratch.path("a.mkv"), frames: 30)
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: closed)))
        var settings = follow()
        settings.usesNotifications = false
        settings.idleLimitNanoseconds = 300_000_000
        let appender = try Appender(bytes, to: scratch.path("b.mkv"), head: 100, chunk: 4000)
        let seen = readAll(scratch.path("b.mkv"), settings: settings, onState: { appender.notice($0) })
        try appender.join()
        #expect(seen.frames == readAll(closed).frames)
        #expect(seen.ending?.reason == .idle)
    }

    @Test("a file that nobody writes, left alone for a while, is complete at once")
    func completeFile() throws {
        let scratch = try Scratch()
        let path = try record(scratch.path("a.mkv"), frames: 10)
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -60)], ofItemAtPath: path)
        let seen = readAll(path, settings: follow())
        #expect(seen.ending?.reason == .finished)
        #expect(seen.frames.count == 10)
    }

    @Test("the idle limit ends a recording whose writer has gone quiet")
    func idle() throws {
        let scratch = try Scratch()
        let path = try record(scratch.path("a.ts"), frames: 20, settings: codec("mpeg2video"))
        let writer = try #require(FileHandle(forWritingAtPath: path))
        var settings = follow()
        settings.idleLimitNanoseconds = 200_000_000
        let seen = readAll(path, settings: settings)
        try writer.close()
        #expect(seen.ending?.reason == .idle)
        #expect(seen.frames.count == 20)
    }

    @Test("a raised stop flag ends a blocked read")
    func stop() throws {
        let scratch = try Scratch()
        let path = try record(scratch.path("a.ts"), frames: 20, settings: codec("mpeg2video"))
        let writer = try #require(FileHandle(forWritingAtPath: path))
        let stop = StopFlag()
        let seen = readAll(path, settings: follow(), stop: stop, onState: { if $0 == .waitingForData { stop.raise() } })
        try writer.close()
        #expect(seen.ending?.reason == .stopped || seen.error?.code == .stopped)
    }

    @Test("truncation, replacement and deletion are noticed", arguments: ["truncate", "replace", "delete"])
    func fates(what: String) throws {
        let scratch = try Scratch()
        let path = try record(scratch.path("a.ts"), frames: 20, settings: codec("mpeg2video"))
        let writer = try #require(FileHandle(forWritingAtPath: path))
        let done = Atomic<Bool>(false)
        let other = try record(scratch.path("b.ts"), frames: 5, settings: codec("mpeg2video"))
        let seen = readAll(
            path, settings: follow(),
            onState: { state in
                guard state == .waitingForData, !done.exchange(true, ordering: .relaxed) else { return }
                switch what {
                case "truncate": try? writer.truncate(atOffset: 188)
                case "replace": rename(other, path)
                default: unlink(path)
                }
            })
        try writer.close()
        let wanted: [String: RecordingEnding.Reason] = [
            "truncate": .truncated, "replace": .replaced, "delete": .deleted,
        ]
        #expect(seen.ending?.reason == wanted[what])
        #expect(seen.frames.count == 20)
    }

    @Test("an MP4 whose index comes last is waited for, and the user is told what to record instead")
    func indexLast() throws {
        let scratch = try Scratch()
        let closed = try record(scratch.path("a.mp4"), frames: 30)
        let wanted = readAll(closed)
        #expect(wanted.frames.count == 30)
        let path = scratch.path("b.mp4")
        let message = Mutex("")
        let writer = Mutex<RecordingWriter?>(nil)
        try writer.withLock { holder in
            let made = try RecordingWriter(path: path, size: small, rateNumerator: 25)
            for index in 0..<30 { try made.write(drawn(index, size: small)) }
            try made.flush()
            holder = made
        }
        let seen = readAll(
            path, settings: follow(),
            onState: { state in
                if case .waitingForIndex(let text) = state {
                    message.withLock { $0 = text }
                }
                if state == .waitingForData {
                    // The reader waits for the end: now the recorder finalises.
                    writer.withLock { holder in
                        try? holder?.finish()
                        holder = nil
                    }
                }
            })
        #expect(seen.error == nil)
        #expect(message.withLock { $0 }.contains("MKV"))
        #expect(seen.frames == wanted.frames)
        #expect(seen.ending?.reason == .finished)
    }

    @Test("an MP4 that was never finalised says so")
    func notFinalised() throws {
        let scratch = try Scratch()
        let closed = try record(scratch.path("a.mp4"), frames: 30)
        let data = try Data(contentsOf: URL(fileURLWithPath: closed))
        let path = scratch.path("b.mp4")
        try data.prefix(data.count / 2).write(to: URL(fileURLWithPath: path))
        #expect(readAll(path).error?.code == .notFinalised)
    }

    @Test(
        "a recording by ffmpeg is read while it is being written", .enabled(if: hasFFmpeg),
        arguments: ["mkv", "ts", "avi", "mp4"])
    func besideFFmpeg(container: String) throws {
        let scratch = try Scratch()
        let path = scratch.path("a." + container)
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        let recorder = try Child(
            "ffmpeg",
            ["-v", "quiet", "-y", "-re", "-f", "lavfi", "-i", "testsrc=s=320x240:r=25:d=1.6"]
                + (container == "avi" ? ["-c:v", "mjpeg"] : ["-c:v", "libx264", "-preset", "ultrafast", "-g", "10"])
                + (container == "mp4" ? ["-movflags", "frag_keyframe+empty_moov"] : [])
                + ["-flush_packets", "1", path])
        var settings = follow()
        settings.idleLimitNanoseconds = 5_000_000_000
        let seen = readAll(path, settings: settings)
        try recorder.wait()
        #expect(seen.frames == readAll(path).frames)
        #expect(seen.frames.count == 40)
        #expect(seen.ending?.reason == .finished)
    }
}
