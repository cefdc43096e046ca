// A request and a response, apart from any connection.
import Foundation
import NIOHTTP1

/// What a browser or a program asks for.
struct WebRequest: Sendable {
    var method: HTTPMethod
    /// Decoded path, without the query.
    var path: String
    var query: [String: String]
    var headers: HTTPHeaders
    var body: [UInt8] = []
    /// What stands in place of `{…}` in the route's pattern.
    var parameters: [String: String] = [:]

    /// - Returns: nil for a target that is no path.
    init?(method: HTTPMethod, target: String, headers: HTTPHeaders) {
        guard target.utf8.count <= 2048, target.utf8.first == UInt8(ascii: "/"),
            let components = URLComponents(string: target)
        else { return nil }
        self.method = method
        path = components.path
        query = [:]
        for item in components.queryItems ?? [] { query[item.name] = item.value ?? "" }
        self.headers = headers
    }

    /// A whole number of the query.
    func number(_ name: String, in range: ClosedRange<Int>) throws(WebError) -> Int? {
        guard let text = query[name] else { return nil }
        guard let value = Int(text), range.contains(value) else {
            throw WebError(
                .badRequest, "`\(name)` takes a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// A number of seconds of the query.
    func seconds(_ name: String) throws(WebError) -> Double? {
        guard let text = query[name] else { return nil }
        guard let value = Double(text), value.isFinite, abs(value) < 1e7 else {
            throw WebError(.badRequest, "`\(name)` takes seconds")
        }
        return value
    }
}

/// An error that the client is told of, as `{"error":…}`.
struct WebError: Error, Sendable, Equatable {
    var status: HTTPResponseStatus
    var message: String

    init(_ status: HTTPResponseStatus, _ message: String) {
        self.status = status
        self.message = message
    }

    var response: WebResponse {
        var line = JSONLine()
        line.field("error", message)
        var response = WebResponse(json: line.text())
        response.status = status
        return response
    }
}

/// What is sent back.
struct WebResponse: Sendable {
    var status = HTTPResponseStatus.ok
    var type: String
    var body: [UInt8]
    var headers: [(String, String)] = []
    /// The rules of this answer's own page; the strict ones of the JSON API otherwise.
    var policy = WebPolicy.data

    init(type: String, body: [UInt8]) {
        self.type = type
        self.body = body
    }

    init(json: String) { self.init(type: "application/json; charset=utf-8", body: Array(json.utf8)) }

    init(json: [UInt8]) { self.init(type: "application/json; charset=utf-8", body: json) }

    init(text: String, type: String = "text/plain; charset=utf-8") { self.init(type: type, body: Array(text.utf8)) }
}

/// What a browser may do with an answer: its content security policy.
enum WebPolicy: Sendable {
    /// Not a page at all.
    case data
    /// The live page: its own files and nothing else.
    case page
    /// A report within the page: no script, its own style and pictures.
    case report

    var text: String {
        switch self {
        case .data: "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
        case .page:
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
                + "frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        case .report:
            "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
                + "frame-ancestors 'self'"
        }
    }
}
