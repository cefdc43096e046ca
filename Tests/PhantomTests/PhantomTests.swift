import Frames
import Testing

@testable import Phantom

/// Closed forms for the truth: what an outline covers.
struct OutlineTests {
    private static let square = Outline([SIMD2(10.25, 12.5), SIMD2(30.75, 12.5), SIMD2(30.75, 20), SIMD2(10.25, 20)])
    private static let size = PixelSize(width: 64, height: 64)

    @Test("The coverage of a rectangle is its area, exactly")
    func rectangle() {
        let cover = Coverage(Self.square, size: Self.size)
        #expect(abs(cover.area - 20.5 * 7.5) < 1e-4)
        #expect(abs(Self.square.area - 20.5 * 7.5) < 1e-4)
        #expect(abs(cover.values[15 * 64 + 10] - 0.75) < 1e-6)
        #expect(cover.values[12 * 64 + 20] == 0.5)
    }

    @Test("The coverage of a disc is pi r^2 within one part in a thousand")
    func disc() {
        let count = 720
        let points = (0..<count).map { i -> SIMD2<Float> in
            let a = Float(i) / Float(count) * 2 * Float.pi
            return SIMD2(31.3 + 17.7 * cosine(a), 30.9 + 17.7 * cosine(a - Float.pi / 2))
        }
        let cover = Coverage(Outline(points), size: Self.size)
        let expected = Double.pi * 17.7 * 17.7
        #expect(abs(cover.area - expected) < expected * 0.001)
        #expect(abs(Double(cover.mask.area) - expected) < expected * 0.01)
    }

    @Test("What covers the opening is taken away once, however many structures overlap")
    func holes() {
        let left = Outline([SIMD2(0, 0), SIMD2(15, 0), SIMD2(15, 64), SIMD2(0, 64)])
        let middle = Outline([SIMD2(14, 0), SIMD2(20, 0), SIMD2(20, 64), SIMD2(14, 64)])
        let cover = Coverage(Self.square, without: [left, middle, left], size: Self.size)
        #expect(abs(cover.area - 10.75 * 7.5) < 1e-4)
    }

    @Test("The field of view clips the opening to whole pixels of its rows")
    func clipped() {
        var field = FieldOfView(full: Self.size)
        for y in 0..<64 { field.ends[y] = 20 }
        let cover = Coverage(Self.square, field: field, size: Self.size)
        #expect(abs(cover.area - 9.75 * 7.5) < 1e-4)
    }

    @Test("Distances are signed, positive inside and exact at the lattice points")
    func distance() {
        let map = DistanceMap(Self.square, size: Self.size, step: 4)
        #expect(abs(map.values[4 * map.columns + 5] - 3.5) < 1e-4)
        #expect(abs(map.values[4 * map.columns + 9] + 5.25) < 1e-4)
    }

    private func cosine(_ a: Float) -> Float {
        // A series is enough here and keeps the test free of C.
        var x = a
        while x > Float.pi { x -= 2 * Float.pi }
        while x < -Float.pi { x += 2 * Float.pi }
        let q = Double(x) * Double(x)
        var term = 1.0
        var sum = 1.0
        for k in 1..<14 {
            term *= -q / Double((2 * k - 1) * (2 * k))
            sum += term
        }
        return Float(sum)
    }
}

/// Stills: repeatable, and true to what is drawn.
struct StillTests {
    @Test("The same seed and index give the same bytes; another index gives others")
    func repeatable() {
        let a = StillMaker(seed: 7).still(index: 3, side: 64)
        let b = StillMaker(seed: 7).still(index: 3, side: 64)
        let c = StillMaker(seed: 7).still(index: 4, side: 64)
        let d = StillMaker(seed: 8).still(index: 3, side: 64)
        #expect(a.picture == b.picture)
        #expect(a.truth.labels == b.truth.labels)
        #expect(a.truth.area == b.truth.area)
        #expect(a.picture != c.picture)
        #expect(a.picture != d.picture)
    }

    @Test("Area and mask agree within 1 % over all stills whose opening outweighs its edge pixels' rounding")
    func areaEqualsMask() {
        let maker = StillMaker(seed: 11)
        var area = 0.0
        var pixels = 0.0
        for index in 0..<14 {
            let truth = maker.still(index: index, side: 160).truth
            let mask = Double(truth.opening.area)
            #expect(truth.mask(.opening).area == truth.opening.area)
            guard truth.area > 150 else { continue }
            area += truth.area
            pixels += mask
            #expect(abs(mask - truth.area) < 0.05 * truth.area)
        }
        #expect(area > 500)
        #expect(abs(area - pixels) < 0.01 * area)
    }

    @Test("The range holds closed, small, wide and absent larynges, good frames and bad")
    func range() {
        let maker = StillMaker(seed: 5)
        let truths = (0..<90).map { maker.still(index: $0, side: 32).truth }
        let shares = truths.map { $0.area / Double(max(1, $0.field.area)) }
        #expect(truths.contains { !$0.larynx && $0.area == 0 && $0.faults.contains(.noLarynx) })
        #expect(zip(truths, shares).contains { $0.0.larynx && $0.1 == 0 })
        #expect(shares.contains { $0 > 0.001 && $0 < 0.007 })
        #expect(shares.contains { $0 > 0.03 })
        let good = truths.count { $0.good }
        #expect(good > 45 && good < 88)
    }

    @Test("An opening that is not covered has the area of its drawn polygon")
    func polygon() {
        var dice = Dice(3)
        let body = Anatomy(dice: &dice)
        let posture = Posture(
            opening: 0.4, posteriorChink: 0, supraglottic: 0, lean: 0, epiglottis: 0, strand: 0, absent: false)
        let view = Viewpoint(
            centre: SIMD2(128, 128), scale: 40, roll: 0.3, pitch: 0.1, yaw: 0.1, distance: 4, barrel: 0.1, side: 256)
        let shapes = Shapes(body, posture, view)
        let cover = Coverage(shapes.glottis, size: PixelSize(width: 256, height: 256))
        #expect(shapes.glottis.area > 500)
        #expect(abs(cover.area - shapes.glottis.area) < shapes.glottis.area * 0.001)
    }

    @Test("Folds that touch leave area 0, and tilting folds over the opening only takes area away")
    func narrowing() {
        var dice = Dice(9)
        let body = Anatomy(dice: &dice)
        let view = Viewpoint(
            centre: SIMD2(128, 128), scale: 40, roll: 0, pitch: 0, yaw: 0, distance: 4, barrel: 0, side: 256)
        let size = PixelSize(width: 256, height: 256)
        func area(_ opening: Float, _ cover: Float) -> Double {
            let posture = Posture(
                opening: opening, posteriorChink: 0, supraglottic: cover, lean: 0, epiglottis: 0, strand: 0,
                absent: false)
            let shapes = Shapes(body, posture, view)
            return Coverage(shapes.glottis, without: shapes.covers, size: size).area
        }
        #expect(area(0, 0) == 0)
        var last = Double.infinity
        for cover: Float in [0, 0.3, 0.6, 0.9] {
            let now = area(0.5, cover)
            #expect(now <= last)
            last = now
        }
        #expect(area(0.5, 0.9) < 0.5 * area(0.5, 0))
        #expect(area(0.25, 0) < area(0.5, 0))
    }
}
