// `rima source`: the service's live sources, listed, started and stopped.

import ArgumentParser
import Foundation

struct SourceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "source", abstract: "Lists, starts and stops the service's live sources.",
        discussion: """
            A test is one session: `start` begins it, `stop` ends it and writes its report. Between the two it goes on
            through every loss of the source. See guide/live-sources.md.
            """,
        subcommands: [List.self, Start.self, Stop.self], defaultSubcommand: List.self)

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the configured live sources.")

        @Flag(help: "Print JSON.")
        var json = false

        @OptionGroup var service: ServiceOptions

        mutating func run() throws {
            let reply = try service.ask(#"{"sources":true}"#, command: "sources")
            let sources = reply["sources"] as? [[String: Any]] ?? []
            if json {
                let data = try JSONSerialization.data(withJSONObject: sources, options: [.sortedKeys])
                print(String(decoding: data, as: UTF8.self))
                return
            }
            guard !sources.isEmpty else {
                Terminal.say("no live source is configured; see `sources` in rima.yaml")
                return
            }
            print("SOURCE            STATE    SESSION")
            for source in sources {
                let name = source["source"] as? String ?? ""
                let state = source["state"] as? String ?? ""
                print(
                    name.padding(toLength: max(18, name.count + 1), withPad: " ", startingAt: 0)
                        + state.padding(toLength: 9, withPad: " ", startingAt: 0)
                        + (source["session"] as? String ?? ""))
            }
        }
    }

    struct Start: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Begins a session of a live source.")

        @Argument(help: "The source's name in the configuration.")
        var name: String

        @OptionGroup var service: ServiceOptions

        mutating func run() throws {
            let reply = try service.ask("{\"start\":\(jsonString(name))}", command: "start")
            print("\(name) feeds session \(reply["session"] as? String ?? "")")
        }
    }

    struct Stop: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Ends the session of a live source.")

        @Argument(help: "The source's name in the configuration.")
        var name: String

        @OptionGroup var service: ServiceOptions

        mutating func run() throws {
            let reply = try service.ask("{\"stop\":\(jsonString(name))}", command: "stop")
            print("\(name) stopped; session \(reply["session"] as? String ?? "") is being completed")
        }
    }
}

extension ServiceOptions {
    /// Sends a command and waits for its reply.
    func ask(_ line: String, command: String) throws -> [String: Any] {
        let client = try connect()
        try client.send(line)
        while let line = try client.nextLine(timeout: 5000) {
            guard let reply = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any],
                reply["type"] as? String == "reply"
            else { continue }
            guard reply["ok"] as? Bool == true else {
                throw CommandError(
                    .unavailable, reply["message"] as? String ?? reply["error"] as? String ?? "refused without a reason"
                )
            }
            return reply
        }
        throw CommandError(.tryAgain, "the service did not answer within 5 s")
    }
}
