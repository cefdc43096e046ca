// samples.csv while a session runs: a view that grows with every commit and can be rebuilt at any time.

import Foundation
import Frames

#if canImport(Glibc)
    import Glibc
#endif

/// Appends committed rows to `samples.csv`.
struct SampleFile: ~Copyable {
    private let descriptor: Int32
    private let path: String
    private var text: [UInt8] = []

    /// Writes the file anew from the store's rows and leaves it open for more.
    ///
    /// What a crash left there is replaced.
    init(rebuilding folder: SessionFolder, from store: SessionStore, stages: StageLabels) throws {
        path = folder.samples.path
        let draft = path + ".draft"
        descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw Self.failure(draft) }
        text.append(contentsOf: SampleCSV.header.utf8)
        try store.forEachRow { row in
            SampleCSV.append(row.sample, stage: stages.label(at: row.sample.frame), to: &text)
            if text.count > 1 << 16 { try flush() }
        }
        try flush()
        guard rename(draft, path) == 0 else { throw Self.failure(path) }
    }

    deinit { close(descriptor) }

    /// Takes rows that the store has committed; `flush` writes them.
    mutating func append(_ rows: [NumberedSample], stages: StageLabels) {
        for row in rows { SampleCSV.append(row.sample, stage: stages.label(at: row.sample.frame), to: &text) }
    }

    /// Whether rows wait for `flush`.
    var isBehind: Bool { !text.isEmpty }

    /// Writes what it has; what a full disk does not take is written by the next call.
    mutating func flush() throws {
        var written = 0
        defer {
            if written == text.count {
                text.removeAll(keepingCapacity: true)
            } else {
                text.removeFirst(written)
            }
        }
        while written < text.count {
            let count = text.withUnsafeBytes { bytes in
                write(descriptor, bytes.baseAddress! + written, bytes.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Self.failure(path) }
            written += count
        }
    }

    private static func failure(_ path: String) -> CommandError {
        CommandError(
            .inputOutput, "cannot write \(path): \(String(cString: strerror(errno)))",
            remedy: "free some space or make the folder writable, then run again: it goes on where it stopped")
    }
}
