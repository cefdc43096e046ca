// From linear light to the stored bytes of a field: the optics, the sensor and the recorder.
import Frames
import Glibc

/// Applies the conditions to a painted canvas.
struct Finish {
    let conditions: Conditions
    let grains: Grains
    /// Where the camera meters the light, when that is not the field that is kept.
    var exposed: FieldOfView?

    /// Leaves developed values, 0...255, in the canvas.
    func callAsFunction(_ canvas: inout Canvas, shape: FieldShape, field: FieldOfView, dice: inout Dice) {
        expose(&canvas, exposed ?? field)
        for glare in conditions.bubbles { bubble(glare, &canvas) }
        for glare in conditions.glares { add(glare, &canvas) }
        if conditions.fog > 0 { veil(&canvas) }
        blur(&canvas)
        if conditions.fibres > 0 { fibres(&canvas) }
        develop(&canvas)
        mask(&canvas, shape, field)
        disturb(&canvas, shape, field, &dice)
        if conditions.blocks > 0 { compress(&canvas) }
    }

    // MARK: - Light

    private func expose(_ canvas: inout Canvas, _ field: FieldOfView) {
        var sum: Float = 0
        var count: Float = 0
        let n = canvas.side
        for y in stride(from: 0, to: n, by: 3) {
            var x = field.starts[y]
            while x < field.ends[y] {
                let i = y * n + x
                sum += min(3, canvas.red[i] * 0.3 + canvas.green[i] * 0.6 + canvas.blue[i] * 0.1)
                count += 1
                x += 3
            }
        }
        let gain = conditions.light.exposure / max(0.01, sum / max(1, count))
        let tint = conditions.light.tint * gain
        for i in 0..<(n * n) {
            canvas.red[i] *= tint.x
            canvas.green[i] *= tint.y
            canvas.blue[i] *= tint.z
        }
    }

    private func add(_ glare: Conditions.Glare, _ canvas: inout Canvas) {
        blob(glare, canvas.side) { i, r in
            let a = glare.strength * (1 - ramp(r, 1 - glare.soft, 1))
            canvas.red[i] += a
            canvas.green[i] += a * 0.98
            canvas.blue[i] += a * 0.95
        }
    }

    /// A bubble of saliva: a bright rim, a glint, a clear middle.
    private func bubble(_ glare: Conditions.Glare, _ canvas: inout Canvas) {
        let level = conditions.light.exposure
        blob(glare, canvas.side) { i, r in
            let edge = ramp(r, 0.55, 0.85) * (1 - ramp(r, 0.85, 1))
            let a = level * glare.strength * (0.25 + edge)
            let dim = 1 - 0.3 * edge
            canvas.red[i] = canvas.red[i] * dim + a * 0.5
            canvas.green[i] = canvas.green[i] * dim + a * 0.5
            canvas.blue[i] = canvas.blue[i] * dim + a * 0.48
        }
        var glint = glare
        glint.centre += glare.radius * SIMD2(-0.3, -0.35)
        glint.radius *= 0.3
        glint.strength = 1.2 * min(1, glare.strength * 2)
        glint.soft = 0.8
        add(glint, &canvas)
    }

    @inline(__always)
    private func blob(_ glare: Conditions.Glare, _ n: Int, _ body: (Int, Float) -> Void) {
        let side = Float(n)
        let centre = glare.centre * side
        let radius = glare.radius * side
        let reach = max(radius.x, radius.y) + 1
        let (s, c) = (sinf(glare.angle), cosf(glare.angle))
        let y0 = Int(clamp(centre.y - reach, 0, side))
        let y1 = Int(clamp(centre.y + reach + 1, 0, side))
        let x0 = Int(clamp(centre.x - reach, 0, side))
        let x1 = Int(clamp(centre.x + reach + 1, 0, side))
        guard y1 > y0, x1 > x0 else { return }
        for y in y0..<y1 {
            for x in x0..<x1 {
                let dx = Float(x) + 0.5 - centre.x
                let dy = Float(y) + 0.5 - centre.y
                let a = (dx * c + dy * s) / max(0.7, radius.x)
                let b = (dy * c - dx * s) / max(0.7, radius.y)
                let r = sqrtf(a * a + b * b)
                if r < 1 { body(y * n + x, r) }
            }
        }
    }

    private func veil(_ canvas: inout Canvas) {
        let n = canvas.side
        // The veil is lit by the scope, so it is as bright as the exposure makes it.
        let level = conditions.fogColour * min(1.1, conditions.light.exposure * 2.2 + 0.08)
        grains.soft.values.withUnsafeBufferPointer { table in
            for y in 0..<n {
                for x in 0..<n {
                    let p = SIMD2(Float(x), Float(y)) / Float(n) - 0.5
                    let cloud = sample(table.baseAddress!, p.x * 0.25 + 0.1, p.y * 0.25 + 0.7)
                    let slope = (p * conditions.fogGradient).sum() * 2
                    let a = clamp(conditions.fog * (1 + slope + 0.25 * cloud), 0, 0.97)
                    let i = y * n + x
                    canvas.red[i] = mix(canvas.red[i], level.x, a)
                    canvas.green[i] = mix(canvas.green[i], level.y, a)
                    canvas.blue[i] = mix(canvas.blue[i], level.z, a)
                }
            }
        }
    }

    private func blur(_ canvas: inout Canvas) {
        let n = canvas.side
        let sigma = conditions.blur * Float(n)
        if sigma > 0.25 {
            gauss(&canvas.red, n, sigma)
            gauss(&canvas.green, n, sigma)
            gauss(&canvas.blue, n, sigma)
        }
        let reach = conditions.motion * Float(n)
        let length = sqrtf((reach * reach).sum())
        if length > 0.7 {
            canvas.red = smear(canvas.red, n, reach, length)
            canvas.green = smear(canvas.green, n, reach, length)
            canvas.blue = smear(canvas.blue, n, reach, length)
        }
    }

    private func smear(_ plane: [Float], _ n: Int, _ reach: SIMD2<Float>, _ length: Float) -> [Float] {
        let taps = max(2, min(24, Int(length) + 1))
        var out = [Float](repeating: 0, count: n * n)
        for k in 0..<taps {
            let t = Float(k) / Float(taps - 1) - 0.5
            let dx = Int((reach.x * t).rounded())
            let dy = Int((reach.y * t).rounded())
            for y in 0..<n {
                let from = min(n - 1, max(0, y + dy)) * n
                for x in 0..<n { out[y * n + x] += plane[from + min(n - 1, max(0, x + dx))] }
            }
        }
        let weight = 1 / Float(taps)
        for i in out.indices { out[i] *= weight }
        return out
    }

    /// The honeycomb of a fibre bundle.
    private func fibres(_ canvas: inout Canvas) {
        let n = canvas.side
        let pitch = 2 * Float.pi / max(2.2, Float(n) / 150)
        for y in 0..<n {
            for x in 0..<n {
                let a = cosf(Float(x) * pitch)
                let b = cosf((Float(x) * 0.5 + Float(y) * 0.866) * pitch)
                let k = 1 + conditions.fibres * (a + b) * 0.25
                let i = y * n + x
                canvas.red[i] *= k
                canvas.green[i] *= k
                canvas.blue[i] *= k
            }
        }
    }

    // MARK: - Camera

    /// Knee, gamma, contrast and colour: linear light to 0...255.
    private func develop(_ canvas: inout Canvas) {
        let steps = 2048
        let top: Float = 4
        let curve = (0...steps).map { k -> Float in
            let x = Float(k) / Float(steps) * top
            // Straight to about 0.6, then a knee that reaches white.
            let kneed = x < 0.6 ? x : 0.6 + 0.42 * (1 - expf(-(x - 0.6) / 0.42))
            let y = powf(kneed, conditions.gammaPower)
            return 255 * ((y - 0.5) * conditions.contrast + 0.5 + conditions.lift)
        }
        let scale = Float(steps) / top
        let keep = conditions.saturation
        let balance = conditions.balance
        curve.withUnsafeBufferPointer { curve in
            for i in 0..<(canvas.side * canvas.side) {
                let r = curve[Int(clamp(canvas.red[i] * scale, 0, Float(steps)))] * balance.x
                let g = curve[Int(clamp(canvas.green[i] * scale, 0, Float(steps)))] * balance.y
                let b = curve[Int(clamp(canvas.blue[i] * scale, 0, Float(steps)))] * balance.z
                let grey = 0.3 * r + 0.59 * g + 0.11 * b
                canvas.red[i] = grey + (r - grey) * keep
                canvas.green[i] = grey + (g - grey) * keep
                canvas.blue[i] = grey + (b - grey) * keep
            }
        }
        if conditions.sharpen > 0 {
            sharpen(&canvas.red, canvas.side)
            sharpen(&canvas.green, canvas.side)
            sharpen(&canvas.blue, canvas.side)
        }
    }

    /// The camera's edge enhancement.
    private func sharpen(_ plane: inout [Float], _ n: Int) {
        var soft = plane
        gauss(&soft, n, 1.2)
        for i in 0..<(n * n) { plane[i] += (plane[i] - soft[i]) * conditions.sharpen }
    }

    private func mask(_ canvas: inout Canvas, _ shape: FieldShape, _ field: FieldOfView) {
        let n = canvas.side
        for y in 0..<n {
            for x in 0..<n where x < field.starts[y] || x >= field.ends[y] {
                let i = y * n + x
                canvas.red[i] = shape.ground.x
                canvas.green[i] = shape.ground.y
                canvas.blue[i] = shape.ground.z
            }
        }
    }

    /// Scales of ten-bit draws, single and summed in pairs, to variance 1.
    private static let uniform: Float = 1 / 296
    private static let normal: Float = 1 / 418

    private func disturb(_ canvas: inout Canvas, _ shape: FieldShape, _ field: FieldOfView, _ dice: inout Dice) {
        let n = canvas.side
        let luma = conditions.noise
        let chroma = conditions.chroma
        let salt = UInt64(clamp(conditions.saltAndPepper, 0, 1) * 65_535)
        let wave = conditions.moire
        let wx = 2.1 + conditions.fogColour.x
        for y in 0..<n {
            let (a, b) = (field.starts[y], field.ends[y])
            for x in 0..<n {
                let i = y * n + x
                // Four small uniforms in one draw: near-normal brightness and two colour errors.
                let bits = dice.next()
                let sum = Int(bits & 0x3FF) + Int((bits >> 10) & 0x3FF)
                let u0 = Float(sum - 1023) * Finish.normal
                let u1 = Float(Int((bits >> 20) & 0x3FF) - 512) * Finish.uniform
                let u2 = Float(Int((bits >> 30) & 0x3FF) - 512) * Finish.uniform
                let lit = x >= a && x < b
                let strength: Float = lit ? luma : shape.groundNoise
                let colour = lit ? chroma : shape.groundNoise * 0.5
                canvas.red[i] += u0 * strength + u1 * colour
                canvas.green[i] += u0 * strength
                canvas.blue[i] += u0 * strength + u2 * colour
                if wave > 0, lit {
                    let m = sinf(Float(x) * wx + Float(y) * 0.3) * wave
                    canvas.red[i] += m
                    canvas.blue[i] -= m
                }
                if salt > 0 {
                    let pick = (bits >> 40) & 0xFFFF
                    if pick < salt {
                        let white: Float = pick & 1 == 0 ? 235 : 18
                        canvas.red[i] = white
                        canvas.green[i] = white
                        canvas.blue[i] = white
                    }
                }
            }
        }
    }

    static func bytes(_ canvas: Canvas) -> RGBPicture {
        var out = RGBPicture(size: PixelSize(width: canvas.side, height: canvas.side))
        out.pixels.withUnsafeMutableBufferPointer { pixels in
            for i in 0..<(canvas.side * canvas.side) {
                pixels[3 * i] = UInt8(clamp(canvas.red[i] + 0.5, 0, 255))
                pixels[3 * i + 1] = UInt8(clamp(canvas.green[i] + 0.5, 0, 255))
                pixels[3 * i + 2] = UInt8(clamp(canvas.blue[i] + 0.5, 0, 255))
            }
        }
        return out
    }

    private func compress(_ canvas: inout Canvas) {
        BlockCodec(quality: conditions.blocks).spoil(&canvas)
    }
}
