import Foundation
import Frames
import Metrics
import Testing

@testable import Daemon

@Suite("Stage plans") struct StagePlanTests {
    private func seconds(_ value: Double) -> StreamTime { StreamTime(nanoseconds: Int64(value * 1e9)) }

    private func starts(_ plan: StagePlan) -> [String] {
        plan.starts.map { "\($0.label)@\(Int($0.time.seconds))" }
    }

    @Test("read the protocols that come with Rima, each with rest first", arguments: StageProtocol.bundled)
    func bundled(name: String) throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let loaded = try StageProtocol.load(root.appending(path: "config/protocols/\(name).yaml").path)
        let plan = try loaded.plan(origin: seconds(10))
        #expect(plan.starts.first == StagePlan.Start(label: "Rest", time: seconds(10)))
        #expect(plan.starts.last?.label != "", "the last stage lasts until another one is marked")
        #expect(plan.source == .plan)
    }

    @Test("end a protocol's last stage where it has a duration, and leave gaps between stages that do not touch")
    func gaps() throws {
        let text = """
            title: Steps
            stages:
              - {label: Rest, duration_s: 30}
              - {label: Moderate, start_s: 60, duration_s: 30}
            """
        let plan = try StageProtocol.parse(text, source: "p.yaml").plan(origin: .zero)
        #expect(starts(plan) == ["Rest@0", "@30", "Moderate@60", "@90"])
    }

    @Test(
        "refuse a wrong protocol with its line",
        arguments: [
            ("title: A\nstages:\n  - {label: Rest}\n  - {label: Maximal}\n", "p.yaml:3", "no start is known"),
            ("title: A\nstages:\n  - {label: Rest, duration: 5}\n", "p.yaml:3", "did you mean \"duration_s\""),
            ("stages: []\n", "p.yaml:", "title"), ("title: A\nstages: []\n", "p.yaml:2", "1 to 100"),
            ("title: A\nstages:\n  - {label: Rest, duration_s: soon}\n", "p.yaml:3", "number of seconds"),
            ("title: [\n", "p.yaml:2", "not YAML"), ("- a\n", "p.yaml:1", "mapping"),
            (
                "title: A\nstages:\n  - {label: A, duration_s: 50}\n  - {label: B, start_s: 20}\n", "p.yaml:3",
                "before the step before it ends"
            ),
        ])
    func wrongProtocols(text: String, place: String, words: String) throws {
        let error = try #require(throws: CommandError.self) { try StageProtocol.parse(text, source: "p.yaml") }
        #expect(error.description.contains(place), "\(error)")
        #expect(error.description.contains(words), "\(error)")
    }

    @Test("name the nearest protocol when one is not there")
    func unknownProtocol() throws {
        let error = try #require(throws: CommandError.self) { try StageProtocol.load("cycle-rmp") }
        #expect(error.description.contains("did you mean cycle-ramp?"), "\(error)")
    }

    @Test("read tables as people and spreadsheets write them")
    func tables() throws {
        let plain = try StageSidecar.parse("stage,start\nRest,0\nMaximal,7:30\nRecovery,1:00:00.5\n", source: "t.csv")
        #expect(starts(plain) == ["Rest@0", "Maximal@450", "Recovery@3600"])
        #expect(plain.source == .sidecar)
        let sheet = try StageSidecar.parse(
            "\u{FEFF}Label;Start_s;End_s\r\n\"Rest, seated\";0;60\r\nMaximal;90;120\r\n\r\n", source: "t.csv")
        #expect(starts(sheet) == ["Rest, seated@0", "@60", "Maximal@90", "@120"])
    }

    @Test(
        "refuse a wrong table with its line",
        arguments: [
            ("", "t.csv:1", "empty"), ("a,b\n1,2\n", "t.csv:1", "columns stage and start"),
            ("stage,start\n", "t.csv:1", "names no stage"), ("stage,start\nRest,soon\n", "t.csv:2", "no time"),
            ("stage,start\nRest,10\nMaximal,10\n", "t.csv:3", "no later than Rest"),
            ("stage,start\nRest,10\nMaximal,5\n", "t.csv:3", "sort the rows"),
            ("stage,start,end\nRest,0,60\nMaximal,50,90\n", "t.csv:3", "before Rest has ended"),
            ("stage,start,end\nRest,20,10\n", "t.csv:2", "ends before it begins"),
            ("stage,start\n,0\n", "t.csv:2", "printable"), ("stage,start\n\"Rest,0\n", "t.csv:2", "not closed"),
            ("stage,start\nRest,-5\n", "t.csv:2", "no time"),
        ])
    func wrongTables(text: String, place: String, words: String) throws {
        let error = try #require(throws: CommandError.self) { try StageSidecar.parse(text, source: "t.csv") }
        #expect(error.description.contains(place), "\(error)")
        #expect(error.description.contains(words), "\(error)")
    }

    @Test("put given stages in order, refuse two at one moment, and cut a protocol where what was done begins")
    func edits() throws {
        let ended = try StagePlan(edits: [("Rest", seconds(0)), ("", seconds(60))])
        #expect(ended.starts.map(\.label) == ["Rest", ""])
        let given = try StagePlan(edits: [("Recovery", seconds(700)), ("Rest", seconds(0))])
        #expect(starts(given) == ["Rest@0", "Recovery@700"])
        let error = try #require(throws: CommandError.self) {
            try StagePlan(edits: [("Rest", seconds(5)), ("Maximal", seconds(5))])
        }
        #expect(error.description.contains("two stages begin at 0:05.0"), "\(error)")
        let planned = try StageProtocol(
            title: "P",
            steps: [
                PlannedStage(label: "Rest", duration: 60), PlannedStage(label: "Moderate", duration: 600),
                PlannedStage(label: "Maximal"),
            ]
        ).plan(origin: .zero)
        let done = try StagePlan(edits: [("Recovery", seconds(500))])
        #expect(starts(planned.cut(by: done)) == ["Rest@0", "Moderate@60", "Recovery@500"])
    }

    @Test("refuse stages that begin after the recording's end")
    func late() throws {
        let plan = try StagePlan(edits: [("Rest", seconds(0)), ("Maximal", seconds(95))])
        try plan.require(within: seconds(100))
        let error = try #require(throws: CommandError.self) { try plan.require(within: seconds(90)) }
        #expect(error.description.contains("Maximal begins at 1:35.0, but the recording ends at 1:30.0"), "\(error)")
    }
}
