import Decode
import Foundation
import Frames

/// Drawn recordings with a known pane: noise ground, textured reddish picture, panel with digits.
struct PaneLayout {
    enum Form { case full, octagon, ellipse }

    var size: PixelSize
    /// The pane's bounding box before the recording's edge cuts it.
    var pane: PixelRect
    var form: Form
    var panel: PixelRect?
    var ground = 17
    var groundRect: PixelRect?
    /// Share of whitish veil at the lower right, 0...1; darkness at the right, 0...1; light of all, 0...1.
    var fog = 0.0
    var darkSide = 0.0
    var light = 1.0
    var noise = 4

    func isPicture(_ x: Int, _ y: Int) -> Bool {
        let u = Double(x - pane.x) + 0.5
        let v = Double(y - pane.y) + 0.5
        let w = Double(pane.width)
        let h = Double(pane.height)
        guard u >= 0, v >= 0, u <= w, v <= h else { return false }
        switch form {
        case .full: return true
        case .octagon:
            let cut = 0.14 * w
            return min(u, w - u) + min(v, h - v) >= cut
        case .ellipse: return pow(u / w * 2 - 1, 2) + pow(v / h * 2 - 1, 2) <= 1
        }
    }

    func frame(_ index: Int) -> RGBPicture {
        var picture = RGBPicture(size: size)
        var random: UInt64 = 77 &+ UInt64(index) &* 1_000_003
        let icon = pane.x > 60 ? PixelRect(x: pane.x - 36, y: pane.maxY - 30, width: 24, height: 18) : nil
        for y in 0..<size.height {
            for x in 0..<size.width {
                random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                var colour = [0.0, 0, 0]
                if let g = groundRect, x >= g.x, x < g.maxX, y >= g.y, y < g.maxY {
                    colour = [Double(ground), Double(ground), Double(ground)]
                }
                if let icon, x >= icon.x, x < icon.maxX, y >= icon.y, y < icon.maxY { colour = [150, 150, 150] }
                if let panel, x >= panel.x, x < panel.maxX, y >= panel.y, y < panel.maxY {
                    colour = panelColour(x - panel.x, y - panel.y, panel, index)
                }
                if isPicture(x, y) { colour = tissue(x - pane.x, y - pane.y, index) }
                // Noise in blocks of eight as a codec leaves it, and on single pixels.
                let block = Double((x / 8 * 31 + y / 8 * 17 + index / 4 * 7) % 5) - 2
                let grain = Double(Int(random >> 40) % (2 * noise + 1) - noise)
                let stray = random >> 54 == 0 ? (random & 1 == 0 ? 255.0 : -255) : 0
                for channel in 0..<3 {
                    let value = colour[channel] + (colour[channel] > 4 ? block : 0) + grain + stray
                    picture.pixels[(y * size.width + x) * 3 + channel] = UInt8(max(0, min(255, value)))
                }
            }
        }
        return picture
    }

    private func panelColour(_ x: Int, _ y: Int, _ panel: PixelRect, _ index: Int) -> [Double] {
        let row = y * 9 / panel.height
        let inRow = y * 9 % panel.height * 100 / panel.height
        // Digits: dark strokes that change now and then.
        if x < panel.width / 2, inRow > 30, inRow < 75 {
            let stroke = (x / 5 * 7 + y / 5 * 3 + (x > panel.width / 4 ? index / 4 * row : 0)) % 5
            return stroke == 0 ? [20, 20, 200] : stroke == 1 ? [200, 30, 30] : [250, 250, 250]
        }
        // A plot with a reddish zone and a curve that moves on.
        if x > panel.width * 55 / 100, x < panel.width * 95 / 100 {
            let curve = panel.height / 18 + Int(sin(Double(x + index * 3) * 0.05) * Double(panel.height) / 30)
            if abs(y % (panel.height / 3) - curve) < 2 { return [20, 80, 255] }
            if x > panel.width * 3 / 4 { return [255, 190, 180] }
        }
        return [250, 250, 250]
    }

    private func tissue(_ x: Int, _ y: Int, _ index: Int) -> [Double] {
        let w = Double(pane.width)
        let u = Double(x) / w
        let v = Double(y) / w
        let t = Double(index)
        var bright = 0.72 - 0.5 * (pow(u - 0.5, 2) + pow(v - 0.5, 2))
        bright += 0.10 * sin(9 * u + 0.35 * t) * cos(7 * v - 0.2 * t) + 0.04 * sin(41 * u + 23 * v + 0.5 * t)
        let dx = u - 0.42 - 0.01 * sin(t)
        let dy = v - 0.48
        if abs(dx) < 0.35 * (0.2 - dy) && abs(dy) < 0.2 { bright *= 0.12 }
        bright *= 1 - min(0.97, darkSide * max(0, hypot(u, 0.6 * (v - 0.6)) * 2))
        let veil = fog * max(0, min(1, 0.2 + 0.8 * (u + v) / 2))
        return [0.95, 0.58, 0.52].enumerated().map { channel, tint in
            (bright * tint * 255 * (1 - veil) + veil * [205, 208, 212][channel]) * light
        }
    }

    /// The pane and the pixels that the drawing lit.
    var truth: (box: PixelRect, lit: [Bool]) {
        var lit = [Bool](repeating: false, count: size.count)
        var box = (Int.max, Int.max, 0, 0)
        for y in 0..<size.height {
            for x in 0..<size.width where isPicture(x, y) {
                lit[y * size.width + x] = true
                box = (min(box.0, x), min(box.1, y), max(box.2, x + 1), max(box.3, y + 1))
            }
        }
        return (PixelRect(x: box.0, y: box.1, width: box.2 - box.0, height: box.3 - box.1), lit)
    }

    /// Greatest distance of an edge, pixels, and intersection over union.
    func compare(_ pane: Pane) -> (edge: Int, iou: Double) {
        let (box, lit) = truth
        let edge =
            [
                pane.rect.x - box.x, pane.rect.y - box.y, pane.rect.maxX - box.maxX, pane.rect.maxY - box.maxY,
            ].map(abs).max() ?? .max
        var both = 0
        var either = 0
        for y in 0..<size.height {
            for x in 0..<size.width {
                let found = pane.field.contains(x: x - pane.rect.x, y: y - pane.rect.y)
                if found && lit[y * size.width + x] { both += 1 }
                if found || lit[y * size.width + x] { either += 1 }
            }
        }
        return (edge, Double(both) / Double(max(1, either)))
    }
}

extension PaneLayout {
    /// Layout A of data/SOURCES.md at a third of its size.
    static let a = PaneLayout(
        size: PixelSize(width: 640, height: 360), pane: PixelRect(x: 324, y: 42, width: 276, height: 276),
        form: .octagon, panel: PixelRect(x: 0, y: 42, width: 273, height: 276),
        groundRect: PixelRect(x: 290, y: 42, width: 350, height: 276))
    /// Layout B: flush to the top right corner, the panel touches it.
    static let b = PaneLayout(
        size: PixelSize(width: 640, height: 512), pane: PixelRect(x: 320, y: 0, width: 320, height: 256), form: .full,
        panel: PixelRect(x: 0, y: 0, width: 320, height: 256))
    static let circle = PaneLayout(
        size: PixelSize(width: 320, height: 240), pane: PixelRect(x: 40, y: 0, width: 240, height: 240), form: .ellipse)

    func with(_ change: (inout PaneLayout) -> Void) -> PaneLayout {
        var layout = self
        change(&layout)
        return layout
    }
}
