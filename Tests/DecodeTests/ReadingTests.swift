import Decode
import Encode
import Frames
import Testing

@Suite("Reading closed recordings")
struct ReadingTests {
    @Test(
        "every container gives every frame at its time",
        arguments: [
            ("a.mp4", "h264"), ("a.mkv", "h264"), ("a.mov", "mpeg4"), ("a.avi", "mjpeg"), ("a.ts", "mpeg2video"),
            ("a.mpg", "mpeg2video"), ("a.wmv", "wmv2"), ("a.flv", "flv1"), ("a.gif", "gif"), ("b.mkv", "ffv1"),
        ])
    func everyContainer(name: String, codecName: String) throws {
        let scratch = try Scratch()
        let path = try record(scratch.path(name), settings: codec(codecName))
        let reading = readAll(path)
        #expect(reading.error == nil)
        #expect(reading.frames.count == 60)
        #expect(reading.ending == RecordingEnding(reason: .finished))
        #expect(reading.frames.allSatisfy { !$0.isTainted && $0.segment == 0 && $0.size == small })
        for frame in reading.frames {
            // Containers that count milliseconds round each stamp to the nearest one.
            #expect(abs(frame.nanoseconds - Int64(frame.index) * 40_000_000) <= 500_000)
        }
    }

    @Test("colours survive lossless coding and scaling at the same size")
    func coloursSurvive() throws {
        let scratch = try Scratch()
        let path = try record(scratch.path("a.mkv"), frames: 1, settings: codec("ffv1"))
        var reader = try RecordingReader(path: path)
        let scaler = PictureScaler()
        var seen = RGBPicture(size: small)
        let frame = try reader.next()
        guard let frame else {
            Issue.record("no frame")
            return
        }
        try scaler.rgb(frame, from: PixelRect(small), into: &seen)
        let wanted = drawn(0, size: small)
        var worst = 0
        // Away from the disc's edge, where subsampled colour mixes.
        for y in 0..<small.height {
            for x in 0..<4 {
                for c in 0..<3 {
                    let at = (y * small.width + x) * 3 + c
                    worst = max(worst, abs(Int(seen.pixels[at]) - Int(wanted.pixels[at])))
                }
            }
        }
        #expect(worst <= 3)
    }

    @Test("PNG keeps every pixel and every grey value; JPEG nearly so")
    func pictureFiles() throws {
        let scratch = try Scratch()
        let picture = drawn(7, size: PixelSize(width: 61, height: 37))
        try PictureWriter.png(picture, to: scratch.path("a.png"))
        #expect(try PictureFile.readRGB(scratch.path("a.png")) == picture)
        var mask = LumaPicture(size: PixelSize(width: 16, height: 16))
        for value in 0..<256 { mask.pixels[value] = UInt8(value) }
        try PictureWriter.png(mask, to: scratch.path("m.png"))
        #expect(try PictureFile.readLuma(scratch.path("m.png")) == mask)
        try PictureWriter.jpeg(picture, quality: 1, to: scratch.path("a.jpg"))
        let back = try PictureFile.readRGB(scratch.path("a.jpg"))
        #expect(back.size == picture.size)
        let worst = zip(back.pixels, picture.pixels).map { abs(Int($0) - Int($1)) }.max() ?? 255
        #expect(worst <= 12)
    }
}
