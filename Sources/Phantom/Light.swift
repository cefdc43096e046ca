// The scope's light on the relief, and what is seen through the opening.
import Glibc

/// How the scope lights the scene.
struct Lighting: Sendable {
    /// Mean brightness the camera aims at, linear 0...1.
    var exposure: Float
    /// How fast the light falls off with depth.
    var falloff: Float
    /// Where the light points, 0...1 of the field.
    var aim: SIMD2<Float>
    /// Darkening towards the rim of the field.
    var vignette: Float
    var tint: SIMD3<Float>
    /// Strength of wet reflections and how narrow they are.
    var gloss: Float
    var glossPower: Float
    /// Contact shade in hollows.
    var hollow: Float
}

extension Lighting {
    /// Keeps the vocal folds visible: at the bottom of a deep funnel, close by, steep fall-off would leave only black.
    func reaching(_ body: Anatomy, from view: Viewpoint) -> Lighting {
        var out = self
        let rim = view.distance + 0.6
        out.falloff = min(falloff, 1.6 / logf((rim + body.funnelDepth) / rim))
        return out
    }
}

extension Painter {
    /// Shades the relief.
    func lighten(_ light: Lighting, into canvas: inout Canvas) {
        let hollow = blurredHeight()
        let distance = projection.view.distance
        let centre = SIMD2(Float(side) * light.aim.x, Float(side) * light.aim.y)
        let half = Float(side) / 2
        let slope = unit * 0.5
        // The fall-off by height, tabled: far below the rim ... close to the scope.
        let bottom: Float = -4
        let knots = 512
        let perHeight = Float(knots) / (distance + 1 - bottom)
        let falls = (0...knots).map { k -> Float in
            let far = distance + 0.6 - (bottom + Float(k) / perHeight)
            return min(12, powf((distance + 0.6) / max(0.5, far), light.falloff))
        }
        let side = side
        let coarse = 4
        let columns = (side + coarse - 1) / coarse
        for y in 0..<side {
            let up = max(0, y - 1) * side
            let down = min(side - 1, y + 1) * side
            for x in 0..<side {
                let i = y * side + x
                let h = height[i]
                let gx = (height[y * side + min(side - 1, x + 1)] - height[y * side + max(0, x - 1)]) * slope
                let gy = (height[down + x] - height[up + x]) * slope
                let dx = (Float(x) - centre.x) / half
                let dy = (Float(y) - centre.y) / half
                // Towards the scope; the field spans about a right angle.
                let lx = -dx * 0.55
                let ly = -dy * 0.55
                let normal = 1 / sqrtf(1 + min(4, gx * gx + gy * gy))
                let toward = 1 / sqrtf(1 + lx * lx + ly * ly)
                let facing = max(0.06, (1 - gx * lx - gy * ly) * normal * toward)
                let fall = falls[Int(clamp((h - bottom) * perHeight, 0, Float(knots)))]
                let rim = 1 / (1 + light.vignette * (dx * dx + dy * dy))

                let mean = hollow[(y / coarse) * columns + x / coarse]
                let ao = clamp(1 - (mean - h) * light.hollow, 0.4, 1.15)
                let lit = facing * fall * rim * shade[i] * ao
                // Wet film: a mirror that looks back at the lamp, broken up by the grain.
                let sx = gx - lx * 0.9
                let sy = gy - ly * 0.9
                let tilt = sx * sx + sy * sy
                let narrow = tilt * light.glossPower
                let wet = light.gloss * max(0, gloss[i]) * min(1.6, fall) * rim * shade[i] / (1 + narrow * narrow)
                let c = albedo[i]
                canvas.red[i] = c.x * lit + wet
                canvas.green[i] = c.y * lit + wet * 0.97
                canvas.blue[i] = c.z * lit + wet * 0.94
            }
        }
    }

    /// Mean height around each fourth pixel.
    private func blurredHeight() -> [Float] {
        let coarse = 4
        let n = (side + coarse - 1) / coarse
        var map = [Float](repeating: 0, count: n * n)
        for y in 0..<n {
            for x in 0..<n {
                map[y * n + x] = height[min(side - 1, y * coarse + 2) * side + min(side - 1, x * coarse + 2)]
            }
        }
        let radius = max(1, Int(unit * 0.3 / Float(coarse)))
        for _ in 0..<2 { map = boxBlur(map, n, n, radius) }
        return map
    }

    /// What is seen through the opening: the tracheal wall with its rings, falling away into the dark.
    func airway(_ shapes: Shapes, _ visible: Coverage, _ light: Lighting, into canvas: inout Canvas) {
        let place = projection
        let distance = DistanceMap(shapes.glottis, size: size, step: step, margin: 0)
        let o = body.grainOffset
        let far = body.vanishing
        let fall = powf((place.view.distance + 0.6) / (place.view.distance + 0.6 + body.funnelDepth), light.falloff)
        let strength = body.airwayLight * fall
        grains.soft.values.withUnsafeBufferPointer { grain in
            let table = grain.baseAddress!
            for y in visible.rows {
                for x in visible.columns {
                    let i = y * side + x
                    let c = visible.values[i]
                    guard c > 0 else { continue }
                    let p = place.plane(Float(x) + 0.5, Float(y) + 0.5)
                    let q = p - far
                    let r = sqrtf(q.x * q.x * 1.3 + q.y * q.y) + 0.03
                    let noise = sample(table, p.x * 0.35 + o.x, p.y * 0.35 + o.y)
                    // A tube seen from its mouth: depth goes as one over the radius.
                    let depth = 1 / (r * 0.8 + 0.2)
                    // Cartilage is broad and pale, the gaps between are narrow and dark.
                    let wave = sinf(depth * body.ringDensity * 2 + noise * 0.5 + o.x)
                    let ring = wave > 0 ? wave * 0.7 : wave
                    let seen = powf(min(1.2, r / 1.5), body.airwayReach) * clamp(0.8 - 0.4 * (p * far).sum(), 0.3, 1.4)
                    var lum = strength * seen * (1 + body.ringContrast * ring * ramp(r, 0.1, 0.45)) * (1 + 0.25 * noise)
                    // Under the fold's edge: shade, or a lit shelf of subglottic mucosa.
                    let d = distance.value(x, y) / unit
                    lum *= mix(0.75, 1, ramp(d, 0, 0.12))
                    let shelf = body.subglottis * (1 - ramp(d, 0.02, 0.22)) * ramp(p.x * (o.y > 32 ? 1 : -1), -0.1, 0.3)
                    var colour = body.airwayColour * lum * 1.6 + body.blush * shelf * fall * 0.45
                    colour += SIMD3(repeating: 0.002)
                    canvas.red[i] = mix(canvas.red[i], colour.x, c)
                    canvas.green[i] = mix(canvas.green[i], colour.y, c)
                    canvas.blue[i] = mix(canvas.blue[i], colour.z, c)
                }
            }
        }
    }
}
