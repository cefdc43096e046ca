import Foundation
import Metrics
import Testing

@Suite("The reference length")
struct ReferenceLengthTests {
    /// A breathing opening of length `scale` when wide, area proportional to length squared.
    func breathe(_ tracker: inout ReferenceLength, scale: Double, frames: Int, from: Int = 0) {
        for frame in from..<(from + frames) {
            let open = 0.7 + 0.3 * cos(Double(frame) / 25 * 2 * .pi * 0.5)
            tracker.observe(area: 0.4 * scale * scale * open, length: scale * (0.9 + 0.1 * open))
        }
    }

    @Test("It is unknown at first, then the median length of the wide-open frames")
    func median() throws {
        var tracker = ReferenceLength()
        tracker.observe(area: 100, length: 20)
        #expect(tracker.current == nil && tracker.normalised(area: 100) == nil && !tracker.hasDrifted)
        var exact = ReferenceLength()
        for _ in 0..<30 { exact.observe(area: 100, length: 20) }
        #expect(exact.current == 20)
        #expect(exact.normalised(area: 100) == 0.25)
        breathe(&tracker, scale: 100, frames: 500)
        #expect(abs(try #require(tracker.current) - 99) < 1.5)
    }

    @Test("Closed frames and single wild frames do not move it")
    func robust() throws {
        var plain = ReferenceLength()
        var faulty = ReferenceLength()
        breathe(&plain, scale: 100, frames: 1000)
        for block in 0..<40 {
            breathe(&faulty, scale: 100, frames: 25, from: block * 25)
            faulty.observe(area: 0, length: 0)
            if block % 4 == 0 { faulty.observe(area: 8000, length: 400) }
        }
        #expect(abs(try #require(faulty.current) - (try #require(plain.current))) < 0.5)
    }

    @Test(
        "A camera that comes 15 % nearer is a drift, one that comes 5 % nearer is not", arguments: [1.05, 1.15, 0.85])
    func drift(factor: Double) throws {
        var tracker = ReferenceLength()
        breathe(&tracker, scale: 100, frames: 1000)
        breathe(&tracker, scale: 100 * factor, frames: 2500)
        #expect(abs(try #require(tracker.drift) - (factor - 1)) < 0.02)
        #expect(tracker.hasDrifted == (abs(factor - 1) > 0.12))
    }

    @Test("A restored tracker goes on exactly as the saved one")
    func restart() throws {
        var tracker = ReferenceLength()
        breathe(&tracker, scale: 100, frames: 731)
        var restored = try JSONDecoder().decode(ReferenceLength.self, from: JSONEncoder().encode(tracker))
        #expect(restored == tracker)
        for part in 0..<20 {
            breathe(&tracker, scale: 110, frames: 60, from: part * 60)
            breathe(&restored, scale: 110, frames: 60, from: part * 60)
            #expect(restored.current == tracker.current)
        }
        #expect(restored == tracker)
    }

    @Test("The running quantile is that of the last values, duplicates included")
    func runningRank() throws {
        var rank = RunningRank(capacity: 7)
        var all: [Double] = []
        for step in 0..<200 {
            let value = Double((step * 37) % 11)
            rank.insert(value)
            all.append(value)
            let last = all.suffix(7).sorted()
            #expect(rank.quantile(0.5) == quantile(ofSorted: last, 0.5))
            #expect(rank.quantile(0.9) == quantile(ofSorted: last, 0.9))
        }
        #expect(quantile(ofSorted: [1.0, 2, 4], 0.75) == 3)
        #expect(quantile(ofSorted: [Double](), 0.5) == nil)
    }
}
