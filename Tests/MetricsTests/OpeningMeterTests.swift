import Foundation
import Frames
import Metrics
import Testing

@Suite("The opening of one frame")
struct OpeningMeterTests {
    let pane = PixelSize(width: 240, height: 240)

    func measure(
        _ shape: Shape, map: PixelSize? = nil, crop: PixelRect? = nil, field: FieldOfView? = nil,
        settings: OpeningSettings = OpeningSettings(), steepness: Double = 2
    ) -> MeterResult {
        var meter = OpeningMeter(settings: settings)
        var result = MeterResult()
        let crop = crop ?? PixelRect(pane)
        let logits = shape.map(map ?? crop.size, crop: crop, steepness: steepness)
        meter.measure(logits, crop: crop, field: field ?? FieldOfView(full: pane), into: &result)
        return result
    }

    func near(_ a: Double, _ b: Double, percent: Double = 0.5) -> Bool { abs(a - b) <= abs(b) * percent / 100 }

    @Test(
        "An ellipse has area pi a b, length 2 a, width 2 b, at any turn and any fraction of a pixel",
        arguments: [0, 20, 45, -60, 85], [(24.0, 10.0), (60, 25), (12, 6)])
    func ellipse(degrees: Int, axes: (Double, Double)) {
        for step in 0..<5 {
            let shift = Double(step) * 0.23
            let shape = Shape.ellipse(118 + shift, 121 - shift, axes.1, axes.0, degrees: Double(degrees))
            let result = measure(shape)
            #expect(near(result.opening.area, .pi * axes.0 * axes.1))
            // Between two outline points the tip of a small ellipse rises a little higher than either.
            #expect(abs(result.opening.length - 2 * axes.0) < max(0.01 * axes.0, 0.15))
            #expect(abs(result.opening.width - 2 * axes.1) < max(0.01 * axes.1, 0.15))
            #expect(near(result.opening.leftArea, result.opening.area / 2, percent: 1))
            #expect(abs((result.opening.center?.x ?? 0) - 118 - shift) < 0.05)
            #expect(abs((result.opening.center?.y ?? 0) - 121 + shift) < 0.05)
            #expect(!result.isCutByEdge && !result.isEmpty && result.ringStarts == [0])
        }
    }

    @Test("A wedge has its area and its angle at the commissure", arguments: [20.0, 35, 50], [-25.0, 0, 10, 40])
    func wedgeAngle(degrees: Double, tilt: Double) throws {
        let corners = wedge(apexX: 120.3, apexY: 190.7, height: 110, degrees: degrees, tilt: tilt)
        let result = measure(.polygon(corners))
        #expect(near(result.opening.area, 110 * 110 * tan(degrees * .pi / 360)))
        #expect(abs(try #require(result.opening.angle) - degrees) < 0.5)
        #expect(near(result.opening.leftArea + result.opening.rightArea, result.opening.area, percent: 1e-9))
    }

    @Test("The commissure is where the setting says, or at the narrower end")
    func apexEnds() throws {
        let down = Shape.polygon(wedge(apexX: 120, apexY: 190, height: 110, degrees: 30))
        let up = Shape.polygon(wedge(apexX: 120, apexY: 50, height: 110, degrees: 30, tilt: 180))
        var settings = OpeningSettings()
        settings.apex = .up
        #expect(abs(try #require(measure(up, settings: settings).opening.angle) - 30) < 0.5)
        settings.apex = .auto
        #expect(abs(try #require(measure(up, settings: settings).opening.angle) - 30) < 0.5)
        #expect(abs(try #require(measure(down, settings: settings).opening.angle) - 30) < 0.5)
        #expect(measure(up).opening.angle == nil)
    }

    @Test("Round edges have no angle")
    func noAngle() {
        #expect(measure(.ellipse(120, 120, 40, 40)).opening.angle == nil)
        #expect(measure(.ellipse(120, 120, 4, 5)).opening.angle == nil)
    }

    @Test("Left and right are the picture's, whichever end is the commissure", arguments: ApexEnd.allCases)
    func sides(apex: ApexEnd) throws {
        var settings = OpeningSettings()
        settings.apex = apex
        // A thin tongue to the left pulls the centroid there, so that most of the body lies right of it.
        let shape = Shape.or(
            .ellipse(150, 120, 16, 60),
            .polygon([Point(x: 100, y: 112), Point(x: 150, y: 112), Point(x: 150, y: 128), Point(x: 100, y: 128)]))
        let opening = measure(shape, settings: settings).opening
        let center = try #require(opening.center)
        // Symmetric about y = 120, so the long axis is upright.
        let left = gridArea { x, y in x < center.x && shape.inside(x, y) > 0 }
        #expect(near(opening.leftArea, left))
        #expect(opening.rightArea > 1.2 * opening.leftArea)
        #expect(near(opening.leftArea + opening.rightArea, opening.area, percent: 1e-9))
    }

    @Test(
        "A crop of another scale measures the same pane pixels",
        arguments: [(96, 96), (192, 128), (60, 60), (300, 300)])
    func scaledCrop(map: (Int, Int)) {
        let shape = Shape.ellipse(101.4, 92.2, 18, 34, degrees: 15)
        let crop = PixelRect(x: 37, y: 29, width: 130, height: 130)
        let result = measure(shape, map: PixelSize(width: map.0, height: map.1), crop: crop)
        #expect(near(result.opening.area, .pi * 18 * 34))
        #expect(near(result.opening.length, 68))
        #expect(abs((result.opening.center?.x ?? 0) - 101.4) < 0.05)
    }

    @Test("A heart keeps the area of its polygon")
    func heart() {
        // Two half discs over a wedge: area pi r^2 + the triangle under them.
        let r = 30.0
        let wedge = Shape.polygon([Point(x: 60, y: 100), Point(x: 180, y: 100), Point(x: 120, y: 200)])
        let left = Shape.ellipse(90, 100, r, r)
        let right = Shape.ellipse(150, 100, r, r)
        let result = measure(.or(wedge, .or(left, right)))
        // The lower half discs lie inside the wedge up to the slivers outside its slanted edges.
        let exact = gridArea { wedge.inside($0, $1) > 0 || left.inside($0, $1) > 0 || right.inside($0, $1) > 0 }
        #expect(near(result.opening.area, exact))
    }

    func gridArea(_ inside: (Double, Double) -> Bool) -> Double {
        var count = 0
        for y in 0..<(240 * 8) {
            for x in 0..<(240 * 8) where inside((Double(x) + 0.5) / 8, (Double(y) + 0.5) / 8) { count += 1 }
        }
        return Double(count) / 64
    }

    @Test("A tube in the opening is cut out of its area")
    func hole() {
        let shape = Shape.without(.ellipse(120, 120, 30, 60), .ellipse(118, 130, 9, 9))
        let result = measure(shape)
        #expect(near(result.opening.area, .pi * (30 * 60 - 81)))
        #expect(result.evidence.holes == 1)
        #expect(result.ringStarts.count == 2)
        #expect(near(result.opening.length, 120))
    }

    @Test("Two parts split by a bridge of saliva are one opening; a far or sideways part is none of it")
    func parts() {
        let corners = wedge(apexX: 120, apexY: 200, height: 140, degrees: 30)
        let bridge = Shape.polygon(
            [Point(x: 40, y: 118), Point(x: 200, y: 118), Point(x: 200, y: 124), Point(x: 40, y: 124)])
        let split = measure(.without(.polygon(corners), bridge))
        let whole = 140 * 140 * tan(15 * Double.pi / 180)
        let bridged = 6 * 2 * tan(15 * Double.pi / 180) * 79
        #expect(split.evidence.keptParts == 2)
        #expect(near(split.opening.area, whole - bridged))
        #expect(near(split.opening.length, 140, percent: 2))

        let tube = Shape.polygon(
            [Point(x: 117, y: 20), Point(x: 123, y: 20), Point(x: 123, y: 230), Point(x: 117, y: 230)])
        #expect(measure(.without(.polygon(corners), tube)).evidence.keptParts == 2)

        let far = measure(.or(.ellipse(100, 120, 15, 40), .ellipse(190, 60, 12, 12)))
        #expect(far.evidence.parts == 2 && far.evidence.keptParts == 1)
        #expect(near(far.opening.area, .pi * 15 * 40))
        let beside = measure(.or(.ellipse(100, 120, 12, 45), .ellipse(128, 120, 9, 9)))
        #expect(beside.evidence.keptParts == 1)
        #expect(near(beside.opening.area, .pi * 12 * 45))
    }

    @Test("A speck or nothing is a closed larynx: measured, area 0")
    func closed() {
        let nothing = measure(Shape { _, _ in -5 })
        #expect(nothing.isEmpty && nothing.opening == .closed && nothing.outline.isEmpty)
        #expect(nothing.confidence > 0.99)
        let speck = measure(.ellipse(120, 120, 1.5, 1.5))
        #expect(speck.isEmpty && speck.opening == .closed && speck.outline.isEmpty)
        #expect(measure(.ellipse(120, 120, 2.2, 2.2)).opening.area > 11.52)
    }

    @Test("An opening cut by the field of view says so, and one cut by the crop only says that")
    func cut() {
        var field = FieldOfView(full: pane)
        for y in 0..<240 {
            let half = max(0, 110 * 110 - (Double(y) - 119.5) * (Double(y) - 119.5)).squareRoot()
            field.starts[y] = Int((120 - half).rounded())
            field.ends[y] = Int((120 + half).rounded())
        }
        let inside = measure(.ellipse(120, 120, 30, 60), field: field)
        #expect(!inside.isCutByEdge && inside.evidence.fieldEdgeShare == 0)
        let beyond = measure(.ellipse(210, 120, 40, 60), field: field)
        #expect(beyond.isCutByField && !beyond.isCutByCrop)
        let exact = gridArea { x, y in
            Shape.ellipse(210, 120, 40, 60).inside(x, y) > 0 && field.contains(x: Int(x), y: Int(y))
        }
        #expect(near(beyond.opening.area, exact, percent: 1))

        let crop = PixelRect(x: 60, y: 60, width: 100, height: 100)
        let cropped = measure(.ellipse(110, 150, 20, 40), crop: crop, field: field)
        #expect(cropped.isCutByCrop && !cropped.isCutByField)
        // A crop that ends with the pane is cut by the field, not by the crop.
        let last = PixelRect(x: 140, y: 140, width: 100, height: 100)
        let end = measure(.ellipse(190, 230, 20, 40), crop: last)
        #expect(end.isCutByField && !end.isCutByCrop)
    }

    @Test("Soft logits are trusted less than sharp ones, and no number is never an opening")
    func confidence() {
        let sharp = measure(.ellipse(120, 120, 30, 60), steepness: 4)
        let soft = measure(.ellipse(120, 120, 30, 60), steepness: 0.1)
        #expect(sharp.confidence > 0.9)
        #expect(soft.confidence < 0.4)
        #expect(near(soft.opening.area, sharp.opening.area, percent: 0.1))
        var map = Shape.ellipse(120, 120, 30, 60).map(pane, crop: PixelRect(pane))
        map.values[5] = .nan
        var meter = OpeningMeter()
        var result = MeterResult()
        meter.measure(map, crop: PixelRect(pane), field: FieldOfView(full: pane), into: &result)
        #expect(!result.evidence.isSound && result.confidence == 0 && result.isEmpty)
    }

    @Test("One meter gives for every frame what a fresh one gives, and keeps its storage")
    func reuse() {
        var meter = OpeningMeter()
        var result = MeterResult()
        let field = FieldOfView(full: pane)
        for step in 0..<12 {
            let shape = Shape.ellipse(120, 120, 5 + Double(step % 4) * 9, 20 + Double(step % 5) * 10)
            meter.measure(shape.map(pane, crop: PixelRect(pane)), crop: PixelRect(pane), field: field, into: &result)
            #expect(result == measure(shape))
        }
    }
}
