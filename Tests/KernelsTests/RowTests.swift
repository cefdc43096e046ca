// Rows of pictures: every instruction set gives the bytes that plain sums give.
import Kernels
import Testing

@Suite("Rows")
struct RowTests {
    /// Numbers that look like chance and are the same in every run.
    private struct Dice {
        var state: UInt64
        mutating func roll(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
    }

    static let levels = (0...rima_best_level().rawValue).map { rima_level(rawValue: $0) }

    /// Whole numbers that sum to 2^14.
    private func shares(_ count: Int, _ dice: inout Dice) -> [Int16] {
        var shares = (0..<count).map { _ in Int16(dice.roll(16384 / count + 1)) }
        shares[dice.roll(count)] += Int16(16384 - shares.reduce(0) { $0 + Int($1) })
        return shares
    }

    @Test("are blended alike", arguments: [1, 2, 3, 5, 6, 8], [1, 15, 16, 17, 64, 203])
    func blend(taps: Int, count: Int) {
        var dice = Dice(state: UInt64(taps * 1000 + count))
        let bytes = (0..<taps * 256).map { _ in UInt8(dice.roll(4) == 0 ? 255 : dice.roll(256)) }
        let weights = shares(taps, &dice)
        let expected = (0..<count).map { x -> UInt16 in
            var sum = 128
            for k in 0..<taps { sum += Int(bytes[k * 256 + x]) * Int(weights[k]) }
            return UInt16(sum >> 8)
        }
        for level in Self.levels {
            var out = [UInt16](repeating: 7, count: count + 1)
            rima_blend_rows(level, bytes, 256, weights, Int32(taps), Int32(count), &out)
            #expect(out == expected + [7], "level \(level.rawValue)")
        }
    }

    @Test("are gathered alike", arguments: [4, 8, 16], [1, 2, 3, 4, 7, 192])
    func gather(lanes: Int, count: Int) {
        var dice = Dice(state: UInt64(lanes * 1000 + count))
        let origin = 5
        let row = (0..<600).map { _ in UInt16(dice.roll(3) == 0 ? 16320 : dice.roll(16321)) }
        let starts = (0..<count).map { _ in Int32(origin + dice.roll(580)) }
        var weights: [Int16] = []
        for _ in 0..<count { weights += shares(lanes, &dice) }
        let expected = (0..<count).map { x -> UInt16 in
            let start = Int(starts[x]) - origin
            var sum = 8192
            for k in 0..<lanes { sum += Int(row[start + k]) * Int(weights[x * lanes + k]) }
            return UInt16(sum >> 14)
        }
        for level in Self.levels {
            var out = [UInt16](repeating: 7, count: count + 1)
            rima_gather_row(level, row, starts, Int32(origin), weights, Int32(lanes), Int32(count), &out)
            #expect(out == expected + [7], "level \(level.rawValue)")
        }
    }

    @Test("turn to colours alike", arguments: [1, 7, 8, 9, 160, 203])
    func colours(count: Int) {
        var dice = Dice(state: UInt64(count))
        // BT.709, limited range.
        var matrix = rima_matrix(
            luma_offset: 1024, luma: 9539, red_from_cr: 14686, green_from_cb: -1747, green_from_cr: -4366,
            blue_from_cb: 17304)
        let parts = (0..<3).map { _ in (0..<count).map { _ in UInt16(dice.roll(16321)) } }
        var answers: [[UInt8]] = []
        for level in Self.levels {
            var out = [UInt8](repeating: 7, count: count * 3 + 1)
            rima_color_row(level, &matrix, parts[0], parts[1], parts[2], Int32(count), &out)
            answers.append(out)
        }
        #expect(answers.allSatisfy { $0 == answers[0] && $0.last == 7 })
        // White stays white, and black black.
        for (luma, byte) in [(UInt16(16 * 64), UInt8(0)), (235 * 64, 255)] {
            for level in Self.levels {
                var out = [UInt8](repeating: 7, count: 24)
                rima_color_row(
                    level, &matrix, [UInt16](repeating: luma, count: 8), [UInt16](repeating: 8192, count: 8),
                    [UInt16](repeating: 8192, count: 8), 8, &out)
                #expect(out == [UInt8](repeating: byte, count: 24))
            }
        }
    }
}
