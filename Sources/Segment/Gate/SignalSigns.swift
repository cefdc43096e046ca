// Pictures that a capture card makes up when its input is gone: colour bars, and the last picture for ever.

package import Frames

/// Tells made-up pictures from seen ones.
///
/// One colour from edge to edge is the gate's own matter.
package enum SignalSigns {
    /// Whether a picture shows colour bars, as EBU and SMPTE draw them.
    ///
    /// In the upper half every column has one colour from top to bottom; the columns form at least four plateaus, of
    /// which at least three are strongly coloured and differ in hue. Tissue has neither.
    /// - **Shape** any; meant for about 192 px in width.
    package static func showsBars(_ picture: borrowing RGBPicture) -> Bool {
        let (width, height) = (picture.size.width, picture.size.height)
        guard width >= 32, height >= 16 else { return false }
        let top = height / 16
        let bottom = height * 9 / 16
        let middle = (top + bottom) / 2
        let pixels = picture.pixels.span
        // A few columns across an edge between two bars may differ from row to row.
        var constant = 0
        for x in 0..<width {
            let reference = (middle * width + x) * 3
            var isConstant = true
            var y = top
            while y < bottom, isConstant {
                let at = (y * width + x) * 3
                for channel in 0..<3
                where abs(Int(pixels[at + channel]) - Int(pixels[reference + channel])) > levelTolerance {
                    isConstant = false
                }
                y += 1
            }
            if isConstant { constant += 1 }
        }
        guard constant * 100 >= width * 94 else { return false }
        return plateaus(in: picture, row: middle)
    }

    /// Levels by which a bar may differ from itself, after a lossy codec.
    private static let levelTolerance = 14

    private static func plateaus(in picture: borrowing RGBPicture, row: Int) -> Bool {
        let width = picture.size.width
        let pixels = picture.pixels.span
        var count = 0
        var hues: UInt8 = 0
        var start = 0
        var x = 1
        while x <= width {
            let ends =
                x == width
                || (0..<3).contains { channel in
                    let here = Int(pixels[(row * width + x) * 3 + channel])
                    let before = Int(pixels[(row * width + x - 1) * 3 + channel])
                    return abs(here - before) > levelTolerance
                }
            if ends {
                if x - start >= width / 16 {
                    count += 1
                    hues |= hue(pixels, (row * width + (start + x) / 2) * 3)
                }
                start = x
            }
            x += 1
        }
        return count >= 4 && count <= 12 && hues.nonzeroBitCount >= 3
    }

    /// One bit for each of the six full colours; none for greys and pale colours.
    private static func hue(_ pixels: borrowing Span<UInt8>, _ at: Int) -> UInt8 {
        let (red, green, blue) = (Int(pixels[at]), Int(pixels[at + 1]), Int(pixels[at + 2]))
        let most = max(red, green, blue)
        let least = min(red, green, blue)
        guard most - least > 90 else { return 0 }
        let middle = (most + least) / 2
        let bits = (red > middle ? 1 : 0) | (green > middle ? 2 : 0) | (blue > middle ? 4 : 0)
        return UInt8(1 << bits)
    }

    /// A number that changes when any pixel does (FNV-1a over eight bytes at a time).
    package static func imprint(_ picture: borrowing RGBPicture) -> UInt64 {
        let pixels = picture.pixels.span
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        var at = 0
        while at + 8 <= pixels.count {
            var word: UInt64 = 0
            for byte in 0..<8 { word |= UInt64(pixels[at + byte]) << UInt64(byte * 8) }
            hash = (hash ^ word) &* 0x0000_0100_0000_01B3
            // The multiplication alone carries nothing downwards.
            hash ^= hash >> 29
            at += 8
        }
        while at < pixels.count {
            hash = (hash ^ UInt64(pixels[at])) &* 0x0000_0100_0000_01B3
            at += 1
        }
        return hash
    }
}

/// Sees that a picture stands still.
///
/// A camera's picture is never twice the same, to the last level, for long: there is noise, and a larynx moves. Stored
/// with a session's state.
package struct StillWatch: Codable, Sendable, Equatable {
    private var imprint: UInt64 = 0
    private var since: StreamTime?

    /// A picture that has stood for this long is not one of now.
    package static let limit = StreamTime(nanoseconds: 3_000_000_000)

    package init() {}

    /// Whether the picture at `time` has stood still for too long.
    package mutating func stands(_ imprint: UInt64, at time: StreamTime) -> Bool {
        guard let since, imprint == self.imprint, time >= since else {
            self.imprint = imprint
            self.since = time
            return false
        }
        return time - since >= Self.limit
    }
}
