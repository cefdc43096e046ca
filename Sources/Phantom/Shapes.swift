// The outlines of a larynx at one moment, in pixels.
import Glibc

/// Every outline the painter and the truth need.
struct Shapes: Sendable {
    private(set) var glottis: Outline
    private(set) var foldLeft: Outline
    private(set) var foldRight: Outline
    private(set) var rim: Outline
    /// Aryepiglottic folds and arytenoids: they lie over the opening when they tilt in.
    private(set) var supraglottic: [Outline]
    private(set) var epiglottis: Outline
    private(set) var strand: Outline?
    /// The closed glottis' seam or the opening's axis.
    private(set) var seam: [SIMD2<Float>]
    let projection: Projection

    static let glottisHeight: Float = -1

    /// - Parameter isOpeningOnly: leaves out what neither bounds nor covers the opening.
    init(_ body: Anatomy, _ posture: Posture, _ view: Viewpoint, isOpeningOnly: Bool = false) {
        let place = Projection(view)
        projection = place
        let level = Shapes.glottisHeight
        func edge(_ side: Float) -> [SIMD2<Float>] { Shapes.edge(body, posture, side) }
        let right = edge(1)
        let left = edge(-1)
        let open = posture.opening > 0.004 || posture.posteriorChink > 0.01
        let ring = right + left.dropFirst().reversed()
        glottis = Outline(open ? ring.map { place($0.x, $0.y, level) } : [])
        foldRight = Outline(isOpeningOnly ? [] : Shapes.band(right, 1, body).map { place($0.x, $0.y, level) })
        foldLeft = Outline(isOpeningOnly ? [] : Shapes.band(left, -1, body).map { place($0.x, $0.y, level) })
        seam = zip(right, left).map { place(($0.x + $1.x) / 2, ($0.y + $1.y) / 2, level) }
        rim = Outline(isOpeningOnly ? [] : Shapes.rim(body).map { place($0.x, $0.y, 0) })
        supraglottic = Shapes.upper(body, posture, place)
        epiglottis = Outline(Shapes.epiglottis(body, posture).map { place($0.x, $0.y, $0.z) })
        strand = posture.strand > 0 ? Shapes.strand(body, posture, place) : nil
    }

    /// The same outlines on a picture that begins at `origin`; for the truth only, painting needs the whole field.
    func cropped(at origin: SIMD2<Float>) -> Shapes {
        guard origin != .zero else { return self }
        func moved(_ outline: Outline) -> Outline { Outline(outline.points.map { $0 - origin }) }
        var out = self
        out.glottis = moved(glottis)
        out.foldLeft = moved(foldLeft)
        out.foldRight = moved(foldRight)
        out.rim = moved(rim)
        out.supraglottic = supraglottic.map(moved)
        out.epiglottis = moved(epiglottis)
        out.strand = strand.map(moved)
        out.seam = seam.map { $0 - origin }
        return out
    }

    /// What lies over the opening and hides it.
    var covers: [Outline] { supraglottic + [epiglottis] + (strand.map { [$0] } ?? []) }

    /// The free edge of one fold from the commissure (0, 1) to the posterior end of the glottis.
    private static func edge(_ body: Anatomy, _ posture: Posture, _ side: Float) -> [SIMD2<Float>] {
        let factor = side > 0 ? body.sideFactor.x : body.sideFactor.y
        let wide = posture.opening * factor
        let back = max(posture.posteriorChink, wide * body.posteriorShare)
        var points: [SIMD2<Float>] = []
        let steps = 20
        let rough = min(body.edgeWaver, wide * 0.12)
        for i in 0...steps {
            let t = Float(i) / Float(steps)
            let v = mix(1, body.vocalProcess, t)
            let arc = body.bow * min(1, wide * 4) * sinf(Float.pi * t)
            let shake = rough * body.waver(t, side > 0 ? 0 : 11) * min(1, 4 * t)
            points.append(SIMD2(side * max(0, wide * powf(t, body.edgePower) + arc * wide * 1.5 + shake), v))
        }
        let end: Float = -1
        for i in 1...10 {
            let q = Float(i) / 10
            let half = mix(wide, back, ease(min(1, q * 1.25))) * sqrtf(max(0, 1 - powf(q, 5)))
            points.append(SIMD2(side * half, mix(body.vocalProcess, end, q)))
        }
        // Tissue has no corner at the vocal process.
        for _ in 0..<6 {
            let old = points
            for i in 1..<(points.count - 1) { points[i] = old[i] * 0.5 + (old[i - 1] + old[i + 1]) * 0.25 }
        }
        return points
    }

    /// The pale band along one edge.
    private static func band(_ edge: [SIMD2<Float>], _ side: Float, _ body: Anatomy) -> [SIMD2<Float>] {
        let count = 24
        let inner = Array(edge.prefix(count))
        var outer: [SIMD2<Float>] = []
        for (i, p) in inner.enumerated() {
            let t = Float(i) / Float(count - 1)
            let grow =
                body.foldWidth * (0.25 + 0.75 * ease(min(1, t * 2))) * (t > 0.8 ? 1 - 0.5 * ease((t - 0.8) * 5) : 1)
            let shake = 1 + 0.12 * body.waver(t, side > 0 ? 3 : 14)
            outer.append(SIMD2(p.x + side * grow * shake, p.y))
        }
        return inner + outer.reversed()
    }

    /// The crest of the larynx' entrance.
    private static func rim(_ body: Anatomy) -> [SIMD2<Float>] {
        var points: [SIMD2<Float>] = []
        let count = 40
        for i in 0..<count {
            let a = Float(i) / Float(count) * 2 * Float.pi
            let s = sinf(a)
            let reach = s > 0 ? body.rimAnterior : -body.rimPosterior
            let squeeze = s < 0 ? 1 - 0.22 * s * s : 1 - 0.1 * s * s
            let shake = 1 + 0.04 * body.wobble[(i / 4) % 48] + 0.02 * body.wobble[(i / 2 + 9) % 48]
            points.append(SIMD2(cosf(a) * body.rimHalfWidth * squeeze, s * reach) * shake)
        }
        return smooth(points)
    }

    /// Two passes of corner cutting.
    private static func smooth(_ points: [SIMD2<Float>]) -> [SIMD2<Float>] {
        var points = points
        for _ in 0..<2 {
            let old = points
            let n = old.count
            for i in 0..<n { points[i] = old[i] * 0.5 + (old[(i + n - 1) % n] + old[(i + 1) % n]) * 0.25 }
        }
        return points
    }

    private static func upper(_ body: Anatomy, _ posture: Posture, _ place: Projection) -> [Outline] {
        var out: [Outline] = []
        for side: Float in [-1, 1] {
            let tilt = clamp(posture.supraglottic * (1 + side * posture.lean * 0.6), 0, 1.2)
            let w = body.rimHalfWidth
            let back = body.rimPosterior
            // From the arytenoid forward to the epiglottis' side.
            let far = min(1, tilt)
            func inward(_ u: Float, _ goal: Float) -> Float { mix(u * w, min(u * w, goal), far) }
            let knots: [SIMD2<Float>] = [
                SIMD2(inward(0.42, 0.18), back * 0.92 + 0.85 * tilt),
                SIMD2(inward(0.8, 0.12), back * 0.55 + 0.8 * tilt),
                SIMD2(inward(0.99, 0.15), -0.1 + 0.35 * tilt),
                SIMD2(inward(0.99, 0.4), 0.65 + 0.1 * tilt),
                SIMD2(0.8 * w, body.rimAnterior * 0.85),
            ]
            let thick = body.foldRadius * (1 + 0.35 * tilt)
            out.append(Outline(tube(knots, side, thick, body).map { place($0.x, $0.y, 0.05) }))
            let cuneiform = SIMD2(side * inward(0.78, 0.25), back * 0.62 + 0.8 * tilt)
            out.append(
                blob(cuneiform, SIMD2(body.cuneiform, body.cuneiform * 1.2) * (1 + 0.3 * tilt), 0.12, side, body, place)
            )
            let mound = SIMD2(
                side * (body.mound.x * 0.95 + 0.04) * (1 - 0.3 * tilt), back + 0.12 - 0.45 * body.mound.y + 0.85 * tilt)
            out.append(blob(mound, body.mound * (1 + 0.25 * tilt), 0.15, side, body, place))
        }
        return out
    }

    private static func blob(
        _ centre: SIMD2<Float>, _ radius: SIMD2<Float>, _ height: Float, _ side: Float, _ body: Anatomy,
        _ place: Projection
    ) -> Outline {
        var ring: [SIMD2<Float>] = []
        let shift = side > 0 ? 3 : 21
        for i in 0..<24 {
            let a = Float(i) / 24 * 2 * Float.pi
            let shake = 1 + 0.07 * body.wobble[(i / 3 + shift) % 48]
            ring.append(centre + SIMD2(cosf(a), sinf(a)) * radius * shake)
        }
        return Outline(smooth(ring).map { place($0.x, $0.y, height) })
    }

    /// A thick curve through the knots.
    private static func tube(_ knots: [SIMD2<Float>], _ side: Float, _ radius: Float, _ body: Anatomy) -> [SIMD2<Float>]
    {
        var line: [SIMD2<Float>] = []
        for i in 0..<(knots.count - 1) {
            let a = knots[max(0, i - 1)]
            let b = knots[i]
            let c = knots[i + 1]
            let d = knots[min(knots.count - 1, i + 2)]
            for k in 0..<5 {
                let t = Float(k) / 5
                let m0 = (c - a) * 0.5
                let m1 = (d - b) * 0.5
                let t2 = t * t
                let t3 = t2 * t
                let p: SIMD2<Float> = b * (2 * t3 - 3 * t2 + 1) + m0 * (t3 - 2 * t2 + t)
                line.append(p + c * (3 * t2 - 2 * t3) + m1 * (t3 - t2))
            }
        }
        line.append(knots[knots.count - 1])
        var outer: [SIMD2<Float>] = []
        var inner: [SIMD2<Float>] = []
        for (i, p) in line.enumerated() {
            let q = line[min(line.count - 1, i + 1)] - line[max(0, i - 1)]
            let n = SIMD2(-q.y, q.x) / max(1e-4, sqrtf((q * q).sum()))
            let t = Float(i) / Float(line.count - 1)
            let r = radius * (1.15 - 0.45 * t) * (1 + 0.14 * body.waver(t, side > 0 ? 5 : 29))
            outer.append((p + n * r) * SIMD2(side, 1))
            inner.append((p - n * r) * SIMD2(side, 1))
        }
        return outer + inner.reversed()
    }

    /// A crescent that embraces the entrance from in front; its upper border is the free edge.
    private static func epiglottis(_ body: Anatomy, _ posture: Posture) -> [SIMD3<Float>] {
        var inner: [SIMD3<Float>] = []
        var outer: [SIMD3<Float>] = []
        let count = 28
        let edge = body.epiglottisEdge - posture.epiglottis
        for i in 0...count {
            let t = Float(i) / Float(count) * 2 - 1
            let angle = t * body.epiglottisSpan
            let notch = body.epiglottisNotch * expf(-t * t * 14)
            let u = sinf(angle) * body.epiglottisHalfWidth
            let v = edge - body.epiglottisHorn * (1 - cosf(angle)) + notch + 0.05 * body.waver(t * 0.7, 13)
            inner.append(SIMD3(u, v, body.epiglottisHeight))
            // Drawn back, the free edge moves and the root stays.
            let grow = body.epiglottisThickness * powf(max(0, 1 - t * t), 0.6)
            let lean = posture.epiglottis * (1 - t * t)
            let spread = 1 + 0.12 * grow
            outer.append(
                SIMD3(
                    u * spread, v + lean + grow * (1 + 0.1 * body.waver(t, 19)), body.epiglottisHeight * 0.85))
        }
        return inner + outer.reversed()
    }

    /// A string of mucus across the glottis.
    private static func strand(_ body: Anatomy, _ posture: Posture, _ place: Projection) -> Outline {
        let v = mix(0.7, -0.7, posture.strand)
        let reach: Float = 0.7
        var upper: [SIMD2<Float>] = []
        var lower: [SIMD2<Float>] = []
        for i in 0...12 {
            let t = Float(i) / 6 - 1
            let mid = v + 0.25 * t * body.wobble[7] * 0.5 + 0.12 * (t * t)
            let thick = 0.025 + 0.05 * t * t + 0.012 * body.waver(t, 8)
            upper.append(place(t * reach, mid - thick, -0.95))
            lower.append(place(t * reach, mid + thick, -0.95))
        }
        return Outline(upper + lower.reversed())
    }
}
