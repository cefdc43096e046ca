// The commented rima.yaml, ref/config.md and the JSON schema, made of the table of settings.

/// Renders what is written about settings.
///
/// A test holds the committed files to it; `RIMA_RENEW=1` renews them.
package enum ConfigurationReference {
    /// The files and their text, by path from the root of the repository.
    package static var files: [(path: String, text: String)] {
        [("config/rima.yaml", yaml), ("ref/config.md", markdown), ("config/rima.schema.json", schema)]
    }

    // MARK: rima.yaml

    /// A configuration with every key at its default.
    package static var yaml: String {
        var lines = [
            "# Rima's configuration. Every key is here, with its default; ref/config.md says the same as a page.",
            "# Check a change with: rima check. The service takes it over on: systemctl reload rima.",
            "# yaml-language-server: $schema=rima.schema.json",
        ]
        for section in SettingTable.sections {
            lines.append("")
            lines += comment(section.explanation, indent: "")
            if let name = section.name { lines.append("\(name):") }
            let indent = section.name == nil ? "" : "  "
            for (index, setting) in section.settings.enumerated() {
                if index > 0 || section.name == nil { lines.append("") }
                lines += comment(setting.explanation, indent: indent)
                lines += comment(facts(of: setting).joined(separator: " "), indent: indent)
                lines.append("\(indent)\(setting.key): \(setting.yamlDefault)")
                if setting.kind == .folders { lines += example.map { "\(indent)# \($0)" } }
                if setting.kind == .sources { lines += sourceExample.map { "\(indent)# \($0)" } }
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static let example = [
        "Example:", "watch:", "  - folder: /srv/recordings", "    pattern: \"*.mkv\"", "    recursive: true",
    ]

    private static let sourceExample = [
        "Example:", "sources:", "  - name: room-2", "    address: rtsp://user:password@10.0.0.20/stream1",
        "    record: true", "  - name: card", "    address: /dev/v4l/by-id/usb-capture-video-index0",
        "    input_format: mjpeg",
    ]

    private static func facts(of setting: Setting) -> [String] {
        var facts: [String] = []
        if let unit = setting.unit { facts.append("Unit: \(unit).") }
        facts.append("Takes \(setting.kind.expectation). Default: \(setting.defaultText).")
        return facts
    }

    /// Comment lines of at most 118 columns.
    private static func comment(_ text: String, indent: String) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, indent.count + 2 + line.count + 1 + word.count > 118 {
                lines.append("\(indent)# \(line)")
                line = ""
            }
            line += (line.isEmpty ? "" : " ") + word
        }
        if !line.isEmpty { lines.append("\(indent)# \(line)") }
        return lines
    }

    // MARK: ref/config.md

    package static var markdown: String {
        var lines = [
            "# Configuration",
            "",
            "`rima serve` reads one YAML file, `/etc/rima/rima.yaml` unless `--config` names another. The file that comes",
            "with Rima, `config/rima.yaml`, holds every key with its default. Keys that are left out have their default;",
            "keys that Rima does not know are errors. `rima check` says what is wrong, all at once, with file, line and",
            "column.",
            "",
            "**Drop-ins.** The files `conf.d/*.yaml` beside the configuration file are read after it, in the order of their",
            "names. A key takes the place of the earlier one; folders under `watch` are added to the earlier ones.",
            "",
            "**Reload.** On `systemctl reload rima` (SIGHUP), and within three seconds of a change of the file or a drop-in,",
            "all of them are read again. A set with errors, or one that names a network that cannot be used, never replaces",
            "the one in use: also sessions that start afterwards are measured with the last sound one. What has changed",
            "holds for sessions that start from then on; `state_folder`, `socket` and `log` only after a restart, which the",
            "log says.",
            "",
            "Every setting can be overridden by an environment variable, whose value is written as in the file:",
            "`RIMA_SOCKET_MAX_CLIENTS=16`, `RIMA_WATCH='[{folder: /srv/recordings}]'`.",
            "",
            "This page is made from the table in `Sources/Daemon/Configuration/SettingTable.swift`. Renew it with",
            "`RIMA_RENEW=1 swift test --disable-xctest --filter ConfigurationReferenceTests`.",
        ]
        for section in SettingTable.sections {
            lines += ["", "## \(section.name.map { "`\($0)`" } ?? "At the top")", "", section.explanation]
            for setting in section.settings {
                lines += [
                    "", "### `\(setting.path)`", "", setting.explanation, "",
                    "| takes | default | unit | variable |", "| --- | --- | --- | --- |",
                    "| \(setting.kind.expectation) | `\(setting.defaultText)` | \(setting.unit ?? "–") "
                        + "| `\(setting.variable)` |",
                ]
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    // MARK: rima.schema.json

    package static var schema: String {
        var properties: [(String, JSONTree)] = []
        for section in SettingTable.sections {
            let settings = section.settings.map { ($0.key, schema(of: $0)) }
            if let name = section.name {
                properties.append(
                    (
                        name,
                        .object([
                            ("description", .text(section.explanation)),
                            ("type", .list([.text("object"), .text("null")])), ("additionalProperties", .flag(false)),
                            ("properties", .object(settings)),
                        ])
                    ))
            } else {
                properties += settings
            }
        }
        let root = JSONTree.object([
            ("$schema", .text("https://json-schema.org/draft/2020-12/schema")),
            ("title", .text("Rima's configuration (rima.yaml)")), ("type", .text("object")),
            ("additionalProperties", .flag(false)), ("properties", .object(properties)),
        ])
        return root.text(indent: "") + "\n"
    }

    private static func schema(of setting: Setting) -> JSONTree {
        let unit = setting.unit.map { " Unit: \($0)." } ?? ""
        return .object(
            [("description", .text(setting.explanation + unit)), ("default", setting.jsonDefault)]
                + setting.kind.schema)
    }
}

extension Setting {
    /// The default as it stands in the file; text that YAML would take for a number is quoted.
    fileprivate var yamlDefault: String {
        if case .choice = kind, defaultText.allSatisfy(\.isNumber) { return "\"\(defaultText)\"" }
        return defaultText
    }

    fileprivate var jsonDefault: JSONTree {
        switch kind {
        case .choice, .path, .pane, .address: .text(defaultText)
        case .integer, .number, .flag, .bands, .folders, .sources, .names: .raw(defaultText)
        }
    }
}

extension SettingKind {
    fileprivate var schema: [(String, JSONTree)] {
        switch self {
        case .integer(let range): Self.integer(range)
        case .number(let range):
            [
                ("type", .text("number")), ("minimum", .raw(Self.plain(range.lowerBound))),
                ("maximum", .raw(Self.plain(range.upperBound))),
            ]
        case .flag: [("type", .text("boolean"))]
        case .choice(let words): [("enum", .list(words.map { .text($0) }))]
        case .path(let words):
            [("type", .text("string")), ("pattern", .text((["^/"] + words.map { "^\($0)$" }).joined(separator: "|")))]
        case .address: [("type", .text("string")), ("pattern", .text("^[0-9a-fA-F:.]+$"))]
        case .names:
            [
                ("type", .list([.text("array"), .text("null")])),
                ("maxItems", .raw(String(SettingReaders.nameLimit))),
                (
                    "items",
                    .object([
                        ("type", .text("string")), ("pattern", .text("^[0-9A-Za-z][0-9A-Za-z.-]*$")),
                    ])
                ),
            ]
        case .pane:
            [
                (
                    "oneOf",
                    .list([
                        .object([("const", .text("auto"))]),
                        Self.object(
                            SettingReaders.paneKeys.map { key in
                                let least = key.hasPrefix("x") || key.hasPrefix("y") ? 0 : 16
                                return (key, .object(Self.integer(least...16_384)))
                            }, required: SettingReaders.paneKeys),
                    ])
                )
            ]
        case .bands:
            [
                ("type", .text("array")), ("minItems", .raw("3")), ("maxItems", .raw("3")),
                (
                    "items",
                    .object([
                        ("type", .text("number")), ("exclusiveMinimum", .raw("0")), ("exclusiveMaximum", .raw("1")),
                    ])
                ),
            ]
        case .folders:
            [
                ("type", .list([.text("array"), .text("null")])),
                ("maxItems", .raw(String(SettingReaders.folderLimit))),
                (
                    "items",
                    Self.object(
                        [
                            ("folder", .object([("type", .text("string")), ("pattern", .text("^/"))])),
                            ("pattern", .object([("type", .text("string")), ("pattern", .text("^[^/]+$"))])),
                            ("recursive", .object([("type", .text("boolean"))])),
                        ], required: ["folder"])
                ),
            ]
        case .sources:
            [
                ("type", .list([.text("array"), .text("null")])),
                ("maxItems", .raw(String(SettingReaders.sourceLimit))),
                ("items", Self.object(Self.sourceFields, required: ["name", "address"])),
            ]
        }
    }

    private static var sourceFields: [(String, JSONTree)] {
        let flag = JSONTree.object([("type", .text("boolean"))])
        return [
            ("name", .object([("type", .text("string")), ("pattern", .text("^[A-Za-z0-9_-]{1,64}$"))])),
            ("address", .object([("type", .text("string")), ("pattern", .text("^(/|[a-z]+://)"))])),
            ("autostart", flag), ("record", flag),
            ("transport", .object([("enum", .list(Configuration.Transport.allCases.map { .text($0.rawValue) }))])),
            ("stall_seconds", .object(integer(SettingReaders.stallRange))), ("realtime", flag), ("loop", flag),
            ("input_format", .object([("type", .text("string")), ("pattern", .text("^[a-z0-9]{1,32}$"))])),
            ("video_size", .object([("type", .text("string")), ("pattern", .text("^[0-9]{2,5}x[0-9]{2,5}$"))])),
            ("frame_rate", .object(integer(SettingReaders.rateRange))),
        ]
    }

    private static func integer(_ range: ClosedRange<Int>) -> [(String, JSONTree)] {
        [
            ("type", .text("integer")), ("minimum", .raw(String(range.lowerBound))),
            ("maximum", .raw(String(range.upperBound))),
        ]
    }

    private static func object(_ properties: [(String, JSONTree)], required: [String]) -> JSONTree {
        .object([
            ("type", .text("object")), ("additionalProperties", .flag(false)),
            ("required", .list(required.map { .text($0) })), ("properties", .object(properties)),
        ])
    }
}

/// JSON to be printed, with its keys in order.
private indirect enum JSONTree {
    case text(String)
    case flag(Bool)
    /// JSON already.
    case raw(String)
    case list([JSONTree])
    case object([(String, JSONTree)])

    func text(indent: String) -> String {
        let inner = indent + "  "
        switch self {
        case .text(let value):
            var bytes: [UInt8] = []
            JSONLine.append(value, to: &bytes)
            return String(decoding: bytes, as: UTF8.self)
        case .flag(let value): return value ? "true" : "false"
        case .raw(let value): return value
        case .list(let items): return "[" + items.map { $0.text(indent: inner) }.joined(separator: ", ") + "]"
        case .object(let fields):
            let lines = fields.map { name, value in
                "\(inner)\(JSONTree.text(name).text(indent: "")): \(value.text(indent: inner))"
            }
            return "{\n" + lines.joined(separator: ",\n") + "\n\(indent)}"
        }
    }
}
