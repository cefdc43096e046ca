// The FHIR bundle against the rules of FHIR R4 that concern it.
import Foundation
import Frames
import Testing

@testable import Report

@Suite("FHIR bundle")
struct FHIRTests {
    /// A test whose second stage is silent.
    private static let content = DrawnTest.content(seconds: 30, lost: [31..<58])

    private func bundle(_ content: ReportContent = content) throws -> [[String: Any]] {
        let object = try JSONSerialization.jsonObject(with: Data(FHIRReport.json(content).utf8)) as? [String: Any]
        #expect(object?["resourceType"] as? String == "Bundle")
        #expect(object?["type"] as? String == "collection")
        return try #require(object?["entry"] as? [[String: Any]])
    }

    private func resources(_ kind: String, _ content: ReportContent = content) throws -> [[String: Any]] {
        try bundle(content).compactMap { $0["resource"] as? [String: Any] }
            .filter { $0["resourceType"] as? String == kind }
    }

    @Test("names every resource by its own UUID, the same for the same test")
    func identifiers() throws {
        let entries = try bundle()
        let pattern = /urn:uuid:([0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})/
        var seen: Set<String> = []
        for entry in entries {
            let url = try #require(entry["fullUrl"] as? String)
            let match = try #require(try pattern.wholeMatch(in: url), "\(url)")
            #expect((entry["resource"] as? [String: Any])?["id"] as? String == String(match.1))
            #expect(seen.insert(url).inserted)
        }
        #expect(try FHIRReport.json(Self.content) == FHIRReport.json(Self.content))
        var other = Self.content
        other.session = "another"
        let urls = try bundle(other).compactMap { $0["fullUrl"] as? String }
        #expect(seen.isDisjoint(with: urls))
    }

    @Test("gives every component a value or the reason why there is none, never both")
    func values() throws {
        for observation in try resources("Observation") {
            #expect(observation["status"] as? String == "preliminary")
            #expect((observation["code"] as? [String: Any])?["text"] is String)
            for component in observation["component"] as? [[String: Any]] ?? [] {
                let values = component.keys.filter { $0.hasPrefix("value") }
                #expect(values.count == (component["dataAbsentReason"] == nil ? 1 : 0), "\(component)")
            }
        }
    }

    @Test("says of a silent stage why, and of the others what the summary holds")
    func stages() throws {
        let stages = try resources("Observation").filter {
            (($0["code"] as? [String: Any])?["text"] as? String)?.contains("stage") ?? false
        }
        #expect(stages.count == Self.content.summary.stages.count)
        for (observation, stage) in zip(stages, Self.content.summary.stages) {
            let components = observation["component"] as? [[String: Any]] ?? []
            let closure = try #require(
                components.first { component in
                    let coding = ((component["code"] as? [String: Any])?["coding"] as? [[String: Any]])?.first
                    return coding?["code"] as? String == "closure_ratio_median"
                })
            if let median = stage.closure?.median {
                let quantity = try #require(closure["valueQuantity"] as? [String: Any])
                #expect(abs((quantity["value"] as? Double ?? -1) - median * 100) < 0.006)
                #expect(quantity["code"] as? String == "%")
            } else {
                let reason = try #require(closure["dataAbsentReason"] as? [String: Any])
                #expect(reason["text"] as? String == stage.silence?.words)
            }
            #expect((observation["method"] as? [String: Any])?["text"] is String, "which normalisation")
        }
        #expect(Self.content.summary.stages.contains { $0.silence != nil }, "the drawn test has a silent stage")
    }

    @Test("samples the curve twice a second, with E where nothing was measured")
    func curve() throws {
        let sampled = try #require(
            try resources("Observation").compactMap { $0["valueSampledData"] as? [String: Any] }.first)
        let values = try #require(sampled["data"] as? String).split(separator: " ")
        #expect(sampled["period"] as? Int == 500)
        #expect(values.count == 300)
        #expect(values[62..<116].allSatisfy { $0 == "E" }, "27 s were lost")
        #expect(values.filter { $0 != "E" }.allSatisfy { Double($0) != nil })
    }

    @Test("leaves out a day that is none, and a patient that is not known")
    func unknown() throws {
        var content = Self.content
        content.pseudonym = nil
        let report = try #require(try resources("DiagnosticReport", content).first)
        #expect(report["effectiveDateTime"] == nil, "\"3 March 2026\" is no FHIR date")
        #expect(report["subject"] == nil)
        content.date = "2026-03-03"
        #expect(try resources("DiagnosticReport", content).first?["effectiveDateTime"] as? String == "2026-03-03")
    }
}
