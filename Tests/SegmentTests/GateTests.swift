import Frames
import Segment
import Testing

@Suite("The gate")
struct GateTests {
    static let size = PixelSize(width: 224, height: 224)

    /// A reddish, unevenly lit field with edges at many scales and a dark opening; sensor noise of a few levels.
    static func tissue(noise: Int = 3) -> RGBPicture {
        var picture = RGBPicture(size: size)
        var state: UInt64 = 11
        for y in 0..<size.height {
            for x in 0..<size.width {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                let dx = Double(x - 112) / 112
                let dy = Double(y - 112) / 112
                var light = 0.85 - 0.5 * (dx * dx + dy * dy)
                let inside = abs(dx + 0.15) < 0.18 * (0.4 - dy) && dy > -0.4 && dy < 0.4
                if inside { light *= 0.15 }
                if ((x / 9) + (y / 13)) % 4 == 0 { light *= 0.85 }
                if (x * x + y * y * 3) % 97 < 12 { light *= 0.93 }
                let grain = Int(state >> 40) % (2 * noise + 1) - noise
                for (channel, tint) in [0.9, 0.55, 0.5].enumerated() {
                    let value = Int(light * tint * 255) + grain
                    picture.pixels[(y * size.width + x) * 3 + channel] = UInt8(max(0, min(255, value)))
                }
            }
        }
        return picture
    }

    static func changed(_ picture: RGBPicture, _ change: (Double, Int) -> Double) -> RGBPicture {
        var result = picture
        for i in result.pixels.indices {
            result.pixels[i] = UInt8(max(0, min(255, change(Double(picture.pixels[i]), i % 3).rounded())))
        }
        return result
    }

    static func blurred(_ picture: RGBPicture, radius: Int) -> RGBPicture {
        var result = picture
        for y in 0..<size.height {
            for x in 0..<size.width {
                for channel in 0..<3 {
                    var sum = 0
                    var count = 0
                    for v in max(0, y - radius)...min(size.height - 1, y + radius) {
                        for u in max(0, x - radius)...min(size.width - 1, x + radius) {
                            sum += Int(picture.pixels[(v * size.width + u) * 3 + channel])
                            count += 1
                        }
                    }
                    result.pixels[(y * size.width + x) * 3 + channel] = UInt8(sum / count)
                }
            }
        }
        return result
    }

    static func judge(_ picture: RGBPicture) -> (reasons: [Reason], quality: Double) {
        let gate = Gate()
        return gate.judge(gate.measure(picture, field: FieldOfView(full: picture.size)))
    }

    @Test("a good picture passes, with a quality well above that of a refused one")
    func good() {
        let verdict = Self.judge(Self.tissue())
        #expect(verdict.reasons == [])
        #expect(verdict.quality > 0.3 && verdict.quality <= 1)
    }

    @Test("each fault is named")
    func faults() {
        let good = Self.tissue()
        #expect(Self.judge(Self.changed(good) { value, _ in value * 0.06 }).reasons.contains(.tooDark))
        #expect(Self.judge(Self.changed(good) { value, _ in value * 2.2 + 130 }).reasons.contains(.overexposed))
        #expect(Self.judge(Self.changed(good) { value, _ in value * 0.15 + 170 }).reasons.contains(.foggy))
        #expect(
            Self.judge(Self.changed(good) { value, channel in value * 0.09 + (channel == 0 ? 150 : 60) }).reasons
                .contains(.flat))
        // Out of focus, the sensor's noise stays sharp.
        var soft = Self.blurred(Self.blurred(good, radius: 9), radius: 9)
        var state: UInt64 = 5
        for i in soft.pixels.indices {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            soft.pixels[i] = UInt8(max(0, min(255, Int(soft.pixels[i]) + Int(state >> 40) % 7 - 3)))
        }
        #expect(Self.judge(soft).reasons == [.blurred])
    }

    @Test("a partly fogged, dim or slightly soft picture passes")
    func forgiving() {
        let good = Self.tissue()
        #expect(Self.judge(Self.changed(good) { value, _ in value * 0.3 }).reasons == [])
        #expect(Self.judge(Self.changed(good) { value, _ in value * 0.7 + 45 }).reasons == [])
        #expect(Self.judge(Self.blurred(good, radius: 1)).reasons == [])
    }

    @Test(
        "one colour from edge to edge is no signal, whatever the colour",
        arguments: [[0, 0, 0], [16, 16, 16], [0, 0, 255], [20, 30, 200], [128, 128, 128], [255, 255, 255]])
    func noSignal(colour: [Int]) {
        var picture = RGBPicture(size: Self.size)
        for i in picture.pixels.indices { picture.pixels[i] = UInt8(colour[i % 3]) }
        // A caption on it changes nothing.
        for y in 100..<106 { for x in 60..<160 where x % 3 == 0 { picture.pixels[(y * 224 + x) * 3] ^= 0xC0 } }
        let verdict = Self.judge(picture)
        #expect(verdict.reasons == [.noSignal])
        #expect(verdict.quality == 0)
    }

    @Test("only the field counts: what lies outside it changes no measure")
    func outside() {
        let good = Self.tissue()
        var field = FieldOfView(full: Self.size)
        for y in 0..<224 {
            field.starts[y] = y < 30 ? 0 : 40
            field.ends[y] = y < 30 ? 0 : 190
        }
        var other = good
        for y in 0..<224 {
            for x in 0..<224 where !field.contains(x: x, y: y) {
                for channel in 0..<3 { other.pixels[(y * 224 + x) * 3 + channel] = UInt8((x * 7 + y * 13) % 256) }
            }
        }
        let gate = Gate()
        #expect(gate.measure(good, field: field) == gate.measure(other, field: field))
        #expect(gate.measure(good, field: field).pixels == field.area)
    }

    @Test("measures of pictures whose answer is known")
    func closedForms() {
        let gate = Gate()
        let full = FieldOfView(full: Self.size)
        var picture = RGBPicture(size: Self.size)
        // A grey ramp of one level per pixel: 0...223.
        for i in picture.pixels.indices { picture.pixels[i] = UInt8(i / 3 % 224) }
        let ramp = gate.measure(picture, field: full)
        #expect(abs(ramp.brightness - 111.5 / 255) < 1e-9)
        #expect(abs(ramp.contrast - 0.9 * 224 / 255) < 0.01)
        #expect(abs(ramp.sharpness - 1.0 / 16) < 1e-9)
        #expect(abs(ramp.black - 17.0 / 224) < 1e-9)
        #expect(ramp.saturated == 0)
        #expect(abs(ramp.fog - 22.0 / 255) < 0.005)
        // Hard vertical stripes, 16 px wide.
        for i in picture.pixels.indices { picture.pixels[i] = i / 3 % 224 / 16 % 2 == 0 ? 40 : 255 }
        let stripes = gate.measure(picture, field: full)
        #expect(abs(stripes.sharpness - 0.25) < 0.01)
        #expect(abs(stripes.saturated - 0.5) < 1e-9)
        #expect(abs(stripes.contrast - 215.0 / 255) < 1e-9)
    }

    @Test("the quality never falls when one measure gets better")
    func monotone() {
        let gate = Gate()
        let base = gate.measure(Self.tissue(), field: FieldOfView(full: Self.size))
        func rising(_ set: (inout GateMeasures, Double) -> Void) {
            var last = -1.0
            for step in 0...50 {
                var measures = base
                set(&measures, Double(step) / 50)
                let quality = gate.judge(measures).quality
                #expect(quality >= last)
                last = quality
            }
        }
        rising { $0.sharpness = 0.3 * $1 }
        rising { $0.contrast = $1 }
        rising { $0.fog = 1 - $1 }
        rising { $0.saturated = 1 - $1 }
        rising { $0.brightness = 0.8 * $1 }
    }

    @Test("an empty field has nothing to judge")
    func emptyField() {
        let field = FieldOfView(
            size: Self.size, starts: [Int](repeating: 0, count: 224), ends: [Int](repeating: 0, count: 224))
        let gate = Gate()
        #expect(gate.judge(gate.measure(Self.tissue(), field: field)).reasons == [.noSignal])
    }
}
