import Frames
import Segment
import Testing

@Suite("Signs that a capture card has no input")
struct SignalSignsTests {
    private static let size = PixelSize(width: 192, height: 108)
    /// Levels of the bars of EBU and of SMPTE, 75 % and 100 %.
    private static let orders: [[(Int, Int, Int)]] = [75, 100].map { percent in
        let on = 255 * percent / 100
        return [(on, on, on), (on, on, 0), (0, on, on), (0, on, 0), (on, 0, on), (on, 0, 0), (0, 0, on)]
    }

    private static func bars(_ colours: [(Int, Int, Int)], noise: Int, lower: Bool) -> RGBPicture {
        var picture = RGBPicture(size: size)
        var state: UInt64 = 5
        for y in 0..<size.height {
            for x in 0..<size.width {
                let index = x * colours.count / size.width
                // SMPTE's lower third has other bars.
                let colour =
                    lower && y > size.height * 2 / 3 ? colours[colours.count - 1 - index] : colours[index]
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                let grain = noise == 0 ? 0 : Int(state >> 40) % (2 * noise + 1) - noise
                for (channel, level) in [colour.0, colour.1, colour.2].enumerated() {
                    picture.pixels[(y * size.width + x) * 3 + channel] = UInt8(max(0, min(255, level + grain)))
                }
            }
        }
        return picture
    }

    @Test("colour bars are seen, with SMPTE's foot or without, with the noise of a codec, and in part")
    func bars() {
        for order in Self.orders {
            for (noise, lower) in [(0, false), (0, true), (3, true), (6, false)] {
                #expect(SignalSigns.showsBars(Self.bars(order, noise: noise, lower: lower)))
            }
            // What a pane in the middle shows of them.
            #expect(SignalSigns.showsBars(Self.bars(Array(order[1...5]), noise: 2, lower: true)))
        }
    }

    @Test("tissue, one colour, ramps and grey steps are none")
    func none() {
        #expect(!SignalSigns.showsBars(GateTests.tissue()))
        #expect(!SignalSigns.showsBars(Self.bars([(0, 0, 190)], noise: 0, lower: false)))
        let greys = (0..<8).map { ($0 * 32, $0 * 32, $0 * 32) }
        #expect(!SignalSigns.showsBars(Self.bars(greys, noise: 0, lower: false)))
        let ramp = (0..<96).map { (255 - $0, $0 * 2, $0) }
        #expect(!SignalSigns.showsBars(Self.bars(ramp, noise: 0, lower: false)))
    }

    @Test("one level in one pixel changes the imprint")
    func imprint() {
        let picture = GateTests.tissue()
        let imprint = SignalSigns.imprint(picture)
        #expect(SignalSigns.imprint(GateTests.tissue()) == imprint)
        for at in [0, 1, 7, 8, picture.pixels.count / 2, picture.pixels.count - 1] {
            var other = GateTests.tissue()
            other.pixels[at] ^= 1
            #expect(SignalSigns.imprint(other) != imprint)
        }
    }

    @Test("a picture stands still after three seconds, and no longer once it changes")
    func stands() {
        var watch = StillWatch()
        func ask(_ imprint: UInt64, _ seconds: Double) -> Bool {
            watch.stands(imprint, at: StreamTime(nanoseconds: Int64(seconds * 1e9)))
        }
        let answers = [0, 1, 2.96, 3, 3.5].map { ask(7, $0) }
        #expect(answers == [false, false, false, true, true])
        #expect([3.6, 4].map { ask(8, $0) } == [false, false])
        #expect([6.6, 6.7].map { ask(8, $0) } == [true, true])
        #expect([6.8, 6.9].map { ask(7, $0) } == [false, false])
    }
}
