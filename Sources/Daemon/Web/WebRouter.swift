// Which call answers which path.
import NIOHTTP1

/// One path of the API or the page.
struct WebRoute: Sendable {
    enum Answer: Sendable {
        /// Reads files and stores; runs on a thread that may block.
        case blocking(@Sendable (WebRequest) throws -> WebResponse)
        /// Waits for another process; must not block.
        case waiting(@Sendable (WebRequest) async throws -> WebResponse)
        /// The stream of events, as server-sent events.
        case events
    }

    let method: HTTPMethod
    /// As in the OpenAPI description: `/api/v1/sessions/{session}`.
    let pattern: String
    /// Largest body taken.
    var bodyLimit = 0
    /// A link from elsewhere may lead here.
    var isPage = false
    let answer: Answer

    fileprivate var parts: [Substring] { pattern.split(separator: "/", omittingEmptySubsequences: false) }

    /// The values of the pattern's parameters; nil when the path is another.
    func match(_ path: String) -> [String: String]? {
        let given = path.split(separator: "/", omittingEmptySubsequences: false)
        guard given.count == parts.count else { return nil }
        var values: [String: String] = [:]
        for (part, value) in zip(parts, given) {
            guard let open = part.firstIndex(of: "{"), let close = part.firstIndex(of: "}") else {
                guard part == value else { return nil }
                continue
            }
            // A parameter may have fixed text around it, as in `{frame}.jpg`.
            let (head, tail) = (part[..<open], part[part.index(after: close)...])
            guard value.hasPrefix(head), value.hasSuffix(tail), value.count > head.count + tail.count else {
                return nil
            }
            values[String(part[part.index(after: open)..<close])] = String(
                value.dropFirst(head.count).dropLast(tail.count))
        }
        return values
    }
}

/// All routes.
struct WebRouter: Sendable {
    let routes: [WebRoute]

    enum Match: Sendable {
        case found(WebRoute, [String: String])
        /// The path exists, for these methods.
        case otherMethod([HTTPMethod])
        case none
    }

    func match(_ method: HTTPMethod, _ path: String) -> Match {
        // HEAD is answered as GET, without the body.
        let wanted = method == .HEAD ? .GET : method
        var others: [HTTPMethod] = []
        for route in routes {
            guard let values = route.match(path) else { continue }
            if route.method == wanted { return .found(route, values) }
            others.append(route.method)
        }
        return others.isEmpty ? .none : .otherMethod(others)
    }
}
