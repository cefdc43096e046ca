// The troubleshooting guide, held to the program's own words.
import Foundation
import Testing

@Suite("The troubleshooting guide")
struct GuideTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// What the service may log, up to the first part that differs: the first string of every call of the logger.
    private static func messages() throws -> [(text: String, file: String)] {
        let folder = root.appending(path: "Sources/Daemon")
        let walk = try #require(FileManager.default.enumerator(atPath: folder.path))
        let call = try Regex(#"logger\.(?:notice|warning|error|critical)\(\s*"((?:[^"\\]|\\[^(])*)"#)
        var found: [(String, String)] = []
        for case let name as String in walk where name.hasSuffix(".swift") {
            let source = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
            for match in source.matches(of: call) {
                let text = match.output[1].substring.map(String.init) ?? ""
                found.append((text.trimmingCharacters(in: .whitespaces), name))
            }
        }
        return found
    }

    @Test("has a place for every line that the service may log")
    func complete() throws {
        let guide = try String(contentsOf: Self.root.appending(path: "guide/troubleshooting.md"), encoding: .utf8)
        let headings = guide.split(separator: "\n").filter { $0.hasPrefix("## ") }
        let messages = try Self.messages()
        #expect(messages.count > 15, "the calls of the logger were not found: \(messages.count)")
        for message in messages where message.text.count >= 6 {
            #expect(
                headings.contains { $0.contains(message.text) },
                "\(message.file) logs \"\(message.text)\"; give it a heading in guide/troubleshooting.md")
        }
    }
}
