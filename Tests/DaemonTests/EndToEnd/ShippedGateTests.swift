// The gate's network that comes with Rima, on pictures whose truth is known.
import Foundation
import TestSupport
import Testing

@Suite("The gate that ships") struct ShippedGateTests {
    private struct Judged: Decodable {
        struct Image: Decodable {
            var name: String
            var reasons: [String]
            var confidence: Double?
        }
        var images: [Image]
    }

    /// Columns of truth.csv by the still's name.
    private func truth(_ text: String) -> [String: [String: String]] {
        let lines = text.split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
        var rows: [String: [String: String]] = [:]
        for line in lines.dropFirst() {
            let row = Dictionary(uniqueKeysWithValues: zip(lines[0].map(String.init), line.map(String.init)))
            if let name = row["name"] { rows[name] = row }
        }
        return rows
    }

    @Test("refuses pictures without a larynx and poor ones, and lets good ones pass")
    func phantoms() throws {
        let scratch = try Scratch()
        let drawn = try Program.run([
            "phantom", "--stills", "240", "--side", "160", "--seed", "79", "--output", scratch.path("stills"),
            "--quiet",
        ])
        try #require(drawn.status == 0, "\(drawn.err)")
        let outcome = try Program.run(["evaluate", scratch.path("stills"), "--json", "--quiet"])
        try #require(outcome.status == 0, "\(outcome.err)")
        let judged = try JSONDecoder().decode(Judged.self, from: Data(outcome.out.utf8))
        let truth = truth(try scratch.text("stills/truth.csv"))
        var (good, goodRefused, none, noneRefused, poor, poorRefused) = (0, 0, 0, 0, 0, 0)
        for image in judged.images {
            let row = try #require(truth[image.name], "\(image.name)")
            // A frame that the gate's network refuses is not looked at, and has no confidence.
            let isRefused =
                image.confidence == nil && (image.reasons == ["poor_picture"] || image.reasons == ["no_larynx"])
            if row["larynx"] == "0" {
                none += 1
                noneRefused += isRefused ? 1 : 0
            } else if row["quality"] == "good" {
                good += 1
                goodRefused += isRefused ? 1 : 0
            } else {
                poor += 1
                poorRefused += isRefused ? 1 : 0
            }
        }
        try #require(good > 150 && none > 10 && poor > 10)
        #expect(goodRefused * 20 <= good)
        #expect(noneRefused > 0)
        #expect(poorRefused * 6 >= poor)
    }
}
