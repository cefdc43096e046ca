// The report as PDF, printed by a program that is installed anyway: Rima draws no PDF itself.

import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// Prints report.html with Chromium or WeasyPrint, whichever is installed first in this order.
struct PDFPrinter {
    /// A printer that has not finished by then hangs.
    private static let patience = 120.0

    private enum Engine: CaseIterable {
        case chromium, weasyPrint

        var programs: [String] {
            switch self {
            case .chromium: ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
            case .weasyPrint: ["weasyprint"]
            }
        }

        func arguments(_ page: URL, _ draft: URL, scratch: URL) -> [String] {
            switch self {
            case .chromium:
                // Its sandbox does not work for root; the page is ours, holds no script and may load nothing.
                (geteuid() == 0 ? ["--no-sandbox"] : []) + [
                    "--headless", "--disable-gpu", "--disable-extensions", "--disable-dev-shm-usage",
                    "--user-data-dir=\(scratch.path)", "--no-pdf-header-footer", "--print-to-pdf=\(draft.path)",
                    page.absoluteString,
                ]
            case .weasyPrint: ["--quiet", page.path, draft.path]
            }
        }
    }

    /// Writes the PDF whole or not at all.
    /// - Returns: the program that printed it.
    @discardableResult
    func print(_ page: URL, to file: URL) throws -> String {
        guard let (engine, program) = Self.installed() else {
            throw CommandError(
                .unavailable,
                "no PDF was written: neither Chromium nor WeasyPrint is installed; the report is \(page.path)",
                remedy: "print that page from a browser, or `apt-get install weasyprint`")
        }
        let scratch = FileManager.default.temporaryDirectory.appending(path: "rima-pdf-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: scratch) }
        let draft = scratch.appending(path: "report.pdf")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = engine.arguments(page, draft, scratch: scratch)
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        let ended = DispatchSemaphore(value: 0)
        process.terminationHandler = { _ in ended.signal() }
        do {
            try process.run()
        } catch {
            throw CommandError(.unavailable, "cannot start \(program): \(describe(error))")
        }
        guard ended.wait(timeout: .now() + Self.patience) == .success else {
            kill(process.processIdentifier, SIGKILL)
            throw CommandError(
                .unavailable, "\(program) did not finish within \(Int(Self.patience)) s; no PDF was written")
        }
        let bytes = try? Data(contentsOf: draft)
        guard process.terminationStatus == 0, let bytes, bytes.starts(with: Data("%PDF".utf8)) else {
            throw CommandError(
                .unavailable, "\(program) could not print \(page.path) (exit status \(process.terminationStatus))",
                remedy: "print that page from a browser")
        }
        do {
            try bytes.write(to: file, options: .atomic)
        } catch {
            throw CommandError(.inputOutput, "cannot write \(file.path): \(describe(error))")
        }
        return program
    }

    private static func installed() -> (Engine, program: String)? {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
        for engine in Engine.allCases {
            for program in engine.programs {
                for folder in folders {
                    let path = "\(folder)/\(program)"
                    if FileManager.default.isExecutableFile(atPath: path) { return (engine, path) }
                }
            }
        }
        return nil
    }
}
