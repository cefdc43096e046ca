// Where an MP4 or MOV keeps its index: before its pictures, after them, or in pieces between them.

/// Walks over the top boxes of an ISO base media file, without touching what is in them.
///
/// Pure and bounded: the owner fetches 16 bytes at `offset` and feeds them, until there is a verdict.
/// - **Source** ISO/IEC 14496-12, section 4.2 (box) and 8.1 to 8.2 (media data, movie).
package struct BoxSniffer: Sendable {
    package enum Verdict: Sendable, Equatable {
        /// Something else than MP4 or MOV.
        case otherFormat
        /// The index comes before the pictures, or the file is made of fragments: readable while it grows.
        case sequential
        /// The pictures come first. The index, if there is one, follows at `offset`.
        case indexLast(offset: Int64)
        /// The pictures come first and their length is not written yet: the recording is not finalised.
        case indexMissing
    }

    /// Bytes wanted at every step.
    package static let headerLength = 16
    private static let maximumBoxes = 64
    private static let knownTypes: Set<String> = [
        "ftyp", "styp", "sidx", "ssix", "prft", "emsg", "moov", "moof", "mdat", "free", "skip", "wide", "pnot", "uuid",
        "meta", "mfra", "pdin", "PICT", "junk", "bloc",
    ]

    /// Where the next 16 bytes are wanted; a box header may be as short as 8 at the very end.
    package private(set) var offset: Int64 = 0
    private var boxes = 0
    /// Pictures came before the index: what is still missing comes only when the recording is finalised.
    package private(set) var sawMediaData = false

    package init() {}

    /// Takes the bytes at `offset`: 16, or fewer at the end of the file.
    /// - Returns: the verdict, or nil when the box at the new `offset` is wanted.
    package mutating func feed(_ bytes: [UInt8]) -> Verdict? {
        boxes += 1
        guard bytes.count >= 8 else {
            if boxes == 1 { return .otherFormat }
            return sawMediaData ? .indexMissing : .sequential
        }
        let type = String(decoding: bytes[4..<8], as: Unicode.UTF8.self)
        guard Self.knownTypes.contains(type) else {
            if boxes == 1 { return .otherFormat }
            return sawMediaData ? .indexLast(offset: offset) : .sequential
        }
        switch type {
        case "moof", "styp", "sidx": return .sequential
        case "moov": return sawMediaData ? .indexLast(offset: offset) : .sequential
        case "mdat": sawMediaData = true
        default: break
        }
        guard boxes < Self.maximumBoxes else { return .sequential }
        var length = Int64(bytes[0]) << 24 | Int64(bytes[1]) << 16 | Int64(bytes[2]) << 8 | Int64(bytes[3])
        if length == 1 {
            guard bytes.count >= 16 else { return sawMediaData ? .indexMissing : .sequential }
            var wide: UInt64 = 0
            for byte in bytes[8..<16] { wide = wide << 8 | UInt64(byte) }
            guard wide >= 16, let exact = Int64(exactly: wide) else { return .indexMissing }
            length = exact
        } else if length == 0 {
            // Reaches to the end of the file: of pictures, this is how recorders mark what they still write.
            return sawMediaData ? .indexMissing : .sequential
        } else if length < 8 {
            return boxes == 1 ? .otherFormat : .sequential
        }
        let (next, overflow) = offset.addingReportingOverflow(length)
        guard !overflow else { return .indexMissing }
        offset = next
        return nil
    }
}
