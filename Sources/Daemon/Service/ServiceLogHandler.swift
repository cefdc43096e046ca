import Glibc
// Log lines for the journal or for a person.
package import Logging

/// Writes one line for each message to standard error.
///
/// Under systemd (`JOURNAL_STREAM` is standard error's) a line begins with its priority, as `<4>`, which the journal
/// takes off; otherwise with the level's name. Control characters never get through: a file's name must not write lines
/// of its own.
package struct ServiceLogHandler: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var logLevel: Logger.Level
    private let label: String
    private let isJournal: Bool
    private let write: @Sendable (String) -> Void

    /// - Parameter write: receives each line with its line feed; by default standard error, in one call each.
    package init(
        label: String, level: Logger.Level = .info, environment: [String: String],
        write: @escaping @Sendable (String) -> Void = ServiceLogHandler.writeToStandardError
    ) {
        self.label = label
        logLevel = level
        isJournal = environment["JOURNAL_STREAM"] != nil
        self.write = write
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let fields = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
        var line = isJournal ? "<\(Self.priority(event.level))>" : "rima: \(event.level): "
        line += TextSafety.plain("\(event.message)", limit: Self.limit)
        for (key, value) in fields { line += " \(TextSafety.plain(key, limit: 64))=\(Self.quoted("\(value)"))" }
        write(line + "\n")
    }

    private static let limit = 4000

    /// syslog's numbers.
    static func priority(_ level: Logger.Level) -> Int {
        switch level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }

    /// A value with a space, a quote or nothing in it is quoted.
    private static func quoted(_ value: String) -> String {
        let plain = TextSafety.plain(value, limit: limit)
        guard plain.isEmpty || plain.contains(where: { $0 == " " || $0 == "\"" || $0 == "=" }) else { return plain }
        return "\"" + plain.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\\\"") + "\""
    }

    package static let writeToStandardError: @Sendable (String) -> Void = { line in
        let bytes = [UInt8](line.utf8)
        // SAFETY: the bytes outlive the call.
        _ = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}

extension Configuration.LogLevel {
    /// The same level in swift-log's words.
    package var level: Logger.Level {
        switch self {
        case .debug: .debug
        case .info: .info
        case .notice: .notice
        case .warning: .warning
        case .error: .error
        }
    }
}
