// What is written about the settings is what the program does.
import Foundation
import Testing

@testable import Daemon

@Suite("What is written about settings")
struct ConfigurationReferenceTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    @Test("the committed files are those that the table gives")
    func filesAreCurrent() throws {
        for (path, text) in ConfigurationReference.files {
            let file = Self.root.appendingPathComponent(path)
            if ProcessInfo.processInfo.environment["RIMA_RENEW"] == "1" {
                try text.write(to: file, atomically: true, encoding: .utf8)
            }
            let committed = try String(contentsOf: file, encoding: .utf8)
            #expect(committed == text, "\(path) is not current; renew it with RIMA_RENEW=1")
        }
    }

    @Test("the file that comes with Rima holds the defaults")
    func shippedFileIsDefault() throws {
        let path = Self.root.appendingPathComponent("config/rima.yaml").path
        #expect(try Configuration.load(path: path) == Configuration())
    }

    @Test("every line of the shipped file that sets a key can be changed to nonsense and is then refused in that place")
    func everyKeyIsChecked() throws {
        let lines = ConfigurationReference.yaml.split(separator: "\n", omittingEmptySubsequences: false)
        var tried = 0
        for (index, line) in lines.enumerated() where !line.hasPrefix("#") && line.contains(": ") {
            guard !line.drop(while: { $0 == " " }).hasPrefix("#"), let colon = line.firstIndex(of: ":") else {
                continue
            }
            var changed = lines
            changed[index] = line[...colon] + " [{nonsense: true}]"
            let error = #expect(throws: ConfigurationError.self) {
                try Configuration.parse(changed.joined(separator: "\n"), source: "x")
            }
            #expect(error?.problems.isEmpty == false)
            #expect(error?.problems.first?.line == index + 1)
            tried += 1
        }
        #expect(tried == SettingTable.all.count)
    }

    @Test("the schema is JSON and knows every key of the file")
    func schemaIsComplete() throws {
        let schema = try object(ConfigurationReference.schema)
        let properties = try #require(schema["properties"] as? [String: Any])
        #expect(schema["additionalProperties"] as? Bool == false)
        #expect(properties["idle_limit_seconds"] != nil)
        let gate = try #require((properties["gate"] as? [String: Any])?["properties"] as? [String: Any])
        #expect(gate.count == SettingTable.all.count { $0.section == "gate" })
    }
}
