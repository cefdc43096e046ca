// Frames decoded again must be the very frames that were measured.
import Decode
import Encode
import Frames
import Testing

@Suite("Frames found again")
struct FrameFinderTests {
    /// Every frame's time, and the pixels of some, read from the start.
    private func read(_ path: String, pixelsOf wanted: Set<Int>) throws -> (
        times: [StreamTime], pictures: [Int: [UInt8]]
    ) {
        var reader = try RecordingReader(path: path)
        var times: [StreamTime] = []
        var pictures: [Int: [UInt8]] = [:]
        while let frame = try reader.next() {
            times.append(frame.time)
            if wanted.contains(frame.index) { pictures[frame.index] = try pixels(frame) }
        }
        return (times, pictures)
    }

    private func pixels(_ frame: borrowing VideoFrame) throws -> [UInt8] {
        var picture = RGBPicture(size: frame.displaySize)
        try PictureScaler().rgb(frame, from: PixelRect(picture.size), into: &picture)
        return picture.pixels
    }

    @Test(
        "are the same pixels as in a reading from the start, in any order",
        arguments: [
            ("a.mkv", "h264"), ("b.mp4", "h264"), ("c.ts", "h264"), ("d.mkv", "mjpeg"), ("e.mp4", "mpeg4"),
            ("f.mov", "hevc"), ("g.ts", "mpeg2video"),
        ])
    func same(name: String, codecName: String) throws {
        let scratch = try Scratch()
        var settings = codec(codecName)
        settings.keyFrameDistance = 12
        let path = try record(scratch.path(name), frames: 60, settings: settings)
        let wanted = [59, 0, 31, 12, 11, 13, 48, 1]
        let (times, pictures) = try read(path, pixelsOf: Set(wanted))
        #expect(times.count == 60)
        var finder = try FrameFinder(path: path)
        for index in wanted {
            let found = try finder.frame(index, at: times[index])
            guard let frame = found else {
                Issue.record("frame \(index) of \(name) was not found")
                continue
            }
            #expect(frame.index == index)
            #expect(try pixels(frame) == pictures[index], "frame \(index) of \(name)")
        }
    }

    @Test(
        "are refused rather than guessed where the container does not stamp pictures",
        arguments: [("a.avi", "mpeg4"), ("b.avi", "h264")])
    func unstamped(name: String, codecName: String) throws {
        let scratch = try Scratch()
        let path = try record(scratch.path(name), frames: 30, settings: codec(codecName))
        let (times, pictures) = try read(path, pixelsOf: [20])
        var finder = try FrameFinder(path: path)
        let found = try finder.frame(20, at: times[20])
        if let frame = found { #expect(try pixels(frame) == pictures[20]) }
    }

    @Test("are nothing at a time at which no frame is shown")
    func between() throws {
        let scratch = try Scratch()
        let path = try record(scratch.path("a.mkv"), frames: 30, settings: codec("h264"))
        var finder = try FrameFinder(path: path)
        for nanoseconds in [Int64(50_000_000), 3_600_000_000_000, -40_000_000] {
            let isFound = try finder.frame(1, at: StreamTime(nanoseconds: nanoseconds)) != nil
            #expect(!isFound, "\(nanoseconds) ns")
        }
    }
}
