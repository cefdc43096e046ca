// `rima analyze` of several recordings: a process for each, so that a bad one costs nobody else anything.

import Foundation
import Subprocess
import Synchronization
import SystemPackage

/// One of several recordings, and where its results go.
struct AnalysisJob: Sendable {
    var file: String
    var folder: String
}

/// Analyses several recordings, some at a time.
struct AnalyzeMany: Sendable {
    let jobs: [AnalysisJob]
    /// Recordings measured at the same time.
    let parallel: Int
    /// Options that every process gets.
    let options: [String]
    let isQuiet: Bool

    /// How one of them came out.
    private struct Outcome: Sendable {
        var index: Int
        var status: Int32
        var output: String
        var messages: [String]
    }

    /// Runs all of them.
    ///
    /// Prints each one's results in the order in which the files were named; cancelling stops those that run.
    /// - Returns: the exit status of each, in that order; nil for those that never began.
    func run() async -> [Int32?] {
        let progress = BatchProgress(jobs.map(\.file), isQuiet: isQuiet)
        var statuses = [Int32?](repeating: nil, count: jobs.count)
        var waiting: [Int: String] = [:]
        var printed = 0
        await withTaskGroup(of: Outcome.self) { group in
            var next = 0
            while next < min(parallel, jobs.count) {
                let index = next
                group.addTask { await analyze(index, progress: progress) }
                next += 1
            }
            for await outcome in group {
                statuses[outcome.index] = outcome.status
                progress.ended(outcome.index)
                tell(outcome, progress)
                waiting[outcome.index] = outcome.output
                while let output = waiting.removeValue(forKey: printed) {
                    FileHandle.standardOutput.write(Data(output.utf8))
                    printed += 1
                }
                if next < jobs.count, !Task.isCancelled {
                    let index = next
                    group.addTask { await analyze(index, progress: progress) }
                    next += 1
                }
            }
        }
        // After a stop some in between never began.
        for index in waiting.keys.sorted() { FileHandle.standardOutput.write(Data((waiting[index] ?? "").utf8)) }
        progress.finish()
        return statuses
    }

    private func tell(_ outcome: Outcome, _ progress: BatchProgress) {
        guard !outcome.messages.isEmpty else { return }
        progress.finish()
        if !isQuiet { Terminal.say(TextSafety.plain(jobs[outcome.index].file, limit: 4096)) }
        for message in outcome.messages { Terminal.say(isQuiet ? message : "  " + message) }
    }

    private func analyze(_ index: Int, progress: BatchProgress) async -> Outcome {
        var outcome = Outcome(index: index, status: CommandError.Code.software.rawValue, output: "", messages: [])
        let job = jobs[index]
        var platform = PlatformOptions()
        // A terminal's Ctrl-C is ours to hand on: the process would else be told twice and give up its last second.
        platform.processGroupID = 0
        platform.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(20))]
        do {
            let result = try await Subprocess.run(
                .path("/proc/self/exe"),
                arguments: Arguments(["analyze", "--attended", "--output", job.folder] + options + ["--", job.file]),
                platformOptions: platform, input: .inputWriter, output: .sequence, error: .sequence
            ) { execution in
                async let errors = Self.lines(execution.standardError) { _ in true }
                let output = try await Self.lines(execution.standardOutput) { line in
                    !progress.note(line, of: index)
                }
                return (output, try await errors)
            }
            outcome.output = result.closureResult.0.map { $0 + "\n" }.joined()
            outcome.messages = result.closureResult.1
            switch result.terminationStatus {
            case .exited(let code): outcome.status = Int32(code)
            case .signaled(let number):
                outcome.messages.append("rima: error: \(job.file): the analysis crashed (signal \(number))")
            }
        } catch {
            // Cancelled: what ran has been stopped gently.
            if Task.isCancelled {
                outcome.status = 130
            } else {
                outcome.messages.append("rima: error: \(job.file): \(describe(error))")
            }
        }
        return outcome
    }

    /// Collects the lines that `keeps` wants.
    private static func lines(_ stream: SubprocessOutputSequence, keeps: @Sendable (String) -> Bool) async throws
        -> [String]
    {
        var buffer = LineBuffer()
        var kept: [String] = []
        for try await bytes in stream {
            bytes.withUnsafeBytes { bytes in
                buffer.append(bytes) { line in
                    let text = String(decoding: line, as: UTF8.self)
                    if keeps(text) { kept.append(text) }
                }
            }
        }
        return kept
    }
}

/// How far several analyses are, told by their processes and shown as one line.
private final class BatchProgress: Sendable {
    private struct File {
        var bytes: Double
        var report = AnalysisProgress()
        var hasEnded = false

        /// Share of the recording that is done, 0...1.
        var share: Double {
            if hasEnded { return 1 }
            guard let total = report.total, total > 0 else { return 0 }
            return min(1, Double(report.done) / Double(total))
        }
    }

    private struct State {
        var files: [File]
        var line: ProgressLine
    }

    private let state: Mutex<State>

    init(_ files: [String], isQuiet: Bool) {
        let sizes = files.map { file in
            (try? FileManager.default.attributesOfItem(atPath: file))?[.size] as? Int ?? 0
        }
        state = Mutex(
            State(files: sizes.map { File(bytes: Double(max(1, $0))) }, line: ProgressLine(isQuiet: isQuiet)))
    }

    /// Takes a line of a process's output, if it is about its progress.
    func note(_ line: String, of index: Int) -> Bool {
        guard let report = AnalysisProgress(line: line) else { return false }
        state.withLock { state in
            state.files[index].report = report
            Self.show(&state)
        }
        return true
    }

    func ended(_ index: Int) {
        state.withLock { state in
            state.files[index].hasEnded = true
            Self.show(&state)
        }
    }

    /// Clears the line, so that something else can be said.
    func finish() { state.withLock { $0.line.finish() } }

    private static func show(_ state: inout State) {
        let files = state.files
        let whole = files.reduce(0) { $0 + $1.bytes }
        let done = files.reduce(0) { $0 + $1.bytes * $1.share }
        let frames = files.reduce(0) { $0 + $1.report.done }
        let measured = files.reduce(0) { $0 + $1.report.measured }
        state.line.show(
            "\(files.count { $0.hasEnded }) of \(files.count) files", share: done / whole,
            mediaSeconds: files.reduce(0) { $0 + $1.report.mediaSeconds },
            usable: frames > 0 ? Double(measured) / Double(frames) : nil)
    }
}

/// What an attended analysis says of itself, as a line that begins with a tab: no line of results does.
struct AnalysisProgress: Sendable, Equatable {
    var done = 0
    var measured = 0
    var total: Int?
    var mediaSeconds = 0.0

    var line: String { "\t\(done)\t\(measured)\t\(total ?? 0)\t\(Int(mediaSeconds * 1000))\n" }

    init() {}

    init?(line: String) {
        let words = line.split(separator: "\t", omittingEmptySubsequences: false)
        guard words.count == 5, words[0].isEmpty, let done = Int(words[1]), let measured = Int(words[2]),
            let total = Int(words[3]), let milliseconds = Int(words[4])
        else { return nil }
        (self.done, self.measured) = (done, measured)
        self.total = total > 0 ? total : nil
        mediaSeconds = Double(milliseconds) / 1000
    }
}
