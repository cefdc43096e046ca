// Whether a JPEG picture's coded data are as long as its header says.

/// Walks through the Huffman codes of sequential JPEG pictures, counts their blocks and adds up their means.
///
/// A decoder fills in what is missing and leaves what is too much, without a word. A flipped bit in a code shifts what
/// follows, and often the blocks then no longer end with the data. A flipped bit in a block's mean, which is coded as the
/// difference from the block before, brightens or darkens all that follow: means then leave the range of 8-bit pictures,
/// or the picture differs from those before it by a step (`JPEGShift`). A flipped bit in a table gives a symbol twice or
/// one that cannot be, or heads that differ by that bit alone from all those before (`JPEGHeads`). Bits of the other
/// coefficients are never seen: they change one block, and nothing in the format protects them.
/// - **Source** ITU-T T.81, sections B.2 (headers), F.2.2 (decoding), E.2.3 (restarts), A.2 (order of the blocks), A.3.3
///   and F.1.1.4 (the range of a mean: a picture of 8 bits has none beyond 1024).
struct JPEGScan {
    /// Some recorders end a picture in ways of their own: only one that has ended as it must once is held to it.
    private var hasEndedWell = false
    /// The present picture holds what no recorder writes, whatever its ways.
    private var isBroken = false
    private var tables = HuffmanTables()
    private var parts: [Part] = []
    /// The components of the present scan.
    private var scan: [Part] = []
    private var restartInterval = 0
    private var size = (width: 0, height: 0)
    /// By quantization table, the step of a block's mean.
    private var steps = [Int32](repeating: 0, count: 4)
    private var shift = JPEGShift()
    private var heads = JPEGHeads()

    /// One component of the picture.
    private struct Part {
        var name: UInt8
        var across: Int
        var down: Int
        var table: Int
        var dc = 0
        var ac = 0
        /// The step of a block's mean.
        var step: Int32 = 0
        /// The mean of the last block.
        var mean: Int32 = 0
        /// A bit for every coefficient that some block has.
        var used: UInt64 = 1
    }

    /// Whether no scan of the picture is longer or shorter than its blocks, and its means can be right.
    ///
    /// True for what is not sequential Huffman code of 8 bits, and for markers that another check looks at.
    mutating func fits(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let isWhole = walk(bytes) else { return true }
        guard isWhole else { return !hasEndedWell && !isBroken }
        hasEndedWell = true
        // Both look at every whole picture: it is one of those before the next.
        let (isShifted, isHurt) = (shift.isShifted(), heads.areHurt())
        return !isShifted && !isHurt
    }

    /// - Returns: nil where it cannot be told.
    private mutating func walk(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool? {
        tables.forget()
        parts.removeAll(keepingCapacity: true)
        restartInterval = 0
        isBroken = false
        heads.begin()
        var at = 2
        var hasScan = false
        while at + 3 < bytes.count {
            // Behind the end, recorders pad with zeros.
            guard bytes[at] == 0xFF else { break }
            let marker = bytes[at + 1]
            guard marker != 0xFF, marker != 0xD8, marker != 0xD9 else {
                if marker == 0xD8 { restartInterval = 0 }
                at += marker == 0xFF ? 1 : 2
                continue
            }
            let length = Int(bytes[at + 2]) << 8 | Int(bytes[at + 3])
            let end = at + 2 + length
            guard length >= 2, end <= bytes.count else { return nil }
            let body = UnsafeBufferPointer(rebasing: bytes[(at + 4)..<end])
            at = end
            if marker == 0xC0 || marker == 0xC1 { heads.add(frame: body) }
            if marker == 0xDB { heads.add(steps: body) }
            switch marker {
            case 0xC0, 0xC1: guard takeFrame(body) else { return nil }
            case 0xC2...0xC3, 0xC5...0xC7, 0xC9...0xCB, 0xCD...0xCF: return nil
            case 0xC4: guard takeTables(body) else { return false }
            case 0xDB: guard takeSteps(body) else { return false }
            case 0xDD: restartInterval = body.count >= 2 ? Int(body[0]) << 8 | Int(body[1]) : 0
            case 0xDA:
                guard takeScan(body) else { return nil }
                var bits = ScanBits(bytes, from: at)
                beginShift()
                let tables = tables
                guard tables.withView({ pass(&bits, $0) }) else {
                    isBroken = bits.isBroken
                    return false
                }
                for part in scan { heads.use(part.used, ofTable: part.table) }
                at = bits.at
                hasScan = true
            default: break
            }
        }
        return hasScan ? true : nil
    }

    private mutating func takeFrame(_ body: UnsafeBufferPointer<UInt8>) -> Bool {
        guard body.count >= 6, body[0] == 8, body[5] <= 4, body.count >= 6 + 3 * Int(body[5]) else { return false }
        size = (Int(body[3]) << 8 | Int(body[4]), Int(body[1]) << 8 | Int(body[2]))
        parts.removeAll(keepingCapacity: true)
        for index in 0..<Int(body[5]) {
            let factors = body[7 + 3 * index]
            let (across, down) = (Int(factors >> 4), Int(factors & 15))
            guard (1...4).contains(across), (1...4).contains(down) else { return false }
            parts.append(
                Part(name: body[6 + 3 * index], across: across, down: down, table: Int(body[8 + 3 * index] & 3)))
        }
        return size.width > 0 && size.height > 0 && !parts.isEmpty
    }

    private mutating func takeTables(_ body: UnsafeBufferPointer<UInt8>) -> Bool {
        var at = 0
        while at + 17 <= body.count {
            let (kind, place) = (Int(body[at] >> 4), Int(body[at] & 15))
            guard kind < 2, place < 4 else { return false }
            var total = 0
            for k in 1...16 { total += Int(body[at + k]) }
            guard total <= 256, at + 17 + total <= body.count else { return false }
            let table = UnsafeBufferPointer(rebasing: body[(at + 1)..<(at + 17 + total)])
            guard Self.canBe(table.dropFirst(16), meansOnly: kind == 0), tables.build(kind * 4 + place, table) else {
                return false
            }
            at += 17 + total
        }
        return at == body.count
    }

    /// Whether the symbols of a table can be those of a picture of 8 bits, each of them once.
    private static func canBe(_ symbols: Slice<UnsafeBufferPointer<UInt8>>, meansOnly: Bool) -> Bool {
        var seen: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        for symbol in symbols {
            let length = symbol & 15
            guard meansOnly ? symbol <= 11 : length <= 10 && (length > 0 || symbol == 0 || symbol == 0xF0) else {
                return false
            }
            let bit: UInt64 = 1 << UInt64(symbol & 63)
            let isSecond: Bool
            switch symbol >> 6 {
            case 0: (isSecond, seen.0) = (seen.0 & bit != 0, seen.0 | bit)
            case 1: (isSecond, seen.1) = (seen.1 & bit != 0, seen.1 | bit)
            case 2: (isSecond, seen.2) = (seen.2 & bit != 0, seen.2 | bit)
            default: (isSecond, seen.3) = (seen.3 & bit != 0, seen.3 | bit)
            }
            if isSecond { return false }
        }
        return true
    }

    /// Notes the first step of each quantization table.
    private mutating func takeSteps(_ body: UnsafeBufferPointer<UInt8>) -> Bool {
        var at = 0
        while at < body.count {
            let (isWide, place) = (body[at] >> 4 != 0, Int(body[at] & 15))
            guard place < 4, at + (isWide ? 129 : 65) <= body.count else { return false }
            steps[place] = isWide ? Int32(body[at + 1]) << 8 | Int32(body[at + 2]) : Int32(body[at + 1])
            at += isWide ? 129 : 65
        }
        return true
    }

    /// Notes the components of a scan; false for one that cannot be followed.
    private mutating func takeScan(_ body: UnsafeBufferPointer<UInt8>) -> Bool {
        scan.removeAll(keepingCapacity: true)
        guard let count = body.first.map(Int.init), (1...4).contains(count), body.count >= 4 + 2 * count,
            body[1 + 2 * count] == 0, body[2 + 2 * count] == 63
        else { return false }
        for index in 0..<count {
            guard var part = parts.first(where: { $0.name == body[1 + 2 * index] }) else { return false }
            let choice = body[2 + 2 * index]
            (part.dc, part.ac) = (Int(choice >> 4), Int(choice & 15))
            // Without a table the means are held to the widest range, so that no sum of them grows without end.
            part.step = max(1, steps[part.table])
            // Recorders that leave the tables out mean those of the standard; their data are not followed.
            guard part.dc < 4, part.ac < 4, tables.isKnown[part.dc], tables.isKnown[4 + part.ac] else { return false }
            scan.append(part)
        }
        return true
    }

    /// The scan's units, in a grid: blocks of a single component, or groups of blocks of all that it has.
    private var units: (across: Int, down: Int) {
        let widest = parts.reduce(1) { max($0, $1.across) }
        let highest = parts.reduce(1) { max($0, $1.down) }
        func count(_ length: Int, by side: Int) -> Int { (length + side - 1) / side }
        guard scan.count == 1 else { return (count(size.width, by: 8 * widest), count(size.height, by: 8 * highest)) }
        return (
            count(count(size.width * scan[0].across, by: widest), by: 8),
            count(count(size.height * scan[0].down, by: highest), by: 8)
        )
    }

    /// Steps are looked for where all blocks are one chain of differences.
    private mutating func beginShift() {
        guard scan.count == parts.count, restartInterval == 0 else { return shift.leaveOut() }
        let units = units
        shift.begin(across: units.across, down: units.down, parts: scan.count)
    }

    /// Passes over a scan's blocks.
    /// - Returns: whether they end with the coded data.
    private mutating func pass(_ bits: inout ScanBits, _ tables: HuffmanView) -> Bool {
        var restart: UInt8 = 0
        var left = restartInterval
        let isSingle = scan.count == 1
        for _ in 0..<(units.across * units.down) {
            if restartInterval > 0, left == 0 {
                guard bits.passRestart(restart) else { return false }
                restart = (restart + 1) & 7
                left = restartInterval
                for index in scan.indices { scan[index].mean = 0 }
            }
            for index in scan.indices {
                let blocks = isSingle ? 1 : scan[index].across * scan[index].down
                var sum: Int32 = 0
                for _ in 0..<blocks {
                    guard passBlock(&bits, tables, &scan[index]) else { return false }
                    sum += scan[index].mean
                }
                shift.add(Float(sum) / Float(blocks))
            }
            left -= 1
        }
        return bits.isAtEnd()
    }

    @inline(__always)
    private func passBlock(_ bits: inout ScanBits, _ tables: HuffmanView, _ part: inout Part) -> Bool {
        guard let size = tables.next(&bits, table: part.dc), size <= 11 else {
            bits.isBroken = true
            return false
        }
        part.mean += bits.difference(Int(size))
        // Rounding may carry a mean half a step farther; a whole one is let pass.
        guard abs(part.mean) * part.step <= 1024 + part.step else { return false }
        let ac = 4 + part.ac
        var place = 1
        while place < 64 {
            guard let code = tables.next(&bits, table: ac) else {
                bits.isBroken = true
                return false
            }
            let length = Int(code & 15)
            // 0 ends the block, F0 is sixteen zeros; others of length 0 belong to progressive pictures.
            if code == 0 { return !bits.isBeyond }
            guard length > 0 || code == 0xF0 else { return false }
            place += Int(code >> 4)
            if length > 0, place < 64 { part.used |= 1 << UInt64(place) }
            place += 1
            bits.skip(length)
        }
        if place > 64 { bits.isBroken = true }
        return place == 64 && !bits.isBeyond
    }
}

/// The Huffman tables of a picture: four for the mean of a block, then four for the rest.
struct HuffmanTables {
    static let count = 8
    /// Codes of up to this many bits are looked up at once.
    fileprivate static let quick = 10

    private(set) var isKnown = [Bool](repeating: false, count: count)
    /// For every beginning of `quick` bits, length and symbol of the code in it; 0 where the code is longer.
    private var codes = [UInt16](repeating: 0, count: count << quick)
    /// By bit length: the first code that is too large for it, and what leads from a code to its symbol.
    private var limits = [Int32](repeating: 0, count: count * 17)
    private var offsets = [Int32](repeating: 0, count: count * 17)
    private var symbols = [UInt8](repeating: 0, count: count << 8)

    mutating func forget() { for index in isKnown.indices { isKnown[index] = false } }

    /// - Parameter body: sixteen counts of codes by length, then the symbols.
    /// - Returns: false for counts that no code can have.
    mutating func build(_ index: Int, _ body: UnsafeBufferPointer<UInt8>) -> Bool {
        var (code, symbol) = (0, 0)
        for k in 0..<(1 << Self.quick) { codes[index << Self.quick + k] = 0 }
        for length in 1...16 {
            offsets[index * 17 + length] = Int32(symbol - code)
            for _ in 0..<Int(body[length - 1]) {
                guard code < 1 << length else { return false }
                symbols[index << 8 + symbol] = body[16 + symbol]
                if length <= Self.quick {
                    let spare = Self.quick - length
                    let entry = UInt16(length) << 8 | UInt16(body[16 + symbol])
                    for k in (code << spare)..<((code + 1) << spare) { codes[index << Self.quick + k] = entry }
                }
                code += 1
                symbol += 1
            }
            limits[index * 17 + length] = Int32(code)
            code <<= 1
        }
        isKnown[index] = true
        return true
    }

    func withView<R>(_ body: (HuffmanView) -> R) -> R {
        codes.withUnsafeBufferPointer { codes in
            limits.withUnsafeBufferPointer { limits in
                offsets.withUnsafeBufferPointer { offsets in
                    symbols.withUnsafeBufferPointer { symbols in
                        body(HuffmanView(codes: codes, limits: limits, offsets: offsets, symbols: symbols))
                    }
                }
            }
        }
    }
}

/// The tables while a scan is passed over.
struct HuffmanView {
    fileprivate let codes: UnsafeBufferPointer<UInt16>
    fileprivate let limits: UnsafeBufferPointer<Int32>
    fileprivate let offsets: UnsafeBufferPointer<Int32>
    fileprivate let symbols: UnsafeBufferPointer<UInt8>

    /// The next symbol; nil where the bits are no code.
    @inline(__always)
    fileprivate func next(_ bits: inout ScanBits, table: Int) -> UInt8? {
        let next = bits.next16
        let entry = codes[table << HuffmanTables.quick + next >> (16 - HuffmanTables.quick)]
        if entry != 0 {
            bits.skip(Int(entry >> 8))
            return UInt8(truncatingIfNeeded: entry)
        }
        for length in (HuffmanTables.quick + 1)...16 {
            let code = Int32(next >> (16 - length))
            guard code < limits[table * 17 + length] else { continue }
            bits.skip(length)
            return symbols[table << 8 + Int(code + offsets[table * 17 + length])]
        }
        return nil
    }
}

/// The bits of a scan; a zero byte that follows FF is left out, and any other marker ends them.
private struct ScanBits {
    private let bytes: UnsafeBufferPointer<UInt8>
    /// The first byte that is not in the window; in the end that of the marker.
    private(set) var at: Int
    /// The next bits, from the top.
    private var window: UInt64 = 0
    private var held = 0
    /// How many of those held lie behind the end.
    private var madeUp = 0
    /// They were no code, or led beyond a block.
    var isBroken = false

    init(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) {
        self.bytes = bytes
        at = start
    }

    /// Whether more bits were taken than there are.
    var isBeyond: Bool { held < madeUp }

    var next16: Int {
        mutating get {
            if held < 16 { fill() }
            return Int(truncatingIfNeeded: window >> 48)
        }
    }

    @inline(__always)
    mutating func skip(_ count: Int) {
        if held < count { fill() }
        window <<= UInt64(count)
        held -= count
    }

    /// The next `count` bits as a difference of means.
    /// - **Source** ITU-T T.81, sections F.1.2.1 and F.2.2.1 (EXTEND).
    @inline(__always)
    mutating func difference(_ count: Int) -> Int32 {
        guard count > 0 else { return 0 }
        if held < count { fill() }
        let value = Int32(truncatingIfNeeded: window >> UInt64(64 - count))
        skip(count)
        return value < 1 << (count - 1) ? value - (1 << count) + 1 : value
    }

    /// Whether less than a byte is left, or nothing but the zeros with which some recorders fill up a picture.
    mutating func isAtEnd() -> Bool {
        fill()
        while madeUp == 0, window == 0 {
            held = 0
            fill()
        }
        return held >= madeUp && (held - madeUp < 8 || window == 0)
    }

    /// Passes over the restart marker `number`; false where it does not come next.
    mutating func passRestart(_ number: UInt8) -> Bool {
        guard isAtEnd() else { return false }
        while at + 1 < bytes.count, bytes[at] == 0xFF, bytes[at + 1] == 0xFF { at += 1 }
        guard at + 1 < bytes.count, bytes[at] == 0xFF, bytes[at + 1] == 0xD0 + number else { return false }
        at += 2
        (window, held, madeUp) = (0, 0, 0)
        return true
    }

    private mutating func fill() {
        while held <= 56 {
            var byte: UInt8 = 0
            if at < bytes.count, bytes[at] != 0xFF {
                byte = bytes[at]
                at += 1
            } else if at + 1 < bytes.count, bytes[at] == 0xFF, bytes[at + 1] == 0 {
                byte = 0xFF
                at += 2
            } else {
                madeUp += 8
            }
            window |= UInt64(byte) << UInt64(56 - held)
            held += 8
        }
    }
}
