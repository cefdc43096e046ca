// The parts that need no file: time, taint, boxes, markers, weights.
import Encode
import Foundation
import Frames
import Testing

@testable import Decode

@Suite("Timeline")
struct TimelineTests {
    /// Milliseconds in, milliseconds out; `+` marks a new run, `~` a synthesised time.
    private func place(_ stamps: [Int64?], nominal: Int64? = 40, bits: Int = 0, ticks: Int = 1000) -> [String] {
        var builder = TimelineBuilder(
            timeBaseNumerator: 1, timeBaseDenominator: ticks, nominalStep: nominal.map { $0 * 1_000_000 },
            stampBits: bits)
        return stamps.map { stamp in
            let placed = builder.place(stamp: stamp)
            return (placed.startsRun ? "+" : "") + (placed.source == .synthesised ? "~" : "")
                + String(placed.time.nanoseconds / 1_000_000)
        }
    }

    @Test("times are stamps minus the first stamp")
    func plain() {
        #expect(place([1000, 1040, 1080, 1120]) == ["0", "40", "80", "120"])
        #expect(place([-620, -580, -540]) == ["0", "40", "80"])
    }

    @Test("variable steps are kept as they are")
    func variable() {
        #expect(place([0, 10, 110, 150, 900, 910]) == ["0", "10", "110", "150", "900", "910"])
    }

    @Test("missing stamps are counted on, before and between those that exist")
    func missing() {
        #expect(place([nil, nil, nil]) == ["~0", "~40", "~80"])
        #expect(place([nil, nil, 5000, 5040]) == ["~0", "~40", "80", "120"])
        #expect(place([0, nil, nil, 120, 160]) == ["0", "~40", "~80", "120", "160"])
        #expect(place([nil, nil], nominal: 20) == ["~0", "~20"])
    }

    @Test("a step back starts a new run one typical step later")
    func backward() {
        #expect(place([0, 40, 80, 20, 60]) == ["0", "40", "80", "+120", "160"])
    }

    @Test("a jump of more than a second and ten steps starts a new run")
    func jump() {
        #expect(place([0, 40, 80, 3_600_000, 3_600_040]) == ["0", "40", "80", "+120", "160"])
        #expect(place([0, 40, 80, 1070, 1110]) == ["0", "40", "80", "1070", "1110"])
        #expect(place([0, 200, 400, 2300, 2500]) == ["0", "200", "400", "2300", "2500"])
    }

    @Test("repeated stamps are squeezed in without a new run")
    func repeated() {
        #expect(place([0, 40, 40, 80, 120]) == ["0", "40", "~60", "80", "120"])
        #expect(place([0, 40, 40, 40, 80]) == ["0", "40", "~60", "~70", "80"])
    }

    @Test("stamps that wrap run on")
    func wraps() {
        let top: Int64 = 1 << 33
        let stamps = [top - 7200, top - 3600, 0, 3600, 7200]
        #expect(place(stamps, bits: 33, ticks: 90_000) == ["0", "40", "80", "120", "160"])
    }

    @Test("many stamps of 30000/1001 frames per second do not drift")
    func noDrift() {
        var builder = TimelineBuilder(
            timeBaseNumerator: 1001, timeBaseDenominator: 30_000, nominalStep: 33_366_667, stampBits: 0)
        var last: Int64 = -1
        for index in 0..<200_000 {
            let time = builder.place(stamp: Int64(index)).time.nanoseconds
            if time <= last { Issue.record("time went back at \(index)") }
            last = time
        }
        // 199999 * 1001 / 30000 s, rounded to the nanosecond.
        #expect(last == 6_673_299_966_667)
    }

    @Test("whatever the stamps, time rises and nothing overflows")
    func anything() {
        var generator = SystemRandomNumberGenerator()
        for bits in [0, 33, 62] {
            var builder = TimelineBuilder(
                timeBaseNumerator: 1, timeBaseDenominator: 90_000, nominalStep: nil, stampBits: bits)
            var last: Int64 = -1
            for _ in 0..<20_000 {
                let kind = Int.random(in: 0..<5, using: &generator)
                let stamp: Int64? =
                    kind == 0
                    ? nil
                    : kind == 1
                        ? Int64.random(in: (.min + 1)...(.max), using: &generator)
                        : Int64.random(in: -100_000...100_000, using: &generator)
                let time = builder.place(stamp: stamp).time.nanoseconds
                if time <= last { Issue.record("time went back: \(last) to \(time)") }
                last = time
            }
        }
    }
}

@Suite("Taint")
struct TaintTests {
    /// Frames as (packet, key, damaged) in presentation order; returns T for tainted.
    private func judge(_ tracker: inout TaintTracker, _ frames: [(Int64, Bool, Bool)]) -> String {
        frames.map { tracker.judge(packet: $0.0, isKey: $0.1, isDamaged: $0.2) ? "T" : "." }.joined()
    }

    @Test("nothing is trusted before the first key frame")
    func start() {
        var tracker = TaintTracker(isIntraOnly: false)
        #expect(judge(&tracker, [(0, false, false), (1, false, false), (2, true, false), (3, false, false)]) == "TT..")
    }

    @Test("damage lasts until a clean key frame")
    func untilKey() {
        var tracker = TaintTracker(isIntraOnly: false)
        let frames: [(Int64, Bool, Bool)] = [
            (0, true, false), (1, false, true), (2, false, false), (3, true, true), (4, false, false), (5, true, false),
            (6, false, false),
        ]
        #expect(judge(&tracker, frames) == ".TTTT..")
    }

    @Test("a key frame that was coded before the damage does not clear it")
    func order() {
        var tracker = TaintTracker(isIntraOnly: false)
        #expect(judge(&tracker, [(0, true, false)]) == ".")
        tracker.damage(near: 2)
        // Packet 1 is a key frame that the decoder held back for reordering.
        #expect(judge(&tracker, [(1, true, false), (3, false, false), (4, true, false)]) == "TT.")
    }

    @Test("damage in a frame that none refers to stays there, unless its packet is known to be damaged")
    func disposable() {
        var tracker = TaintTracker(isIntraOnly: false)
        for packet in [1, 3] as [Int64] { tracker.disposablePacket(packet) }
        let frames: [(Int64, Bool, Bool)] = [(0, true, false), (1, false, true), (2, false, false)]
        #expect(judge(&tracker, frames) == ".T.")
        let isTainted = tracker.judge(packet: 4, isKey: false, isDamaged: true, isDisposable: true)
        #expect(isTainted)
        tracker.damagedPacket(3)
        #expect(judge(&tracker, [(3, false, true), (5, false, false), (6, true, false)]) == "TT.")
    }

    @Test("a slice says whether others refer to it, behind lengths and behind start codes")
    func references() throws {
        func check(_ header: [UInt8], _ packet: [UInt8]) -> Bool {
            header.withUnsafeBufferPointer { header in
                packet.withUnsafeBufferPointer { ReferenceCheck(h264Header: header).isDisposable($0) }
            }
        }
        let lengths: [UInt8] = [1, 77, 0, 30, 0xFF, 0xE1, 0, 0]
        let message: [UInt8] = [0, 0, 0, 2, 0x06, 9]
        #expect(check(lengths, message + [0, 0, 0, 3, 0x01, 1, 2]))
        #expect(!check(lengths, message + [0, 0, 0, 3, 0x41, 1, 2]))
        #expect(!check(lengths, message + [0, 0, 0, 3, 0x65, 1, 2]))
        #expect(!check(lengths, message))
        #expect(!check(lengths, [0xFF, 0xFF, 0xFF, 0xFF, 0x06]))
        let code: [UInt8] = [0, 0, 0, 1, 0, 0, 1, 0x67, 0x42]
        #expect(check(code, [0, 0, 0, 1, 0x09, 0xF0, 0, 0, 1, 0x01, 8]))
        #expect(!check(code, [0, 0, 0, 1, 0x09, 0xF0, 0, 0, 1, 0x41, 8]))
        #expect(!check(code, []))
    }

    @Test("in intra-only codecs every frame stands for itself")
    func intra() {
        var tracker = TaintTracker(isIntraOnly: true)
        tracker.damagedPacket(1)
        #expect(judge(&tracker, [(0, true, false), (1, true, false), (2, true, true), (3, true, false)]) == ".TT.")
    }
}

@Suite("MP4 boxes")
struct BoxTests {
    private func box(_ type: String, _ length: UInt32) -> [UInt8] {
        [UInt8(length >> 24), UInt8(length >> 16 & 255), UInt8(length >> 8 & 255), UInt8(length & 255)]
            + Array(type.utf8) + [UInt8](repeating: 0, count: max(0, Int(min(length, 64)) - 8))
    }

    private func verdict(_ file: [UInt8]) -> BoxSniffer.Verdict {
        var sniffer = BoxSniffer()
        for _ in 0..<1000 {
            let at = Int(min(sniffer.offset, Int64(file.count)))
            if let verdict = sniffer.feed(Array(file[at...].prefix(BoxSniffer.headerLength))) { return verdict }
        }
        Issue.record("no verdict")
        return .otherFormat
    }

    @Test("orders of boxes")
    func orders() {
        #expect(verdict(box("ftyp", 24) + box("moov", 40) + box("mdat", 30)) == .sequential)
        #expect(verdict(box("ftyp", 24) + box("free", 8) + box("mdat", 40) + box("moov", 30)) == .indexLast(offset: 72))
        #expect(verdict(box("ftyp", 24) + box("free", 8) + box("mdat", 0)) == .indexMissing)
        #expect(verdict(box("ftyp", 24) + box("mdat", 40)) == .indexMissing)
        #expect(verdict(box("ftyp", 24) + box("mdat", 64).prefix(20)) == .indexMissing)
        #expect(verdict(box("styp", 24) + box("moof", 40)) == .sequential)
        #expect(verdict(box("wide", 8) + box("mdat", 20) + box("moov", 20)) == .indexLast(offset: 28))
        #expect(verdict([0x1A, 0x45, 0xDF, 0xA3] + [UInt8](repeating: 7, count: 40)) == .otherFormat)
        #expect(verdict([]) == .otherFormat)
    }

    @Test("lengths of 64 bits")
    func wide() {
        var file = box("ftyp", 24)
        file += [0, 0, 0, 1] + Array("mdat".utf8) + [0, 0, 0, 0, 0, 0, 0, 40] + [UInt8](repeating: 1, count: 24)
        #expect(verdict(file + box("moov", 20)) == .indexLast(offset: 64))
        let endless = [0, 0, 0, 1] + Array("mdat".utf8) + [UInt8](repeating: 0xFF, count: 8)
        #expect(verdict(box("ftyp", 24) + endless) == .indexMissing)
    }

    @Test("any bytes come to a verdict")
    func anything() {
        let types = ["ftyp", "mdat", "free", "moov", "moof", "uuid", "xxxx"]
        for _ in 0..<3000 {
            var file: [UInt8] = []
            for _ in 0..<Int.random(in: 0..<12) {
                var next = box(types.randomElement() ?? "free", UInt32.random(in: 0..<70))
                if Bool.random(), !next.isEmpty { next[Int.random(in: 0..<next.count)] = UInt8.random(in: 0...255) }
                file += next
            }
            _ = verdict(file)
        }
    }
}

@Suite("JPEG markers")
struct MarkerTests {
    private func isWhole(_ bytes: [UInt8]) -> Bool { bytes.withUnsafeBufferPointer { JPEGCheck.isWhole($0) } }

    @Test("whole pictures pass, with and without padding; cut and torn ones do not")
    func whole() throws {
        let picture = try PictureWriter.encodeJPEG(drawn(3, size: small), quality: 0.7)
        #expect(isWhole(picture))
        #expect(isWhole(picture + [0, 0, 0]))
        #expect(isWhole(picture + picture))
        for cut in stride(from: 0, to: picture.count - 1, by: 37) { #expect(!isWhole(Array(picture.prefix(cut)))) }
        var torn = picture
        torn[picture.count / 2] = 0xFF
        torn[picture.count / 2 + 1] = 0x41
        #expect(!isWhole(torn))
    }
}

@Suite("JPEG scans")
struct ScanTests {
    private func fits(_ bytes: [UInt8], _ scan: inout JPEGScan) -> Bool {
        bytes.withUnsafeBufferPointer { scan.fits($0) }
    }

    @Test("sound pictures end with their blocks, whatever their size; many a flipped bit makes them end elsewhere")
    func flips() throws {
        var scan = JPEGScan()
        for (width, height) in [(64, 48), (50, 37), (17, 8)] {
            for quality in [0.3, 0.95] {
                let picture = try PictureWriter.encodeJPEG(
                    drawn(3, size: PixelSize(width: width, height: height)), quality: quality)
                #expect(fits(picture, &scan))
            }
        }
        let picture = try PictureWriter.encodeJPEG(drawn(3, size: small), quality: 0.7)
        let start = try #require(picture.indices.dropLast().first { picture[$0] == 0xFF && picture[$0 + 1] == 0xDA })
        var (found, tried) = (0, 0)
        for at in stride(from: start + 14, to: picture.count - 2, by: 3) where picture[at] != 0xFF {
            var hurt = picture
            hurt[at] ^= 1 << UInt8(at % 8)
            guard hurt[at] != 0xFF, hurt[at - 1] != 0xFF else { continue }
            tried += 1
            if !fits(hurt, &scan) { found += 1 }
        }
        #expect(tried > 50)
        #expect(found * 4 > tried)
    }

    @Test(
        "zeros behind the picture, or between its last block and its end, are no damage, and bind as a sound one does")
    func padded() throws {
        let picture = try PictureWriter.encodeJPEG(drawn(3, size: small), quality: 0.7)
        let odd = Array(picture.dropLast(2)) + [0x55, 0x55, 0x55, 0xFF, 0xD9]
        for filled in [
            picture + [0, 0, 0, 0, 0], picture.dropLast(2) + [UInt8](repeating: 0, count: 29) + [0xFF, 0xD9],
        ] {
            var scan = JPEGScan()
            #expect(fits(Array(filled), &scan))
            #expect(!fits(odd, &scan))
        }
    }

    @Test("a symbol that a table holds twice, and one that no picture of 8 bits has, are damage")
    func symbols() throws {
        let picture = try PictureWriter.encodeJPEG(drawn(3, size: small), quality: 0.7)
        let tables = try #require(picture.indices.dropLast().first { picture[$0] == 0xFF && picture[$0 + 1] == 0xC4 })
        // The first table is that of the means; its counts lie behind marker, length and name.
        let symbols = tables + 5 + 16
        for symbol in [picture[symbols + 1], 12] {
            var scan = JPEGScan()
            #expect(fits(picture, &scan))
            var hurt = picture
            hurt[symbols] = symbol
            #expect(!fits(hurt, &scan))
            #expect(fits(picture, &scan))
        }
    }

    @Test("heads that differ by a bit from those of many pictures are damage; another quality is none, nor what stays")
    func heads() throws {
        let picture = try PictureWriter.encodeJPEG(drawn(3, size: small), quality: 0.7)
        let steps = try #require(picture.indices.dropLast().first { picture[$0] == 0xFF && picture[$0 + 1] == 0xDB })
        var hurt = picture
        hurt[steps + 5 + 1] ^= 4
        var scan = JPEGScan()
        #expect(fits(picture, &scan))
        #expect(fits(hurt, &scan), "two pictures tell nothing")
        for _ in 0..<20 { #expect(fits(picture, &scan)) }
        #expect(!fits(hurt, &scan))
        #expect(fits(picture, &scan))
        #expect(!fits(hurt, &scan))
        #expect(fits(hurt, &scan), "what stays is the recorder's own")
        for _ in 0..<20 { #expect(fits(hurt, &scan)) }
        let finer = try PictureWriter.encodeJPEG(drawn(3, size: small), quality: 0.8)
        #expect(fits(finer, &scan))
        #expect(fits(hurt, &scan))
    }

    @Test("a recorder whose pictures never end as they must is not held to it")
    func odd() throws {
        let picture = try PictureWriter.encodeJPEG(drawn(3, size: small), quality: 0.7)
        let odd = Array(picture.dropLast(2)) + [0x55, 0x55, 0x55, 0xFF, 0xD9]
        var scan = JPEGScan()
        #expect(fits(odd, &scan))
        #expect(fits(picture, &scan))
        #expect(!fits(odd, &scan))
        #expect(fits(picture, &scan))
    }
}

@Suite("Steps in JPEG pictures")
struct ShiftTests {
    private static let (across, down) = (20, 15)

    /// Means, in steps, of a smooth ground that changes a little with every picture, brighter by `height` from `place` on.
    private func means(_ picture: Int, height: Float = 0, from place: Int = 0) -> [Float] {
        (0..<(Self.across * Self.down)).map { unit in
            let (x, y) = (unit % Self.across, unit / Self.across)
            let ground = Float(20 * x - 13 * y + picture * (x + y) / 4) / 8
            return ground + (unit >= place ? height : 0)
        }
    }

    private func isShifted(_ shift: inout JPEGShift, _ means: [Float]) -> Bool {
        shift.begin(across: Self.across, down: Self.down, parts: 1)
        for mean in means { shift.add(mean) }
        return shift.isShifted()
    }

    @Test("a step from a place in the middle is found once; the pictures after it are sound")
    func found() {
        for (place, height) in [(105, 2), (45, -5), (250, 25)] as [(Int, Float)] {
            var shift = JPEGShift()
            for picture in 0..<4 { #expect(!isShifted(&shift, means(picture))) }
            #expect(isShifted(&shift, means(4, height: height, from: place)))
            for picture in 5..<9 { #expect(!isShifted(&shift, means(picture))) }
        }
    }

    @Test("a step that is no larger than what else changes is not believed; a larger one is")
    func noise() {
        var steps = Steps(state: 5)
        func noisy(_ picture: Int, _ height: Float) -> [Float] {
            means(picture, height: height, from: 105).map { $0 + Float.random(in: 0..<2, using: &steps) }
        }
        var shift = JPEGShift()
        for picture in 0..<200 { #expect(!isShifted(&shift, noisy(picture, 0))) }
        #expect(!isShifted(&shift, noisy(200, 0.8)))
        for picture in 201..<204 { #expect(!isShifted(&shift, noisy(picture, 0))) }
        #expect(isShifted(&shift, noisy(204, 6)))
    }

    @Test("a picture that turns brighter, one that changes altogether and a level edge are no damage")
    func sound() {
        var shift = JPEGShift()
        for picture in 0..<3 { #expect(!isShifted(&shift, means(picture))) }
        #expect(!isShifted(&shift, means(3, height: 38)))
        #expect(!isShifted(&shift, means(4, height: 38, from: 6 * Self.across)))
        #expect(!isShifted(&shift, means(5)))
        #expect(!isShifted(&shift, means(6).reversed()))
        #expect(!isShifted(&shift, means(7)))
    }

    @Test("what stays is the picture's own: it is found once at most")
    func stays() {
        var shift = JPEGShift()
        for picture in 0..<3 { _ = isShifted(&shift, means(picture)) }
        _ = isShifted(&shift, means(3, height: 5, from: 105))
        for picture in 4..<8 { #expect(!isShifted(&shift, means(picture, height: 5, from: 105))) }
    }
}

@Suite("Axis filters")
struct AxisFilterTests {
    @Test(
        "weights sum to one, and their centre of mass is the middle of the pixel",
        arguments: [(0.0, 829.0, 256), (3.5, 100.25, 40), (0.25, 10.25, 50), (0.0, 64.0, 64), (1.0, 2.0, 7)])
    func weights(begin: Double, end: Double, count: Int) {
        let low = Int(begin.rounded(.down))
        let high = Int(end.rounded(.up))
        let filter = AxisFilter(.init(begin: begin, end: end, count: count, limits: low..<high))
        let scale = (end - begin) / Double(count)
        for index in 0..<count {
            let weights = filter.weights[(index * filter.laneCount)...].prefix(filter.taps).map(Double.init)
            #expect(weights.reduce(0, +) == Double(AxisFilter.unit))
            let start = Int(filter.starts[index])
            #expect(start >= low && start + filter.taps <= high)
            let wanted = begin + (Double(index) + 0.5) * scale
            var centre = 0.0
            for (k, weight) in weights.enumerated() { centre += weight / 16384 * (Double(start + k) + 0.5) }
            // The edges have no neighbour to lean on when growing; the cut sample counts as a whole when shrinking.
            let isEdge = wanted < Double(low) + 1 || wanted > Double(high) - 1
            #expect(abs(centre - wanted) < (isEdge || scale > 1 ? 0.5 : 0.001))
        }
    }
}
