// Damage in a JPEG picture that its decoder passes over.

/// Looks at the markers of a JPEG picture.
///
/// - **Source** ITU-T T.81, section B.1.1 (markers) and B.2 (their order).
enum JPEGCheck {
    /// Whether the bytes begin and end as a picture must, with nothing but coded data in between its markers.
    ///
    /// Zeros or FF bytes after the end, as recorders pad them, are allowed, and so is a second picture (the other
    /// field).
    static func isWhole(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard bytes.count > 4, bytes[0] == 0xFF, bytes[1] == 0xD8 else { return false }
        var at = 2
        var isInScan = false
        var isOpen = true
        while at + 1 < bytes.count {
            if isInScan {
                guard let next = endOfScan(bytes, from: at) else { return false }
                at = next
                isInScan = false
            }
            guard at + 1 < bytes.count, bytes[at] == 0xFF else {
                return !isOpen && bytes[at...].allSatisfy { $0 == 0 || $0 == 0xFF }
            }
            let marker = bytes[at + 1]
            switch marker {
            case 0xFF: at += 1
            case 0xD8:
                guard !isOpen else { return false }
                isOpen = true
                at += 2
            case 0xD9:
                isOpen = false
                at += 2
            case 0xC0...0xFE:
                guard isOpen, at + 3 < bytes.count else { return false }
                let length = Int(bytes[at + 2]) << 8 | Int(bytes[at + 3])
                guard length >= 2, at + 2 + length <= bytes.count else { return false }
                at += 2 + length
                isInScan = marker == 0xDA
            default:
                return !isOpen
            }
        }
        return !isOpen
    }

    /// The marker that ends the coded data; nil when there is none or when one lies in between that must not.
    private static func endOfScan(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
        var at = start
        while at + 1 < bytes.count {
            guard bytes[at] == 0xFF else {
                at += 1
                continue
            }
            switch bytes[at + 1] {
            case 0x00, 0xD0...0xD7: at += 2
            case 0xFF: at += 1
            case 0xD9, 0xDA, 0xC4, 0xDB, 0xDC, 0xDD, 0xFE: return at
            default: return nil
            }
        }
        return nil
    }
}
