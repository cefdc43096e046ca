// Whole outputs against committed files. RIMA_RENEW=1 writes them anew; look at the difference before committing.
import Foundation
import Report
import Testing

@Suite("Golden files")
struct GoldenTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Golden")

    @Test("a small test gives the same page and tables as before")
    func staysTheSame() throws {
        let content = DrawnTest.content(seconds: 24, framesPerSecond: 10, lost: [8..<10, 25..<44])
        try compare(HTMLReport.render(content), "report.html")
        try compare(StageTable.csv(content), "stages.csv")
        try compare(BreathTable.csv(content), "breaths.csv")
        try compare(BatchTable.csv([BatchRow(content)]), "batch.csv")
        try compare(String(decoding: ReportRecord(content).json(), as: UTF8.self) + "\n", "report.json")
    }

    private func compare(_ text: String, _ name: String) throws {
        let file = Self.folder.appendingPathComponent(name)
        if ProcessInfo.processInfo.environment["RIMA_RENEW"] == "1" {
            try FileManager.default.createDirectory(at: Self.folder, withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        let golden = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        let line = zip(text.split(separator: "\n"), golden.split(separator: "\n")).enumerated()
            .first { $0.element.0 != $0.element.1 }?.offset
        #expect(text == golden, "\(name) differs from line \(line.map { $0 + 1 } ?? 0); RIMA_RENEW=1 renews it")
    }
}
