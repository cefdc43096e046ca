import Frames
import Testing

@testable import Phantom

/// Recordings: repeatable at random, breathing as asked, drawn where they say.
struct RecordingTests {
    private func settings(
        _ layout: PhantomLayout, _ size: PixelSize, seconds: Double = 20, calm: Bool = true
    ) -> PhantomSettings {
        PhantomSettings(
            seed: 42, seconds: seconds, size: size, rateNumerator: 10, layout: layout,
            disturbance: calm ? .calm() : PhantomDisturbance())
    }

    @Test("A frame is the same bytes whichever frames were drawn before it")
    func randomAccess() {
        let size = PixelSize(width: 160, height: 120)
        let one = PhantomRecording(settings(.a, size, calm: false))
        let two = PhantomRecording(settings(.a, size, calm: false))
        let late = one.frame(37)
        _ = two.frame(3)
        let again = two.frame(37)
        #expect(late.picture == again.picture)
        #expect(late.truth.csvRow == again.truth.csvRow)
        #expect(one.frame(38).picture != late.picture)
    }

    @Test("Frames carry their exact time and the recording has rate times seconds of them")
    func clock() {
        var asked = settings(.full, PixelSize(width: 64, height: 64), seconds: 10)
        asked.rateNumerator = 30_000
        asked.rateDenominator = 1001
        let recording = PhantomRecording(asked)
        #expect(recording.frameCount == 300)
        #expect(recording.time(of: 30).nanoseconds == 1_001_000_000)
    }

    @Test("The area swings at the breathing rate that was asked for", arguments: [12.0, 24.0, 48.0])
    func breathing(rate: Double) {
        var asked = settings(.full, PixelSize(width: 64, height: 64), seconds: 60)
        asked.stages = [PhantomStage(name: "Rest", share: 1, breathsPerMinute: rate, depth: 0.5, narrowing: 0)]
        asked.narrowing = .none
        let recording = PhantomRecording(asked)
        let areas = (0..<recording.frameCount).map { recording.truth(of: $0).area }
        let mean = areas.reduce(0, +) / Double(areas.count)
        var rises = 0
        for i in 1..<areas.count where areas[i - 1] < mean && areas[i] >= mean { rises += 1 }
        #expect(abs(Double(rises) - rate) <= 1)
        #expect(recording.truth(of: areas.count - 1).breath == Int(rate))
    }

    @Test(
        "Narrowing grows over the stages up to the closure that was asked for",
        arguments: [
            PhantomNarrowing.glottic, .supraglottic,
        ])
    func narrowing(level: PhantomNarrowing) {
        var asked = settings(.full, PixelSize(width: 96, height: 96), seconds: 100)
        asked.narrowing = level
        asked.closure = 0.8
        let recording = PhantomRecording(asked)
        func closure(_ stage: String) -> Double {
            let areas = stride(from: 0, to: recording.frameCount, by: 3).map { recording.truth(of: $0) }
                .filter { $0.stage == stage }.map(\.area)
            return 1 - (areas.min() ?? 0) / (areas.max() ?? 1)
        }
        #expect(closure("Maximal") > closure("Rest") + 0.2)
        #expect(closure("Maximal") > 0.7)
    }

    @Test("Pane and field of view are where the picture is lit", arguments: PhantomLayout.allCases)
    func paneAndField(layout: PhantomLayout) {
        let size = PixelSize(width: 288, height: 162)
        let recording = PhantomRecording(settings(layout, size))
        let frame = recording.frame(5)
        let (pane, field) = (recording.pane, recording.field)
        #expect(PixelRect(size).contains(pane))
        #expect(frame.picture.size == size)
        #expect(frame.truth.pane == pane)
        var inside = 0.0
        var outside = 0.0
        var outsideCount = 0.0
        for y in 0..<pane.height {
            for x in 0..<pane.width {
                let i = ((pane.y + y) * size.width + pane.x + x) * 3
                let level = frame.picture.pixels[i..<(i + 3)].reduce(0.0) { $0 + Double($1) } / 3
                if field.contains(x: x, y: y) {
                    inside += level
                } else {
                    outside += level
                    outsideCount += 1
                }
            }
        }
        inside /= Double(field.area)
        #expect(inside > 30)
        if layout == .a {
            outside /= max(1, outsideCount)
            #expect(outside < 20)
            #expect(abs(outsideCount / Double(pane.size.count) - 2 * 0.14 * 0.14) < 0.01)
        }
        if layout == .b {
            let below = ((size.height * 3 / 4) * size.width + size.width - 20) * 3
            #expect(frame.picture.pixels[below] == 0)
            #expect(pane.y == 0 && pane.maxX == size.width)
            #expect(abs(Double(pane.width) / Double(pane.height) - 1.25) < 0.02)
        }
    }

    @Test("The number panel changes with the seconds and stays outside the pane")
    func panel() {
        let size = PixelSize(width: 288, height: 162)
        let recording = PhantomRecording(settings(.a, size))
        let a = recording.frame(0).picture
        let b = recording.frame(12).picture
        var changed = 0
        for y in 0..<size.height {
            for x in 0..<(recording.pane.x - 4) {
                let i = (y * size.width + x) * 3
                if a.pixels[i] != b.pixels[i] { changed += 1 }
            }
        }
        #expect(changed > 50)
    }

    @Test("The truth's mask, area and labels agree in pane pixels")
    func maps() {
        let recording = PhantomRecording(settings(.a, PixelSize(width: 480, height: 360)))
        let truth = recording.frame(10, maps: true).truth
        #expect(truth.area > 100)
        #expect(truth.coverage.count == recording.pane.size.count)
        let mask = Double(truth.opening.area)
        #expect(abs(mask - truth.area) < 0.02 * truth.area)
        #expect(truth.mask(.opening).area == truth.opening.area)
        #expect(truth.mask(.leftFold).area > 0 && truth.mask(.rightFold).area > 0)
        #expect(truth.length > truth.width * 0.5 && truth.length * truth.width > truth.area * 0.8)
        #expect(recording.truth(of: 10).area == truth.area)
    }

    @Test("Every row has the header's columns, and events stand in it")
    func rows() {
        var asked = settings(.full, PixelSize(width: 64, height: 64), seconds: 120, calm: false)
        asked.disturbance.swallowsPerMinute = 4
        asked.disturbance.fogPerMinute = 6
        asked.disturbance.wallPerMinute = 4
        let recording = PhantomRecording(asked)
        let columns = PhantomTruth.csvHeader.split(separator: ",", omittingEmptySubsequences: false).count
        var swallowed = false
        var qualities: Set<String> = []
        for index in stride(from: 0, to: recording.frameCount, by: 3) {
            let truth = recording.truth(of: index)
            #expect(truth.csvRow.split(separator: ",", omittingEmptySubsequences: false).count == columns)
            if truth.swallow, truth.area == 0 { swallowed = true }
            qualities.insert(truth.quality)
        }
        #expect(swallowed)
        #expect(qualities.contains("good"))
        #expect(qualities.count >= 3)
    }
}
