// Files that are damaged, cut, or something else.
import Decode
import Encode
import Foundation
import Frames
import Testing

@Suite("Bad input")
struct BadInputTests {
    @Test(
        "what is no recording is named, in one sentence with a remedy",
        arguments: [
            ("", DecodeError.Code.empty, "empty"), ("Hello, this is a letter.\n", .notARecording, "text"),
            ("ffconcat version 1.0\nfile 'a.mp4'\n", .notARecording, "ffconcat"),
            ("#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:9,\nhttp://localhost/a.ts\n", .notARecording, "playlist"),
            ("v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nm=video 5000 RTP/AVP 96\r\n", .notARecording, "session"),
            ("<?xml version=\"1.0\"?><MPD></MPD>", .notARecording, "XML"),
        ])
    func notARecording(text: String, code: DecodeError.Code, word: String) throws {
        let scratch = try Scratch()
        for name in ["a.mp4", "a.mkv", "a"] {
            let path = try put(Array(text.utf8), scratch.path(name))
            let error = try #require(readAll(path).error)
            #expect(error.code == code)
            #expect(error.found.contains(word))
            #expect(error.path == path && !error.remedy.isEmpty && !error.description.contains("\n"))
        }
    }

    @Test("pictures and programs are not recordings")
    func pictures() throws {
        let scratch = try Scratch()
        let png = try put(PictureWriter.encodePNG(drawn(0, size: small)), scratch.path("a.mp4"))
        #expect(readAll(png).error?.found.contains("PNG") == true)
        let jpeg = try put(PictureWriter.encodeJPEG(drawn(0, size: small)), scratch.path("b.mp4"))
        #expect(readAll(jpeg).error?.found.contains("JPEG") == true)
        #expect(readAll("/bin/sh").error?.found.contains("program") == true)
        let noise = try put((0..<50_000).map { _ in UInt8.random(in: 0...255) }, scratch.path("c.ts"))
        #expect(readAll(noise).error != nil)
    }

    @Test("directories, pipes, devices and missing files are refused at once")
    func notFiles() throws {
        let scratch = try Scratch()
        mkfifo(scratch.path("pipe"), 0o600)
        for follow in [false, true] {
            var settings = DecodeSettings()
            settings.follow = follow
            #expect(readAll(scratch.folder, settings: settings).error?.code == .notAFile)
            #expect(readAll(scratch.path("pipe"), settings: settings).error?.code == .notAFile)
            #expect(readAll("/dev/zero", settings: settings).error?.code == .notAFile)
            #expect(readAll(scratch.path("nothing"), settings: settings).error?.code == .notFound)
        }
    }

    @Test("symbolic links are followed only where allowed")
    func links() throws {
        let scratch = try Scratch()
        try record(scratch.path("a.mkv"), frames: 3)
        symlink(scratch.path("a.mkv"), scratch.path("link"))
        #expect(readAll(scratch.path("link")).frames.count == 3)
        var settings = DecodeSettings()
        settings.followsSymbolicLinks = false
        #expect(readAll(scratch.path("link"), settings: settings).error?.code == .notPermitted)
    }

    @Test(
        "a recording cut anywhere gives the frames before the cut, or one clear error",
        arguments: [("a.mkv", "h264"), ("a.mp4", "h264"), ("a.ts", "mpeg2video"), ("a.avi", "mjpeg"), ("a.gif", "gif")])
    func truncated(name: String, codecName: String) throws {
        let scratch = try Scratch()
        var settings = codec(codecName)
        settings.isFragmented = name.hasSuffix("mp4")
        let bytes = try contents(record(scratch.path(name), frames: 30, settings: settings))
        let whole = Dictionary(
            readAll(scratch.path(name)).frames.map { ($0.nanoseconds, $0.hash) }, uniquingKeysWith: { a, _ in a })
        var wrong = 0
        for cut in 0..<50 {
            let path = try put(Array(bytes.prefix(bytes.count * cut / 50)), scratch.path("cut-" + name))
            let reading = readAll(path)
            if reading.frames.isEmpty {
                #expect(reading.error != nil || reading.ending != nil)
                continue
            }
            #expect(reading.frames.count <= whole.count)
            for frame in reading.frames where !frame.isTainted && whole[frame.nanoseconds] != frame.hash { wrong += 1 }
        }
        #expect(wrong == 0)
    }

    @Test(
        "flipped bits end nothing early and crash nothing",
        arguments: [
            ("a.mkv", "h264"), ("a.ts", "mpeg2video"), ("a.avi", "mpeg4"), ("b.avi", "mjpeg"), ("a.wmv", "wmv2"),
        ])
    func flipped(name: String, codecName: String) throws {
        let scratch = try Scratch()
        let bytes = try contents(record(scratch.path(name), frames: 60, settings: codec(codecName)))
        let whole = Dictionary(
            readAll(scratch.path(name)).frames.map { ($0.nanoseconds, $0.hash) }, uniquingKeysWith: { a, _ in a })
        var generator = Steps(state: 7)
        var (damaged, covered, total) = (0, 0, 0)
        for _ in 0..<6 {
            var torn = bytes
            for _ in 0..<6 {
                let at = Int.random(in: min(2048, torn.count / 4)..<torn.count, using: &generator)
                torn[at] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            }
            // One thread: with two, when the decoder tells of damage depends on which of them is ahead.
            var settings = DecodeSettings()
            settings.threads = 1
            let reading = readAll(try put(torn, scratch.path("torn-" + name)), settings: settings)
            total += reading.frames.count
            for frame in reading.frames where whole[frame.nanoseconds] != frame.hash {
                damaged += 1
                if frame.isTainted { covered += 1 }
            }
        }
        #expect(total >= 6 * 30)
        // Many a flipped bit in Motion JPEG changes one block without breaking its rules: only the gate can see it.
        if codecName != "mjpeg" { #expect(covered * 10 >= damaged * 4, "\(covered) of \(damaged) tainted") }
    }

    @Test("a picture that claims to be huge is refused")
    func bomb() throws {
        let scratch = try Scratch()
        var bytes = try contents(record(scratch.path("a.avi"), frames: 10, settings: codec("mjpeg")))
        // Every frame after the third says 288x288 in its SOF0 marker; more would already be refused by libav, which
        // compares size and bytes.
        var seen = 0
        for at in 0..<(bytes.count - 9) where bytes[at] == 0xFF && bytes[at + 1] == 0xC0 && bytes[at + 4] == 8 {
            seen += 1
            if seen > 3 { (bytes[at + 5], bytes[at + 6], bytes[at + 7], bytes[at + 8]) = (1, 32, 1, 32) }
        }
        #expect(seen == 10)
        for threads in [1, 2] {
            var settings = DecodeSettings()
            settings.threads = threads
            settings.maximumPixels = 250 * 250
            let reading = readAll(try put(bytes, scratch.path("b.avi")), settings: settings)
            #expect(reading.error?.code == .tooLarge)
            #expect(reading.frames.count == 3)
        }
        var settings = DecodeSettings()
        settings.maximumPixels = 50 * 50
        #expect(readAll(scratch.path("a.avi"), settings: settings).error?.code == .tooLarge)
    }

    @Test("pictures that are damaged or no pictures say so")
    func badPictures() throws {
        let scratch = try Scratch()
        let png = try PictureWriter.encodePNG(drawn(0, size: small))
        let cut = try put(Array(png.prefix(40)), scratch.path("a.png"))
        #expect(throws: DecodeError.self) { try PictureFile.readRGB(cut) }
        let text = try put(Array("hello".utf8), scratch.path("b.png"))
        #expect(throws: DecodeError.self) { try PictureFile.readLuma(text) }
        #expect(throws: DecodeError.self) { try PictureFile.readRGB(scratch.path("none.png")) }
    }
}

/// A small generator with a seed (Knuth's MMIX constants).
struct Steps: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ (state >> 29)
    }
}
