// Who may ask: checks against pages of other origins that a browser of ours has open.
import NIOHTTP1

/// Lets through what comes from the page itself, or from a program that is no browser.
///
/// A name that an attacker's server gives to this machine's address (DNS rebinding) fails the `Host` check; a page of
/// another origin fails the `Origin` and `Sec-Fetch-Site` checks.
struct WebGuard: Sendable {
    /// Names by which the page may be addressed, lower case, without port.
    let names: Set<String>

    /// - Parameter host: the address that is listened on.
    init(host: String, names: [String]) {
        var all: Set<String> = ["localhost", "127.0.0.1", "::1"]
        if !["0.0.0.0", "::"].contains(host) { all.insert(host.lowercased()) }
        for name in names { all.insert(name.lowercased()) }
        self.names = all
    }

    /// - Returns: why the request is refused; nil when it may go on.
    func refusal(_ method: HTTPMethod, _ headers: HTTPHeaders, isPage: Bool) -> WebError? {
        let hosts = headers["host"]
        guard hosts.count == 1, let host = Self.name(of: hosts[0]) else {
            return WebError(.badRequest, "a request names its host once")
        }
        guard names.contains(host) else {
            return WebError(
                .misdirectedRequest, "this service does not go by that name; `web.names` lists the names it answers to")
        }
        if let origin = headers.first(name: "origin") {
            // Addresses of this page are http unless something in front of it speaks TLS.
            guard ["http://" + hosts[0], "https://" + hosts[0]].contains(origin) else {
                return WebError(.forbidden, "requests from pages of other origins are refused")
            }
        }
        if let site = headers.first(name: "sec-fetch-site"), !["same-origin", "none"].contains(site) {
            // A link from elsewhere may open the page, but nothing else.
            let opensPage =
                isPage && method == .GET && headers.first(name: "sec-fetch-mode") == "navigate"
                && headers.first(name: "sec-fetch-dest") == "document"
            guard opensPage else {
                return WebError(.forbidden, "requests from pages of other origins are refused")
            }
        }
        return nil
    }

    /// The name in a `Host` header: without its port, an IPv6 address without its brackets.
    static func name(of host: String) -> String? {
        guard !host.isEmpty, host.utf8.count <= 255 else { return nil }
        if host.first == "[" {
            guard let end = host.firstIndex(of: "]") else { return nil }
            let rest = host[host.index(after: end)...]
            guard rest.isEmpty || isPort(rest) else { return nil }
            return host[host.index(after: host.startIndex)..<end].lowercased()
        }
        guard let colon = host.firstIndex(of: ":") else { return host.lowercased() }
        guard colon > host.startIndex, isPort(host[colon...]) else { return nil }
        return host[..<colon].lowercased()
    }

    private static func isPort(_ text: Substring) -> Bool {
        text.first == ":" && (1...5).contains(text.dropFirst().count)
            && text.dropFirst().allSatisfy { $0.isASCII && $0.isNumber }
    }

    /// Headers of every answer.
    static func headers(_ policy: WebPolicy) -> [(String, String)] {
        [
            ("Content-Security-Policy", policy.text), ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"), ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Permissions-Policy", "camera=(), microphone=(), geolocation=()"), ("Cache-Control", "no-store"),
        ]
    }
}
