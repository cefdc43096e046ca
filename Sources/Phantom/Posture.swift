// What moves: the opening and the structures around it, and where the scope is.
import Glibc

/// How the larynx stands at one moment.
struct Posture: Sendable {
    /// Half width of the glottis at the vocal processes, in half glottis lengths; 0 closed, 0.55 wide.
    var opening: Float
    /// Opening left behind at the posterior end when the folds close, as half width.
    var posteriorChink: Float
    /// Aryepiglottic folds and arytenoids over the opening, 0 none, 1 covered.
    var supraglottic: Float
    /// The same for one side more than the other, -1...1.
    var lean: Float
    /// Epiglottis drawn back over the anterior commissure, 0 none, 1 half the glottis.
    var epiglottis: Float
    /// Mucus lying across the opening, 0...1; picks a strand.
    var strand: Float
    /// No larynx in view.
    var absent: Bool
}

/// Where the scope is and which way it looks.
///
/// - **Units** pixels of the drawn field for the centre and the scale; radians for angles.
struct Viewpoint: Sendable {
    /// Where the middle of the glottis falls.
    var centre: SIMD2<Float>
    /// Pixels for half the glottis' length.
    var scale: Float
    /// Turn of the picture; 0 is apex down.
    var roll: Float
    var pitch: Float
    var yaw: Float
    /// Distance from the scope to the rim, in half glottis lengths.
    var distance: Float
    /// Barrel distortion of the lens.
    var barrel: Float
    var side: Float

    /// The same view on a field of another size.
    func scaled(to side: Float) -> Viewpoint {
        var out = self
        out.centre *= side / self.side
        out.scale *= side / self.side
        out.side = side
        return out
    }
}

/// Places of the larynx on the picture.
struct Projection: Sendable {
    let view: Viewpoint
    private let sinRoll: Float
    private let cosRoll: Float
    private let sinPitch: Float
    private let cosPitch: Float
    private let sinYaw: Float
    private let cosYaw: Float

    init(_ view: Viewpoint) {
        self.view = view
        sinRoll = sinf(view.roll)
        cosRoll = cosf(view.roll)
        sinPitch = sinf(view.pitch)
        cosPitch = cosf(view.pitch)
        sinYaw = sinf(view.yaw)
        cosYaw = cosf(view.yaw)
    }

    /// Pixel of a place, `h` towards the scope; the glottis at `glottisHeight` keeps the centre.
    func callAsFunction(_ u: Float, _ v: Float, _ h: Float) -> SIMD2<Float> {
        let raised = h + 1
        let y = v * cosPitch - raised * sinPitch
        let z0 = v * sinPitch + raised * cosPitch
        let x = u * cosYaw - z0 * sinYaw
        let z = u * sinYaw + z0 * cosYaw
        let near = (view.distance + 1) / max(0.8, view.distance + 1 - z)
        let px = view.scale * near * (x * cosRoll - y * sinRoll)
        let py = view.scale * near * (x * sinRoll + y * cosRoll)
        var p = SIMD2(view.centre.x + px, view.centre.y + py)
        let half = view.side / 2
        let d = (p - half) / half
        p = half + d * half * (1 - view.barrel * min(2, (d * d).sum()))
        return p
    }

    /// Larynx coordinates of a pixel at the glottis' depth, without tilt and lens: where grain is anchored.
    @inline(__always)
    func plane(_ x: Float, _ y: Float) -> SIMD2<Float> {
        let dx = (x - view.centre.x) / view.scale
        let dy = (y - view.centre.y) / view.scale
        return SIMD2(dx * cosRoll + dy * sinRoll, dy * cosRoll - dx * sinRoll)
    }
}
