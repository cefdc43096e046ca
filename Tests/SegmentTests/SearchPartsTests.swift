// Where the second look goes.

import Frames
import Segment
import Testing

@Suite("Search parts")
struct SearchPartsTests {
    @Test(
        "Parts lie in the pane, on even places, and cover nearly all of it together",
        arguments: [
            PixelSize(width: 828, height: 828), PixelSize(width: 720, height: 576), PixelSize(width: 257, height: 352),
        ])
    func cover(pane: PixelSize) {
        let parts = SearchParts(pane: pane)
        var seen = [Bool](repeating: false, count: pane.count)
        for turn in 0..<SearchParts.count {
            let part = parts[turn]
            #expect(part.x >= 0 && part.y >= 0 && part.maxX <= pane.width && part.maxY <= pane.height)
            #expect(part.x % 2 == 0 && part.y % 2 == 0 && part.width == part.height)
            for y in part.y..<part.maxY { for x in part.x..<part.maxX { seen[y * pane.width + x] = true } }
        }
        let missed = seen.lazy.filter { !$0 }.count
        // Only a strip between the parts of a long pane may stay out.
        #expect(missed * 20 <= pane.count)
    }
}
