// Damage in what a JPEG picture says of itself before its blocks.

/// The heads of a picture that tell its size, parts and quantization.
///
/// Recorders write the same ones over and over. Where many pictures in a row had the same and the next differs in a bit or
/// two, that is damage: whoever changes the quality changes many numbers of a table, and for more than one picture.
struct JPEGHeads {
    private var present: [UInt8] = []
    /// Those of the picture before, where they were not the usual ones.
    private var last: [UInt8] = []
    /// Those of the pictures before, and how many have had them.
    private var usual: [UInt8] = []
    private var count = 0
    /// For every byte of the present ones the table and coefficient whose step it holds; `noStep` for the others.
    private var places: [Int] = []
    /// By table, a bit for every coefficient that the present picture has: another's step changes nothing.
    private var used: [UInt64] = [0, 0, 0, 0]

    private static let noStep = -1
    private static let leastCount = 8
    private static let mostBits = 2

    mutating func begin() {
        present.removeAll(keepingCapacity: true)
        places.removeAll(keepingCapacity: true)
        for table in used.indices { used[table] = 0 }
    }

    mutating func add(frame body: UnsafeBufferPointer<UInt8>) {
        present += body
        places += repeatElement(Self.noStep, count: body.count)
    }

    /// Adds quantization tables, which `takeSteps` has looked at or will.
    mutating func add(steps body: UnsafeBufferPointer<UInt8>) {
        present += body
        var at = 0
        while at < body.count {
            let (width, table) = (body[at] >> 4 != 0 ? 2 : 1, Int(body[at] & 3))
            places.append(Self.noStep)
            for place in 0..<(64 * width) { places.append(table << 6 | place / width) }
            at += 1 + 64 * width
        }
    }

    mutating func use(_ coefficients: UInt64, ofTable table: Int) { used[table] |= coefficients }

    /// Whether the present picture's heads are hurt; they then are those of the picture before the next.
    mutating func areHurt() -> Bool {
        if present == usual {
            count += 1
            last.removeAll(keepingCapacity: true)
            return false
        }
        defer { swap(&last, &present) }
        if count < Self.leastCount || present == last {
            (usual, count) = (present, 1)
            return false
        }
        var bits = present.count == usual.count ? 0 : Int.max / 2
        var isSeen = false
        for (index, (byte, other)) in zip(present, usual).enumerated() where byte != other {
            bits += (byte ^ other).nonzeroBitCount
            let place = places[index]
            isSeen = isSeen || place == Self.noStep || used[place >> 6] >> UInt64(place & 63) & 1 != 0
        }
        guard bits <= Self.mostBits else {
            (usual, count) = (present, 1)
            return false
        }
        return isSeen
    }
}
