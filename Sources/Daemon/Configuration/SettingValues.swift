// Reading single values, more strictly than YAML would: a number is a number, not a time of day or an octal.
import Glibc
import Yams

extension Node.Scalar {
    /// Nothing, `~` or `null`.
    var isEmptyValue: Bool { isPlain && (string.isEmpty || string == "~" || string.lowercased() == "null") }

    /// Quoted text is text, whatever it looks like.
    private var isPlain: Bool { style == .plain || style == .any }

    var integer: Int? {
        guard isPlain, string.utf8.count <= 20, string.drop(while: { $0 == "-" }).allSatisfy(\.isDigit) else {
            return nil
        }
        return Int(string)
    }

    var number: Double? {
        guard isPlain, string.utf8.count <= 40, string.contains(where: \.isDigit),
            string.allSatisfy({ $0.isDigit || "+-.eE".contains($0) }), let value = Double(string), value.isFinite
        else { return nil }
        return value
    }

    var flag: Bool? {
        switch isPlain ? string : "" {
        case "true": true
        case "false": false
        default: nil
        }
    }

    func isAbsolutePath(limit: Int) -> Bool {
        string.first == "/" && string.utf8.count <= limit && !string.unicodeScalars.contains(where: TextSafety.isUnsafe)
    }
}

extension Character {
    fileprivate var isDigit: Bool { isASCII && isNumber }
}

/// A mapping whose keys are known, opened up.
struct KnownMapping {
    private(set) var values: [String: Node] = [:]
    private(set) var faults: [SettingFault] = []

    /// - Parameter what: names the mapping in a fault.
    init(_ mapping: Node.Mapping, keys: [String], what: String) {
        for (key, value) in mapping {
            guard case .scalar(let scalar) = key else {
                faults.append(SettingFault(mark: key.mark, message: "a key is plain text", isSentence: true))
                continue
            }
            if keys.contains(scalar.string) {
                values[scalar.string] = value
            } else {
                faults.append(
                    SettingFault(
                        mark: key.mark, message: UnknownKey.message(scalar.string, among: keys, what: what),
                        isSentence: true))
            }
        }
    }
}

enum UnknownKey {
    /// The sentence about a key that nobody knows.
    static func message(_ key: String, among keys: [String], what: String) -> String {
        let shown = TextSafety.plain(key, limit: 60)
        if let near = NearestName.suggestion(for: key, among: keys) {
            return "unknown key \"\(shown)\" in \(what); did you mean \"\(near)\"?"
        }
        return "unknown key \"\(shown)\" in \(what), which has " + keys.joined(separator: ", ")
    }
}

// MARK: Settings with a shape of their own

enum SettingReaders {
    static func pane(_ node: Node, _ configuration: inout Configuration) -> [SettingFault] {
        let expectation = "takes " + SettingKind.pane.expectation
        if case .scalar(let scalar) = node, scalar.string == "auto" {
            configuration.pane = .auto
            return []
        }
        guard case .mapping(let mapping) = node else { return [SettingFault(mark: node.mark, message: expectation)] }
        let known = KnownMapping(mapping, keys: paneKeys, what: "pane")
        var faults = known.faults
        var numbers: [Int] = []
        for key in paneKeys {
            guard let value = known.values[key] else {
                faults.append(SettingFault(mark: node.mark, message: "lacks \(key); it \(expectation)"))
                continue
            }
            let range = key.hasPrefix("x") || key.hasPrefix("y") ? 0...16_384 : 16...16_384
            if case .scalar(let scalar) = value, let number = scalar.integer, range.contains(number) {
                numbers.append(number)
            } else {
                faults.append(
                    SettingFault(
                        mark: value.mark,
                        message: "pane.\(key) takes \(SettingKind.integer(range).expectation)", isSentence: true))
            }
        }
        if faults.isEmpty, numbers.count == 4 {
            configuration.pane = .explicit(x: numbers[0], y: numbers[1], width: numbers[2], height: numbers[3])
        }
        return faults
    }

    static let paneKeys = ["x_px", "y_px", "width_px", "height_px"]

    static func bands(_ node: Node, _ configuration: inout Configuration) -> [SettingFault] {
        let fault = SettingFault(
            mark: node.mark, message: "takes \(SettingKind.bands.expectation), as [0.25, 0.5, 0.75]")
        guard case .sequence(let sequence) = node, sequence.count == 3 else { return [fault] }
        var numbers: [Double] = []
        for item in sequence {
            guard case .scalar(let scalar) = item, let number = scalar.number, number > 0, number < 1,
                number > numbers.last ?? 0
            else { return [SettingFault(mark: item.mark, message: fault.message)] }
            numbers.append(number)
        }
        configuration.narrowingBands = numbers
        return []
    }

    static let nameLimit = 32

    static func names(_ node: Node, _ configuration: inout Configuration) -> [SettingFault] {
        let fault = SettingFault(mark: node.mark, message: "takes \(SettingKind.names.expectation), as [exercise-lab]")
        if case .scalar(let scalar) = node, scalar.isEmptyValue {
            configuration.web.names = []
            return []
        }
        guard case .sequence(let sequence) = node, sequence.count <= nameLimit else { return [fault] }
        var names: [String] = []
        for item in sequence {
            guard case .scalar(let scalar) = item, HostText.isName(scalar.string) else {
                return [SettingFault(mark: item.mark, message: fault.message)]
            }
            names.append(scalar.string.lowercased())
        }
        configuration.web.names = names
        return []
    }

    static let folderKeys = ["folder", "pattern", "recursive"]
    static let folderLimit = 256

    static func folders(_ node: Node, _ configuration: inout Configuration) -> [SettingFault] {
        if case .scalar(let scalar) = node, scalar.isEmptyValue {
            configuration.watch = []
            return []
        }
        guard case .sequence(let sequence) = node, sequence.count <= folderLimit else {
            return [SettingFault(mark: node.mark, message: "takes \(SettingKind.folders.expectation)")]
        }
        var faults: [SettingFault] = []
        var folders: [Configuration.WatchedFolder] = []
        for item in sequence {
            switch folder(item) {
            case .success(let folder): folders.append(folder)
            case .failure(let found): faults.append(contentsOf: found.faults)
            }
        }
        if faults.isEmpty { configuration.watch = folders }
        return faults
    }

    private struct Faults: Error { var faults: [SettingFault] }

    private static func folder(_ node: Node) -> Result<Configuration.WatchedFolder, Faults> {
        guard case .mapping(let mapping) = node else {
            return .failure(
                Faults(faults: [
                    SettingFault(
                        mark: node.mark, message: "takes entries that are mappings, as {folder: /srv/recordings}")
                ]))
        }
        let known = KnownMapping(mapping, keys: folderKeys, what: "watch")
        var faults = known.faults
        var result = Configuration.WatchedFolder(folder: "")
        if let value = known.values["folder"] {
            if case .scalar(let scalar) = value, scalar.isAbsolutePath(limit: 4095) {
                result.folder = scalar.string
            } else {
                faults.append(
                    SettingFault(mark: value.mark, message: "watch.folder takes an absolute path", isSentence: true))
            }
        } else {
            faults.append(SettingFault(mark: node.mark, message: "has an entry without its folder"))
        }
        if let value = known.values["pattern"] {
            if case .scalar(let scalar) = value, !scalar.string.isEmpty, scalar.string.utf8.count <= 255,
                !scalar.string.contains("/"), !scalar.string.unicodeScalars.contains(where: TextSafety.isUnsafe)
            {
                result.pattern = scalar.string
            } else {
                faults.append(
                    SettingFault(
                        mark: value.mark, message: "watch.pattern takes a pattern for file names, as \"*.mkv\"",
                        isSentence: true))
            }
        }
        if let value = known.values["recursive"] {
            if case .scalar(let scalar) = value, let flag = scalar.flag {
                result.recursive = flag
            } else {
                faults.append(
                    SettingFault(mark: value.mark, message: "watch.recursive takes true or false", isSentence: true))
            }
        }
        return faults.isEmpty ? .success(result) : .failure(Faults(faults: faults))
    }
}

/// Names and addresses of machines.
enum HostText {
    /// An IPv4 or IPv6 address in digits.
    static func isAddress(_ text: String) -> Bool {
        var four = in_addr()
        var six = in6_addr()
        return inet_pton(AF_INET, text, &four) == 1 || inet_pton(AF_INET6, text, &six) == 1
    }

    /// A name as it stands in `Host`, without a port.
    static func isName(_ text: String) -> Bool {
        let isPlain = text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == ".") }
        return isPlain && (1...253).contains(text.utf8.count) && text.first != "." && text.first != "-"
    }
}
