// Text from outside, made fit for a log line or an event.

package enum TextSafety {
    /// The text without control and direction-changing characters, and not longer than `limit` bytes of UTF-8.
    package static func plain(_ text: String, limit: Int = 512) -> String {
        var result = String.UnicodeScalarView()
        var bytes = 0
        for scalar in text.unicodeScalars {
            guard !isUnsafe(scalar) else { continue }
            bytes += UTF8.width(scalar)
            guard bytes <= limit else { break }
            result.append(scalar)
        }
        return String(result)
    }

    /// Control characters (C0, delete, C1), line and paragraph separators, and the marks that turn the direction of
    /// writing, with which a name could pretend to be another.
    package static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}
