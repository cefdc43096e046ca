// Recordings that are whole but unusual.
import Decode
import Encode
import Foundation
import Frames
import Testing

@Suite("Unusual recordings")
struct OddTests {
    @Test(
        "as many frames as ffprobe decodes", .enabled(if: hasFFmpeg, "ffmpeg and ffprobe are not installed"),
        arguments: [
            ("a.mp4", "h264"), ("a.mkv", "hevc"), ("a.mov", "mpeg4"), ("a.avi", "mjpeg"), ("a.ts", "h264"),
            ("a.mpg", "mpeg2video"), ("a.wmv", "wmv2"), ("a.flv", "flv1"), ("a.gif", "gif"), ("a.h264", "h264"),
        ])
    func counts(name: String, codecName: String) throws {
        let scratch = try Scratch()
        var settings = codec(codecName)
        settings.bidirectionalFrames = ["h264", "hevc", "mpeg2video"].contains(codecName) ? 2 : 0
        let path = try record(scratch.path(name), frames: 37, settings: settings)
        #expect(readAll(path).frames.count == (try probedCount(path)))
    }

    @Test("two fields in MPEG-2")
    func interlaced() throws {
        let scratch = try Scratch()
        var settings = codec("mpeg2video")
        settings.isInterlaced = true
        for name in ["a.ts", "a.mpg"] {
            let path = try record(scratch.path(name), frames: 30, settings: settings)
            let reading = readAll(path)
            #expect(reading.info?.isInterlaced == true)
            #expect(reading.frames.count == 30)
            #expect(reading.frames.map(\.nanoseconds) == (0..<30).map { Int64($0) * 40_000_000 })
        }
    }

    @Test("DV in its own container and in AVI", arguments: ["a.dv", "a.avi"])
    func digitalVideo(name: String) throws {
        let scratch = try Scratch()
        let size = PixelSize(width: 720, height: 576)
        var settings = codec("dvvideo")
        settings.pixelAspect = (16, 15)
        let reading = readAll(try record(scratch.path(name), frames: 5, size: size, settings: settings))
        #expect(reading.error == nil)
        #expect(reading.frames.count == 5)
        #expect(reading.frames.map(\.nanoseconds) == (0..<5).map { Int64($0) * 40_000_000 })
        #expect(reading.frames.last?.size.height == 576)
    }

    @Test("variable steps keep their stamps")
    func variableRate() throws {
        let scratch = try Scratch()
        var settings = codec("mpeg4")
        settings.ticksPerSecond = 1000
        let path = scratch.path("a.mkv")
        let stamps: [Int64] = [0, 17, 50, 54, 200, 700, 720, 721, 1600]
        let writer = try RecordingWriter(path: path, size: small, rateNumerator: 25, settings: settings)
        for (index, stamp) in stamps.enumerated() { try writer.write(drawn(index, size: small), stamp: stamp) }
        try writer.finish()
        let reading = readAll(path)
        #expect(reading.frames.map(\.nanoseconds) == stamps.map { $0 * 1_000_000 })
        #expect(reading.frames.allSatisfy { $0.segment == 0 && $0.source == .stamp })
    }

    @Test("streams without stamps are counted, and say so", arguments: [("a.h264", "h264"), ("a.m2v", "mpeg2video")])
    func noStamps(name: String, codecName: String) throws {
        let scratch = try Scratch()
        let reading = readAll(try record(scratch.path(name), frames: 20, settings: codec(codecName)))
        #expect(reading.frames.map(\.nanoseconds) == (0..<20).map { Int64($0) * 40_000_000 })
        #expect(
            reading.frames.allSatisfy { $0.source == .synthesised && !$0.isTainted },
            "\(reading.frames.map { "\($0.source) \($0.isTainted)" })")
    }

    @Test("stamps that wrap after 26.5 hours run on", .enabled(if: hasFFmpeg, "ffmpeg is not installed"))
    func wrap() throws {
        let scratch = try Scratch()
        let path = scratch.path("a.ts")
        let arguments = [
            "-v", "quiet", "-y", "-f", "lavfi", "-i", "testsrc=s=160x120:r=25:d=2", "-c:v", "mpeg2video",
            "-output_ts_offset", "95443", path,
        ]
        #expect(run("ffmpeg", arguments)?.status == 0)
        let reading = readAll(path)
        #expect(reading.frames.map(\.nanoseconds) == (0..<50).map { Int64($0) * 40_000_000 })
        #expect(reading.frames.allSatisfy { $0.segment == 0 })
    }

    @Test(
        "constant-rate MPEG-2, whose pictures are filled up with zeros, is sound",
        .enabled(if: hasFFmpeg, "ffmpeg is not installed"))
    func stuffed() throws {
        let scratch = try Scratch()
        let path = scratch.path("a.ts")
        let arguments = [
            "-v", "quiet", "-y", "-f", "lavfi", "-i", "testsrc=s=320x240:r=25:d=1", "-c:v", "mpeg2video", "-b:v", "4M",
            "-minrate", "4M", "-maxrate", "4M", "-bufsize", "1M", path,
        ]
        #expect(run("ffmpeg", arguments)?.status == 0)
        let reading = readAll(path)
        #expect(reading.frames.count == 25)
        #expect(reading.frames.allSatisfy { !$0.isTainted })
    }

    @Test("stamps that start below zero start at zero", .enabled(if: hasFFmpeg, "ffmpeg is not installed"))
    func negative() throws {
        let scratch = try Scratch()
        let path = scratch.path("a.mkv")
        let arguments = [
            "-v", "quiet", "-y", "-f", "lavfi", "-i", "testsrc=s=160x120:r=25:d=1", "-c:v", "mpeg4",
            "-output_ts_offset", "-0.4", "-avoid_negative_ts", "disabled", path,
        ]
        #expect(run("ffmpeg", arguments)?.status == 0)
        let reading = readAll(path)
        #expect(reading.frames.first?.nanoseconds == 0)
        #expect(reading.frames.last?.nanoseconds == 960_000_000)
    }

    @Test("joined recordings of another size: a new segment, and time goes on", arguments: ["mpeg2video", "h264"])
    func joined(codecName: String) throws {
        let scratch = try Scratch()
        let large = PixelSize(width: 192, height: 144)
        let first = try contents(record(scratch.path("a.ts"), frames: 20, settings: codec(codecName)))
        let second = try contents(record(scratch.path("b.ts"), frames: 20, size: large, settings: codec(codecName)))
        let reading = readAll(try put(first + second, scratch.path("c.ts")))
        // libav's MPEG-2 decoder loses the picture that it holds back when the size changes, for ffprobe as well.
        let wanted = codecName == "h264" ? 40 : 39
        #expect(reading.frames.count == wanted)
        #expect(reading.frames.map(\.index) == Array(0..<wanted))
        if hasFFmpeg { #expect(try probedCount(scratch.path("c.ts")) == wanted) }
        #expect(reading.frames.first?.size == small && reading.frames.last?.size == large)
        let segments = reading.frames.map(\.segment)
        #expect(Set(segments.prefix(wanted - 20)) == [0] && segments.last ?? 0 >= 1)
        let times = reading.frames.map(\.nanoseconds)
        #expect(zip(times, times.dropFirst()).allSatisfy { $0 < $1 })
        #expect(times.last ?? 0 < 2_500_000_000)
    }

    @Test("the display matrix turns the picture", arguments: [1, 2, 3])
    func rotation(turns: Int) throws {
        let scratch = try Scratch()
        var settings = codec("mpeg4")
        let plain = try pixels(record(scratch.path("a.mov"), frames: 1, settings: settings))
        settings.quarterTurns = turns
        let path = try record(scratch.path("b.mov"), frames: 1, settings: settings)
        let turned = try pixels(path)
        #expect(readAll(path).info?.quarterTurns == turns)
        #expect(turned.size == (turns == 2 ? small : PixelSize(width: small.height, height: small.width)))
        var wrong = 0
        for y in 0..<small.height {
            for x in 0..<small.width {
                let (tx, ty) =
                    switch turns {
                    case 1: (small.height - 1 - y, x)
                    case 2: (small.width - 1 - x, small.height - 1 - y)
                    default: (y, small.width - 1 - x)
                    }
                for c in 0..<3
                where turned.pixels[(ty * turned.size.width + tx) * 3 + c]
                    != plain.pixels[(y * small.width + x) * 3 + c]
                {
                    wrong += 1
                }
            }
        }
        #expect(wrong == 0)
    }

    @Test("the display matrix means what ffmpeg takes it for", .enabled(if: hasFFmpeg, "ffmpeg is not installed"))
    func rotationAsFFmpeg() throws {
        let scratch = try Scratch()
        var settings = codec("mpeg4")
        settings.quarterTurns = 1
        let path = try record(scratch.path("a.mov"), frames: 1, settings: settings)
        let still = scratch.path("a.png")
        #expect(run("ffmpeg", ["-v", "quiet", "-y", "-i", path, "-frames:v", "1", still])?.status == 0)
        let (ours, theirs) = (try pixels(path), try PictureFile.readRGB(still))
        #expect(ours.size == theirs.size)
        let worst = zip(ours.pixels, theirs.pixels).map { abs(Int($0) - Int($1)) }
        // libswscale interpolates chroma otherwise; a wrong turn would differ by a hundred.
        #expect(Double(worst.reduce(0, +)) / Double(worst.count) < 3)
    }

    @Test("pixels that are not square are displayed square")
    func pixelAspect() throws {
        let scratch = try Scratch()
        var settings = codec("h264")
        settings.pixelAspect = (16, 15)
        let size = PixelSize(width: 180, height: 144)
        for name in ["a.mkv", "a.ts", "a.mp4"] {
            let reading = readAll(try record(scratch.path(name), frames: 3, size: size, settings: settings))
            #expect(reading.info?.displaySize == PixelSize(width: 192, height: 144))
            #expect(reading.info?.codedSize == size)
            #expect(reading.frames.allSatisfy { $0.size.width == 192 && $0.segment == 0 })
        }
    }

    /// The first frame at its displayed size.
    private func pixels(_ path: String) throws -> RGBPicture {
        var reader = try RecordingReader(path: path)
        var picture = RGBPicture(size: PixelSize(width: 1, height: 1))
        if let frame = try reader.next() {
            picture.resize(to: frame.displaySize)
            try PictureScaler().rgb(frame, from: PixelRect(frame.displaySize), into: &picture)
        }
        return picture
    }
}
