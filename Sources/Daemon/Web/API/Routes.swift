// All paths of the API and the page. ref/openapi.yaml describes them; a test holds the two together.
import Foundation
import NIOHTTP1

extension WebContext {
    /// Every route, by the pattern of the OpenAPI description.
    var routes: [WebRoute] {
        let root = "/api/v1"
        let one = root + "/sessions/{session}"
        return pageRoutes + [
            get("/healthz", health), get("/readyz", ready), waiting(.GET, "/metrics", metrics),
            get(root + "/service", service), get(root + "/sessions", sessions), get(one, session),
            get(one + "/samples", samples), get(one + "/curve", curve), get(one + "/breaths", breaths),
            get(one + "/summary", summary), get(one + "/marks", marks),
            waiting(.POST, one + "/marks", limit: 4096, mark),
            WebRoute(method: .PUT, pattern: one + "/stages", bodyLimit: 65_536, answer: .blocking(replaceStages)),
            waiting(.GET, one + "/picture", picture), waiting(.GET, one + "/picture.jpg", pictureJPEG),
            waiting(.GET, one + "/frames/{frame}.jpg", frame),
            get(one + "/report.html") { request in
                var response = try self.file(request, \.report, type: "text/html; charset=utf-8")
                response.policy = .report
                return response
            },
            view(one + "/samples.csv", \.samples, "text/csv; charset=utf-8"),
            view(one + "/stages.csv", \.stages, "text/csv; charset=utf-8"),
            view(one + "/breaths.csv", \.breaths, "text/csv; charset=utf-8"),
            view(one + "/report.json", \.reportData, "application/json; charset=utf-8"),
            waiting(.POST, root + "/trials", limit: settings.trialLimitMB << 20, trial),
            WebRoute(method: .GET, pattern: root + "/events", answer: .events),
        ]
    }

    /// The page and its files.
    private var pageRoutes: [WebRoute] {
        let assets = PageAssets.all.map { name, type, text in
            WebRoute(
                method: .GET, pattern: name == "index.html" ? "/" : "/" + name, isPage: name == "index.html",
                answer: .blocking { _ in
                    var response = WebResponse(text: PageAssets.current(name) ?? text, type: type)
                    response.policy = name == "index.html" ? .page : .data
                    return response
                })
        }
        return assets
    }

    private func get(_ pattern: String, _ call: @escaping @Sendable (WebRequest) throws -> WebResponse) -> WebRoute {
        WebRoute(method: .GET, pattern: pattern, answer: .blocking(call))
    }

    private func waiting(
        _ method: HTTPMethod, _ pattern: String, limit: Int = 0,
        _ call: @escaping @Sendable (WebRequest) async throws -> WebResponse
    ) -> WebRoute {
        WebRoute(method: method, pattern: pattern, bodyLimit: limit, answer: .waiting(call))
    }

    private func view(
        _ pattern: String, _ url: @escaping @Sendable (SessionFolder) -> URL, _ type: String
    ) -> WebRoute {
        get(pattern) { request in try self.file(request, url, type: type) }
    }
}

/// The page's files, which are compiled into the program.
enum PageAssets {
    /// Name, content type and text of each.
    static let all: [(name: String, type: String, text: String)] = files.map { name, text in
        (name, types[name.split(separator: ".").last.map(String.init) ?? ""] ?? "text/plain; charset=utf-8", text)
    }

    private static let types = [
        "html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8",
        "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml", "yaml": "application/yaml; charset=utf-8",
    ]

    /// For working on the page: the file as it lies in the folder that `RIMA_PAGE_FOLDER` names.
    static func current(_ name: String) -> String? {
        guard let folder else { return nil }
        return try? String(contentsOfFile: folder + "/" + name, encoding: .utf8)
    }

    private static let folder = ProcessInfo.processInfo.environment["RIMA_PAGE_FOLDER"]
}
