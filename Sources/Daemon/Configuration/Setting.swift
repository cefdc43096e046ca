// One setting: what it is called, what it may be, and how it is read.
import Yams

/// What a setting may be.
enum SettingKind: Sendable, Equatable {
    case integer(ClosedRange<Int>)
    case number(ClosedRange<Double>)
    case flag
    case choice([String])
    /// An absolute path, or one of these words.
    case path(orWords: [String])
    case pane
    case bands
    case folders
    case sources
    /// An IP address.
    case address
    /// Host names.
    case names

    /// For people, as in "takes …".
    var expectation: String {
        switch self {
        case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .number(let range): "a number from \(Self.plain(range.lowerBound)) to \(Self.plain(range.upperBound))"
        case .flag: "true or false"
        case .choice(let words): words.dropLast().joined(separator: ", ") + " or " + (words.last ?? "")
        case .path(let words): (words + ["an absolute path"]).joined(separator: " or ")
        case .pane: "auto, or a mapping of x_px, y_px, width_px and height_px"
        case .bands: "three rising numbers between 0 and 1"
        case .folders: "a list of mappings with folder, pattern and recursive"
        case .sources: "a list of mappings with name, address and what else a source needs"
        case .address: "an IP address"
        case .names: "a list of host names"
        }
    }

    static func plain(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : String(value)
    }
}

/// A fault within one value, before its file is known.
struct SettingFault: Error {
    var mark: Mark?
    var message: String
    /// Names its subject itself; otherwise the setting's path goes before it.
    var isSentence = false

    /// The whole sentence.
    func sentence(about setting: Setting) -> String { isSentence ? message : "\(setting.path) \(message)" }
}

/// A row of the table from which everything about a setting is made.
struct Setting: Sendable {
    /// Section and key, such as `socket.max_clients`; top-level settings have only a key.
    let path: String
    let kind: SettingKind
    /// For people; nil where there is none.
    let unit: String?
    /// One paragraph, in plain English.
    let explanation: String
    /// The default as YAML on one line.
    let defaultText: String
    /// Reads a value into the configuration; returns what is wrong with it.
    let read: @Sendable (Node, inout Configuration) -> [SettingFault]

    var section: String? { path.firstIndex(of: ".").map { String(path[..<$0]) } }
    var key: String { path.firstIndex(of: ".").map { String(path[path.index(after: $0)...]) } ?? path }
    /// The environment variable that overrides it.
    var variable: String {
        "RIMA_" + String(path.uppercased().map { $0 == "." ? "_" : $0 })
    }
}

typealias SettingPath<Value> = WritableKeyPath<Configuration, Value> & Sendable

extension Setting {
    /// A setting whose value is one scalar.
    private init<Value>(
        _ path: String, _ kind: SettingKind, unit: String?, _ target: any SettingPath<Value>, _ explanation: String,
        text: (Value) -> String, parse: @escaping @Sendable (Node.Scalar) -> Value?
    ) {
        self.path = path
        self.kind = kind
        self.unit = unit
        self.explanation = explanation
        defaultText = text(Configuration()[keyPath: target])
        read = { node, configuration in
            guard case .scalar(let scalar) = node else {
                return [SettingFault(mark: node.mark, message: "takes \(kind.expectation)")]
            }
            guard !scalar.isEmptyValue else {
                return [
                    SettingFault(
                        mark: node.mark,
                        message: "has no value; it takes \(kind.expectation) (leave the line out for the default)")
                ]
            }
            guard let value = parse(scalar) else {
                let hint = kind.hint(for: scalar.string)
                return [
                    SettingFault(
                        mark: node.mark,
                        message:
                            "takes \(kind.expectation), not \"\(TextSafety.plain(scalar.string, limit: 60))\"\(hint)")
                ]
            }
            configuration[keyPath: target] = value
            return []
        }
    }

    static func integer(
        _ path: String, _ target: any SettingPath<Int>, _ range: ClosedRange<Int>, unit: String? = nil,
        _ explanation: String
    ) -> Setting {
        Setting(path, .integer(range), unit: unit, target, explanation, text: String.init) { scalar in
            scalar.integer.flatMap { range.contains($0) ? $0 : nil }
        }
    }

    static func number(
        _ path: String, _ target: any SettingPath<Double>, _ range: ClosedRange<Double>, unit: String? = nil,
        _ explanation: String
    ) -> Setting {
        Setting(path, .number(range), unit: unit, target, explanation, text: SettingKind.plain) { scalar in
            scalar.number.flatMap { range.contains($0) ? $0 : nil }
        }
    }

    static func flag(_ path: String, _ target: any SettingPath<Bool>, _ explanation: String) -> Setting {
        Setting(path, .flag, unit: nil, target, explanation, text: String.init) { $0.flag }
    }

    static func choice<Value: RawRepresentable<String> & CaseIterable & SendableMetatype>(
        _ path: String, _ target: any SettingPath<Value>, _ explanation: String
    ) -> Setting {
        Setting(
            path, .choice(Value.allCases.map(\.rawValue)), unit: nil, target, explanation, text: { "\($0.rawValue)" }
        ) { Value(rawValue: $0.string) }
    }

    static func path(
        _ path: String, _ target: any SettingPath<String>, orWords words: [String] = [], limit: Int = 4095,
        _ explanation: String
    ) -> Setting {
        Setting(path, .path(orWords: words), unit: nil, target, explanation, text: { $0 }) { scalar in
            words.contains(scalar.string) || scalar.isAbsolutePath(limit: limit) ? scalar.string : nil
        }
    }

    static func address(_ path: String, _ target: any SettingPath<String>, _ explanation: String) -> Setting {
        Setting(path, .address, unit: nil, target, explanation, text: { $0 }) { scalar in
            HostText.isAddress(scalar.string) ? scalar.string : nil
        }
    }

    /// A setting with a shape of its own.
    static func shaped(
        _ path: String, _ kind: SettingKind, unit: String? = nil, defaultText: String, _ explanation: String,
        read: @escaping @Sendable (Node, inout Configuration) -> [SettingFault]
    ) -> Setting {
        Setting(
            path: path, kind: kind, unit: unit, explanation: explanation, defaultText: defaultText, read: read)
    }
}

extension SettingKind {
    /// A guess at what was meant, to follow a refusal.
    func hint(for text: String) -> String {
        switch self {
        case .choice(let words):
            NearestName.suggestion(for: text, among: words).map { "; did you mean \($0)?" } ?? ""
        case .flag:
            switch text.lowercased() {
            case "yes", "on", "y": "; write true"
            case "no", "off", "n": "; write false"
            default: ""
            }
        case .integer, .number:
            text.contains { $0.isLetter } && text.contains { $0.isNumber }
                ? "; a value is written without its unit" : ""
        default: ""
        }
    }
}
