// What a file that is no recording is, judged by its first bytes, so that the message can say it.

/// A guess from the first bytes of a file.
struct FileKind {
    static let wantedBytes = 512

    /// With its article, such as "a PNG picture"; nil when unknown or a recording.
    let name: String?
    let remedy: String
    /// The bytes begin like a container that can be read.
    let isRecording: Bool

    init(_ bytes: [UInt8]) {
        func starts(_ text: String, at offset: Int = 0) -> Bool {
            let wanted = Array(text.utf8)
            return bytes.count >= offset + wanted.count && Array(bytes[offset..<(offset + wanted.count)]) == wanted
        }
        let container: [[UInt8]] = [
            [0x1A, 0x45, 0xDF, 0xA3], Array("RIFF".utf8), Array("FLV".utf8), Array("OggS".utf8), Array("GIF8".utf8),
            [0x30, 0x26, 0xB2, 0x75], [0x00, 0x00, 0x01, 0xBA], [0x00, 0x00, 0x01, 0xB3], [0x47],
        ]
        let pointsElsewhere = "Give the recordings that it names, one by one."
        let isPlain = "Give the recording itself."
        let (name, remedy): (String?, String) =
            if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]) {
                ("a PNG picture", isPlain)
            } else if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
                ("a JPEG picture", isPlain)
            } else if starts("ffconcat") {
                ("a list of other files (ffconcat)", pointsElsewhere)
            } else if starts("#EXTM3U") {
                ("a playlist (M3U)", pointsElsewhere)
            } else if starts("v=0") {
                ("a session description (SDP)", pointsElsewhere)
            } else if starts("<?xml") || starts("<MPD") {
                ("an XML document", isPlain)
            } else if starts("%PDF") {
                ("a PDF document", isPlain)
            } else if starts("PK\u{03}\u{04}") {
                ("a ZIP archive", "Unpack it first.")
            } else if starts("\u{7F}ELF") {
                ("a program", isPlain)
            } else if starts("RIFF"), starts("WAVE", at: 8) {
                ("a sound file (WAV)", isPlain)
            } else if !bytes.isEmpty, bytes.allSatisfy({ $0 >= 0x20 && $0 < 0x7F || $0 == 9 || $0 == 10 || $0 == 13 }) {
                ("a text file", isPlain)
            } else {
                (nil, isPlain)
            }
        self.name = name
        self.remedy = remedy
        isRecording =
            starts("ftyp", at: 4) || starts("moov", at: 4) || starts("mdat", at: 4)
            || container.contains { bytes.starts(with: $0) }
    }
}
