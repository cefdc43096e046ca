// Reading `sources`: the live sources, whose addresses may hold passwords and are never repeated in a message.
import Decode
import Yams

extension SettingReaders {
    static let sourceKeys = [
        "name", "address", "autostart", "record", "transport", "stall_seconds", "realtime", "loop", "input_format",
        "video_size", "frame_rate",
    ]
    static let sourceLimit = 64
    static let stallRange = 2...600
    static let rateRange = 1...240

    static func sources(_ node: Node, _ configuration: inout Configuration) -> [SettingFault] {
        if case .scalar(let scalar) = node, scalar.isEmptyValue {
            configuration.sources = []
            return []
        }
        guard case .sequence(let sequence) = node, sequence.count <= sourceLimit else {
            return [SettingFault(mark: node.mark, message: "takes \(SettingKind.sources.expectation)")]
        }
        var faults: [SettingFault] = []
        var sources: [Configuration.LiveSource] = []
        for item in sequence {
            guard case .mapping(let mapping) = item else {
                faults.append(
                    SettingFault(
                        mark: item.mark, message: "takes entries that are mappings with name and address"))
                continue
            }
            var reader = SourceReader(mapping, mark: item.mark)
            let source = reader.read()
            faults += reader.faults
            if sources.contains(where: { $0.name == source.name }) {
                faults.append(SettingFault(mark: item.mark, message: "has two sources of the name \"\(source.name)\""))
            }
            sources.append(source)
        }
        if faults.isEmpty { configuration.sources = sources }
        return faults
    }
}

/// Reads one entry.
private struct SourceReader {
    private let known: KnownMapping
    private let mark: Mark?
    private(set) var faults: [SettingFault]

    init(_ mapping: Node.Mapping, mark: Mark?) {
        known = KnownMapping(mapping, keys: SettingReaders.sourceKeys, what: "sources")
        faults = known.faults
        self.mark = mark
    }

    mutating func read() -> Configuration.LiveSource {
        let name =
            value("name", "1 to 64 letters, digits, - and _") { scalar in
                isWord(scalar.string, limit: 64, extra: "-_") ? scalar.string : nil
            } ?? ""
        var source = Configuration.LiveSource(name: name, address: address() ?? "")
        for key in ["name", "address"] where known.values[key] == nil {
            faults.append(SettingFault(mark: mark, message: "has an entry without its \(key)"))
        }
        func flag(_ key: String, _ target: inout Bool) {
            if let flag = value(key, "true or false", { $0.flag }) { target = flag }
        }
        flag("autostart", &source.autostart)
        flag("record", &source.record)
        flag("realtime", &source.realtime)
        flag("loop", &source.loop)
        if let transport = value("transport", "tcp or udp", { Configuration.Transport(rawValue: $0.string) }) {
            source.transport = transport
        }
        if let seconds = number("stall_seconds", SettingReaders.stallRange) { source.stallSeconds = seconds }
        source.frameRate = number("frame_rate", SettingReaders.rateRange)
        source.inputFormat = value("input_format", "a short name, as mjpeg, h264 or yuyv422") { scalar in
            isWord(scalar.string, limit: 32, extra: "") ? scalar.string.lowercased() : nil
        }
        source.videoSize = value("video_size", "a size, as 1920x1080") { scalar in
            let sides = scalar.string.split(separator: "x", omittingEmptySubsequences: false)
            let isSize = sides.count == 2 && sides.allSatisfy { (Int($0).map { (16...16_384).contains($0) }) ?? false }
            return isSize ? scalar.string : nil
        }
        return source
    }

    /// Checked here, so that a wrong address is found by `rima check` and not in the middle of a test.
    private mutating func address() -> String? {
        guard let node = known.values["address"] else { return nil }
        guard case .scalar(let scalar) = node else {
            fault(node, "address", "text")
            return nil
        }
        do throws(LiveAddress.Refusal) {
            _ = try LiveAddress(scalar.string)
            return scalar.string
        } catch {
            faults.append(
                SettingFault(mark: node.mark, message: "sources.address: \(error.description)", isSentence: true))
            return nil
        }
    }

    private mutating func number(_ key: String, _ range: ClosedRange<Int>) -> Int? {
        value(key, SettingKind.integer(range).expectation) { scalar in
            scalar.integer.flatMap { range.contains($0) ? $0 : nil }
        }
    }

    private mutating func value<Value>(
        _ key: String, _ expectation: String, _ parse: (Node.Scalar) -> Value?
    ) -> Value? {
        guard let node = known.values[key] else { return nil }
        if case .scalar(let scalar) = node, let value = parse(scalar) { return value }
        fault(node, key, expectation)
        return nil
    }

    private mutating func fault(_ node: Node, _ key: String, _ expectation: String) {
        faults.append(
            SettingFault(mark: node.mark, message: "sources.\(key) takes \(expectation)", isSentence: true))
    }
}

private func isWord(_ text: String, limit: Int, extra: String) -> Bool {
    (1...limit).contains(text.utf8.count)
        && text.unicodeScalars.allSatisfy {
            $0.isASCII && (Character($0).isLetter || Character($0).isNumber) || extra.unicodeScalars.contains($0)
        }
}

extension LiveSettings {
    /// What a configured source means to the reader.
    init(_ source: Configuration.LiveSource) throws(LiveAddress.Refusal) {
        self.init(address: try LiveAddress(source.address))
        transport = source.transport == .udp ? .udp : .tcp
        isRealTime = source.realtime
        loops = source.loop
        stallNanoseconds = Int64(source.stallSeconds) * 1_000_000_000
        deviceFormat = source.inputFormat
        deviceSize = source.videoSize
        deviceRate = source.frameRate
    }
}
