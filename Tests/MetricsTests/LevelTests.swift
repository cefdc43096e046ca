import Foundation
import Frames
import Metrics
import Testing

@Suite("Levels of narrowing")
struct LevelTests {
    /// Two minutes of breathing at 15 per minute, the inlet and its open share narrowing as told.
    ///
    /// - Parameter hold: above 1 the narrowest moment lasts, and is no swallow.
    private func samples(
        glottic: Double, supraglottic: Double, noise: Double = 0, hold: Double = 1
    ) -> [Sample] {
        var numbers = SeededNumbers(seed: 3)
        func wobble() -> Double { 1 + noise * (Double(numbers.below(2001)) / 1000 - 1) }
        return (0..<3000).map { frame in
            var sample = Sample(frame: frame, time: seconds(Double(frame) / 25), segment: 0)
            let dip = min(1, hold * (0.5 - 0.5 * cos(2 * .pi * Double(frame) / 100)))
            let inlet = 12_000 * (1 - supraglottic * dip)
            let area = inlet * 0.5 * (1 - glottic * dip)
            sample.opening = Opening(
                area: area * wobble(), length: 90, width: 60, angle: nil, leftArea: area / 2, rightArea: area / 2,
                center: nil)
            sample.inletArea = inlet * wobble()
            return sample
        }
    }

    @Test(
        "The level that narrows is named, the other stays at none, and both multiply to the whole",
        arguments: [(0.6, 0.0), (0.0, 0.5), (0.4, 0.3), (0.3, -0.1)])
    func toldApart(glottic: Double, supraglottic: Double) throws {
        let usable = detect(samples(glottic: glottic, supraglottic: supraglottic)).breaths.filter(\.isUsable)
        let whole = usable.filter(\.isWhole)
        #expect(whole.count > 20)
        for breath in whole {
            let levels = try #require(breath.levels)
            let narrow = try #require(levels.glottic)
            #expect(abs(narrow - glottic) < 0.03)
            #expect(abs(levels.supraglottic - supraglottic) < 0.03)
            #expect(abs((1 - narrow) * (1 - levels.supraglottic) - (1 - breath.closure)) < 0.03)
        }
    }

    private func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(max(1, values.count)) }

    @Test("A level that does not move shows hardly any of its noise as narrowing", arguments: [0.2, 0.5])
    func noise(narrowing: Double) {
        let folds = detect(samples(glottic: narrowing, supraglottic: 0, noise: 0.08)).breaths.filter(\.isUsable)
        #expect(folds.count > 20 && abs(mean(folds.compactMap { $0.levels?.supraglottic })) < 0.01)
        let above = detect(samples(glottic: 0, supraglottic: narrowing, noise: 0.08)).breaths.filter(\.isUsable)
        #expect(above.count > 20 && abs(mean(above.compactMap { $0.levels?.glottic })) < 0.03)
    }

    @Test("Folds that stay shut are glottic closure, whatever the inlet's noise, and where some frames miss the inlet")
    func shut() throws {
        var shut = samples(glottic: 1, supraglottic: 0, noise: 0.08, hold: 1.6)
        var misses = 0
        for index in shut.indices where shut[index].opening?.area == 0 {
            misses += 1
            if misses % 5 == 0 { shut[index].inletArea = 0 }
        }
        let breaths = detect(shut).breaths.filter { $0.isUsable && $0.isWhole }
        #expect(breaths.count > 20 && misses > 300)
        for breath in breaths {
            let levels = try #require(breath.levels)
            #expect(abs(levels.supraglottic) < 0.12 && (levels.glottic ?? 0) > 0.97)
        }
        // A fifth of inlets missed moves the median of the others from the middle to 3/8: 0.02 of this noise.
        #expect(abs(mean(breaths.compactMap { $0.levels?.supraglottic }) - 0.02) < 0.01)
    }

    @Test("A breath whose narrowest moments do not show the inlet says nothing of levels")
    func cut() {
        var cut = samples(glottic: 0.7, supraglottic: 0)
        for index in cut.indices where (cut[index].opening?.area ?? 0) < 3000 { cut[index].inletArea = nil }
        let breaths = detect(cut).breaths.filter { $0.isUsable && $0.isWhole }
        #expect(breaths.count > 20 && breaths.allSatisfy { $0.levels == nil })
    }

    @Test("An inlet covered wholly is supraglottic closure; what the folds do under it is not known")
    func covered() throws {
        var covered = samples(glottic: 0, supraglottic: 1, hold: 1.6)
        for index in covered.indices where covered[index].inletArea == 0 {
            covered[index].opening = .closed
        }
        let breath = try #require(detect(covered).breaths.first { $0.isUsable && $0.isWhole })
        let levels = try #require(breath.levels)
        #expect(levels.glottic == nil && levels.supraglottic > 0.98)
    }

    @Test("Without the inlet, or where it is mostly out of view, nothing is said of levels")
    func unknown() {
        var some = samples(glottic: 0.5, supraglottic: 0)
        for index in some.indices where index % 5 != 0 { some[index].inletArea = nil }
        #expect(detect(some).breaths.allSatisfy { $0.levels == nil })
        let schedule = StageSchedule(
            marks: [StageMark(label: "Rest", time: .zero, source: .live)], end: seconds(120))
        let (breaths, _) = detect(some)
        let summary = StageAggregator().summarise(
            samples: some, breaths: breaths, interruptions: [], schedule: schedule)
        #expect(summary.stages[0].closure != nil && summary.stages[0].supraglotticClosure == nil)
    }
}
