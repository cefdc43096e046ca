// Tissue under the scope's light: a height field with grain, shaded by slope, distance and wetness.
import Frames
import Glibc

/// Three planes of linear light while a picture is made.
struct Canvas {
    let side: Int
    var red: [Float]
    var green: [Float]
    var blue: [Float]

    init(side: Int) {
        self.side = side
        red = [Float](repeating: 0, count: side * side)
        green = red
        blue = red
    }
}

/// Paints one larynx.
struct Painter {
    let side: Int
    let body: Anatomy
    let grains: Grains
    let size: PixelSize
    let step: Int
    private(set) var height: [Float]
    private(set) var shade: [Float]
    private(set) var gloss: [Float]
    private(set) var albedo: [SIMD4<Float>]
    private(set) var projection: Projection
    private(set) var unit: Float
    private var rimMap: DistanceMap?

    init(side: Int, body: Anatomy, grains: Grains, view: Viewpoint) {
        self.side = side
        self.body = body
        self.grains = grains
        size = PixelSize(width: side, height: side)
        step = max(2, side / 72)
        height = [Float](repeating: 0, count: side * side)
        shade = [Float](repeating: 1, count: side * side)
        gloss = shade
        albedo = [SIMD4<Float>](repeating: .zero, count: side * side)
        projection = Projection(view)
        unit = view.scale
    }

    /// Draws everything but the opening, then the opening where `visible` says it is seen.
    mutating func paint(_ shapes: Shapes, _ posture: Posture, visible: Coverage?, light: Lighting) -> Canvas {
        ground()
        for swell in body.swells { raise(swell) }
        if !posture.absent { vestibule(shapes, posture) }
        for pit in body.pits { sink(pit) }
        if !posture.absent {
            for (k, outline) in shapes.supraglottic.enumerated() {
                let round = [body.foldRadius * 1.1, body.cuneiform, min(body.mound.x, body.mound.y)][k % 3]
                let lift: Float = k % 3 == 0 ? 0 : 0.05
                raise(
                    outline, base: lift, round: round * unit, thick: round * (k % 3 == 0 ? 0.8 : 0.7),
                    colour: body.mucosa, blend: k % 3 == 0 ? 0.12 : 0.18)
            }
            raise(
                shapes.epiglottis, base: body.epiglottisHeight * 0.9, round: 0.3 * unit, thick: 0.28,
                colour: body.epiglottisColour,
                fade: body.epiglottisEdge + body.epiglottisThickness * 0.5)
            if let strand = shapes.strand {
                raise(strand, base: -0.9, round: 0.05 * unit, thick: 0.06, colour: SIMD3(0.8, 0.78, 0.7))
            }
        }
        gauss(&height, side, max(0.4, body.softness * unit * 0.5))
        gauss(&shade, side, max(0.4, body.softness * unit * 0.35))
        if !posture.absent, shapes.glottis.points.isEmpty { crease(shapes) }
        var canvas = Canvas(side: side)
        lighten(light, into: &canvas)
        if let visible { airway(shapes, visible, light, into: &canvas) }
        return canvas
    }

    // MARK: - Layers

    /// Mucosa everywhere: colour, grain, vessels and a slow relief.
    private mutating func ground() {
        let soft = grains.soft.values
        let relief = grains.relief.values
        let fine = grains.fine.values
        let vessels = grains.vessels.values
        let place = projection
        let o = body.grainOffset
        let rough = body.roughness
        let side = side
        // Fine relief is lost where it would be smaller than a pixel.
        let fineScale = clamp((unit - 15) / 130, 0, 1)
        let bowl = body.bowl
        let slow = body.slowRelief
        let cap = body.bowlCap * projection.view.distance
        let ripple = body.bowlWaver
        let mucosa = SIMD4(body.mucosa, 0)
        let blush = SIMD4(body.blush, 0)
        let vesselColour = SIMD4(body.blush * SIMD3(0.72, 0.35, 0.4), 0)
        let strength = body.vesselStrength
        let blotch = body.blotch
        // SAFETY: the grain tables hold side * side values each and `sample` masks its indices.
        soft.withUnsafeBufferPointer { soft in
            relief.withUnsafeBufferPointer { relief in
                fine.withUnsafeBufferPointer { fine in
                    vessels.withUnsafeBufferPointer { vessels in
                        let (s, f, w) = (soft.baseAddress!, fine.baseAddress!, vessels.baseAddress!)
                        let e = relief.baseAddress!
                        for y in 0..<side {
                            for x in 0..<side {
                                let p = place.plane(Float(x) + 0.5, Float(y) + 0.5) + o
                                let broad = sample(e, p.x * 0.09, p.y * 0.09)
                                let bump = sample(e, p.y * 0.31 + 0.5, p.x * 0.31)
                                let q = p - o - SIMD2(0, 0.15)
                                let square = q.x * q.x + q.y * q.y + 0.01
                                let two = (ripple.x * 2 * q.x * q.y + ripple.y * (q.x * q.x - q.y * q.y)) / square
                                let one = (ripple.z * q.x + ripple.w * q.y) / sqrtf(square)
                                let lobes = max(0.05, 1 + one + two)
                                let r = max(0, sqrtf(q.x * q.x + q.y * q.y * 0.7) - 1.1)
                                let mid = sample(s, p.y * 0.37 + 0.3, p.x * 0.37)
                                let small = sample(f, p.x * 0.33, p.y * 0.33) * fineScale
                                let vein = sample(w, p.x * 0.3 + mid * 0.02, p.y * 0.3) * strength
                                let i = y * side + x
                                let rise = bowl * lobes * r
                                let away = cap * rise / (cap + rise)
                                height[i] = broad * slow + away - 0.3 + (bump * 0.05 + small * 0.006) * rough
                                var c = mucosa + (blush - mucosa) * clamp(0.35 + broad * 0.4 + mid * 0.25, 0, 1)
                                c *= 1 + (mid * 0.6 + small * 0.5) * blotch
                                c += (vesselColour - c) * vein
                                albedo[i] = c
                                gloss[i] = 0.3 + 0.25 * mid + 0.2 * small
                            }
                        }
                    }
                }
            }
        }
    }

    private mutating func raise(_ swell: Anatomy.Swell) {
        let centre = projection(swell.centre.x, swell.centre.y, -0.3)
        each(around: centre, radius: swell.radius * unit * 1.2, angle: swell.angle + projection.view.roll) {
            painter, i, q in
            let v = q.y + swell.bend * (q.x * q.x - 0.4)
            let r = q.x * q.x + v * v
            guard r < 1 else { return }
            painter.height[i] += swell.height * (1 - r) * (1 - r)
        }
    }

    private mutating func sink(_ pit: Anatomy.Pit) {
        let centre = projection(pit.centre.x, pit.centre.y, pit.centre.z)
        each(around: centre, radius: pit.radius * unit * 1.25, angle: pit.angle + projection.view.roll) {
            painter, i, q in
            let wave = 0.12 * sinf(3 * q.x + pit.angle * 9) + 0.1 * sinf(4 * q.y + pit.depth * 20)
            let v = q.y + pit.bend * (q.x * q.x - 0.35) * 0.8
            let r = sqrtf(q.x * q.x + v * v) * (1 + wave)
            guard r < 1 else { return }
            let inside = ramp(1 - r, 0, pit.edge)
            painter.height[i] -= inside * pit.depth * 0.7
            painter.shade[i] *= 1 - inside * pit.depth * 0.93
            painter.gloss[i] *= 1 - inside * 0.9
        }
    }

    /// Visits the pixels of an ellipse' box with coordinates in which the ellipse is the unit circle.
    @inline(__always)
    private mutating func each(
        around centre: SIMD2<Float>, radius: SIMD2<Float>, angle: Float,
        _ body: (inout Painter, Int, SIMD2<Float>) -> Void
    ) {
        let reach = max(radius.x, radius.y)
        let (s, c) = (sinf(angle), cosf(angle))
        let limit = Float(side)
        let y0 = Int(clamp(centre.y - reach, 0, limit))
        let y1 = Int(clamp(centre.y + reach + 1, 0, limit))
        let x0 = Int(clamp(centre.x - reach, 0, limit))
        let x1 = Int(clamp(centre.x + reach + 1, 0, limit))
        guard x1 > x0, y1 > y0 else { return }
        for y in y0..<y1 {
            for x in x0..<x1 {
                let d = SIMD2(Float(x) + 0.5, Float(y) + 0.5) - centre
                body(&self, y * side + x, SIMD2((d.x * c + d.y * s) / radius.x, (d.y * c - d.x * s) / radius.y))
            }
        }
    }

    /// The funnel from the rim to the glottis: vestibular folds, the groove, the vocal folds.
    private mutating func vestibule(_ shapes: Shapes, _ posture: Posture) {
        let rim = DistanceMap(shapes.rim, size: size, step: step, margin: unit)
        rimMap = rim
        let seamLine = Outline(
            shapes.glottis.points.isEmpty ? shapes.seam + shapes.seam.reversed() : shapes.glottis.points)
        let glottis = DistanceMap(seamLine, size: size, step: step)
        let left = DistanceMap(shapes.foldLeft, size: size, step: step, margin: 1.5 * unit)
        let right = DistanceMap(shapes.foldRight, size: size, step: step, margin: 1.5 * unit)
        let paleLeft = Coverage(shapes.foldLeft, size: size)
        let paleRight = Coverage(shapes.foldRight, size: size)
        let foldColour = SIMD4(body.foldColour, 0)
        let deepColour = SIMD4(body.blush, 0) * 0.9
        let groove = max(body.grooveWidth * unit, 1.2)
        let soft = max(0.8, 0.02 * unit)
        let place = projection
        for y in 0..<side {
            for x in 0..<side {
                let i = y * side + x
                let dr = rim.value(x, y) / unit
                guard dr > -0.5 else { continue }
                let p = place.plane(Float(x) + 0.5, Float(y) + 0.5)
                let relief = height[i]
                // Outside the crest the wall falls off again.
                let outer = mix(relief, relief * 0.5 + 0.1, ease(min(1, 1 + dr * 2)))
                if dr < -0.12 {
                    height[i] = outer
                    continue
                }
                let dg = max(0, -glottis.value(x, y)) / unit
                let t = max(0, dr) / max(1e-3, max(0, dr) + dg)
                let inner = mix(0.02 + body.crest, -body.funnelDepth, powf(ease(t), body.funnelPower)) + relief * 0.35
                var h = mix(outer, inner, ramp(dr, -0.12, 0.2))
                let df = max(left.value(x, y), right.value(x, y))
                // Weight of the sides: no groove in front of the commissure or behind the vocal processes.
                let flank = ramp(1.02 - abs(p.y - 0.22) * 1.02, 0, 0.45)
                let out = -df
                if out > 0 {
                    // Vestibular fold: a swelling outside the groove.
                    let s = (out - groove * 1.1) / (0.28 * unit)
                    if s > 0 { h += body.falseFold * flank * s * expf(1 - s * 1.6) }
                    let g = ramp(out, 0, soft) * (1 - ramp(out, groove * 0.55, groove))
                    let dark = g * body.grooveDepth * flank
                    shade[i] *= 1 - dark * 0.9
                    h -= dark * 0.25
                    albedo[i] += (deepColour - albedo[i]) * 0.4 * t
                    gloss[i] *= 1 - 0.9 * dark
                } else {
                    h += 0.1 * sqrtf(min(1, df / (0.1 * unit)))
                    // The free edge turns down into the airway.
                    h -= 0.06 * (1 - ramp(dg, 0, 0.05))
                }
                let pale = max(paleLeft.values[i], paleRight.values[i])
                if pale > 0 {
                    let grain = sampleFibre(p)
                    let c = foldColour * (1 + 0.18 * grain * body.roughness)
                    albedo[i] +=
                        (c - albedo[i])
                        * (pale * 0.88 * (1 - body.foldFade * ramp(dg, 0.2 * body.foldWidth, 1.1 * body.foldWidth)))
                    h += grain * 0.01 * pale
                }
                height[i] = h
                // Deep tissue sits in its own shade.
                shade[i] *= mix(1, 0.8, t)
            }
        }
    }

    /// Folds that touch leave a fine shaded line between them: no opening, however dark.
    private mutating func crease(_ shapes: Shapes) {
        let line = Outline(shapes.seam + shapes.seam.reversed())
        let rows = line.rows(height: side)
        let columns = line.columns(width: side)
        let distance = DistanceMap(line, size: size, step: 2, margin: 4)
        let deep = mix(0.85, 0.45, body.grooveDepth)
        for y in max(0, rows.lowerBound - 2)..<min(side, rows.upperBound + 2) {
            for x in max(0, columns.lowerBound - 2)..<min(side, columns.upperBound + 2) {
                shade[y * side + x] *= mix(deep, 1, ramp(-distance.value(x, y), 0.2, 1.7))
            }
        }
    }

    @inline(__always)
    private func sampleFibre(_ p: SIMD2<Float>) -> Float {
        grains.soft.values.withUnsafeBufferPointer {
            sample($0.baseAddress!, p.x * 1.3 + body.grainOffset.x, p.y * 0.16 + body.grainOffset.y)
        }
    }

    /// A rounded structure that grows out of what is there already, or stands in front of it.
    private mutating func raise(
        _ outline: Outline, base: Float, round: Float, thick: Float, colour: SIMD3<Float>?, fade: Float = 0,
        blend: Float = 0.12
    ) {
        let reach = Int(unit * (fade > 0 ? 0.8 : 0.4)) + 2
        let rows = outline.rows(height: side)
        guard rows.upperBound > 0, rows.lowerBound < side else { return }
        let distance = DistanceMap(outline, size: size, step: step, margin: Float(reach))
        guard let rim = rimMap else { return }
        let plain = body.mucosa.sum()
        let tone = colour.map { SIMD4($0, 0) / (body.mucosa.sum() + 0.01) }
        let place = projection
        let across = outline.columns(width: side)
        let first = max(0, across.lowerBound - reach)
        let last = min(side, across.upperBound + reach)
        guard last > first else { return }
        let low = max(0, rows.lowerBound - reach)
        let high = min(side, rows.upperBound + reach)
        let soft = max(0.8, 0.03 * unit)
        for y in low..<high {
            for x in first..<last {
                let d = distance.value(x, y)
                guard d > -Float(reach) else { continue }
                let i = y * side + x
                let old = height[i]
                let k = min(1, max(0, d) / max(1, round))
                let dome = 1 - (1 - k) * (1 - k)
                var top = base + thick * (fade > 0 ? sqrtf(dome) : dome)
                var melt = blend
                if d < 0 {
                    // Steep towards the airway, gentle towards the pharynx.
                    let p = place.plane(Float(x) + 0.5, Float(y) + 0.5)
                    let u = p.x / body.epiglottisHalfWidth
                    let border = body.epiglottisEdge - body.epiglottisHorn * (1 - sqrtf(max(0, 1 - u * u)))
                    let below = ramp(p.y - border, -0.1, 0.35)
                    let steep: Float =
                        fade > 0
                        ? mix(1.8, 0.5, max(below, ramp(abs(u), 0.75, 1.1)))
                        : mix(0.4, 1.7, ramp(rim.value(x, y) / unit, -0.1, 0.1))
                    top += d / unit * steep - 2 * (d / unit) * (d / unit)
                    melt += (1.8 - steep) * 0.14 * min(1, -d / (0.15 * unit))
                }
                var weight: Float = 1
                if fade > 0 {
                    // The far side of the epiglottis sinks back into the tongue's root.
                    let p = place.plane(Float(x) + 0.5, Float(y) + 0.5)
                    weight = 1 - ramp(p.y, fade, fade + 0.9)
                    top = mix(min(top, old - 0.25), top, weight)
                }
                // A trace of what lies beneath keeps the surface uneven.
                top += max(-0.2, old + 0.3) * (fade > 0 ? 0.05 : 0.12)
                // Smooth maximum of old and new.
                let w = clamp(0.5 + 0.5 * (top - old) / melt, 0, 1)
                height[i] = mix(old, top, w) + melt * w * (1 - w)
                if d > -soft * 3, w > 0 { shade[i] = mix(shade[i], 1, w * ramp(d, -soft * 3, soft)) }
                if let tone {
                    let a = ramp(d, -soft, soft) * w * (fade > 0 ? mix(0.25, 0.95, weight) : 0.97)
                    if a > 0 {
                        // The colour changes; a trace of the grain stays.
                        let grain = mix(plain, clamp(albedo[i].sum(), plain * 0.7, plain * 1.3), 0.35)
                        albedo[i] += (tone * grain - albedo[i]) * a
                    }
                }
                if d > 0 { gloss[i] += (0.75 - 0.2 * gloss[i]) * w * ramp(d, 0, 0.8 * round) }
            }
        }
    }
}
