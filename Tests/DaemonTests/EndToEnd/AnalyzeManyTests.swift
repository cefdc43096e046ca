import Foundation
import TestSupport
import Testing

@testable import Daemon

@Suite("rima analyze of several recordings") struct AnalyzeManyTests {
    @Test("measures all but the bad one, prints in the order of the files, and tells by its exit code")
    func oneBad() throws {
        let scratch = try Scratch()
        let files = try ["a.mkv", "b.mkv", "c.mkv"].enumerated().map { index, name in
            try scratch.phantom(name, seconds: 1, seed: index + 1)
        }
        try Data("just words\n".utf8).write(to: scratch.root.appending(path: "words.mkv"))
        let arguments =
            ["analyze", "--jobs", "2", "--model", Program.darkNetwork, "--output", scratch.path("all")]
            + [files[0], scratch.path("words.mkv"), files[1], files[2]]
        let outcome = try Program.run(arguments)
        #expect(outcome.status == 65, "\(outcome.err)")
        #expect(outcome.err.contains("words.mkv"))
        let printed = outcome.out.split(separator: "\n").filter { $0.hasPrefix("samples ") }
        #expect(printed == ["a", "b", "c"].map { "samples \(scratch.path("all/\($0)/samples.csv"))" })
        for (index, name) in ["a", "b", "c"].enumerated() {
            #expect(try scratch.analyze(files[index], into: "alone-\(name)").status == 0)
            #expect(
                try scratch.text("all/\(name)/samples.csv") == scratch.text("alone-\(name)/samples.csv"),
                "the number of jobs changes no row")
        }
        let fine = try Program.run(["analyze", "--jobs", "3", "--again", "--quiet"] + arguments[3...6] + files[1...])
        #expect(fine.status == 0, "\(fine.err)")
        #expect(fine.err.isEmpty, "\(fine.err)")
    }

    @Test("keeps the rows of all when it is stopped, and goes on with all afterwards")
    func stopped() throws {
        let scratch = try Scratch()
        let files = try ["a.mkv", "b.mkv"].enumerated().map { index, name in
            try scratch.phantom(name, seconds: 12, seed: index + 1)
        }
        let arguments =
            ["analyze", "--quiet", "--model", Program.darkNetwork, "--output", scratch.path("all")] + files
        let running = try Program.start(arguments)
        _ = eventually(within: 20) {
            !running.isRunning
                || ["a", "b"].allSatisfy { ((try? scratch.text("all/\($0)/samples.csv")) ?? "").utf8.count > 400 }
        }
        // On a quick machine they may be done already.
        #expect([0, 130].contains(try running.terminate()))
        let rest = try Program.run(arguments)
        #expect(rest.status == 0, "\(rest.err)")
        for (index, name) in ["a", "b"].enumerated() {
            #expect(try scratch.analyze(files[index], into: "alone-\(name)").status == 0)
            #expect(try scratch.text("all/\(name)/samples.csv") == scratch.text("alone-\(name)/samples.csv"))
        }
    }

    @Test("a progress line says what it was made of, and nothing else is taken for one")
    func progressLines() {
        var report = AnalysisProgress()
        (report.done, report.measured, report.total, report.mediaSeconds) = (1234, 1000, 5000, 49.36)
        #expect(AnalysisProgress(line: String(report.line.dropLast())) == report)
        #expect(report.line.hasSuffix("\n"))
        for other in ["samples /a/b\tc\td\te/samples.csv", "", "\t1\t2", "\tx\t1\t1\t1", "{"] {
            #expect(AnalysisProgress(line: other) == nil)
        }
    }
}
