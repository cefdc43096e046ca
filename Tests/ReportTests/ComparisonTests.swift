// This test beside an earlier one, and the parts of an overlay video.
import Foundation
import Frames
import Testing

@testable import Report

@Suite("Comparison")
struct ComparisonTests {
    private func stage(_ label: String, _ closure: (Double, Double, Double)?) -> StageSummary {
        var stage = StageSummary(
            span: StageSpan(label: label, start: .zero, end: StreamTime(nanoseconds: 60_000_000_000)))
        stage.closure = closure.map {
            Spread(count: 20, median: $0.0, lowerQuartile: $0.1, upperQuartile: $0.2, low: $0.1, high: $0.2)
        }
        return stage
    }

    @Test("adds the intervals of both tests in squares, each on its own side")
    func differences() throws {
        let pair = StagePair(
            label: "Maximal", now: stage("Maximal", (0.40, 0.36, 0.48)), then: stage("Maximal", (0.60, 0.54, 0.63)))
        let difference = try #require(pair.difference)
        #expect(abs(difference.value + 0.20) < 1e-12)
        #expect(abs(difference.low - (-0.20 - 0.05)) < 1e-12, "3 and 4 make 5")
        #expect(abs(difference.high - (-0.20 + 0.10)) < 1e-12, "6 and 8 make 10")
        #expect(StagePair(label: "Rest", now: stage("Rest", nil), then: pair.then).difference == nil)
    }

    @Test("pairs stages by label and keeps those that only one test has")
    func pairs() {
        var now = TestSummary()
        var then = TestSummary()
        now.stages = [stage("Rest", nil), stage("Maximal", nil), stage("Rest", nil)]
        then.stages = [stage("Rest", nil), stage("Moderate", nil)]
        let pairs = StagePair.all(now, then)
        #expect(pairs.map(\.label) == ["Rest", "Maximal", "Moderate"])
        #expect(pairs.map { $0.now != nil } == [true, true, false])
        #expect(pairs.map { $0.then != nil } == [true, false, true])
    }

    @Test("stands on the page only when there is an earlier test, and warns when another network measured it")
    func page() {
        var content = DrawnTest.content(seconds: 24)
        #expect(!HTMLReport.render(content).contains("id=\"h-compare\""))
        var earlier = content
        earlier.session = "drawn-00"
        content.comparison = ReportComparison(earlier)
        let page = HTMLReport.render(content)
        #expect(page.contains("Compared with drawn-00"))
        #expect(page.contains("<strong>0</strong> ["), "the same test has not changed")
        #expect(!page.contains("part of a difference may come from that"))
        earlier.parts[1].version = "0"
        content.comparison = ReportComparison(earlier)
        #expect(HTMLReport.render(content).contains("part of a difference may come from that"))
    }
}

@Suite("Overlay")
struct OverlayTests {
    private let ink = LineColour(red: 255, green: 255, blue: 255)

    @Test("writes letters dot by dot, clipped at the picture's edge")
    func letters() {
        var picture = RGBPicture(size: PixelSize(width: 14, height: 9))
        PixelFont.write("Il", x: 1, y: 1, dot: 1, colour: ink, on: &picture)
        let lit = (0..<9).map { y in (0..<14).map { picture.pixels[(y * 14 + $0) * 3] > 0 ? "#" : "." }.joined() }
        #expect(
            lit == [
                "..............", "..###..#......", "...#...#......", "...#...#......", "...#...#......",
                "...#...#......", "...#...#......", "..###..#####..", "..............",
            ])
        #expect(PixelFont.width("Il", dot: 3) == 33)
        PixelFont.write("WWWW", x: -3, y: 6, dot: 4, colour: ink, on: &picture)
    }

    @Test("draws a strip that changes with time and greys what was not measured")
    func strip() {
        let content = DrawnTest.content(seconds: 12, framesPerSecond: 10, lost: [20..<24])
        let size = PixelSize(width: 300, height: OverlayStrip.height(forWidth: 300))
        var strip = OverlayStrip(content, size: size)
        var pictures: [[UInt8]] = []
        for frame in [100, 215, 400] {
            var picture = RGBPicture(size: PixelSize(width: 300, height: 20 + size.height))
            strip.draw(content.samples[frame], top: 20, on: &picture)
            #expect(picture.pixels[..<(300 * 20 * 3)].allSatisfy { $0 == 0 }, "nothing above the strip is touched")
            pictures.append(picture.pixels)
        }
        #expect(Set(pictures).count == 3)
    }
}
