// A made-up spiro-ergometry panel: numbers that change every second, and curves. No patient stands behind it.
import Frames
import Glibc

/// Numbers and curves at the left of a recording.
struct NumberPanel: Sendable {
    private let area: PixelRect
    private let seed: UInt64
    private let seconds: Double
    private let paper: SIMD3<UInt8>
    private let inks: [SIMD3<UInt8>]

    /// Digits, five columns by seven rows, one row in five bits.
    private static let digits: [[UInt8]] = [
        [14, 17, 19, 21, 25, 17, 14], [4, 12, 4, 4, 4, 4, 14], [14, 17, 1, 2, 4, 8, 31], [31, 2, 4, 2, 1, 17, 14],
        [2, 6, 10, 18, 31, 2, 2], [31, 16, 30, 1, 1, 17, 14], [6, 8, 16, 30, 17, 17, 14], [31, 1, 2, 4, 8, 8, 8],
        [14, 17, 17, 14, 17, 17, 14], [14, 17, 17, 15, 1, 2, 12],
    ]

    init(_ settings: PhantomSettings, _ dice: inout Dice) {
        let (w, h) = (settings.size.width, settings.size.height)
        switch settings.layout {
        case .a: area = PixelRect(x: 0, y: h * 76 / 1080, width: w * 690 / 1920, height: h * 928 / 1080)
        case .b, .full: area = PixelRect(x: 0, y: 0, width: max(8, w - h * 5 / 8 - w / 50), height: h / 2)
        }
        seed = settings.seed
        seconds = settings.seconds
        let level = UInt8(dice.within(18, 60))
        paper = SIMD3(level, level, UInt8(min(255, Float(level) * 1.3)))
        inks = [
            SIMD3(230, 230, 230), SIMD3(120, 220, 120), SIMD3(240, 210, 90), SIMD3(110, 190, 240), SIMD3(240, 120, 110),
            SIMD3(200, 150, 240),
        ]
    }

    func draw(second: Int, into picture: inout RGBPicture) {
        fill(area, paper, &picture)
        let rows = 6
        let cell = area.height / (rows + 4)
        let dot = max(1, cell / 12)
        for row in 0..<rows {
            for column in 0..<2 {
                var dice = Dice(seed, 0xBA &+ UInt64(row * 2 + column), second)
                let trend = Float(second) / Float(max(1, seconds))
                let top: [Float] = [4200, 190, 48, 1200, 160, 98]
                let value = Int(top[row] * (0.35 + 0.5 * trend) + dice.normal() * top[row] * 0.02)
                let x = area.x + area.width * (column == 0 ? 3 : 17) / 30
                number(
                    max(0, value), x, area.y + cell / 3 + row * cell, dot, inks[(row + column) % inks.count], &picture)
            }
        }
        curves(second, area.y + cell * rows + cell / 2, area.maxY - cell / 2, &picture)
    }

    private func number(
        _ value: Int, _ x: Int, _ y: Int, _ dot: Int, _ ink: SIMD3<UInt8>, _ picture: inout RGBPicture
    ) {
        var x = x
        for character in String(value).utf8 {
            let glyph = NumberPanel.digits[Int(character) - 48]
            for row in 0..<7 {
                for column in 0..<5 where glyph[row] >> UInt8(4 - column) & 1 == 1 {
                    let rect = PixelRect(x: x + column * dot, y: y + row * dot, width: dot, height: dot)
                    fill(rect, ink, &picture)
                }
            }
            x += 6 * dot
        }
    }

    private func curves(_ second: Int, _ top: Int, _ bottom: Int, _ picture: inout RGBPicture) {
        guard bottom > top + 4 else { return }
        let span = Float(bottom - top)
        let past = min(area.width - 8, area.width * second / max(1, Int(seconds)))
        for curve in 0..<3 {
            let phase = Float(curve) * 2
            for x in 0..<max(1, past) {
                let t = Float(x) / Float(max(1, area.width))
                let wave = 0.06 * sinf(t * 90 + phase) + 0.04 * sinf(t * 231 + phase)
                let y = bottom - 2 - Int(span * (0.1 + 0.2 * Float(curve) * t + 0.4 * t + wave * t + 0.06))
                fill(PixelRect(x: area.x + 4 + x, y: max(top, y), width: 1, height: 2), inks[curve + 1], &picture)
            }
        }
    }

    private func fill(_ rect: PixelRect, _ ink: SIMD3<UInt8>, _ picture: inout RGBPicture) {
        let (w, h) = (picture.size.width, picture.size.height)
        guard rect.x >= 0, rect.x < area.maxX, rect.y >= 0, rect.width > 0 else { return }
        let right = min(rect.maxX, min(w, area.maxX))
        for y in rect.y..<max(rect.y, min(rect.maxY, h)) {
            var i = (y * w + rect.x) * 3
            for _ in rect.x..<max(rect.x, right) {
                picture.pixels[i] = ink.x
                picture.pixels[i + 1] = ink.y
                picture.pixels[i + 2] = ink.z
                i += 3
            }
        }
    }
}
