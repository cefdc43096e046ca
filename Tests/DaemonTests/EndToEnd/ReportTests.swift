// The report as a user makes it: stages from files, edits, pictures, other tests, PDF, FHIR, video.
import Foundation
import TestSupport
import Testing

@Suite("rima report") struct ReportTests {
    /// A calm drawn recording of thirty seconds; the quick network finds breaths in it.
    private func recording(_ scratch: Scratch, _ name: String = "a.mkv", seed: Int = 1) throws -> String {
        try scratch.phantom(name, seconds: 30, seed: seed, extra: ["--calm"])
    }

    private func object(_ scratch: Scratch, _ name: String) throws -> [String: Any] {
        try #require(
            try JSONSerialization.jsonObject(with: Data(contentsOf: scratch.root.appending(path: name)))
                as? [String: Any])
    }

    private func labels(_ scratch: Scratch, _ folder: String) throws -> [String] {
        let stages = try #require(try object(scratch, "\(folder)/report.json")["stages"] as? [[String: Any]])
        return stages.compactMap { $0["label"] as? String }
    }

    @Test("takes stages from the table beside the recording, marks frames with them while it measures")
    func sidecar() throws {
        let scratch = try Scratch()
        let file = try recording(scratch)
        try "stage,start,end\nRest,0,12\nMaximal,0:14,\n".write(
            toFile: file + ".stages.csv", atomically: true, encoding: .utf8)
        #expect(try scratch.analyze(file, into: "out").status == 0)
        #expect(try labels(scratch, "out") == ["Rest", "Maximal"])
        let rows = try scratch.text("out/samples.csv").split(separator: "\n").dropFirst()
            .map { $0.split(separator: ",", omittingEmptySubsequences: false)[3] }
        #expect(rows[0] == "Rest")
        #expect(rows[299] == "Rest")
        #expect(rows[300] == "", "between the stages there is none")
        #expect(rows[350] == "Maximal")
        let both = try scratch.analyze(file, into: "other", extra: ["--protocol", "cycle-ramp"])
        #expect(both.status == 64)
        #expect(both.err.contains("sets stages, too"), "\(both.err)")
        let again = try scratch.analyze(file, into: "out", extra: ["--stages", file + ".stages.csv"])
        #expect(again.status == 64, "\(again.err)")
    }

    @Test("follows a protocol, is cut by what was done, keeps every edit, and refuses stages beyond the end")
    func protocols() throws {
        let scratch = try Scratch()
        let file = try recording(scratch)
        try """
        title: Two steps
        stages:
          - {label: Rest, duration_s: 10}
          - {label: Moderate, duration_s: 10}
          - {label: Maximal}
        """.write(toFile: scratch.path("steps.yaml"), atomically: true, encoding: .utf8)
        #expect(try scratch.analyze(file, into: "out", extra: ["--protocol", scratch.path("steps.yaml")]).status == 0)
        #expect(try labels(scratch, "out") == ["Rest", "Moderate", "Maximal"])
        #expect(try scratch.text("out/report.html").contains("Two steps"))
        let cut = try Program.run([
            "report", scratch.path("out"), "--protocol", scratch.path("steps.yaml"), "--protocol-start", "2",
            "--stage", "Recovery@0:18",
        ])
        #expect(cut.status == 0, "\(cut.err)")
        #expect(try labels(scratch, "out") == ["Rest", "Moderate", "Recovery"])
        let late = try Program.run(["report", scratch.path("out"), "--stage", "Rest@0", "--stage", "Maximal@45"])
        #expect(late.status == 65)
        #expect(late.err.contains("the recording ends at 0:30.0"), "\(late.err)")
        #expect(try labels(scratch, "out") == ["Rest", "Moderate", "Recovery"], "a refused edit changes nothing")
        let history = try Program.run(["report", scratch.path("out"), "--history"])
        let past = try #require(try JSONSerialization.jsonObject(with: Data(history.out.utf8)) as? [String: Any])
        #expect((past["measured"] as? [Any])?.count == 3)
        let edits = try #require(past["edits"] as? [[String: Any]])
        #expect(edits.count == 1)
        #expect(edits[0]["note"] as? String == "Two steps")
        #expect((edits[0]["marks"] as? [Any])?.count == 3)
    }

    @Test("shows the widest and the narrowest frame of each stage's worst breath, also after edits")
    func stills() throws {
        let scratch = try Scratch()
        let file = try recording(scratch)
        #expect(try scratch.analyze(file, into: "out").status == 0)
        for stages in [[], ["--stage", "Rest@0", "--stage", "Maximal@0:17"]] {
            #expect(try Program.run(["report", scratch.path("out")] + stages).status == 0)
            let shown = try #require(try object(scratch, "out/report.json")["stages"] as? [[String: Any]])
            let page = try scratch.text("out/report.html")
            var proven = 0
            for stage in shown {
                guard let worst = stage["worst"] as? [String: Any], let frame = worst["frame"] as? Int else { continue }
                proven += 1
                #expect(page.contains("<figure id=\"frame-\(frame)\"><span class=\"picture\"><img"), "frame \(frame)")
            }
            #expect(proven == shown.count, "every stage has statistics here")
            #expect(page.components(separatedBy: "data:image/jpeg").count - 1 >= 2 * proven)
        }
        // The outlines of all measured frames are in the store, so the pictures need no network; and without the
        // recording the report still stands.
        try FileManager.default.removeItem(atPath: file)
        let edited = try Program.run(["report", scratch.path("out"), "--stage", "Moderate@0:08"])
        #expect(edited.status == 0, "\(edited.err)")
        #expect(try labels(scratch, "out") == ["Moderate"])
    }

    @Test("labels breaths by the flow channel beside the recording, or given later; a bad one costs only the phases")
    func flow() throws {
        let scratch = try Scratch()
        let file = try recording(scratch)
        let flow = (0..<3000).map { "\(Double($0) / 100),0.7" }
        let table = "time_s,flow\n" + flow.joined(separator: "\n") + "\n"
        try table.write(toFile: scratch.path("a.flow.csv"), atomically: true, encoding: .utf8)
        #expect(try scratch.analyze(file, into: "out").status == 0)
        let breaths = try scratch.text("out/breaths.csv").split(separator: "\n")
        #expect(breaths.count > 3 && breaths[0].contains(",phase,phase_source,"))
        #expect(breaths.dropFirst().allSatisfy { $0.contains(",inspiration,flow,") })
        #expect(try scratch.text("out/report.html").contains("narrowest in inspiration"))
        try table.replacing("flow", with: "expiratory_flow").write(
            toFile: scratch.path("later.csv"), atomically: true, encoding: .utf8)
        #expect(try Program.run(["report", scratch.path("out"), "--flow", scratch.path("later.csv")]).status == 0)
        #expect(try scratch.text("out/breaths.csv").contains(",expiration,flow"))
        try "time_s,flow\n1,2\n0,3\n".write(toFile: scratch.path("bad.csv"), atomically: true, encoding: .utf8)
        let bad = try Program.run(["report", scratch.path("out"), "--flow", scratch.path("bad.csv")])
        #expect(bad.status == 65)
        #expect(bad.err.contains("bad.csv:3: times must ascend"), "\(bad.err)")
        // Whoever only reads a session leaves it as it is, also where a channel has come to lie beside the recording.
        try FileManager.default.removeItem(atPath: scratch.path("out/flow.csv"))
        #expect(try Program.run(["table", scratch.path("out")]).status == 0)
        #expect(!FileManager.default.fileExists(atPath: scratch.path("out/flow.csv")))
        #expect(try Program.run(["report", scratch.path("out")]).status == 0)
        #expect(FileManager.default.fileExists(atPath: scratch.path("out/flow.csv")))
        try "nonsense".write(toFile: scratch.path("a.flow.csv"), atomically: true, encoding: .utf8)
        #expect(try scratch.analyze(file, into: "other").status == 0)
        #expect(try scratch.text("other/report.html").contains("The flow channel was left out"))
        #expect(try scratch.text("other/breaths.csv").split(separator: "\n").count == breaths.count)
    }

    @Test("asks the recording's own sound for the phase only where it is told to, and goes without where there is none")
    func sound() throws {
        let scratch = try Scratch()
        try "phase:\n  sound: auto\n".write(toFile: scratch.path("ears.yaml"), atomically: true, encoding: .utf8)
        let ears = ["--config", scratch.path("ears.yaml")]
        let file = try scratch.phantom("a.mkv", seconds: 20, extra: ["--calm", "--sound", "stridor"])
        #expect(try scratch.analyze(file, into: "out").status == 0)
        #expect(try !scratch.text("out/breaths.csv").contains("sound"))
        #expect(!FileManager.default.fileExists(atPath: scratch.path("out/sound.csv")))
        #expect(try Program.run(["report", scratch.path("out")] + ears).status == 0)
        let breaths = try scratch.text("out/breaths.csv").split(separator: "\n").dropFirst()
        // The quick network sees most of them close by less than half: no stridor, whatever it sounds like.
        #expect(
            breaths.count > 3
                && breaths.allSatisfy { $0.contains(",unknown,sound,") || $0.contains(",inspiration,sound,") },
            "\(breaths)")
        #expect(try scratch.text("out/report.html").contains("Breathing phase from the recording&#39;s sound"))
        let levels = try scratch.text("out/sound.csv").split(separator: "\n").dropFirst()
        #expect(levels.count == 500)
        #expect(levels.allSatisfy { $0.split(separator: ",").count == 2 })
        // Kept: a report without the setting does not use it, and the next with it does not read the recording again.
        try FileManager.default.removeItem(atPath: file)
        #expect(try Program.run(["report", scratch.path("out")]).status == 0)
        #expect(try !scratch.text("out/breaths.csv").contains("sound"))
        #expect(try Program.run(["report", scratch.path("out")] + ears).status == 0)
        #expect(try scratch.text("out/breaths.csv").contains(",unknown,sound"))
        let mute = try scratch.phantom("c.mkv", seconds: 10, extra: ["--calm"])
        #expect(try scratch.analyze(mute, into: "mute", extra: ears).status == 0)
        #expect(try scratch.text("mute/report.html").contains("The sound was left out: it holds no sound"))
    }

    @Test("puts the latest earlier test of the same pseudonym beside this one, and no other patient's")
    func comparison() throws {
        let scratch = try Scratch()
        for (name, seed, subject, date) in [
            ("one", 1, "P-17", "2026-01-05"), ("two", 2, "P-17", "2026-02-05"), ("three", 3, "P-17", "2026-03-05"),
            ("other", 4, "P-18", "2026-02-20"),
        ] {
            let file = try scratch.phantom("\(name).mkv", seconds: 20, seed: seed, extra: ["--calm"])
            let outcome = try scratch.analyze(file, into: name, extra: ["--subject", subject, "--date", date])
            #expect(outcome.status == 0, "\(outcome.err)")
        }
        let third = try #require(try object(scratch, "three/report.json")["comparison"] as? [String: Any])
        #expect(third["session"] as? String == "two")
        #expect((third["stages"] as? [Any])?.count == 1)
        #expect(try object(scratch, "one/report.json")["comparison"] == nil)
        #expect(try object(scratch, "other/report.json")["comparison"] == nil)
        #expect(try scratch.text("three/report.html").contains("Compared with two, 2026-02-05"))
        let chosen = try Program.run(["report", scratch.path("three"), "--compare", scratch.path("one")])
        #expect(chosen.status == 0, "\(chosen.err)")
        #expect(try scratch.text("three/report.html").contains("Compared with one, 2026-01-05"))
        let stranger = try Program.run(["report", scratch.path("three"), "--compare", scratch.path("other")])
        #expect(stranger.status == 64)
        #expect(stranger.err.contains("another patient"), "\(stranger.err)")
        let table = try Program.run(["table", scratch.root.path])
        #expect(table.status == 0, "\(table.err)")
        let lines = table.out.split(separator: "\n")
        #expect(lines.count == 5, "one row for each test")
        #expect(lines[0].hasPrefix("session,pseudonym,date"))
        #expect(lines.dropFirst().map { String($0.prefix(while: { $0 != "," })) } == ["one", "other", "three", "two"])
    }

    @Test("writes a FHIR bundle whose references lead somewhere")
    func fhir() throws {
        let scratch = try Scratch()
        let file = try recording(scratch)
        let told = ["--subject", "P-1", "--date", "2026-03-03"]
        #expect(try scratch.analyze(file, into: "out", extra: told).status == 0)
        let made = try Program.run(["report", scratch.path("out"), "--fhir"])
        #expect(made.status == 0, "\(made.err)")
        let bundle = try object(scratch, "out/report.fhir.json")
        let entries = try #require(bundle["entry"] as? [[String: Any]])
        let report = try #require(entries.first?["resource"] as? [String: Any])
        #expect(report["resourceType"] as? String == "DiagnosticReport")
        #expect(report["effectiveDateTime"] as? String == "2026-03-03")
        let urls = Set(entries.compactMap { $0["fullUrl"] as? String })
        let results = (report["result"] as? [[String: Any]] ?? []).compactMap { $0["reference"] as? String }
        #expect(!results.isEmpty)
        #expect(urls.isSuperset(of: results))
        // An edit makes it stale; it is not left behind.
        #expect(try Program.run(["report", scratch.path("out"), "--stage", "Rest@0"]).status == 0)
        #expect(!FileManager.default.fileExists(atPath: scratch.path("out/report.fhir.json")))
    }

    private static func python(_ arguments: [String]) throws -> Int32 {
        try Child.run("python3", arguments).status
    }

    private static let hasFHIRModels = (try? python(["-c", "import fhir.resources"])) == 0

    @Test(
        "writes a FHIR bundle that the models of fhir.resources take",
        .enabled(if: hasFHIRModels, "the Python package fhir.resources is not installed"))
    func fhirModels() throws {
        let scratch = try Scratch()
        let file = try recording(scratch)
        #expect(
            try scratch.analyze(file, into: "out", extra: ["--subject", "P-1", "--date", "2026-03-03"]).status == 0)
        #expect(try Program.run(["report", scratch.path("out"), "--stage", "Rest@0", "--fhir"]).status == 0)
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "scripts/check-fhir").path
        #expect(try Self.python([script, scratch.path("out/report.fhir.json")]) == 0)
    }

    private static let printers = ["chromium", "weasyprint"].filter { name in
        (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
            .contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(name)") }
    }

    @Test("prints a PDF", .enabled(if: !printers.isEmpty, "neither chromium nor weasyprint is installed"))
    func pdf() throws {
        let scratch = try Scratch()
        let file = try scratch.phantom("a.mkv", seconds: 8, extra: ["--calm"])
        #expect(try scratch.analyze(file, into: "out").status == 0)
        let made = try Program.run(["report", scratch.path("out"), "--pdf"])
        #expect(made.status == 0, "\(made.err)")
        #expect(try Data(contentsOf: scratch.root.appending(path: "out/report.pdf")).starts(with: Data("%PDF".utf8)))
    }

    @Test("says plainly when nothing is there to print with")
    func noPrinter() throws {
        let scratch = try Scratch()
        let file = try scratch.phantom("a.mkv", seconds: 8, extra: ["--calm"])
        #expect(try scratch.analyze(file, into: "out").status == 0)
        let made = try Program.run(["report", scratch.path("out"), "--pdf"], environment: ["PATH": "/nonexistent"])
        #expect(made.status == 69)
        #expect(made.err.contains("neither Chromium nor WeasyPrint is installed"), "\(made.err)")
        #expect(FileManager.default.fileExists(atPath: scratch.path("out/report.html")))
    }

    @Test("films the pane with its outline, frame by frame")
    func overlay() throws {
        let scratch = try Scratch()
        let file = try scratch.phantom("a.mkv", seconds: 4, extra: ["--calm"])
        #expect(try scratch.analyze(file, into: "out").status == 0)
        let film = try Program.run(["overlay", scratch.path("out"), "--output", scratch.path("film.mkv"), "--quiet"])
        #expect(film.status == 0, "\(film.err)")
        // The film is a recording itself: it has as many frames.
        #expect(try scratch.analyze(scratch.path("film.mkv"), into: "film").status == 0)
        #expect(try scratch.text("film/samples.csv").split(separator: "\n").count == 101)
        try FileManager.default.removeItem(atPath: file)
        let gone = try Program.run(["overlay", scratch.path("out"), "--output", scratch.path("b.mkv"), "--quiet"])
        #expect(gone.status == 66)
        #expect(gone.err.contains("--recording"), "\(gone.err)")
        #expect(!FileManager.default.fileExists(atPath: scratch.path("b.mkv")))
    }
}
