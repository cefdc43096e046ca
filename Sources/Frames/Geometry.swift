// Places in a picture. Coordinates grow right and down.

/// Width and height in whole pixels.
package struct PixelSize: Sendable, Hashable, Codable {
    package var width: Int
    package var height: Int

    package init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }

    /// Number of pixels.
    package var count: Int { width * height }
}

/// A rectangle of whole pixels; `x`, `y` is its top left pixel.
package struct PixelRect: Sendable, Hashable, Codable {
    package var x: Int
    package var y: Int
    package var width: Int
    package var height: Int

    package init(x: Int, y: Int, width: Int, height: Int) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }

    /// The rectangle that covers a whole picture.
    package init(_ size: PixelSize) {
        self.init(x: 0, y: 0, width: size.width, height: size.height)
    }

    package var size: PixelSize { PixelSize(width: width, height: height) }
    package var maxX: Int { x + width }
    package var maxY: Int { y + height }

    /// Whether `other` lies wholly inside.
    package func contains(_ other: PixelRect) -> Bool {
        other.x >= x && other.y >= y && other.maxX <= maxX && other.maxY <= maxY
    }
}

/// A place with subpixel precision.
///
/// - **Units** pixels. The centre of the top left pixel is (0.5, 0.5); the picture spans [0, width] x [0, height].
package struct Point: Sendable, Hashable, Codable {
    package var x: Double
    package var y: Double

    package init(x: Double, y: Double) {
        self.x = x
        self.y = y
    }
}
