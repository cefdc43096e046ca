// What the page must hold, read from the page itself.
import Foundation
import FoundationXML
import Frames
import Report
import Testing

@Suite("The page")
struct PageTests {
    private static let lost = [8.0..<10, 31..<33, 47..<47.4]
    private static let content = DrawnTest.content(seconds: 30, lost: lost)
    private static let quarterHour = DrawnTest.content(seconds: 180, lost: [20..<23, 300..<310])
    private static let page = HTMLReport.render(content)

    @Test("is well-formed to the last tag")
    func isWellFormed() throws {
        for page in [Self.page, HTMLReport.render(Self.empty)] {
            let parser = XMLParser(data: Data(page.utf8))
            #expect(parser.parse(), "\(String(describing: parser.parserError)) in line \(parser.lineNumber)")
        }
    }

    @Test("asks nobody for anything")
    func asksNobody() {
        let rest = Self.page.replacingOccurrences(of: "http://www.w3.org/2000/svg", with: "")
        for word in ["http:", "https:", "//cdn", "<script", "<link", "url(http", "@import"] {
            #expect(!rest.contains(word), "\(word)")
        }
        for source in parts(rest, "src=\"", "\"") { #expect(source.hasPrefix("data:image/jpeg;base64,")) }
        for target in parts(rest, "href=\"", "\"") { #expect(target.hasPrefix("#")) }
    }

    @Test("gives every link an anchor that stands exactly once")
    func linksArrive() {
        let ids = parts(Self.page, " id=\"", "\"")
        #expect(Set(ids).count == ids.count)
        let known = Set(ids)
        let targets = parts(Self.page, "href=\"#", "\"")
        #expect(targets.count > 20)
        for target in targets { #expect(known.contains(target), "\(target)") }
    }

    @Test("escapes what people and files call things")
    func escapes() throws {
        let evil = "<script>alert(\"x\")</script>&'\u{0}\u{202E}"
        var content = DrawnTest.content(seconds: 30, labels: ["Rest", evil, "A & B", "\"Maximal\"", "Recovery"])
        content.session = evil
        content.pseudonym = evil
        content.recording.name = evil
        content.recording.recorder = evil
        content.notes = [evil]
        content.parts = [ReportPart(role: evil, name: evil, version: evil, sha256: evil)]
        content.thresholds.others = [ReportSetting(name: evil, value: evil)]
        content.plan = evil
        content.date = evil
        let page = HTMLReport.render(content)
        #expect(!page.contains("<script"))
        #expect(!page.unicodeScalars.contains("\u{202E}"))
        #expect(XMLParser(data: Data(page.utf8)).parse())
        #expect(page.contains("A &amp; B"))
    }

    @Test("says the summary's numbers in its finding and its table")
    func saysTheNumbers() throws {
        let stage = try #require(Self.content.summary.worstStage.map { Self.content.summary.stages[$0] })
        let closure = try #require(stage.closure)
        let worst = try #require(stage.worst)
        #expect(stage.span.label == "Maximal")
        let plain = text(Self.page)
        let share = { (value: Double) in String(Int((value * 100).rounded())) }
        #expect(plain.contains("Worst stage: Maximal. The opening closed by \(share(closure.median))"))
        #expect(plain.contains("interval \(share(closure.low))–\(share(closure.high))"))
        #expect(plain.contains("frame \(worst.frame)"))
        #expect(Self.page.contains("href=\"#frame-\(worst.frame)\""))
        #expect(plain.contains("\(closure.count) usable breaths"))
        #expect(plain.contains("Research use only. Not a medical device."))
        #expect(plain.contains("supraglottic and glottic levels are not told apart"))
        #expect(plain.contains("Breathing phase: unknown"))
    }

    @Test("puts quality before the finding and the finding before everything else")
    func keepsOrder() throws {
        let order = ["h-quality", "h-answer", "h-stages", "h-curve", "h-breaths", "h-score", "h-stills", "h-appendix"]
        let places = try order.map { try #require(Self.page.range(of: "id=\"\($0)\"")).lowerBound }
        #expect(places == places.sorted())
    }

    @Test("states the accounting, and says so when it does not add up")
    func statesAccounting() {
        let account = Self.content.accounting
        let plain = text(Self.page).replacingOccurrences(of: "\u{202F}", with: "")
        #expect(
            plain.contains(
                "decoded \(account.decoded) = measured \(account.measured) + rejected \(account.rejected)"))
        #expect(!plain.contains("does not add up"))
        var wrong = Self.content
        wrong.accounting.rejected += 1
        #expect(HTMLReport.render(wrong).contains("does not add up"))
    }

    @Test("draws no line across a gap, and every gap at its place")
    func keepsGaps() throws {
        let span = Self.content.recording.duration.seconds
        let x = { (time: Double) in 46 + (1000 - 46 - 20) * time / span }
        let curves = parts(Self.page, "<path class=\"curve\" d=\"", "\"")
        let stretches = curves.flatMap { $0.split(separator: "M") }.map { run in
            run.split(whereSeparator: { "LZh".contains($0) }).compactMap { Double($0.split(separator: " ")[0]) }
        }
        #expect(stretches.count > Self.lost.count)
        for lost in Self.lost {
            let middle = x((lost.lowerBound + lost.upperBound) / 2)
            for stretch in stretches {
                let low = stretch.min() ?? 0
                let high = stretch.max() ?? 0
                #expect(!(low < middle && middle < high), "a line from \(low) to \(high) crosses \(middle)")
            }
        }
        let gaps = try #require(parts(Self.page, "<path class=\"gaps\" d=\"", "\"").first).split(separator: "Z")
        #expect(gaps.count == Self.lost.count)
        for (gap, lost) in zip(gaps, Self.lost) {
            let start = try #require(Double(gap.dropFirst().split(separator: " ")[0]))
            #expect(abs(start - x(lost.lowerBound)) < 0.3)
        }
    }

    @Test("shows the lowest and the highest frame of every dense stretch")
    func keepsExtremes() {
        // One deep frame among many must reach the foot of the plot.
        var content = Self.quarterHour
        content.summary.baseline = nil
        for index in content.samples.indices { content.samples[index].normalisedArea = nil }
        content.samples[20_000].opening = .closed
        let page = HTMLReport.render(content)
        let floor = "158.0"
        let curves = parts(page, "<path class=\"curve\" d=\"", "\"")
        #expect(curves.contains { $0.contains(" \(floor)L") || $0.contains(" \(floor)Z") })
    }

    @Test("shows no statistic for a stage without enough data, and says why")
    func staysSilent() throws {
        let content = DrawnTest.content(seconds: 30, lost: [31..<58])
        let silent = content.summary.stages[1]
        #expect(silent.silence != nil)
        let page = HTMLReport.render(content)
        let row = try #require(parts(page, "<th scope=\"row\">Warm-up</th>", "</tr>").first)
        #expect(row.contains("No statistic"))
        #expect(!row.contains("href"))
    }

    @Test("does not call openings rescaled that were compared in pixels")
    func admitsDrift() {
        var content = Self.content
        content.summary.hasScaleDrift = true
        #expect(text(HTMLReport.render(content)).contains("openings are rescaled"))
        content.summary.baseline?.normalisation = .restBaselinePixels
        #expect(text(HTMLReport.render(content)).contains("openings are not comparable between stages"))
    }

    @Test("says when the worst stage does not stand out from rest")
    func admitsOverlap() throws {
        var content = Self.content
        let worst = try #require(content.summary.worstStage)
        #expect(text(HTMLReport.render(content)).contains("the intervals do not overlap"))
        let low = try #require(content.summary.stages[worst].closure?.low)
        content.summary.stages[0].closure?.high = low
        #expect(text(HTMLReport.render(content)).contains("does not stand out from rest"))
    }

    @Test("never fills the doctor's fields")
    func leavesScoreBlank() throws {
        let row = try #require(parts(Self.page, "<tr class=\"blank\">", "</tr>").first)
        #expect(row == String(repeating: "<td></td>", count: 6))
    }

    @Test("of an empty test says that there is nothing to say")
    func survivesNothing() {
        let page = text(HTMLReport.render(Self.empty))
        #expect(page.contains("No stage has enough usable breaths"))
        #expect(page.contains("No stages are marked"))
    }

    @Test("of a 15-minute test stays below 2 MB with ten stills of 60 kB")
    func staysSmall() {
        var content = Self.quarterHour
        content.stills = DrawnTest.stills(content.summary, jpeg: [UInt8](repeating: 7, count: 60_000))
        #expect(content.samples.count == 22_500)
        #expect(content.stills.count == 10)
        #expect(HTMLReport.render(content).utf8.count < 2_000_000)
    }

    @Test("stays below 2 MB when every other frame is rejected")
    func staysSmallWhenTorn() {
        var content = Self.quarterHour
        for index in stride(from: 0, to: content.samples.count, by: 2) {
            content.samples[index].opening = nil
            content.samples[index].reasons = [.blurred]
        }
        #expect(HTMLReport.render(content).utf8.count < 2_000_000 - 10 * 80_000)
    }

    private static let empty = ReportContent(
        session: "none", recording: ReportRecording(name: "x", duration: .zero),
        accounting: ReportAccounting(decoded: 0, measured: 0, rejected: 0), samples: [], breaths: [],
        summary: TestSummary(), paneSize: PixelSize(width: 1, height: 1))
}

/// Everything between `open` and the next `close`.
func parts(_ text: String, _ open: String, _ close: String) -> [String] {
    text.components(separatedBy: open).dropFirst().compactMap { $0.components(separatedBy: close).first }
}

/// A page's words without its tags, with plain spaces.
func text(_ page: String) -> String {
    var out = ""
    var isTag = false
    for character in page {
        if character == "<" {
            isTag = true
        } else if character == ">" {
            isTag = false
        } else if !isTag {
            out.append(character)
        }
    }
    return out
}
