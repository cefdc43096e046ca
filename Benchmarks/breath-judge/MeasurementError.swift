// What a network makes of a true area: noise, outlines that run too far out or in, slips, frames without a result.
import Frames

/// How wrong the areas are: by default 2 to 7 % of them, and now and then not there or plainly wrong.
package struct MeasurementError: Sendable {
    /// Standard deviation of the error of single frames, as a share of the area.
    package var white: ClosedRange<Double> = 0.015...0.04
    /// The same for errors that last about `lasting` seconds.
    package var slow: ClosedRange<Double> = 0.015...0.06
    package var lasting = 0.8
    /// Outline too far out or in, as a share of the glottis' length: moves slits as far as wide openings.
    package var outline: ClosedRange<Double> = 0.001...0.004
    /// Factor on all areas of a test.
    package var bias: ClosedRange<Double> = 0.85...1.15
    /// Shares of frames that falsely read zero, far too much, or nothing.
    package var zeros = 0.003
    package var bursts = 0.0003
    package var spikes = 0.002
    package var missing = 0.03
    /// Share of frames without a result where the opening is less than a quarter of what it can be.
    package var missingWhenNarrow = 0.08
    /// Stretches without a result, a minute, and their seconds.
    package var holes = 2.0
    package var hole: ClosedRange<Double> = 0.15...0.7

    package init() {}

    /// The same test as it would be measured.
    package func applied(to test: TrueTest, seed: UInt64) -> TrueTest {
        var dice = TestDice(seed ^ 0x3E45)
        let (white, slow) = (dice.uniform(white), dice.uniform(slow))
        let (outline, bias) = (dice.uniform(outline), dice.uniform(bias))
        var result = test
        let widest = test.samples.compactMap(\.usableArea).max() ?? 0
        var (slowState, outlineState) = (dice.normal(), dice.normal())
        var zerosLeft = 0
        var holeEnd = -1.0
        var last = 0.0
        for i in result.samples.indices {
            let time = result.samples[i].time.seconds
            // First-order memory with the given decay.
            let keep = max(0, 1 - (time - last) / lasting)
            let fresh = (1 - keep * keep).squareRoot()
            slowState = keep * slowState + fresh * dice.normal()
            outlineState = keep * outlineState + fresh * dice.normal()
            if dice.chance(holes / 60 * (time - last)) { holeEnd = time + dice.uniform(hole) }
            last = time
            let chances = (dice.chance(zeros), dice.chance(bursts), dice.chance(spikes), dice.chance(missing))
            let (noise, size, narrow) = (dice.normal(), dice.uniform(1.3...1.8), dice.chance(missingWhenNarrow))
            let length = Int(dice.next() % 3)
            guard let area = result.samples[i].usableArea else { continue }
            if time < holeEnd || chances.3 || (area < 0.25 * widest && narrow) {
                result.samples[i].reasons = [.lowConfidence]
                result.samples[i].opening = nil
                result.samples[i].normalisedArea = nil
                continue
            }
            let span = result.samples[i].opening.map { $0.length > 0 ? $0.length : 100 } ?? 100
            var wrong = area * bias * (1 + white * noise + slow * slowState)
            // Two edges as long as the glottis each move by the outline's error; what is closed stays closed.
            if area > 0 { wrong += 2 * span * span * outline * outlineState }
            if chances.2 { wrong *= size }
            if chances.1 { zerosLeft = 2 + length }
            if zerosLeft > 0 || chances.0 {
                zerosLeft = max(0, zerosLeft - 1)
                wrong = 0
            }
            wrong = max(0, wrong)
            let scale = result.samples[i].normalisedArea.map { $0 / max(area, 1e-9) }
            result.samples[i].opening = wrong > 0 ? TrueTest.opening(wrong, length: span) : .closed
            result.samples[i].normalisedArea = scale.map { $0 * wrong }
        }
        return result
    }
}
