// The page in a real browser; the checks themselves stand in Tests/Page/check_page.py.
import Foundation
import TestSupport
import Testing

@Suite("The live page in a browser") struct PageTests {
    private static func hasProgram(_ name: String) -> Bool {
        (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").contains {
            FileManager.default.isExecutableFile(atPath: "\($0)/\(name)")
        }
    }

    private static let canRun = hasProgram("chromium") && hasProgram("python3")

    @Test(
        "shows a running test, sets marks that reach the report, edits stages, tries files, and asks nobody else",
        .enabled(if: canRun, "needs Chromium and Python 3 (apt install chromium python3)"))
    func page() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Page")
        let shots =
            ProcessInfo.processInfo.environment["RIMA_SHOTS"]
            ?? FileManager.default.temporaryDirectory.appending(path: "rima-shots-\(UUID().uuidString.prefix(8))").path
        let script = try Child.run(
            "python3",
            [
                folder.appending(path: "check_page.py").path, "--rima", Program.path, "--model", Program.darkNetwork,
                "--shots", shots, "--seconds", "26",
            ], upTo: 300)
        // The latency and the place of the screenshots are for people.
        print(script.out + script.err + "      screenshots: " + shots)
        #expect(script.status == 0, "\(script.out)\(script.err)")
    }
}
