// The recording around the endoscope's picture: bands, ground, number panel, icon.
import Frames
import Glibc

/// Everything of a frame but the field itself.
struct Backdrop: Sendable {
    let pane: PixelRect
    let field: FieldOfView
    let shape: FieldShape
    private let size: PixelSize
    private let still: RGBPicture
    private let panel: NumberPanel?
    /// One long strip of sensor noise, -3...3, from which rows are cut at changing places.
    private let noise: [Int8]
    private let noisy: PixelRect

    init(_ settings: PhantomSettings, _ dice: inout Dice) {
        size = settings.size
        let (w, h) = (Double(size.width), Double(size.height))
        func at(_ share: Double, _ full: Double, _ of: Double) -> Int { Int((share / full * of).rounded()) }
        let level = dice.within(5, 13)
        let ground = SIMD3(level, level * dice.within(0.9, 1.05), level * dice.within(0.95, 1.2))
        var shape = FieldShape(kind: .full, margin: 0, cut: 0, ground: ground, groundNoise: 0)
        switch settings.layout {
        case .a:
            let side = min(at(829, 1920, w), at(828, 1080, h)) / 2 * 2
            let x = min(size.width - side, at(971, 1920, w) / 2 * 2)
            pane = PixelRect(x: x, y: at(125, 1080, h) / 2 * 2, width: side, height: side)
            shape.kind = .octagon
            shape.cut = 0.14
            noisy = PixelRect(x: at(690, 1920, w), y: at(76, 1080, h), width: 0, height: 0)
        case .b:
            let height = size.height / 2
            let width = min(size.width, Int((Double(height) * 1.25).rounded()))
            pane = PixelRect(x: size.width - width, y: 0, width: width, height: height)
            noisy = PixelRect(x: 0, y: 0, width: 0, height: 0)
        case .full:
            pane = PixelRect(size)
            noisy = PixelRect(x: 0, y: 0, width: 0, height: 0)
        }
        self.shape = shape
        field = shape.field(pane.size)
        panel = settings.layout == .full ? nil : NumberPanel(settings, &dice)
        var strip = [Int8](repeating: 0, count: 1 << 14)
        for i in strip.indices { strip[i] = Int8(clamp((dice.normal() * 1.3).rounded(), -3, 3)) }
        noise = strip
        var picture = RGBPicture(size: size)
        if settings.layout == .a {
            let (top, bottom) = (at(76, 1080, h), at(1004, 1080, h))
            for y in top..<bottom {
                for x in noisy.x..<size.width {
                    let i = (y * size.width + x) * 3
                    let pixel = x < pane.x - at(12, 1920, w) ? ground + 14 : ground
                    for c in 0..<3 { picture.pixels[i + c] = UInt8(pixel[c]) }
                }
            }
            // The small menu icon at the lower right of the gap.
            let icon = max(3, at(26, 1920, w))
            let (ix, iy) = (pane.x - icon - at(24, 1920, w), at(930, 1080, h))
            for line in 0..<3 {
                for y in (iy + line * icon / 3)..<(iy + line * icon / 3 + max(1, icon / 6)) {
                    for x in ix..<(ix + icon) where x >= 0 && x < size.width && y < size.height {
                        for c in 0..<3 { picture.pixels[(y * size.width + x) * 3 + c] = 150 }
                    }
                }
            }
        }
        still = picture
    }

    /// The frame without the endoscope's picture.
    func picture(second: Int, index: Int, settings: PhantomSettings) -> RGBPicture {
        var picture = still
        panel?.draw(second: second, into: &picture)
        return picture
    }

    /// Scales the drawn square onto the pane, cut to the field, over noisy ground.
    func insert(_ canvas: Canvas, shown: Int, into picture: inout RGBPicture) {
        let n = canvas.side
        let scale = Float(n) / Float(shown)
        let (ox, oy) = ((shown - pane.width) / 2, (shown - pane.height) / 2)
        var columns = [(Int, Float)](repeating: (0, 0), count: pane.width)
        for x in 0..<pane.width {
            let s = clamp((Float(x + ox) + 0.5) * scale - 0.5, 0, Float(n) - 1.001)
            columns[x] = (Int(s), s - s.rounded(.down))
        }
        // SAFETY: rows and columns are clamped to the canvas, the pane lies inside the picture, and the strip's index
        // is masked to its length, a power of two.
        var line = [SIMD4<Float>](repeating: .zero, count: n)
        var dice = Dice(UInt64(canvas.red[n / 2].bitPattern), 0x9, n)
        let ground = shape.ground
        picture.pixels.withUnsafeMutableBufferPointer { pixels in
            for y in 0..<pane.height {
                let s = clamp((Float(y + oy) + 0.5) * scale - 0.5, 0, Float(n) - 1.001)
                let row = Int(s) * n
                let t = s - s.rounded(.down)
                for x in 0..<n {
                    let a = SIMD4(canvas.red[row + x], canvas.green[row + x], canvas.blue[row + x], 0)
                    let b = SIMD4(canvas.red[row + n + x], canvas.green[row + n + x], canvas.blue[row + n + x], 0)
                    line[x] = a + (b - a) * t
                }
                var out = ((pane.y + y) * size.width + pane.x) * 3
                let lit = field.starts[y]..<max(field.starts[y], field.ends[y])
                var grain = Int(dice.next() & 0x3FFF)
                for x in 0..<pane.width {
                    let speck = Float(noise[grain])
                    grain = (grain + 1) & 0x3FFF
                    var v = SIMD4<Float>(ground, 0) + speck
                    if lit.contains(x) {
                        let (c, u) = columns[x]
                        v = line[c] + (line[c + 1] - line[c]) * u + speck * 0.3
                    }
                    v.replace(with: 0, where: v .< 0)
                    v.replace(with: 255, where: v .> 255)
                    pixels[out] = UInt8(v.x)
                    pixels[out + 1] = UInt8(v.y)
                    pixels[out + 2] = UInt8(v.z)
                    out += 3
                }
            }
        }
    }
}
