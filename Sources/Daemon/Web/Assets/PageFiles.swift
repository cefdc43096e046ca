// Made by scripts/embed-page.

extension PageAssets {
    /// Name and text of every file.
    static let files: [(name: String, text: String)] = [
        ("api.js", apiJs),
        ("app.js", appJs),
        ("icon.svg", iconSvg),
        ("index.html", indexHtml),
        ("live.js", liveJs),
        ("plot.js", plotJs),
        ("style.css", styleCss),
        ("table.js", tableJs),
        ("test.js", testJs),
        ("tests.js", testsJs),
        ("try.js", tryJs),
        ("openapi.yaml", openapiYaml),
    ]
}
