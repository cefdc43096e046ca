// `rima table`: many tests as one table, for statistics packages.

import ArgumentParser
import Foundation
import Report

struct TableCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "table", abstract: "Prints many tests as one CSV table, one row for each.",
        discussion: """
            rima table sessions/ > study.csv
            rima table p01.rima p02.rima --output study.csv

            Every argument is a session's folder or a folder of sessions; sessions that are not finished are left out and
            named. Columns: ref/tables.md. Numbers are made anew with the present settings, so that all tests are judged
            alike.
            """)

    @Argument(help: ArgumentHelp("Sessions, or folders with sessions in them.", valueName: "dir"))
    var folders: [String]

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("File for the table. Default: standard output.", valueName: "file"))
    var output: String?

    @Flag(name: .shortAndLong, help: "Print nothing but results and errors.")
    var quiet = false

    @Option(help: ArgumentHelp("Configuration file.", valueName: "file"))
    var config: String?

    mutating func run() throws {
        let configuration = try Configuration.forCommand(path: config)
        let sessions = try folders.flatMap { try Self.sessions(in: $0) }
        var rows: [BatchRow] = []
        var progress = ProgressLine(isQuiet: quiet)
        for (index, folder) in sessions.enumerated() {
            progress.count(done: index, total: sessions.count, what: "tests")
            do {
                let record = try StageEditor.record(of: folder)
                let store = try openStore(folder)
                rows.append(
                    BatchRow(
                        try ReportBuilder(folder: folder, store: store, configuration: configuration, record: record)
                            .numbers()))
            } catch {
                progress.finish()
                Terminal.warn("\(folder.root.path) is left out: \(describe(error))")
            }
        }
        progress.finish()
        guard !rows.isEmpty else {
            throw CommandError(
                .noInput, "no finished session was found in \(folders.joined(separator: ", "))",
                remedy: "give folders that `rima analyze` wrote, or a folder that holds them")
        }
        let table = BatchTable.csv(rows)
        guard let output else {
            print(table, terminator: "")
            return
        }
        do {
            try Data(table.utf8).write(to: URL(fileURLWithPath: output), options: .atomic)
        } catch {
            throw CommandError(.cannotCreate, "cannot write \(output): \(describe(error))")
        }
    }

    private static func sessions(in path: String) throws(CommandError) -> [SessionFolder] {
        let root = URL(fileURLWithPath: path, isDirectory: true)
        let own = SessionFolder(root: root)
        if FileManager.default.fileExists(atPath: own.store.path) { return [own] }
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: path)
        } catch {
            throw CommandError(.noInput, "there is no folder \(path)")
        }
        return names.sorted().map { SessionFolder(root: root.appending(path: $0)) }
            .filter { FileManager.default.fileExists(atPath: $0.store.path) }
    }
}
