import Foundation
import TestSupport
import Testing

@Suite("rima analyze") struct AnalyzeTests {
    @Test(
        "writes one row for every decoded frame, in eight containers",
        arguments: [
            ("a.mkv", "h264"), ("a.mp4", "h264"), ("a.avi", "mjpeg"), ("a.avi", "mpeg4"), ("a.ts", "mpeg2video"),
            ("a.mpg", "mpeg2video"), ("a.wmv", "wmv2"), ("a.mov", "h264"), ("a.flv", "flv1"), ("a.gif", "gif"),
        ])
    func rows(name: String, codec: String) throws {
        let scratch = try Scratch()
        let file = try scratch.phantom(name, seconds: 2, extra: ["--codec", codec])
        let outcome = try scratch.analyze(file, into: "out")
        #expect(outcome.status == 0, "\(outcome.err)")
        let lines = try scratch.text("out/samples.csv").split(separator: "\n")
        #expect(lines.count == 51)
        let columns = lines[0].split(separator: ",").count
        for line in lines {
            #expect(line.split(separator: ",", omittingEmptySubsequences: false).count == columns)
        }
        let record = try JSONSerialization.jsonObject(
            with: Data(contentsOf: scratch.root.appending(path: "out/session.json")))
        let frames = try #require((record as? [String: Any])?["frames"] as? [String: Any])
        let decoded = try #require(frames["decoded"] as? Int)
        #expect(decoded == 50)
        #expect(decoded == (frames["measured"] as? Int ?? 0) + (frames["rejected"] as? Int ?? 0))
        #expect((frames["measured"] as? Int ?? 0) > 0, "the dark network finds something on a drawn larynx")
    }

    @Test("gives the same bytes again, and after a run that was killed")
    func repeats() throws {
        let scratch = try Scratch()
        let file = try scratch.phantom("a.mkv", seconds: 12)
        #expect(try scratch.analyze(file, into: "one").status == 0)
        #expect(try scratch.analyze(file, into: "two").status == 0)
        let whole = try scratch.text("one/samples.csv")
        #expect(try scratch.text("two/samples.csv") == whole)
        for attempt in 1...6 {
            let running = try Program.start(
                ["analyze", file, "--output", scratch.path("three"), "--model", Program.darkNetwork, "--quiet"])
            // Killed somewhere between start and end, at another place each time.
            let wanted = attempt * 60
            _ = eventually(within: 20) {
                !running.isRunning
                    || ((try? scratch.text("three/samples.csv"))?.utf8.reduce(0) { $0 + ($1 == 10 ? 1 : 0) } ?? 0)
                        > wanted
            }
            try running.kill9()
        }
        #expect(try scratch.analyze(file, into: "three").status == 0)
        #expect(try scratch.text("three/samples.csv") == whole)
    }

    @Test("goes on with the network that began, and with no other one unasked")
    func otherNetwork() throws {
        let scratch = try Scratch()
        let file = try scratch.phantom("a.mkv", seconds: 2)
        #expect(try scratch.analyze(file, into: "out").status == 0)
        let before = try scratch.text("out/samples.csv")
        let other = try Program.run(["analyze", file, "--output", scratch.path("out"), "--quiet"])
        #expect(other.status == 64)
        #expect(other.err.contains("dark-places") && other.err.contains("--again"))
        #expect(try scratch.text("out/samples.csv") == before)
        // Anew, with a file that is gone before the end: what was read is what is named.
        let anew = try Program.run(["analyze", file, "--output", scratch.path("out"), "--quiet", "--again"])
        #expect(anew.status == 0, "\(anew.err)")
        #expect(try scratch.text("out/session.json").contains("rima-opening"))
    }

    @Test("gives the same rows however many frames it looks at ahead", arguments: [false, true])
    func lookingAhead(withShippedNetwork isReal: Bool) throws {
        let scratch = try Scratch()
        // Faults, breaths and a moving opening: guesses fail now and then.
        let file = try scratch.phantom("a.mkv", seconds: isReal ? 3 : 10, extra: ["--seed", "31"])
        var rows: Set<String> = []
        for threads in [1, 2, 5] {
            var arguments = ["analyze", file, "--output", scratch.path("out\(threads)"), "--quiet"]
            if !isReal { arguments += ["--model", Program.darkNetwork] }
            let outcome = try Program.run(arguments, environment: ["RIMA_MODEL_THREADS": "\(threads)"])
            #expect(outcome.status == 0, "\(outcome.err)")
            rows.insert(try scratch.text("out\(threads)/samples.csv"))
        }
        #expect(rows.count == 1)
    }

    @Test(
        "answers bad input with one line and the right exit code",
        arguments: [
            ("empty.mkv", Data(), 65), ("text.mkv", Data("just words\n".utf8), 65),
            ("list.mp4", Data("ffconcat version 1.0\nfile other.mkv\n".utf8), 65),
            ("picture.png", Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]), 65),
        ])
    func badInput(name: String, bytes: Data, status: Int32) throws {
        let scratch = try Scratch()
        try bytes.write(to: scratch.root.appending(path: name))
        let outcome = try scratch.analyze(scratch.path(name), into: "out")
        #expect(outcome.status == status, "\(outcome.err)")
        #expect(outcome.err.split(separator: "\n").count == 1, "\(outcome.err)")
        #expect(outcome.err.contains(name), "\(outcome.err)")
    }

    @Test("answers a missing file, a folder and a pipe without waiting")
    func notFiles() throws {
        let scratch = try Scratch()
        #expect(try scratch.analyze(scratch.path("nothing.mkv"), into: "out").status == 66)
        #expect(try scratch.analyze(scratch.root.path, into: "out").status == 66)
        #expect(mkfifo(scratch.path("pipe.mkv"), 0o600) == 0)
        #expect(try scratch.analyze(scratch.path("pipe.mkv"), into: "out").status == 66)
    }

    @Test("keeps the rows of a truncated recording")
    func truncated() throws {
        let scratch = try Scratch()
        let file = try scratch.phantom("a.mkv", seconds: 4)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
        for part in [0.3, 0.6, 0.9] {
            try bytes.prefix(Int(Double(bytes.count) * part)).write(to: scratch.root.appending(path: "part.mkv"))
            let outcome = try scratch.analyze(scratch.path("part.mkv"), into: "out-\(part)", extra: ["--again"])
            #expect(outcome.status == 0, "\(outcome.err)")
            #expect(try scratch.text("out-\(part)/samples.csv").split(separator: "\n").count > 1)
        }
    }

    @Test("refuses to mix two recordings in one folder, unless told to start over")
    func twoRecordings() throws {
        let scratch = try Scratch()
        let one = try scratch.phantom("one.mkv", seconds: 1)
        let two = try scratch.phantom("two.mkv", seconds: 1, seed: 2)
        #expect(try scratch.analyze(one, into: "out").status == 0)
        #expect(try scratch.analyze(two, into: "out").status == 64)
        #expect(try scratch.analyze(two, into: "out", extra: ["--again"]).status == 0)
    }

    @Test("says so in one line when the disk is full")
    func diskFull() throws {
        let scratch = try Scratch()
        let file = try scratch.phantom("a.mkv", seconds: 2)
        // /dev/full is no folder; a file-size limit stands in for a full disk.
        let outcome = try Child.run(
            "bash",
            [
                "-c", "ulimit -f 40; trap '' XFSZ; exec \"$0\" analyze \"$1\" --output \"$2\" --model \"$3\" --quiet",
                Program.path, file, scratch.path("out"), Program.darkNetwork,
            ])
        #expect([73, 74].contains(outcome.status), "\(outcome.err)")
        #expect(outcome.err.split(separator: "\n").count == 1, "\(outcome.err)")
    }

    @Test(
        "finds a new pane when the size changes, even while the first is being looked for",
        arguments: [
            (small: 0.2, large: 2.0), (small: 2.0, large: 2.0),
        ])
    func sizeChange(small: Double, large: Double) throws {
        let scratch = try Scratch()
        let one = try scratch.phantom("one.ts", seconds: small, extra: ["--codec", "mpeg2video"])
        let two = try scratch.phantom("two.ts", seconds: large, size: "640x480", extra: ["--codec", "mpeg2video"])
        let joined = try Data(contentsOf: URL(fileURLWithPath: one)) + Data(contentsOf: URL(fileURLWithPath: two))
        try joined.write(to: scratch.root.appending(path: "joined.ts"))
        let outcome = try scratch.analyze(scratch.path("joined.ts"), into: "out")
        #expect(outcome.status == 0, "\(outcome.err)")
        let rows = try scratch.text("out/samples.csv").split(separator: "\n").dropFirst()
        #expect(rows.count >= Int((small + large) * 25) - 1)
        #expect(Set(rows.map { $0.split(separator: ",", omittingEmptySubsequences: false)[2] }).count == 2)
    }

    @Test("writes the report, and edits its stages without new analysis")
    func report() throws {
        let scratch = try Scratch()
        let file = try scratch.phantom("a.mkv", seconds: 30, extra: ["--calm"])
        #expect(try scratch.analyze(file, into: "out").status == 0)
        let page = try scratch.text("out/report.html")
        #expect(page.contains("Research use only"))
        let edited = try Program.run(["report", scratch.path("out"), "--stage", "Rest@0", "--stage", "Maximal@0:15"])
        #expect(edited.status == 0, "\(edited.err)")
        #expect(try scratch.text("out/report.html").contains("Maximal"))
        #expect(try scratch.text("out/stages.csv").contains("Maximal"))
        let rows = try scratch.text("out/samples.csv").split(separator: "\n").dropFirst()
            .map { $0.split(separator: ",", omittingEmptySubsequences: false)[3] }
        #expect(rows[374] == "Rest")
        #expect(rows[375] == "Maximal")
    }
}
