// The table of the targets, in plain text.
import Foundation
import Frames
import Metrics

extension Verdict {
    private static func at(_ values: [Double], _ q: Double) -> Double {
        quantile(ofSorted: values.map(abs).sorted(), q) ?? .nan
    }

    /// Share of values within `limit`.
    package static func share(_ values: [Double], within limit: Double) -> Double {
        values.isEmpty ? .nan : Double(values.filter { abs($0) <= limit }.count) / Double(values.count)
    }

    package var medianClosureError: Double { Self.at(closures, 0.5) }
    /// The error of the median closure that 95 % of stages keep within.
    package var stageClosureError: Double { Self.at(medians, 0.95) }

    package var table: String {
        func line(_ name: String, _ value: String) -> String {
            name.padding(toLength: 44, withPad: " ", startingAt: 0) + value
        }
        let stages = rates.count
        return [
            line("tests; true breaths; of these visible", "\(tests); \(trueBreaths); \(visible)"),
            line(
                "precision / recall, %",
                String(
                    format: "%.2f / %.2f (%d extra, %d missed)", 100 * precision, 100 * recall, extras,
                    visible - hits)),
            line(
                "rate per stage, error /min",
                String(
                    format: "median %.3f, 95 %% %.2f, worst %.2f; %d of %d within 0.5", Self.at(rates, 0.5),
                    Self.at(rates, 0.95), Self.at(rates, 1), rates.filter { abs($0) <= 0.5 }.count, stages)),
            line(
                "closure per breath, error, points",
                String(format: "median %.2f, 95 %% %.2f", 100 * Self.at(closures, 0.5), 100 * Self.at(closures, 0.95))),
            line(
                "closure per stage, error of median, points",
                String(
                    format: "95 %% %.2f, worst %.2f; %.1f %% within 3; mean %+.2f", 100 * Self.at(medians, 0.95),
                    100 * Self.at(medians, 1), 100 * Self.share(medians, within: 0.03),
                    100 * medians.reduce(0, +) / Double(max(1, medians.count)))),
            line(
                "mean of these by stage, points",
                mediansByStage.keys.sorted().map { label in
                    let errors = mediansByStage[label] ?? []
                    return String(format: "\(label) %+.1f", 100 * errors.reduce(0, +) / Double(max(1, errors.count)))
                }.joined(separator: ", ")),
            line("swallows as breaths / as worst narrowing", "\(swallowsAsBreaths) / \(swallowsAsWorst)"),
            line(
                "found: swallows, coughs, talking",
                "\(swallowsFound) of \(swallows), \(coughsFound) of \(coughs), \(talksFound) of \(talks)"),
            line("coughs / talking as breaths", "\(coughsAsBreaths) / \(talkAsBreaths)"),
            line("interruptions where nothing happened", "\(falseInterruptions)"),
            line("stages without statistics", "\(silentStages)"),
            line(
                "reported after its end, breaths",
                String(
                    format: "median %.2f, 95 %% %.2f, worst %.2f", Self.at(lateness, 0.5), Self.at(lateness, 0.95),
                    Self.at(lateness, 1))),
        ].joined(separator: "\n")
    }
}

extension TrueTest {
    /// Curve, true breaths, events and what the detector makes of them, one thing a line.
    package var csv: String {
        var text = ""
        for sample in samples {
            text += "s,\(sample.time.seconds),\(sample.usableArea.map { "\($0)" } ?? "")\n"
        }
        for breath in breaths {
            text += "b,\(breath.start),\(breath.trough),\(breath.end),\(isVisible(breath) ? 1 : 0),"
            text += "\(breath.stage),\(breath.closure.map { "\($0)" } ?? "")\n"
        }
        for event in events { text += "e,\(event.kind.rawValue),\(event.start),\(event.end)\n" }
        var detector = BreathDetector()
        for event in samples.flatMap({ detector.observe($0) }) + detector.finish() {
            switch event {
            case .breath(let breath):
                text += "f,\(breath.start.seconds),\(breath.narrowestTime.seconds),\(breath.end.seconds),"
                text += "\(breath.isUsable ? 1 : 0),\(breath.closure),\(breath.opened),\(breath.narrowed)\n"
            case .interruption(let found):
                text += "i,\(found.kind.rawValue),\(found.start.seconds),\(found.end.seconds)\n"
            }
        }
        return text
    }
}
