// `rima sessions`: what there is, and what is to become of it.

import ArgumentParser
import Decode
import Foundation

struct SessionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sessions", abstract: "Lists, exports, protects and deletes the sessions in the state folder.",
        subcommands: [List.self, Export.self, Keep.self, Delete.self], defaultSubcommand: List.self)

    /// How a subcommand finds sessions.
    struct Place: ParsableArguments {
        @Option(help: ArgumentHelp("Configuration file that names the state folder.", valueName: "file"))
        var config: String?

        func registry() throws -> SessionRegistry {
            SessionRegistry(stateFolder: try Configuration.forCommand(path: config).stateFolder)
        }

        /// The named session, or the folder of one that `rima analyze` wrote.
        func find(_ name: String) throws -> SessionFolder {
            let registry = try registry()
            if let session = registry.session(named: name) { return session }
            let given = SessionFolder(root: URL(fileURLWithPath: name, isDirectory: true))
            if name.contains("/"), FileManager.default.fileExists(atPath: given.store.path) { return given }
            throw CommandError(
                .noInput, "there is no session \(name) in \(registry.root.path)",
                remedy: "`rima sessions` lists them; a folder is given with a slash, as ./test.mkv.rima")
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "Lists the sessions with their accounting.")

        @OptionGroup var place: Place

        @Flag(help: "Print JSON.")
        var json = false

        mutating func run() throws {
            let registry = try place.registry()
            if json {
                print(StoreReplay(registry: registry).status())
                return
            }
            let sessions = registry.all()
            guard !sessions.isEmpty else {
                Terminal.say("no sessions in \(registry.root.path)")
                return
            }
            print("SESSION           STATE         DECODED   MEASURED   REJECTED")
            for folder in sessions {
                let accounting = (try? SessionStore(readOnly: folder).accounting()) ?? Accounting()
                let standing = "\(registry.standing(of: folder))"
                print(
                    folder.name.padding(toLength: 18, withPad: " ", startingAt: 0)
                        + standing.padding(toLength: 12, withPad: " ", startingAt: 0)
                        + [accounting.decoded, accounting.measured, accounting.rejected].map {
                            String(repeating: " ", count: max(1, 11 - "\($0)".count)) + "\($0)"
                        }.joined() + (folder.isKept ? "  kept" : ""))
            }
        }
    }

    struct Keep: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "keep", abstract: "Protects sessions that are under review from retention and deletion.")

        @Argument(help: ArgumentHelp("Sessions by name.", valueName: "session"))
        var sessions: [String]

        @Flag(help: "End the protection.")
        var off = false

        @OptionGroup var place: Place

        mutating func run() throws {
            for name in sessions {
                try place.find(name).setKept(!off)
                print(off ? "\(name) is no longer protected" : "\(name) is kept")
            }
        }
    }

    struct Delete: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "delete", abstract: "Deletes sessions: rows, tables, stills and reports.",
            discussion: """
                Asks first, unless --yes is given. The recording itself is left alone, and is not measured again as long \
                as it stays as it is. A session that is being written, or that `rima sessions keep` protects, is not \
                deleted. What clients and backups have copied is theirs.
                """)

        @Argument(help: ArgumentHelp("Sessions by name.", valueName: "session"))
        var sessions: [String]

        @Flag(help: "Do not ask.")
        var yes = false

        @OptionGroup var place: Place

        mutating func run() throws {
            let registry = try place.registry()
            let folders = try sessions.map { try place.find($0) }
            for folder in folders where folder.isKept {
                throw CommandError(
                    .noPermission, "the session \(folder.name) is protected",
                    remedy: "end that with `rima sessions keep --off \(folder.name)`")
            }
            if !yes {
                guard isatty(STDIN_FILENO) == 1 else {
                    throw CommandError(
                        .usage, "deleting needs a yes, and nobody can be asked here", remedy: "give --yes")
                }
                let names = folders.map(\.name).joined(separator: ", ")
                FileHandle.standardError.write(Data("Delete \(names) for good? Type yes: ".utf8))
                guard readLine()?.trimmingCharacters(in: .whitespaces) == "yes" else {
                    throw CommandError(.usage, "nothing was deleted")
                }
            }
            for folder in folders {
                try folder.delete(registry: registry)
                print("\(folder.name) deleted")
            }
        }
    }

    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "export", abstract: "Packs a session into one file for somebody else.",
            discussion: """
                Writes SESSION.tar.gz, or the name that --output gives (.tar.gz, .tgz, .tar or, where zip is installed, \
                .zip), with a list of checksums (`sha256sum -c SHA256SUMS`). Where the recording lay is left out.
                """)

        @Argument(help: ArgumentHelp("A session's name, or the folder of one.", valueName: "session"))
        var session: String

        @Option(name: .shortAndLong, help: ArgumentHelp("The file to write.", valueName: "file"))
        var output: String?

        @OptionGroup var place: Place

        mutating func run() async throws {
            let folder = try place.find(session)
            let target = URL(fileURLWithPath: output ?? "\(folder.name).tar.gz").standardizedFileURL
            try await SessionArchive(folder: folder).write(to: target)
            print(target.path)
        }
    }
}

/// A session as one file.
struct SessionArchive {
    let folder: SessionFolder

    /// Files of a folder that belong to this machine only.
    private static let localFiles: Set<String> = ["session.lock", "origin.json", "keep"]

    /// Packs the session into `target`, which is there whole or not at all.
    func write(to target: URL) async throws {
        let lock = try folder.acquireLock()
        // Opening and closing the store takes what the write-ahead log still holds into it.
        try openStore(folder).close()
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.root.path).sorted().filter {
            !Self.localFiles.contains($0) && !$0.hasPrefix(".") && !$0.hasSuffix("-wal") && !$0.hasSuffix("-shm")
                && !$0.hasSuffix(".draft")
        }
        let work = FileManager.default.temporaryDirectory.appending(path: "rima-export-\(UUID().uuidString)")
        let packed = work.appending(path: folder.name)
        defer { try? FileManager.default.removeItem(at: work) }
        try FileManager.default.createDirectory(at: packed, withIntermediateDirectories: true)
        var sums = ""
        for file in files {
            let source = folder.root.appending(path: file)
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: source.path, isDirectory: &isFolder), !isFolder.boolValue
            else { continue }
            sums += "\(try Fingerprint(path: source.path).sha256)  \(file)\n"
            try FileManager.default.copyItem(at: source, to: packed.appending(path: file))
        }
        // The copy is whole: others may go on with the session.
        _ = consume lock
        try sums.write(to: packed.appending(path: "SHA256SUMS"), atomically: false, encoding: .utf8)
        try await pack(work, to: target)
    }

    private func pack(_ work: URL, to target: URL) async throws {
        let name = target.lastPathComponent
        let draft = target.deletingLastPathComponent().appending(path: ".rima-\(UUID().uuidString)-\(name)")
        defer { unlink(draft.path) }
        let (tool, arguments): (String, [String])
        switch true {
        case name.hasSuffix(".tar.gz"), name.hasSuffix(".tgz"):
            (tool, arguments) = ("tar", ["-czf", draft.path, "--owner=0", "--group=0", "--", folder.name])
        case name.hasSuffix(".tar"):
            (tool, arguments) = ("tar", ["-cf", draft.path, "--owner=0", "--group=0", "--", folder.name])
        case name.hasSuffix(".zip"):
            (tool, arguments) = ("zip", ["-q", "-r", draft.path, folder.name])
        default:
            throw CommandError(
                .usage, "\(name) is no kind of archive that Rima writes", remedy: "end it in .tar.gz or .zip")
        }
        let outcome = await Tool.run(tool, arguments, in: work.path)
        guard outcome.isSuccess else {
            throw CommandError(
                outcome.isThere ? .inputOutput : .unavailable, "cannot pack \(folder.name): \(outcome.text)",
                remedy: outcome.isThere ? "free some space or choose another place" : "install \(tool)")
        }
        guard rename(draft.path, target.path) == 0 else {
            throw CommandError(.cannotCreate, "cannot write \(target.path): \(String(cString: strerror(errno)))")
        }
    }
}
