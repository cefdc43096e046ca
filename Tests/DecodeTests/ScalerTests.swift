// What the scaler must get right: place, brightness, fields.
import Decode
import Encode
import Frames
import Testing

@Suite("Scaling")
struct ScalerTests {
    private let size = PixelSize(width: 96, height: 80)

    /// Writes one picture without loss of luma and reads it back as a frame.
    private func frame(_ picture: RGBPicture, interlaced: Bool = false) throws -> VideoFrame {
        let scratch = try Scratch()
        var settings = codec("ffv1")
        settings.isInterlaced = interlaced
        let writer = try RecordingWriter(
            path: scratch.path("a.mkv"), size: picture.size, rateNumerator: 25, settings: settings)
        try writer.write(picture)
        try writer.finish()
        var reader = try RecordingReader(path: scratch.path("a.mkv"))
        guard let frame = try reader.next() else { throw DecodeError(.empty, path: "", found: "", remedy: "") }
        return frame
    }

    private func painted(_ paint: (Int, Int) -> (UInt8, UInt8, UInt8)) -> RGBPicture {
        var picture = RGBPicture(size: size)
        for y in 0..<size.height {
            for x in 0..<size.width {
                let at = (y * size.width + x) * 3
                (picture.pixels[at], picture.pixels[at + 1], picture.pixels[at + 2]) = paint(x, y)
            }
        }
        return picture
    }

    private func rgb(_ frame: borrowing VideoFrame, _ rect: PixelRect, _ size: PixelSize) throws -> RGBPicture {
        var picture = RGBPicture(size: size)
        try PictureScaler().rgb(frame, from: rect, into: &picture)
        return picture
    }

    private func luma(_ frame: borrowing VideoFrame, _ rect: PixelRect, _ size: PixelSize) throws -> LumaPicture {
        var picture = LumaPicture(size: size)
        try PictureScaler().luma(frame, from: rect, into: &picture)
        return picture
    }

    @Test("a crop at any odd place shows the very pixels of the whole picture")
    func oddCrops() throws {
        // Colour that changes smoothly, so that a shift of half a chroma sample would show.
        let frame = try frame(painted { x, y in (UInt8(40 + x * 2), 100, UInt8(30 + y * 2)) })
        let whole = try rgb(frame, PixelRect(size), size)
        for (x, y) in [(1, 1), (2, 3), (7, 4), (31, 17)] {
            let rect = PixelRect(x: x, y: y, width: 33, height: 29)
            let crop = try rgb(frame, rect, rect.size)
            var worst = 0
            // The outermost pixels look at no chroma outside the crop.
            for row in 2..<27 {
                for column in 2..<31 {
                    for c in 0..<3 {
                        let a = Int(crop.pixels[(row * 33 + column) * 3 + c])
                        let b = Int(whole.pixels[((row + y) * size.width + column + x) * 3 + c])
                        worst = max(worst, abs(a - b))
                    }
                }
            }
            #expect(worst == 0)
        }
    }

    @Test("shrinking averages: a ramp stays a ramp at the pixels' middles", arguments: [7, 16, 24, 31, 48, 96])
    func ramp(width: Int) throws {
        let frame = try frame(painted { x, _ in (UInt8(20 + x * 2), UInt8(20 + x * 2), UInt8(20 + x * 2)) })
        let small = try rgb(frame, PixelRect(size), PixelSize(width: width, height: 10))
        let scale = Double(size.width) / Double(width)
        for x in 0..<width {
            let wanted = 20 + 2 * ((Double(x) + 0.5) * scale - 0.5)
            for c in 0..<3 { #expect(abs(Double(small.pixels[x * 3 + c]) - wanted) <= 2) }
        }
    }

    @Test("shrinking keeps the mean of fine patterns, where picking pixels would not")
    func mean() throws {
        let frame = try frame(painted { x, y in (x + y) % 2 == 0 ? (200, 200, 200) : (40, 40, 40) })
        let small = try luma(frame, PixelRect(size), PixelSize(width: 12, height: 10))
        for value in small.pixels { #expect(abs(Int(value) - 120) <= 1) }
    }

    @Test("growing interpolates between the pixels")
    func growing() throws {
        let frame = try frame(painted { x, _ in (UInt8(20 + x * 2), UInt8(20 + x * 2), UInt8(20 + x * 2)) })
        let rect = PixelRect(x: 10, y: 10, width: 20, height: 20)
        let large = try luma(frame, rect, PixelSize(width: 80, height: 80))
        for x in 2..<78 {
            let wanted = 20 + 2 * (10 + (Double(x) + 0.5) / 4 - 0.5)
            #expect(abs(Double(large[x, 40]) - wanted) <= 2)
        }
    }

    @Test("of interlaced frames one field is used, at its right height")
    func fields() throws {
        // A vertical edge that moved by 20 pixels between the fields.
        let moving = try frame(
            painted { x, y in x < (y % 2 == 0 ? 40 : 60) ? (200, 200, 200) : (30, 30, 30) }, interlaced: true)
        let isInterlaced = moving.isInterlaced
        #expect(isInterlaced)
        let seen = try luma(moving, PixelRect(size), size)
        for y in 0..<size.height {
            #expect(abs(Int(seen[30, y]) - 200) <= 1)
            #expect(abs(Int(seen[50, y]) - 30) <= 1)
        }
        // A slope over the rows must not move by the half row that a field lies off.
        let slope = painted { _, y in (UInt8(20 + y * 2), UInt8(20 + y * 2), UInt8(20 + y * 2)) }
        let target = PixelSize(width: 10, height: 20)
        let fieldFrame = try frame(slope, interlaced: true)
        let wholeFrame = try frame(slope)
        let one = try luma(fieldFrame, PixelRect(size), target)
        let both = try luma(wholeFrame, PixelRect(size), target)
        for y in 0..<target.height { #expect(abs(Int(one[5, y]) - Int(both[5, y])) <= 1) }
    }

    @Test("a scaler can be used for targets of changing size, and its results repeat")
    func reuse() throws {
        let frame = try frame(drawn(9, size: size))
        let scaler = PictureScaler()
        var results: [RGBPicture] = []
        for _ in 0..<2 {
            for side in [8, 60, 33] {
                var picture = RGBPicture(size: PixelSize(width: side, height: side))
                try scaler.rgb(frame, from: PixelRect(x: 3, y: 5, width: 71, height: 70), into: &picture)
                results.append(picture)
            }
        }
        #expect(Array(results[0..<3]) == Array(results[3..<6]))
    }

    @Test("a rectangle outside the picture is an error, not a crash")
    func outside() throws {
        let frame = try frame(drawn(9, size: size))
        var thrown: (any Error)?
        do {
            _ = try rgb(frame, PixelRect(x: 90, y: 0, width: 10, height: 10), PixelSize(width: 4, height: 4))
        } catch {
            thrown = error
        }
        #expect(thrown is DecodeError)
    }
}
