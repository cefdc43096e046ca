// Bytes to text, and YAML's own complaints in plain words with their place.
import Yams

enum ConfigurationText {
    /// Checks size and encoding.
    ///
    /// A byte order mark is allowed and left out.
    static func decode(_ bytes: [UInt8], source: String) -> Result<String, ConfigurationError> {
        func failure(at count: Int, _ message: String) -> Result<String, ConfigurationError> {
            let place = position(of: count, in: bytes)
            return .failure(
                ConfigurationError(problems: [
                    .init(source: source, line: place.line, column: place.column, message: message)
                ]))
        }
        guard bytes.count <= Configuration.maximumFileBytes else {
            return failure(at: 0, "the file is larger than 1 MiB; is it the right one?")
        }
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            return failure(at: 0, "the file is UTF-16; save it as UTF-8")
        }
        let start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        let body = bytes[start...]
        guard let text = String(validating: body, as: UTF8.self) else {
            return failure(at: firstInvalid(in: body), "this is not UTF-8; save the file as UTF-8")
        }
        if let control = body.firstIndex(where: { ($0 < 0x20 && ![0x09, 0x0A, 0x0D].contains($0)) || $0 == 0x7F }) {
            return failure(at: control, "a control character stands here; this is not a text file, or a damaged one")
        }
        return .success(text)
    }

    /// Line and column, from 1, of a byte; the column in Unicode scalars.
    static func position(of index: Int, in bytes: [UInt8]) -> (line: Int, column: Int) {
        let before = bytes[..<min(index, bytes.count)]
        let line = before.count { $0 == 0x0A } + 1
        let lineStart = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? (bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0)
        // Bytes that continue a character are not counted.
        let column = lineStart < before.endIndex ? before[lineStart...].count { $0 & 0xC0 != 0x80 } + 1 : 1
        return (line, column)
    }

    private static func firstInvalid(in bytes: ArraySlice<UInt8>) -> Int {
        var decoder = Unicode.UTF8.ForwardParser()
        var iterator = bytes.makeIterator()
        var at = bytes.startIndex
        while true {
            switch decoder.parseScalar(from: &iterator) {
            case .valid(let scalar): at += scalar.count
            case .error, .emptyInput: return at
            }
        }
    }
}

enum YAMLFault {
    /// What the YAML parser has to say, as a problem of ours.
    static func problem(_ error: any Error, text: String, source: String) -> ConfigurationError.Problem {
        func at(_ line: Int, _ column: Int, _ message: String) -> ConfigurationError.Problem {
            .init(source: source, line: max(1, line), column: max(1, column), message: message)
        }
        guard let error = error as? YamlError else {
            return at(1, 1, "the file is not YAML: \(error)")
        }
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return at(mark.line, mark.column, sentence(problem, at: mark, in: text))
        case .reader(let problem, let offset, _, _):
            let before = text.prefix(offset ?? 0)
            let line = before.count { $0 == "\n" || $0 == "\r\n" } + 1
            let column = (before.lastIndex { $0.isNewline }.map { before[$0...].count - 1 } ?? before.count) + 1
            return at(line, column, "the text cannot be read: \(problem)")
        case .duplicatedKeysInMapping(let keys, let context):
            let key = keys.first ?? ""
            let again = repetition(of: key, after: context.mark, in: text)
            let other = again.map { "in line \($0)" } ?? "further down"
            return at(
                context.mark.line, context.mark.column,
                "the key \"\(TextSafety.plain(key, limit: 60))\" stands here and again \(other); keep one")
        default:
            return at(1, 1, "the file is not YAML: \(TextSafety.plain("\(error)", limit: 200))")
        }
    }

    private static func sentence(_ problem: String, at mark: Mark, in text: String) -> String {
        let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
        let line = mark.line <= lines.count ? lines[mark.line - 1] : ""
        let scalars = Array(line.unicodeScalars)
        if mark.column <= scalars.count, scalars[mark.column - 1] == "\t" || line.prefix(mark.column).contains("\t") {
            return "a tab stands here; YAML indents with spaces only"
        }
        switch problem {
        case "mapping values are not allowed in this context":
            return "a colon stands where a value is; check the indentation, or put the value in quotes"
        case "did not find expected key":
            return "a key was expected here; check the indentation and the quotes of the lines above"
        case "could not find expected ':'":
            return "a key without its colon stands before this"
        default: return "the file is not YAML: \(problem)"
        }
    }

    /// The line in which a key is repeated at the same indentation.
    private static func repetition(of key: String, after mark: Mark, in text: String) -> Int? {
        let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
        guard mark.line < lines.count else { return nil }
        let indentation = String(repeating: " ", count: max(0, mark.column - 1))
        for (index, line) in lines.enumerated().dropFirst(mark.line)
        where line.hasPrefix("\(indentation)\(key):") || line.hasPrefix("\(indentation)\(key) :") {
            return index + 1
        }
        return nil
    }
}
