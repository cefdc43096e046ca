// `rima watch`, `rima mark`: talking to a running service.

import ArgumentParser
import Foundation

struct ServiceOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Configuration file that names the socket and the state folder.", valueName: "file"))
    var config: String?

    @Option(help: ArgumentHelp("The service's socket. Default: from the configuration.", valueName: "path"))
    var socket: String?

    func connect() throws -> StreamClient {
        let path = try socket ?? Configuration.forCommand(path: config).socket.path
        do {
            return try StreamClient(path: path)
        } catch {
            throw CommandError(
                .unavailable, "\(error)", remedy: "is `rima serve` running, and may this user use its socket?")
        }
    }
}

struct WatchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch", abstract: "Prints the service's events, one JSON object a line.",
        discussion: "See ref/socket.md for what the lines hold. Ends when the service does.")

    @Argument(help: "A session, `latest`, or `*` for all.")
    var session = "*"

    @Option(help: ArgumentHelp("Begin with this sequence number, from the stored rows where needed.", valueName: "n"))
    var fromSeq: Int?

    @OptionGroup var service: ServiceOptions

    mutating func run() throws {
        let client = try service.connect()
        if session != "*" || fromSeq != nil { try client.subscribe(to: session, fromSeq: fromSeq) }
        while let line = try client.nextLine() {
            let bytes = Array((line + "\n").utf8)
            var written = 0
            while written < bytes.count {
                let count = bytes.withUnsafeBytes {
                    write(STDOUT_FILENO, $0.baseAddress! + written, $0.count - written)
                }
                guard count > 0 else { return }
                written += count
            }
        }
    }
}

struct MarkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mark", abstract: "Sets a stage mark at the frame that is measured now.",
        discussion: "Usual labels: Rest, Warm-up, Moderate, Maximal, Recovery. Any text of up to 64 characters will do."
    )

    @Argument(help: "The stage that begins now.")
    var label: String

    @Option(help: "The session to mark. Needed only when several run.")
    var session: String?

    @OptionGroup var service: ServiceOptions

    mutating func run() throws {
        let client = try service.connect()
        try client.mark(label, session: session)
        while let line = try client.nextLine(timeout: 5000) {
            guard let reply = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any],
                reply["type"] as? String == "reply"
            else { continue }
            guard reply["ok"] as? Bool == true else {
                throw CommandError(
                    .unavailable,
                    "the mark was not set: \(reply["message"] as? String ?? reply["error"] as? String ?? "no reason given")"
                )
            }
            print("\(label) marked in \(reply["session"] as? String ?? "the session")")
            return
        }
        throw CommandError(.tryAgain, "the service did not answer within 5 s")
    }
}
