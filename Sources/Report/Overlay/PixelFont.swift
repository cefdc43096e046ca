// Capital letters for video frames: five columns by seven rows, so that no font library is needed.
package import Frames

/// Writes short texts onto pictures.
package enum PixelFont {
    /// Rows from top to bottom, five bits each.
    private static let glyphs: [Character: [UInt8]] = [
        "A": [14, 17, 17, 31, 17, 17, 17], "B": [30, 17, 17, 30, 17, 17, 30], "C": [14, 17, 16, 16, 16, 17, 14],
        "D": [30, 17, 17, 17, 17, 17, 30], "E": [31, 16, 16, 30, 16, 16, 31], "F": [31, 16, 16, 30, 16, 16, 16],
        "G": [14, 17, 16, 23, 17, 17, 15], "H": [17, 17, 17, 31, 17, 17, 17], "I": [14, 4, 4, 4, 4, 4, 14],
        "J": [7, 2, 2, 2, 2, 18, 12], "K": [17, 18, 20, 24, 20, 18, 17], "L": [16, 16, 16, 16, 16, 16, 31],
        "M": [17, 27, 21, 21, 17, 17, 17], "N": [17, 25, 21, 19, 17, 17, 17], "O": [14, 17, 17, 17, 17, 17, 14],
        "P": [30, 17, 17, 30, 16, 16, 16], "Q": [14, 17, 17, 17, 21, 18, 13], "R": [30, 17, 17, 30, 20, 18, 17],
        "S": [15, 16, 16, 14, 1, 1, 30], "T": [31, 4, 4, 4, 4, 4, 4], "U": [17, 17, 17, 17, 17, 17, 14],
        "V": [17, 17, 17, 17, 17, 10, 4], "W": [17, 17, 17, 21, 21, 27, 17], "X": [17, 17, 10, 4, 10, 17, 17],
        "Y": [17, 17, 10, 4, 4, 4, 4], "Z": [31, 1, 2, 4, 8, 16, 31],
        "0": [14, 17, 19, 21, 25, 17, 14], "1": [4, 12, 4, 4, 4, 4, 14], "2": [14, 17, 1, 2, 4, 8, 31],
        "3": [31, 2, 4, 2, 1, 17, 14], "4": [2, 6, 10, 18, 31, 2, 2], "5": [31, 16, 30, 1, 1, 17, 14],
        "6": [6, 8, 16, 30, 17, 17, 14], "7": [31, 1, 2, 4, 8, 8, 8], "8": [14, 17, 17, 14, 17, 17, 14],
        "9": [14, 17, 17, 15, 1, 2, 12],
        ".": [0, 0, 0, 0, 0, 12, 12], ",": [0, 0, 0, 0, 12, 4, 8], ":": [0, 12, 12, 0, 12, 12, 0],
        "%": [24, 25, 2, 4, 8, 19, 3], "-": [0, 0, 0, 31, 0, 0, 0], "+": [0, 4, 4, 31, 4, 4, 0],
        "/": [0, 1, 2, 4, 8, 16, 0], "(": [2, 4, 8, 8, 8, 4, 2], ")": [8, 4, 2, 2, 2, 4, 8],
        "_": [0, 0, 0, 0, 0, 0, 31], "?": [14, 17, 1, 2, 4, 0, 4],
    ]

    /// Width of a text, in pixels.
    package static func width(_ text: String, dot: Int) -> Int { max(0, text.count * 6 - 1) * dot }

    /// Writes `text` with its top left corner at (x, y); a character without a glyph is written as "?".
    /// - Parameter dot: pixels for each of a letter's 5 x 7 dots.
    package static func write(
        _ text: String, x: Int, y: Int, dot: Int, colour: LineColour, on picture: inout RGBPicture
    ) {
        var left = x
        for character in plain(text) {
            defer { left += 6 * dot }
            guard character != " ", let rows = glyphs[character] ?? glyphs["?"] else { continue }
            for (row, bits) in rows.enumerated() {
                for column in 0..<5 where bits >> (4 - column) & 1 == 1 {
                    picture.fill(
                        PixelRect(x: left + column * dot, y: y + row * dot, width: dot, height: dot), colour)
                }
            }
        }
    }

    /// Capital letters without marks: "Aufwärmen" becomes "AUFWARMEN".
    private static func plain(_ text: String) -> [Character] {
        text.uppercased().map { character in
            if glyphs[character] != nil || character == " " { return character }
            let base = character.decomposedBase
            return glyphs[base] != nil ? base : character
        }
    }
}

extension Character {
    /// The letter without its marks, for the Latin letters that are often met.
    fileprivate var decomposedBase: Character {
        switch self {
        case "Ä", "À", "Á", "Â", "Ã", "Å", "Æ": "A"
        case "Ö", "Ò", "Ó", "Ô", "Õ", "Ø": "O"
        case "Ü", "Ù", "Ú", "Û": "U"
        case "É", "È", "Ê", "Ë": "E"
        case "Í", "Ì", "Î", "Ï": "I"
        case "Ñ": "N"
        case "Ç": "C"
        default: self
        }
    }
}

extension RGBPicture {
    /// Fills what of `rect` lies in the picture.
    package mutating func fill(_ rect: PixelRect, _ colour: LineColour) {
        let (left, right) = (max(0, rect.x), min(size.width, rect.maxX))
        guard left < right else { return }
        for y in max(0, rect.y)..<max(max(0, rect.y), min(size.height, rect.maxY)) {
            var at = (y * size.width + left) * 3
            for _ in left..<right {
                pixels[at] = colour.red
                pixels[at + 1] = colour.green
                pixels[at + 2] = colour.blue
                at += 3
            }
        }
    }
}
