// From YAML files and the environment to one value, or to everything that is wrong with them.
import Foundation
import Yams

extension Configuration {
    /// A larger file is not a configuration.
    ///
    /// **Units** bytes.
    static let maximumFileBytes = 1 << 20

    /// Reads a configuration file and its drop-ins, then the overrides in the environment.
    ///
    /// - Parameter path: nil for the defaults alone.
    package static func load(
        path: String?, environment: [String: String] = [:]
    ) throws(ConfigurationError) -> Configuration {
        try ConfigurationFiles(path: path).parse(environment: environment)
    }

    /// Reads the bytes of a configuration file.
    package static func parse(
        _ bytes: [UInt8], source: String, environment: [String: String] = [:]
    ) throws(ConfigurationError) -> Configuration {
        switch ConfigurationText.decode(bytes, source: source) {
        case .failure(let error): throw error
        case .success(let text): return try parse(text, source: source, environment: environment)
        }
    }

    /// Reads the text of a configuration file.
    package static func parse(
        _ text: String, source: String, environment: [String: String] = [:]
    ) throws(ConfigurationError) -> Configuration {
        var reader = ConfigurationReader()
        reader.read(text, from: source)
        reader.readOverrides(environment)
        return try reader.finished()
    }
}

/// Gathers values and problems.
struct ConfigurationReader {
    private(set) var configuration = Configuration()
    private(set) var problems: [ConfigurationError.Problem] = []
    /// The file that is being read, and whether one was read before it.
    private var source = ""
    private var isDropIn = false

    /// The value, or everything that is wrong.
    func finished() throws(ConfigurationError) -> Configuration {
        guard problems.isEmpty else { throw ConfigurationError(problems: problems) }
        return configuration
    }

    /// Reads a file over what is there: each of its keys takes the place of the earlier one, save lists of folders,
    /// which are added to.
    mutating func read(_ text: String, from source: String) {
        self.source = source
        var before: [ConfigurationError.Problem] = []
        swap(&before, &problems)
        readFile(text)
        problems = before + problems.sorted { ($0.line, $0.column) < ($1.line, $1.column) }
        isDropIn = true
    }

    private mutating func readFile(_ text: String) {
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch {
            problems.append(YAMLFault.problem(error, text: text, source: source))
            return
        }
        guard let root else { return }
        if case .scalar(let scalar) = root, scalar.isEmptyValue { return }
        guard case .mapping(let mapping) = root else {
            note(
                SettingFault(mark: root.mark, message: "a configuration is a mapping of keys to values, as key: value"))
            return
        }
        for (key, value) in mapping {
            guard case .scalar(let scalar) = key else {
                note(SettingFault(mark: key.mark, message: "a key is plain text"))
                continue
            }
            if let setting = SettingTable.byPath[scalar.string], setting.section == nil {
                apply(setting, value)
            } else if SettingTable.sectionNames.contains(scalar.string) {
                readSection(scalar.string, value)
            } else {
                note(SettingFault(mark: key.mark, message: Self.unknown(scalar.string, section: nil)))
            }
        }
    }

    private mutating func readSection(_ name: String, _ node: Node) {
        // A section whose every line is commented out is an empty value in YAML.
        if case .scalar(let scalar) = node, scalar.isEmptyValue { return }
        guard case .mapping(let mapping) = node else {
            note(SettingFault(mark: node.mark, message: "\(name) is a section: its settings stand below it, indented"))
            return
        }
        for (key, value) in mapping {
            guard case .scalar(let scalar) = key else {
                note(SettingFault(mark: key.mark, message: "a key is plain text"))
                continue
            }
            if let setting = SettingTable.byPath["\(name).\(scalar.string)"] {
                apply(setting, value)
            } else {
                note(SettingFault(mark: key.mark, message: Self.unknown(scalar.string, section: name)))
            }
        }
    }

    /// Values from the environment come last and win.
    ///
    /// Variables that begin with `RIMA_` but belong to no setting are
    /// left alone unless they look like a mistyped one.
    mutating func readOverrides(_ environment: [String: String]) {
        let settings = Dictionary(uniqueKeysWithValues: SettingTable.all.map { ($0.variable, $0) })
        let sections = SettingTable.sectionNames.map { "RIMA_\($0.uppercased())_" }
        for (name, text) in environment.sorted(by: { $0.key < $1.key }) where name.hasPrefix("RIMA_") {
            let place = "environment variable \(TextSafety.plain(name, limit: 80))"
            guard let setting = settings[name] else {
                let near = NearestName.suggestion(for: name, among: Array(settings.keys).sorted())
                if sections.contains(where: name.hasPrefix) || near.map({ NearestName.isSlip(name, $0) }) ?? false {
                    let hint = near.map { "; did you mean \($0)?" } ?? ""
                    problems.append(
                        .init(source: place, line: 1, column: 1, message: "no setting has this name\(hint)"))
                }
                continue
            }
            do {
                guard text.utf8.count <= Configuration.maximumFileBytes else { continue }
                let node = try Yams.compose(yaml: text) ?? Node("")
                for fault in setting.read(node, &configuration) {
                    problems.append(
                        .init(
                            source: place, line: fault.mark?.line ?? 1, column: fault.mark?.column ?? 1,
                            message: fault.sentence(about: setting)))
                }
            } catch {
                problems.append(YAMLFault.problem(error, text: text, source: place))
            }
        }
    }

    private mutating func apply(_ setting: Setting, _ node: Node) {
        let earlier = configuration.watch
        let faults = setting.read(node, &configuration)
        for fault in faults { note(SettingFault(mark: fault.mark, message: fault.sentence(about: setting))) }
        if isDropIn, setting.kind == .folders, faults.isEmpty {
            configuration.watch = earlier + configuration.watch.filter { !earlier.contains($0) }
        }
    }

    private mutating func note(_ fault: SettingFault) {
        problems.append(
            .init(
                source: source, line: fault.mark?.line ?? 1, column: fault.mark?.column ?? 1, message: fault.message))
    }

    /// The sentence about an unknown key, which may be known elsewhere.
    static func unknown(_ key: String, section: String?) -> String {
        let keys =
            section.map { name in SettingTable.all.filter { $0.section == name }.map(\.key) } ?? SettingTable.topKeys
        let elsewhere = SettingTable.all.first { $0.key == key || $0.path == key }
        if let elsewhere {
            let place = elsewhere.section.map { "in the section \($0)" } ?? "at the top of the file"
            return "unknown key \"\(key)\" in \(section ?? "the file"); \"\(elsewhere.key)\" belongs \(place)"
        }
        return UnknownKey.message(key, among: keys, what: section.map { "the section \($0)" } ?? "the file")
    }
}
