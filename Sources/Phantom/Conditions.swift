// What stands between the larynx and the stored picture: fog, glare, focus, exposure, sensor, recorder.
import Frames
import Glibc

/// Everything that spoils one frame.
///
/// - **Units** lengths as shares of the field's side.
struct Conditions: Sendable {
    var light: Lighting
    var fog: Float = 0
    var fogGradient: SIMD2<Float> = .zero
    var fogColour = SIMD3<Float>(0.55, 0.6, 0.66)
    var glares: [Glare] = []
    var bubbles: [Glare] = []
    var blur: Float = 0.003
    var motion: SIMD2<Float> = .zero
    var contrast: Float = 1
    var lift: Float = 0
    var saturation: Float = 1
    var gammaPower: Float = 0.45
    var balance = SIMD3<Float>(repeating: 1)
    var noise: Float = 0
    var chroma: Float = 0
    var saltAndPepper: Float = 0
    var blocks: Float = 0
    var moire: Float = 0
    var fibres: Float = 0
    var sharpen: Float = 0

    /// A blob of light or of wet film.
    struct Glare: Sendable {
        var centre: SIMD2<Float>
        var radius: SIMD2<Float>
        var angle: Float
        var strength: Float
        var soft: Float
    }

    /// Share of the veil at a place of the field, 0...1 across and down, without its clouds.
    func veil(at place: SIMD2<Float>) -> Float {
        clamp(fog * (1 + ((place - 0.5) * fogGradient).sum() * 2), 0, 0.97)
    }

    /// The faults that make a frame useless for measuring, by the strength they were drawn with.
    ///
    /// - Parameter centre: where the larynx is, 0...1 across and down: fog elsewhere does no harm.
    func faults(centre: SIMD2<Float>) -> [Reason] {
        var out: [Reason] = []
        if light.exposure < 0.022 { out.append(.tooDark) }
        if light.exposure > 0.75 || glares.contains(where: { $0.strength > 1.5 && $0.radius.min() > 0.2 }) {
            out.append(.overexposed)
        }
        if blur > 0.016 || (motion * motion).sum() > 0.05 * 0.05 { out.append(.blurred) }
        if veil(at: centre) > 0.66 { out.append(.foggy) }
        return out
    }
}

/// The lit shape of the endoscope's picture.
struct FieldShape: Sendable {
    enum Kind: Sendable { case octagon, circle, full }
    var kind: Kind
    /// Unlit margin around the shape, and for the octagon how much its corners are cut, as shares of the side.
    var margin: Float
    var cut: Float
    var shift: SIMD2<Float> = .zero
    var ground: SIMD3<Float>
    var groundNoise: Float

    func field(_ size: PixelSize) -> FieldOfView {
        guard kind != .full else { return FieldOfView(full: size) }
        var starts = [Int](repeating: 0, count: size.height)
        var ends = starts
        let (w, h) = (Float(size.width), Float(size.height))
        for y in 0..<size.height {
            let fy = Float(y) + 0.5
            let centre = SIMD2(w / 2 + shift.x * w, h / 2 + shift.y * h)
            let half = SIMD2(w, h) * (0.5 - margin)
            let dy = abs(fy - centre.y)
            guard dy < half.y else { continue }
            var reach = half.x
            switch kind {
            case .octagon:
                let corner = cut * w
                reach = half.x - max(0, dy - (half.y - corner))
            case .circle:
                reach = half.x * sqrtf(max(0, 1 - (dy / half.y) * (dy / half.y)))
            case .full:
                break
            }
            let a = Int(clamp((centre.x - reach).rounded(), 0, w))
            let b = Int(clamp((centre.x + reach).rounded(), 0, w))
            if b > a {
                starts[y] = a
                ends[y] = b
            }
        }
        return FieldOfView(size: size, starts: starts, ends: ends)
    }
}
