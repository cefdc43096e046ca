// The `rima` command and what all of its verbs share.

public import ArgumentParser
import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// Rima's version, as printed, stored and announced.
let rimaVersion = "0.1.0"

/// Stands on every page, in every hello and in `--help`.
let researchNotice = "Research use only. Not a medical device. Not for diagnosis or treatment decisions."

/// The command `rima` and its verbs.
public struct Rima: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "rima",
        abstract: "Measures how far the larynx is open, in every frame of a CLE recording.",
        discussion: """
            A recording goes in; samples.csv with one row for every decoded frame comes out.

              rima analyze test.mkv            a finished recording, faster than real time
              rima serve                       recordings as they are written, by the rules in rima.yaml
              rima watch                       the rows of a running service, one JSON object a line

            \(researchNotice)
            """,
        version: "rima \(rimaVersion)\n\(researchNotice)",
        subcommands: [
            AnalyzeCommand.self, ServeCommand.self, WatchCommand.self, MarkCommand.self, SourceCommand.self,
            SessionsCommand.self, ReportCommand.self, TableCommand.self, OverlayCommand.self,
            EvaluateCommand.self, ExtractCommand.self, PhantomCommand.self, ModelCommand.self, CheckCommand.self,
            DoctorCommand.self, WorkerCommand.self, GlanceCommand.self,
        ])

    public init() {}

    /// Runs the program: parses, runs, and turns every error into one line and an exit code.
    public static func launch() async -> Never {
        // A reader that goes away must not end the program.
        signal(SIGPIPE, SIG_IGN)
        // Nor must a limit on file sizes: the write that fails says so.
        signal(SIGXFSZ, SIG_IGN)
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            Foundation.exit(0)
        } catch let error as CommandError {
            Terminal.complain(error.description)
            Foundation.exit(error.code.rawValue)
        } catch {
            exit(withError: error)
        }
    }
}

/// What a person at a terminal sees.
///
/// stdout is data, stderr is for people.
enum Terminal {
    /// Whether stderr is a terminal that can redraw a line.
    static let isInteractive = isatty(STDERR_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"

    /// Whether colour is wanted; see no-color.org.
    static let hasColour = isInteractive && (ProcessInfo.processInfo.environment["NO_COLOR"] ?? "").isEmpty

    /// Prints one line for people.
    static func say(_ text: String) {
        FileHandle.standardError.write(Data((text + "\n").utf8))
    }

    /// Prints an error.
    static func complain(_ text: String) {
        say("rima: " + (hasColour ? "\u{1B}[31merror:\u{1B}[0m " : "error: ") + text)
    }

    /// Prints a warning.
    static func warn(_ text: String) {
        say("rima: " + (hasColour ? "\u{1B}[33mwarning:\u{1B}[0m " : "warning: ") + TextSafety.plain(text))
    }
}
