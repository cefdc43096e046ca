// The configuration's errors, each with its place and its remedy.
import Testing

@testable import Daemon

@Suite("The configuration")
struct ConfigurationTests {
    /// YAML, then what is said of it.
    static let faults: [(yaml: String, said: [String])] = [
        (
            "sokcet:\n  path: /a\n",
            ["r.yaml:1:1: unknown key \"sokcet\" in the file; did you mean \"socket\"?"]
        ),
        (
            "socket:\n  hystory_rows: 10\n",
            ["r.yaml:2:3: unknown key \"hystory_rows\" in the section socket; did you mean \"history_rows\"?"]
        ),
        (
            "idle_limit: 3\n",
            ["r.yaml:1:1: unknown key \"idle_limit\" in the file; did you mean \"idle_limit_seconds\"?"]
        ),
        (
            "max_clients: 3\n",
            ["r.yaml:1:1: unknown key \"max_clients\" in the file; \"max_clients\" belongs in the section socket"]
        ),
        (
            "log:\n  zzzzzzzz: 1\n",
            ["r.yaml:2:3: unknown key \"zzzzzzzz\" in the section log, which has level"]
        ),
        (
            "idle_limit_seconds: 30s\n",
            [
                "r.yaml:1:21: idle_limit_seconds takes a whole number from 1 to 86400, not \"30s\"; "
                    + "a value is written without its unit"
            ]
        ),
        (
            "idle_limit_seconds: \"30\"\n",
            ["r.yaml:1:21: idle_limit_seconds takes a whole number from 1 to 86400, not \"30\""]
        ),
        (
            "idle_limit_seconds: 0\n",
            ["r.yaml:1:21: idle_limit_seconds takes a whole number from 1 to 86400, not \"0\""]
        ),
        (
            "idle_limit_seconds: 99999999999999999999\n",
            ["r.yaml:1:21: idle_limit_seconds takes a whole number from 1 to 86400, not \"99999999999999999999\""]
        ),
        (
            "idle_limit_seconds:\n",
            [
                "r.yaml:1:20: idle_limit_seconds has no value; it takes a whole number from 1 to 86400 "
                    + "(leave the line out for the default)"
            ]
        ),
        (
            "gate:\n  foggy_index_max: .nan\n",
            ["r.yaml:2:20: gate.foggy_index_max takes a number from 0 to 1, not \".nan\""]
        ),
        (
            "socket:\n  allow_marks: yes\n",
            ["r.yaml:2:16: socket.allow_marks takes true or false, not \"yes\"; write true"]
        ),
        ("socket:\n  mode: 0777\n", ["r.yaml:2:9: socket.mode takes 0600, 0660 or 0666, not \"0777\""]),
        (
            "log:\n  level: warn\n",
            ["r.yaml:2:10: log.level takes debug, info, notice, warning or error, not \"warn\""]
        ),
        (
            "log:\n  level: warnin\n",
            [
                "r.yaml:2:10: log.level takes debug, info, notice, warning or error, not \"warnin\"; "
                    + "did you mean warning?"
            ]
        ),
        ("state_folder: sessions\n", ["r.yaml:1:15: state_folder takes an absolute path, not \"sessions\""]),
        ("gate: 3\n", ["r.yaml:1:7: gate is a section: its settings stand below it, indented"]),
        ("- a\n", ["r.yaml:1:1: a configuration is a mapping of keys to values, as key: value"]),
        ("? [a]\n: 1\n", ["r.yaml:1:3: a key is plain text"]),
        (
            "pane: {x: 1, y_px: 2, width_px: 320, height_px: 8}\n",
            [
                "r.yaml:1:7: pane lacks x_px; it takes auto, or a mapping of x_px, y_px, width_px and height_px",
                "r.yaml:1:8: unknown key \"x\" in pane; did you mean \"x_px\"?",
                "r.yaml:1:49: pane.height_px takes a whole number from 16 to 16384",
            ]
        ),
        (
            "narrowing_bands: [0.5, 0.25, 0.75]\n",
            ["r.yaml:1:24: narrowing_bands takes three rising numbers between 0 and 1, as [0.25, 0.5, 0.75]"]
        ),
        (
            "watch:\n  - pattern: '*.mkv'\n  - folder: recordings\n    recursive: maybe\n",
            [
                "r.yaml:2:5: watch has an entry without its folder",
                "r.yaml:3:13: watch.folder takes an absolute path",
                "r.yaml:4:16: watch.recursive takes true or false",
            ]
        ),
        (
            "idle_limit_seconds: -1\nlog:\n  level: x\nfoo_bar_baz: 1\n",
            [
                "r.yaml:1:21: idle_limit_seconds takes a whole number from 1 to 86400, not \"-1\"",
                "r.yaml:3:10: log.level takes debug, info, notice, warning or error, not \"x\"",
                "r.yaml:4:1: unknown key \"foo_bar_baz\" in the file, which has "
                    + SettingTable.topKeys.joined(separator: ", "),
            ]
        ),
        (
            "socket:\n  path: /a\nlog:\n  level: info\nsocket:\n  path: /b\n",
            ["r.yaml:1:1: the key \"socket\" stands here and again in line 5; keep one"]
        ),
        ("socket:\n\tpath: /a\n", ["r.yaml:2:1: a tab stands here; YAML indents with spaces only"]),
        (
            "socket: path: /a\n",
            ["r.yaml:1:13: a colon stands where a value is; check the indentation, or put the value in quotes"]
        ),
        ("log:\n  level: 'info\n", ["r.yaml:3:1: the file is not YAML: found unexpected end of stream"]),
        ("a: 1\n---\nb: 2\n", ["r.yaml:2:1: the file is not YAML: but found another document"]),
        ("watch: *none\n", ["r.yaml:1:8: the file is not YAML: found undefined alias"]),
    ]

    @Test("says what is wrong, where, and what would be right", arguments: faults)
    func fault(_ fault: (yaml: String, said: [String])) throws {
        let error = #expect(throws: ConfigurationError.self) { try Configuration.parse(fault.yaml, source: "r.yaml") }
        #expect(error?.problems.map(\.description) == fault.said)
    }

    @Test("reads every kind of value")
    func values() throws {
        let text = """
            state_folder: /data/rima
            watch:
              - folder: /srv/a
              - {folder: /srv/b, pattern: "*.mkv", recursive: true}
            pane: {x_px: 10, y_px: 20, width_px: 640, height_px: 480}
            narrowing_bands: [0.2, 0.4, 0.6]
            gate:
              foggy_index_max: 5e-1
            opening: {apex: up}
            model: {opening_path: /models/o.onnx, engine: native}
            socket:
              mode: 0600
              allow_marks: false
            sessions:
            """
        let value = try Configuration.parse(text, source: "r.yaml")
        var expected = Configuration()
        expected.stateFolder = "/data/rima"
        expected.watch = [.init(folder: "/srv/a"), .init(folder: "/srv/b", pattern: "*.mkv", recursive: true)]
        expected.pane = .explicit(x: 10, y: 20, width: 640, height: 480)
        expected.narrowingBands = [0.2, 0.4, 0.6]
        expected.gate.foggyIndexMax = 0.5
        expected.opening.apex = .up
        expected.model.openingPath = "/models/o.onnx"
        expected.model.engine = .native
        expected.socket.mode = .owner
        expected.socket.allowMarks = false
        #expect(value == expected)
    }

    @Test(
        "an empty file, one of comments only, and none at all are the defaults",
        arguments: ["", "# nothing\n", "---\n", "\u{FEFF}"])
    func empty(_ text: String) throws {
        #expect(try Configuration.parse([UInt8](text.utf8), source: "x") == Configuration())
        #expect(try Configuration.load(path: nil) == Configuration())
    }

    @Test("a byte order mark moves no column")
    func byteOrderMark() throws {
        let error = #expect(throws: ConfigurationError.self) {
            try Configuration.parse([0xEF, 0xBB, 0xBF] + [UInt8]("idle_limit_seconds: x\n".utf8), source: "r.yaml")
        }
        #expect(error?.problems.first?.column == 21)
    }

    /// A file that is no text; named by what is said, for the runner would print all of its bytes.
    struct Encoding: CustomTestStringConvertible, Sendable {
        var bytes: [UInt8]
        var said: String
        var testDescription: String { said }
    }

    static let encodings = [
        Encoding(bytes: [0xFF, 0xFE, 0x61, 0x00], said: "r.yaml:1:1: the file is UTF-16; save it as UTF-8"),
        Encoding(
            bytes: [UInt8]("log:\n # é".utf8) + [0xE9, 0x0A],
            said: "r.yaml:2:5: this is not UTF-8; save the file as UTF-8"),
        Encoding(
            bytes: [UInt8]("log: 1\n  \0".utf8),
            said: "r.yaml:2:3: a control character stands here; this is not a text file, or a damaged one"),
        Encoding(
            bytes: [UInt8](repeating: 0x23, count: 10 << 20),
            said: "r.yaml:1:1: the file is larger than 1 MiB; is it the right one?"),
    ]

    @Test("refuses what is not text, with its place", arguments: encodings)
    func encoding(_ fault: Encoding) throws {
        let error = #expect(throws: ConfigurationError.self) { try Configuration.parse(fault.bytes, source: "r.yaml") }
        #expect(error?.description == fault.said)
    }

    @Test("deep and wide nonsense is refused, not suffered")
    func nonsense() throws {
        let deep = String(repeating: "[", count: 100_000)
        #expect(throws: ConfigurationError.self) { try Configuration.parse(deep, source: "r.yaml") }
        let nested = String(repeating: "[", count: 900) + String(repeating: "]", count: 900)
        #expect(throws: ConfigurationError.self) { try Configuration.parse("watch: \(nested)", source: "r.yaml") }
        let wide = (0..<2_000).map { "key\($0): 1" }.joined(separator: "\n")
        let error = #expect(throws: ConfigurationError.self) { try Configuration.parse(wide, source: "r.yaml") }
        #expect(error?.problems.count == 2_000)
        #expect(error?.description.hasSuffix("and 1960 more") == true)
    }

    @Test("the environment overrides the file, and its own slips are named")
    func environment() throws {
        let value = try Configuration.parse(
            "socket: {max_clients: 3}", source: "r.yaml",
            environment: [
                "RIMA_SOCKET_MAX_CLIENTS": "5", "RIMA_WATCH": "[{folder: /w}]", "RIMA_RENEW": "1", "HOME": "/",
                "RIMA_LOG_LEVEL": "error",
            ])
        #expect(value.socket.maxClients == 5)
        #expect(value.watch == [.init(folder: "/w")])
        #expect(value.log.level == .error)
        let error = #expect(throws: ConfigurationError.self) {
            try Configuration.parse(
                "", source: "r.yaml",
                environment: ["RIMA_SOCKET_MAX_CLIENT": "5", "RIMA_IDLE_LIMIT_SECONDS": "soon", "RIMA_PAN": "auto"])
        }
        #expect(
            error?.problems.map(\.description) == [
                "environment variable RIMA_IDLE_LIMIT_SECONDS:1:1: idle_limit_seconds takes a whole number from 1 to "
                    + "86400, not \"soon\"",
                "environment variable RIMA_PAN:1:1: no setting has this name; did you mean RIMA_PANE?",
                "environment variable RIMA_SOCKET_MAX_CLIENT:1:1: no setting has this name; did you mean "
                    + "RIMA_SOCKET_MAX_CLIENTS?",
            ])
    }

    @Test("a file that cannot be read is one problem with the system's words")
    func unreadable() throws {
        let error = #expect(throws: ConfigurationError.self) { try Configuration.load(path: "/nonexistent/rima.yaml") }
        #expect(
            error?.description
                == "/nonexistent/rima.yaml:1:1: the file cannot be read: No such file or directory")
    }
}
