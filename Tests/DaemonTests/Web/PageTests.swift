// The page in a real browser; the checks themselves stand in Tests/Page/check_page.py.
import Foundation
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
        let script = Process()
        script.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        script.arguments = [
            "python3", folder.appending(path: "check_page.py").path, "--rima", Program.path, "--model",
            Program.darkNetwork, "--shots", shots, "--seconds", "26",
        ]
        let pipe = Pipe()
        script.standardOutput = pipe
        script.standardError = pipe
        try script.run()
        let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        script.waitUntilExit()
        // The latency and the place of the screenshots are for people.
        print(output + "      screenshots: " + shots)
        #expect(script.terminationStatus == 0, "\(output)")
    }
}
