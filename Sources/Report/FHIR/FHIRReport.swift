// The report as a FHIR R4 bundle: a DiagnosticReport, one Observation for each stage, one for the test, one for the
// curve, and the Device that measured. Local codes: ref/fhir.md.
import Foundation
import Frames

/// Makes the bundle.
package enum FHIRReport {
    /// Codes without a standard meaning are ours, under this name.
    static let codes = "urn:rima:measure"
    private static let units = "http://unitsofmeasure.org"

    /// The file's text; the same content gives the same text.
    package static func json(_ content: ReportContent) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(bundle(content)), as: UTF8.self) + "\n"
    }

    static func bundle(_ content: ReportContent) -> FHIR.Bundle {
        let maker = Maker(content)
        var observations = content.summary.stages.enumerated().map { maker.stage($0, $1) }
        observations.append(maker.test())
        if let curve = maker.curve() { observations.append(curve) }
        let report = FHIR.DiagnosticReport(
            id: maker.id("report"), identifier: [FHIR.Identifier(system: "urn:rima:session", value: content.session)],
            category: [maker.procedure], code: FHIR.Concept(text: "Larynx opening during a CLE test"),
            subject: maker.subject, effectiveDateTime: maker.day,
            result: observations.map { FHIR.Reference(reference: "urn:uuid:\($0.id)", type: "Observation") },
            conclusion: maker.conclusion)
        let entries: [FHIR.Resource] =
            [.report(report)] + observations.map { .observation($0) } + [.device(maker.device())]
        let ids = [report.id] + observations.map(\.id) + [maker.id("device")]
        return FHIR.Bundle(
            entry: zip(ids, entries).map { FHIR.Entry(fullUrl: "urn:uuid:\($0)", resource: $1) })
    }

    private struct Maker {
        let content: ReportContent

        init(_ content: ReportContent) { self.content = content }

        var procedure: FHIR.Concept {
            FHIR.Concept(coding: [
                FHIR.Coding(
                    system: "http://terminology.hl7.org/CodeSystem/observation-category", code: "procedure",
                    display: "Procedure")
            ])
        }

        var subject: FHIR.Reference? {
            content.pseudonym.map {
                FHIR.Reference(
                    type: "Patient", identifier: FHIR.Identifier(system: "urn:rima:pseudonym", value: $0))
            }
        }

        /// The day of the test, if it is one that FHIR can hold.
        var day: String? {
            guard let date = content.date?.prefix(10), date.count == 10,
                date.enumerated().allSatisfy({ [4, 7].contains($0) ? $1 == "-" : $1.isASCII && $1.isNumber })
            else { return nil }
            return String(date)
        }

        var conclusion: String {
            let summary = content.summary
            guard let index = summary.worstStage, summary.stages.indices.contains(index),
                let closure = summary.stages[index].closure
            else {
                return "No stage has enough usable breaths to say how far the opening narrows. \(ReportContent.notice)"
            }
            let stage = summary.stages[index]
            let worst = stage.worst.map { " The worst breath closed by \(percent($0.value)) % (frame \($0.frame))." }
            return "Worst stage: \(stage.span.label). The opening closed by \(percent(closure.median)) % within the "
                + "median breath (95 % interval \(percent(closure.low))-\(percent(closure.high)) %).\(worst ?? "") "
                + "No clinical grade is given. \(ReportContent.notice)"
        }

        /// An identifier that is the same for the same session and recording.
        func id(_ role: String) -> String {
            let text = "\(content.session)\u{0}\(content.recording.sha256 ?? "")\u{0}\(role)"
            func hash(_ seed: UInt64) -> UInt64 {
                text.utf8.reduce(seed) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
            }
            let high = hash(0xCBF2_9CE4_8422_2325) & ~0xF000 | 0x8000
            let low = hash(0x8422_2325_CBF2_9CE4) & ~(UInt64(3) << 62) | UInt64(2) << 62
            let digits = [high, low].map {
                String(repeating: "0", count: 16 - String($0, radix: 16).count) + String($0, radix: 16)
            }.joined()
            var out = ""
            for (place, digit) in digits.enumerated() {
                if [8, 12, 16, 20].contains(place) { out += "-" }
                out.append(digit)
            }
            return out
        }

        func device() -> FHIR.Device {
            FHIR.Device(
                id: id("device"), deviceName: [FHIR.Device.Name(name: "Rima", type: "user-friendly-name")],
                version: content.parts.map {
                    FHIR.Device.Version(
                        type: FHIR.Concept(text: $0.role),
                        value: "\($0.name) \($0.version)" + ($0.sha256.map { " sha256:\($0)" } ?? ""))
                }, note: [FHIR.Annotation(text: ReportContent.notice)])
        }

        // MARK: Observations

        private func observation(_ role: String, _ name: String) -> FHIR.Observation {
            FHIR.Observation(
                id: id(role), category: [procedure], code: FHIR.Concept(text: name), subject: subject,
                effectiveDateTime: day, device: FHIR.Reference(reference: "urn:uuid:\(id("device"))", type: "Device"))
        }

        func stage(_ index: Int, _ stage: StageSummary) -> FHIR.Observation {
            var result = observation("stage \(index)", "Larynx opening, stage \(stage.span.label)")
            let absent = stage.silence.map { absence($0.words) } ?? absence("not known")
            var parts = [
                seconds("start", "Start of the stage", stage.span.start.seconds),
                seconds("end", "End of the stage", stage.span.end.seconds),
                share("usable_ratio", "Usable share of the stage's time", stage.usableShare, absent),
                FHIR.Component(code: code("usable_breaths", "Usable breaths"), valueInteger: stage.usableBreaths),
            ]
            parts.append(rate(stage.rate, absent))
            parts += spread("closure_ratio", "Closure within the breath", stage.closure, absent)
            if content.summary.stages.contains(where: { $0.supraglotticClosure != nil }) {
                parts += spread("glottic_closure_ratio", "Closure at the vocal folds", stage.glotticClosure, absent)
                parts += spread(
                    "supraglottic_closure_ratio", "Closure above the vocal folds", stage.supraglotticClosure, absent)
            }
            parts.append(share("worst_closure_ratio", "Closure of the worst breath", stage.worst?.value, absent))
            if let worst = stage.worst {
                parts.append(
                    FHIR.Component(code: code("worst_frame", "Frame of greatest narrowing"), valueInteger: worst.frame))
            }
            parts += spread(
                "opened_rest_ratio", "Opening as share of the patient's own rest", stage.openedOfRest, absent)
            if let below = stage.timeBelow.first(where: { $0.threshold == 0.5 }) {
                parts.append(seconds("below_50_s", "Time below half of rest", below.seconds))
            }
            if let longest = stage.longestBelowHalf {
                parts.append(seconds("longest_below_50_s", "Longest time below half of rest", longest))
            }
            if let band = stage.band {
                parts.append(
                    FHIR.Component(
                        code: code("narrowing_band", "Narrowing band (no clinical grade)"), valueString: band.words))
            }
            result.component = parts
            result.method = FHIR.Concept(text: method(stage))
            return result
        }

        /// Which normalisation the numbers have.
        private func method(_ stage: StageSummary) -> String {
            "Closure: \(Normalisation.withinBreath.words). Opening: "
                + (stage.baselineNormalisation?.words ?? content.summary.baselineSilence?.words ?? "no baseline")
        }

        func test() -> FHIR.Observation {
            var result = observation("test", "Larynx opening, whole test")
            let summary = content.summary
            var parts = [
                share("usable_ratio", "Usable share of the test", content.usableShare, absence("not known")),
                FHIR.Component(
                    code: code("decoded_frames", "Frames decoded"), valueInteger: content.accounting.decoded),
                FHIR.Component(
                    code: code("measured_frames", "Frames measured"), valueInteger: content.accounting.measured),
            ]
            if let trend = summary.trend {
                parts.append(
                    FHIR.Component(
                        code: code("closure_trend_per_min", "Change of closure during exercise"),
                        valueQuantity: quantity(trend.perMinute * 100, 3, "%/min", "%/min")))
            }
            if let onset = summary.onset {
                parts.append(seconds("onset_t_s", "Onset of sustained narrowing", onset.time.seconds))
            }
            if let half = summary.recoveryHalfTime {
                parts.append(seconds("recovery_half_time_s", "Half-time of recovery", half))
            }
            result.component = parts
            result.note = content.notes.map { FHIR.Annotation(text: $0) }
            return result
        }

        /// The curve in half-second steps; "E" where nothing was measured.
        func curve() -> FHIR.Observation? {
            let measure = CurvePlot.Measure(content)
            guard let first = content.samples.first?.time, let last = content.samples.last?.time else { return nil }
            let step = Self.curveStep
            let count = Int((last - first).seconds / step) + 1
            guard count <= 50_000 else { return nil }
            var bins = [[Double]](repeating: [], count: count)
            for sample in content.samples {
                guard let value = measure.value(sample) else { continue }
                bins[min(count - 1, max(0, Int((sample.time - first).seconds / step)))].append(value)
            }
            let isShare = measure.isShareOfRest
            var result = observation("curve", "Larynx opening over time")
            result.method = FHIR.Concept(text: "\(measure.words); median of each half second")
            result.valueSampledData = FHIR.SampledData(
                origin: isShare ? quantity(0, 0, "%", "%") : FHIR.Quantity(value: 0),
                period: Decimal(Int(step * 1000)), dimensions: 1,
                data: bins.map { bin in
                    guard !bin.isEmpty else { return "E" }
                    let median = bin.sorted()[bin.count / 2]
                    return isShare ? fixed(median * 100, 1) : fixed(median, 4)
                }.joined(separator: " "))
            return result
        }

        private static let curveStep = 0.5

        // MARK: Components

        private func code(_ name: String, _ display: String) -> FHIR.Concept {
            FHIR.Concept(coding: [FHIR.Coding(system: FHIRReport.codes, code: name, display: display)], text: display)
        }

        private func absence(_ words: String) -> FHIR.Concept {
            FHIR.Concept(
                coding: [
                    FHIR.Coding(
                        system: "http://terminology.hl7.org/CodeSystem/data-absent-reason", code: "unknown",
                        display: "Unknown")
                ], text: words)
        }

        private func quantity(_ value: Double, _ places: Int, _ unit: String, _ code: String) -> FHIR.Quantity {
            FHIR.Quantity(
                value: Decimal(string: fixed(value, places)) ?? 0, unit: unit, system: FHIRReport.units, code: code)
        }

        private func seconds(_ name: String, _ display: String, _ value: Double) -> FHIR.Component {
            FHIR.Component(code: code(name, display), valueQuantity: quantity(value, 3, "s", "s"))
        }

        private func rate(_ value: Double?, _ absent: FHIR.Concept) -> FHIR.Component {
            let name = code("rate_per_min", "Breathing rate")
            guard let value else { return FHIR.Component(code: name, dataAbsentReason: absent) }
            return FHIR.Component(code: name, valueQuantity: quantity(value, 2, "breaths/min", "/min"))
        }

        private func share(_ name: String, _ display: String, _ value: Double?, _ absent: FHIR.Concept)
            -> FHIR.Component
        {
            guard let value else { return FHIR.Component(code: code(name, display), dataAbsentReason: absent) }
            return FHIR.Component(code: code(name, display), valueQuantity: quantity(value * 100, 2, "%", "%"))
        }

        private func spread(_ name: String, _ display: String, _ spread: Spread?, _ absent: FHIR.Concept)
            -> [FHIR.Component]
        {
            guard let spread else { return [share("\(name)_median", "\(display), median", nil, absent)] }
            let rows: [(String, String, Double)] = [
                ("median", "median", spread.median), ("q1", "lower quartile", spread.lowerQuartile),
                ("q3", "upper quartile", spread.upperQuartile), ("ci95_low", "95 % interval, low", spread.low),
                ("ci95_high", "95 % interval, high", spread.high),
            ]
            return rows.map { share("\(name)_\($0)", "\(display), \($1)", $2, absent) }
        }
    }
}
