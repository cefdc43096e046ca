// Pixels. Storage is reused: whoever fills a picture sets its size and overwrites its pixels in place.

/// Brightness only.
///
/// - **Shape** `pixels` is (height, width), row-major, full range 0...255.
package struct LumaPicture: Sendable, Equatable {
    package var size: PixelSize
    package var pixels: [UInt8]

    package init(size: PixelSize) {
        self.size = size
        pixels = [UInt8](repeating: 0, count: size.count)
    }

    /// Gives the picture another size, keeping its storage where it is large enough.
    ///
    /// Its pixels are then unspecified.
    package mutating func resize(to newSize: PixelSize) {
        guard newSize != size else { return }
        size = newSize
        resizeStorage(&pixels, to: newSize.count)
    }

    package subscript(x: Int, y: Int) -> UInt8 {
        get { pixels[y * size.width + x] }
        set { pixels[y * size.width + x] = newValue }
    }
}

/// Red, green, blue.
///
/// - **Shape** `pixels` is (height, width, 3), row-major, interleaved, sRGB-like full range 0...255.
package struct RGBPicture: Sendable, Equatable {
    package var size: PixelSize
    package var pixels: [UInt8]

    package init(size: PixelSize) {
        self.size = size
        pixels = [UInt8](repeating: 0, count: size.count * 3)
    }

    /// Gives the picture another size, keeping its storage where it is large enough.
    ///
    /// Its pixels are then unspecified.
    package mutating func resize(to newSize: PixelSize) {
        guard newSize != size else { return }
        size = newSize
        resizeStorage(&pixels, to: newSize.count * 3)
    }
}

/// One number for every pixel: a network's answer.
///
/// - **Shape** `values` is (height, width), row-major.
package struct ValueMap: Sendable, Equatable {
    package var size: PixelSize
    package var values: [Float]

    package init(size: PixelSize) {
        self.size = size
        values = [Float](repeating: 0, count: size.count)
    }

    /// Gives the map another size, keeping its storage where it is large enough.
    ///
    /// Its values are then unspecified.
    package mutating func resize(to newSize: PixelSize) {
        guard newSize != size else { return }
        size = newSize
        if values.count > newSize.count {
            values.removeLast(values.count - newSize.count)
        } else {
            values.append(contentsOf: repeatElement(0, count: newSize.count - values.count))
        }
    }
}

/// The pixels of one class: 0 outside, 255 inside.
///
/// - **Shape** `pixels` is (height, width), row-major.
package struct Mask: Sendable, Equatable {
    package var size: PixelSize
    package var pixels: [UInt8]

    package init(size: PixelSize) {
        self.size = size
        pixels = [UInt8](repeating: 0, count: size.count)
    }

    /// Number of pixels inside.
    package var area: Int { pixels.reduce(0) { $0 + ($1 != 0 ? 1 : 0) } }
}

private func resizeStorage(_ pixels: inout [UInt8], to count: Int) {
    if pixels.count > count {
        pixels.removeLast(pixels.count - count)
    } else {
        pixels.append(contentsOf: repeatElement(0, count: count - pixels.count))
    }
}
