import Foundation
import Frames
import Segment
import Testing

@Suite("Locate, then look")
struct CropTrackerTests {
    private func opening(x: Double, y: Double, length: Double) -> Opening {
        Opening(
            area: length * length * 0.3, length: length, width: length * 0.6, angle: nil, leftArea: length,
            rightArea: length, center: Point(x: x, y: y))
    }

    @Test("the inlet around a small opening stays in view; a narrow one asks for nothing more")
    func inlet() {
        let pane = PixelSize(width: 828, height: 828)
        let (small, around) = (opening(x: 400, y: 400, length: 60), opening(x: 400, y: 380, length: 240))
        var tracker = CropTracker(pane: pane)
        tracker.note(small, confidence: 0.9)
        let alone = tracker.crop
        tracker.note(small, confidence: 0.9, inlet: around)
        #expect(tracker.crop.width > alone.width && Double(tracker.crop.width) >= 1.25 * 240)
        var other = CropTracker(pane: pane)
        other.note(small, confidence: 0.9, inlet: opening(x: 400, y: 400, length: 80))
        #expect(other.crop == alone)
    }

    @Test("the first look is the whole pane, whatever its shape")
    func first() {
        #expect(
            CropTracker(pane: PixelSize(width: 829, height: 828)).crop == PixelRect(x: 0, y: 0, width: 829, height: 828)
        )
        #expect(CropTracker(pane: PixelSize(width: 1, height: 1)).crop == PixelRect(x: 0, y: 0, width: 1, height: 1))
    }

    @Test(
        "after a find the crop is square, even, inside the pane, and holds the opening with room around it",
        arguments: [(829, 828), (640, 512), (320, 240), (240, 320), (1201, 961)])
    func found(width: Int, height: Int) {
        let pane = PixelSize(width: width, height: height)
        let short = Double(min(width, height))
        for length in [0.02, 0.1, 0.15, 0.2, 0.3] {
            for (fx, fy) in [(0.4, 0.5), (0.1, 0.9), (0.99, 0.02), (0.5, 0.5)] {
                var tracker = CropTracker(pane: pane)
                let seen = opening(x: Double(width) * fx, y: Double(height) * fy, length: short * length)
                tracker.note(seen, confidence: 0.9)
                let crop = tracker.crop
                #expect(!tracker.looksAtWholePane)
                #expect(crop.width == crop.height)
                #expect(crop.x % 2 == 0 && crop.y % 2 == 0 && crop.width % 2 == 0)
                #expect(PixelRect(pane).contains(crop))
                #expect(Double(crop.width) >= 0.35 * short - 2)
                #expect(Double(crop.width) >= 2.1 * seen.length)
                #expect(Double(crop.width) <= max(0.36 * short, 4 * seen.length))
                let middle = seen.center!
                #expect(middle.x >= Double(crop.x) && middle.x <= Double(crop.maxX + 1))
                #expect(middle.y >= Double(crop.y) && middle.y <= Double(crop.maxY + 1))
            }
        }
    }

    @Test("an opening that fills the pane keeps the whole pane in view")
    func large() {
        var tracker = CropTracker(pane: PixelSize(width: 800, height: 800))
        tracker.note(opening(x: 400, y: 400, length: 700), confidence: 0.9)
        #expect(tracker.looksAtWholePane)
    }

    @Test("breathing and a shaking scope do not move the crop")
    func steady() {
        var tracker = CropTracker(pane: PixelSize(width: 829, height: 828))
        tracker.note(opening(x: 350, y: 400, length: 160), confidence: 0.9)
        let crop = tracker.crop
        for step in 0..<200 {
            let phase = Double(step % 20) / 20
            let length = 130 + 60 * abs(phase - 0.5) * 2
            tracker.note(
                opening(x: 350 + Double(step % 7) * 5 - 15, y: 400 + Double(step % 5) * 6 - 12, length: length),
                confidence: 0.8)
            #expect(tracker.crop == crop, "look \(step)")
        }
    }

    @Test("the crop follows an opening that wanders off, and keeps its size")
    func follows() {
        var tracker = CropTracker(pane: PixelSize(width: 829, height: 828))
        tracker.note(opening(x: 300, y: 400, length: 150), confidence: 0.9)
        let side = tracker.crop.width
        var moves = 0
        for step in 0..<150 {
            let before = tracker.crop
            let x = 300 + Double(step) * 2
            tracker.note(opening(x: x, y: 400, length: 150), confidence: 0.9)
            if tracker.crop != before { moves += 1 }
            #expect(tracker.crop.width == side)
            #expect(abs(Double(tracker.crop.x + side / 2) - x) <= 0.13 * Double(side) + 2)
        }
        #expect(moves >= 3 && moves <= 12)
    }

    @Test("nothing seen a few times, or seen without confidence, brings the whole pane back")
    func lost() {
        for confidence in [0.9, 0.1] {
            var tracker = CropTracker(pane: PixelSize(width: 829, height: 828))
            let seen = opening(x: 300, y: 400, length: 150)
            tracker.note(seen, confidence: 0.9)
            let crop = tracker.crop
            for look in 1...3 {
                #expect(tracker.crop == crop, "before miss \(look)")
                tracker.note(confidence > 0.5 ? nil : seen, confidence: confidence)
            }
            #expect(tracker.looksAtWholePane)
        }
    }

    @Test("one find between the misses starts their count anew")
    func blink() {
        var tracker = CropTracker(pane: PixelSize(width: 829, height: 828))
        for _ in 0..<10 {
            tracker.note(opening(x: 300, y: 400, length: 150), confidence: 0.9)
            tracker.note(nil, confidence: 0)
            tracker.note(nil, confidence: 0)
        }
        #expect(!tracker.looksAtWholePane)
    }

    @Test("a closed larynx holds the crop for the given number of looks, then the whole pane is searched")
    func closed() {
        var tracker = CropTracker(pane: PixelSize(width: 829, height: 828))
        tracker.note(opening(x: 300, y: 400, length: 150), confidence: 0.9)
        let crop = tracker.crop
        for look in 1..<50 {
            tracker.note(.closed, confidence: 0.9)
            #expect(tracker.crop == crop, "closed look \(look)")
        }
        tracker.note(.closed, confidence: 0.9)
        #expect(tracker.looksAtWholePane)
    }

    @Test("stored and restored at any moment, it goes on identically")
    func restored() throws {
        var state: UInt64 = 7
        func random(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
        var tracker = CropTracker(pane: PixelSize(width: 640, height: 512))
        var twin = tracker
        for _ in 0..<400 {
            let look: Opening? =
                switch random(6) {
                case 0: nil
                case 1: .closed
                default: opening(x: Double(random(640)), y: Double(random(512)), length: Double(random(300) + 1))
                }
            let confidence = Double(random(100)) / 100
            tracker.note(look, confidence: confidence)
            if random(5) == 0 {
                twin = try JSONDecoder().decode(CropTracker.self, from: JSONEncoder().encode(twin))
            }
            twin.note(look, confidence: confidence)
            #expect(twin == tracker)
        }
    }
}
