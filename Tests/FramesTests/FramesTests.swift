import Frames
import Testing

@Suite("Time") struct StreamTimeTests {
    @Test(
        "is rounded once from ticks and time base",
        arguments: [
            (ticks: Int64(0), n: 1, d: 25, expected: Int64(0)), (1, 1, 25, 40_000_000),
            (90_000, 1, 90_000, 1_000_000_000),
            (1, 1001, 30_000, 33_366_667), (-1, 1, 3, -333_333_333), (2, 1, 3, 666_666_667),
            (8_589_934_592, 1, 90_000, 95_443_717_688_889),
        ])
    func ticks(ticks: Int64, n: Int, d: Int, expected: Int64) {
        #expect(StreamTime(ticks: ticks, numerator: n, denominator: d)?.nanoseconds == expected)
    }

    @Test("does not drift: a million frames of 30000/1001 end where one multiplication says")
    func drift() {
        let last = StreamTime(ticks: 1_000_000, numerator: 1001, denominator: 30_000)
        #expect(last?.nanoseconds == 33_366_666_666_667)
    }

    @Test("refuses what 64 bits of nanoseconds cannot hold")
    func overflow() {
        #expect(StreamTime(ticks: .max, numerator: 1, denominator: 1) == nil)
        #expect(StreamTime(ticks: .min, numerator: 1000, denominator: 1) == nil)
    }
}

@Suite("Fields of view") struct FieldOfViewTests {
    @Test("count their lit pixels and keep their shape when scaled")
    func scaled() {
        let size = PixelSize(width: 800, height: 800)
        // An octagon with corners cut by 120.
        let starts = (0..<800).map { max(0, 120 - min($0, 799 - $0)) }
        let field = FieldOfView(size: size, starts: starts, ends: starts.map { 800 - $0 })
        #expect(field.area == 800 * 800 - 2 * starts.reduce(0, +))
        #expect(field.contains(x: 400, y: 0))
        #expect(!field.contains(x: 0, y: 0))
        #expect(!field.contains(x: 400, y: 800))
        let small = field.scaled(to: PixelSize(width: 200, height: 200))
        #expect(abs(Double(small.area) * 16 / Double(field.area) - 1) < 0.01)
    }
}

@Suite("Pictures") struct PictureTests {
    @Test("keep their size and storage together")
    func resize() {
        var picture = RGBPicture(size: PixelSize(width: 8, height: 4))
        #expect(picture.pixels.count == 96)
        picture.resize(to: PixelSize(width: 2, height: 2))
        #expect(picture.pixels.count == 12)
        picture.resize(to: PixelSize(width: 16, height: 16))
        #expect(picture.pixels.count == 768)
    }
}
