import Frames
import Segment
import Testing

@Suite("A find apart from the last one")
struct LastFindTests {
    private func opening(x: Double, length: Double) -> Opening {
        Opening(
            area: length * length * 0.3, length: length, width: length * 0.6, angle: nil, leftArea: length,
            rightArea: length, center: Point(x: x, y: 200))
    }

    private func at(_ milliseconds: Int64) -> StreamTime { StreamTime(nanoseconds: milliseconds * 1_000_000) }

    @Test("a smaller find is apart from where half of each length no longer bridges the distance")
    func distance() {
        var last = LastFind()
        last.note(opening(x: 300, length: 100), at: at(0))
        #expect(!last.isApart(opening(x: 369, length: 40), at: at(40)))
        #expect(last.isApart(opening(x: 371, length: 40), at: at(40)))
        #expect(last.isApart(opening(x: 229, length: 40), at: at(40)))
        #expect(!last.isApart(.closed, at: at(40)))
    }

    @Test("a larger opening is one, wherever it is: the scope has moved")
    func larger() {
        var last = LastFind()
        last.note(opening(x: 300, length: 100), at: at(0))
        #expect(!last.isApart(opening(x: 700, length: 101), at: at(40)))
    }

    @Test("a closing opening is remembered as long as it was, half of it a second later")
    func closing() {
        var last = LastFind()
        last.note(opening(x: 300, length: 100), at: at(0))
        last.note(opening(x: 300, length: 10), at: at(1000))
        #expect(last.isApart(opening(x: 331, length: 10), at: at(1000)))
        #expect(!last.isApart(opening(x: 329, length: 10), at: at(1000)))
    }

    @Test("after a second without a find nothing is apart")
    func memory() {
        var last = LastFind()
        #expect(!last.isApart(opening(x: 0, length: 1), at: at(0)))
        last.note(opening(x: 300, length: 100), at: at(0))
        #expect(last.isApart(opening(x: 700, length: 50), at: at(1000)))
        #expect(!last.isApart(opening(x: 700, length: 50), at: at(1001)))
    }
}
