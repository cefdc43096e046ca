// Draws measured outlines onto pictures.

package import Frames

/// A line's colour, chosen to stay visible on tissue and for colour-blind eyes.
package struct LineColour: Sendable, Hashable {
    package var red: UInt8
    package var green: UInt8
    package var blue: UInt8

    package init(red: UInt8, green: UInt8, blue: UInt8) {
        self.red = red
        self.green = green
        self.blue = blue
    }

    /// For the opening's outline.
    package static let outline = LineColour(red: 0, green: 229, blue: 255)
    /// For the field of view's edge.
    package static let field = LineColour(red: 255, green: 214, blue: 0)
}

/// Anti-aliased lines on an RGB picture.
package enum OutlineDrawing {
    /// Draws closed rings.
    ///
    /// - **Units** points and width in pixels of `picture`.
    package static func draw(rings: [[Point]], colour: LineColour, width: Double, on picture: inout RGBPicture) {
        for ring in rings where ring.count > 1 {
            for index in ring.indices {
                drawLine(ring[index], ring[(index + 1) % ring.count], colour, width, on: &picture)
            }
        }
    }

    /// Draws one line; points and width in pixels of `picture`.
    package static func draw(
        line a: Point, _ b: Point, colour: LineColour, width: Double, on picture: inout RGBPicture
    ) { drawLine(a, b, colour, width, on: &picture) }

    /// The outline of a field of view as one ring, in pane pixels.
    package static func ring(of field: FieldOfView) -> [Point] {
        var left: [Point] = []
        var right: [Point] = []
        for y in 0..<field.size.height where field.ends[y] > field.starts[y] {
            left.append(Point(x: Double(field.starts[y]) + 0.5, y: Double(y) + 0.5))
            right.append(Point(x: Double(field.ends[y]) - 0.5, y: Double(y) + 0.5))
        }
        return left + right.reversed()
    }

    private static func drawLine(
        _ a: Point, _ b: Point, _ colour: LineColour, _ width: Double, on picture: inout RGBPicture
    ) {
        let reach = width / 2 + 1
        let (left, right) = (min(a.x, b.x) - reach, max(a.x, b.x) + reach)
        let (top, bottom) = (min(a.y, b.y) - reach, max(a.y, b.y) + reach)
        guard left.isFinite, right.isFinite, top.isFinite, bottom.isFinite else { return }
        let columns = max(0, Int(left))..<max(max(0, Int(left)), min(picture.size.width, Int(right) + 1))
        let rows = max(0, Int(top))..<max(max(0, Int(top)), min(picture.size.height, Int(bottom) + 1))
        let (dx, dy) = (b.x - a.x, b.y - a.y)
        let square = max(dx * dx + dy * dy, 1e-12)
        for y in rows {
            for x in columns {
                let (px, py) = (Double(x) + 0.5 - a.x, Double(y) + 0.5 - a.y)
                let along = min(1, max(0, (px * dx + py * dy) / square))
                let (ox, oy) = (px - along * dx, py - along * dy)
                let cover = min(1, max(0, width / 2 + 0.5 - (ox * ox + oy * oy).squareRoot()))
                guard cover > 0 else { continue }
                let at = (y * picture.size.width + x) * 3
                blend(&picture.pixels[at], colour.red, cover)
                blend(&picture.pixels[at + 1], colour.green, cover)
                blend(&picture.pixels[at + 2], colour.blue, cover)
            }
        }
    }

    private static func blend(_ pixel: inout UInt8, _ colour: UInt8, _ cover: Double) {
        pixel = UInt8((Double(pixel) * (1 - cover) + Double(colour) * cover).rounded())
    }
}
