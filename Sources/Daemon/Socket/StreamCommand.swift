// What a client may ask for: one JSON object on one line, with one verb.
import FoundationEssentials

/// A command of a client of the stream.
enum StreamCommand: Equatable, Sendable {
    /// Which sessions to receive; with `fromSeq`, every row from that number on, from the store if need be.
    case subscribe(StreamScope, fromSeq: Int?)
    /// A stage mark, set now.
    case mark(label: String, session: String?)
    case status
    /// Live sources.
    case source(SourceRequest)

    /// The word by which replies name the command.
    var name: String {
        switch self {
        case .subscribe: "subscribe"
        case .mark: "mark"
        case .status: "status"
        case .source(.start): "start"
        case .source(.stop): "stop"
        case .source(.list): "sources"
        }
    }
}

/// The sessions that a client receives.
enum StreamScope: Equatable, Sendable {
    /// Every session, those that start later included.
    case all
    /// The session that started last, or the first to start when there is none.
    case latest
    case session(String)

    init(_ word: String) {
        switch word {
        case "*": self = .all
        case "latest": self = .latest
        default: self = .session(word)
        }
    }

    var word: String {
        switch self {
        case .all: "*"
        case .latest: "latest"
        case .session(let name): name
        }
    }
}

/// What a client that only listens is given.
struct StreamWish: Sendable, Equatable {
    var scope: StreamScope
    /// Sessions of which every numbered event from `seq` on is wanted.
    var from: [(session: String, seq: Int)] = []

    static func == (a: StreamWish, b: StreamWish) -> Bool {
        a.scope == b.scope && a.from.elementsEqual(b.from) { $0 == $1 }
    }
}

/// Why a line is not a command.
///
/// The code is for programs, the sentence for people.
struct StreamCommandError: Error, Equatable, Sendable {
    enum Code: String, Sendable {
        case badJSON = "bad_json"
        case badCommand = "bad_command"
        case badValue = "bad_value"
        case tooLong = "too_long"
        case tooManyCommands = "too_many_commands"
        case unknownSession = "unknown_session"
        case notAllowed = "not_allowed"
        case failed
    }

    var code: Code
    var message: String
}

extension StreamCommand {
    /// Longest line that a client may send, its line feed not counted.
    /// - **Units** bytes.
    static let maximumLineBytes = 4096
    static let maximumLabelBytes = 64
    static let maximumSessionBytes = 255

    private static let verbs = ["subscribe", "mark", "status", "start", "stop", "sources"]
    private static let keys = verbs + ["from_seq", "session"]

    /// Reads one line.
    static func parse(_ line: [UInt8]) throws(StreamCommandError) -> StreamCommand {
        let object: [String: JSONScalar]
        do {
            object = try JSONDecoder().decode([String: JSONScalar].self, from: Data(line))
        } catch {
            throw StreamCommandError(
                code: .badJSON, message: "a command is one flat JSON object on one line, in UTF-8")
        }
        if let unknown = object.keys.sorted().first(where: { !keys.contains($0) }) {
            let hint = NearestName.suggestion(for: unknown, among: keys).map { "; did you mean \"\($0)\"?" } ?? ""
            throw StreamCommandError(
                code: .badCommand, message: "unknown key \"\(TextSafety.plain(unknown, limit: 40))\"" + hint)
        }
        let given = verbs.filter { object[$0] != nil }
        guard given.count == 1, let verb = given.first else {
            throw StreamCommandError(
                code: .badCommand,
                message: "a command has exactly one of \(verbs.map { "\"\($0)\"" }.joined(separator: ", "))")
        }
        switch verb {
        case "subscribe":
            try refuse("session", in: object, verb: verb)
            let scope = StreamScope(try text("subscribe", in: object, limit: maximumSessionBytes))
            return .subscribe(scope, fromSeq: try count("from_seq", in: object))
        case "mark":
            try refuse("from_seq", in: object, verb: verb)
            let label = try text("mark", in: object, limit: maximumLabelBytes)
            let session =
                object["session"] == nil ? nil : try text("session", in: object, limit: maximumSessionBytes)
            return .mark(label: label, session: session)
        case "start", "stop":
            try refuse("from_seq", in: object, verb: verb)
            try refuse("session", in: object, verb: verb)
            let name = try text(verb, in: object, limit: maximumLabelBytes)
            return .source(verb == "start" ? .start(name) : .stop(name))
        default:
            try refuse("from_seq", in: object, verb: verb)
            try refuse("session", in: object, verb: verb)
            guard object[verb] == .flag(true) else {
                throw StreamCommandError(code: .badValue, message: "\"\(verb)\" takes only true")
            }
            return verb == "status" ? .status : .source(.list)
        }
    }

    private static func refuse(
        _ key: String, in object: [String: JSONScalar], verb: String
    ) throws(StreamCommandError) {
        guard object[key] == nil else {
            throw StreamCommandError(code: .badCommand, message: "\"\(key)\" does not go with \"\(verb)\"")
        }
    }

    private static func text(
        _ key: String, in object: [String: JSONScalar], limit: Int
    ) throws(StreamCommandError) -> String {
        guard case .text(let value) = object[key], !value.isEmpty, value.utf8.count <= limit,
            value == TextSafety.plain(value, limit: limit)
        else {
            throw StreamCommandError(
                code: .badValue,
                message: "\"\(key)\" takes text of 1 to \(limit) bytes without control characters")
        }
        return value
    }

    private static func count(_ key: String, in object: [String: JSONScalar]) throws(StreamCommandError) -> Int? {
        guard let value = object[key] else { return nil }
        guard case .integer(let number) = value, number >= 0, number <= 1 << 53 else {
            throw StreamCommandError(code: .badValue, message: "\"\(key)\" takes a whole number, 0 or more")
        }
        return number
    }
}

/// A JSON value that is neither an array nor an object.
private enum JSONScalar: Decodable, Equatable {
    case flag(Bool)
    case integer(Int)
    case number(Double)
    case text(String)
    case null

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .flag(value)
        } else if let value = try? container.decode(Int.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else {
            self = .text(try container.decode(String.self))
        }
    }
}
