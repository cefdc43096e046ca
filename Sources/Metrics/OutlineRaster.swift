// From an outline back to pixels.

package import Frames

extension Mask {
    /// The pixels whose centres lie inside an odd number of rings.
    ///
    /// - **Units** rings in pixels of the mask, with its top left pixel's centre at (0.5, 0.5).
    package init(rings: [[Point]], size: PixelSize) {
        self.init(size: size)
        var crossings: [Double] = []
        for y in 0..<size.height {
            let level = Double(y) + 0.5
            crossings.removeAll(keepingCapacity: true)
            for ring in rings {
                for index in ring.indices {
                    let a = ring[index]
                    let b = ring[index + 1 == ring.count ? 0 : index + 1]
                    guard (a.y <= level) != (b.y <= level) else { continue }
                    crossings.append(a.x + (level - a.y) / (b.y - a.y) * (b.x - a.x))
                }
            }
            crossings.sort()
            for pair in stride(from: 0, to: crossings.count - 1, by: 2) {
                let start = max(0, Int((crossings[pair] - 0.5).rounded(.up)))
                let end = min(size.width, Int((crossings[pair + 1] - 0.5).rounded(.up)))
                guard start < end else { continue }
                for x in start..<end { pixels[y * size.width + x] = 255 }
            }
        }
    }
}
