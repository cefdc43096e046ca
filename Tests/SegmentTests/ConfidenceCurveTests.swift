// What sureness is worth.

import Segment
import Testing

@Suite("Confidence curve")
struct ConfidenceCurveTests {
    @Test("Goes straight from knot to knot and stays level beyond them")
    func line() throws {
        let curve = try #require(ConfidenceCurve("0.2:0.1,0.6:0.5,0.8:1"))
        for (sureness, expected) in [(0.0, 0.1), (0.2, 0.1), (0.4, 0.3), (0.6, 0.5), (0.7, 0.75), (0.8, 1), (1, 1)] {
            #expect(abs(curve(sureness) - expected) < 1e-12)
        }
    }

    @Test(
        "Refuses what does not rise or is no curve",
        arguments: ["", "a:b", "0.5", "0.1:0.5,0.2:0.4", "0.3:0.1,0.3:0.2", "0:2"])
    func refused(text: String) { #expect(ConfidenceCurve(text) == nil) }
}
