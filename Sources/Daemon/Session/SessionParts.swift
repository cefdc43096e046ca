// Opening what a session needs, each with an error that says what to do.

import Decode
import Foundation
import Segment

/// Opens a session's store for writing.
func openStore(_ folder: SessionFolder) throws -> SessionStore {
    do {
        return try SessionStore(folder: folder)
    } catch {
        throw CommandError(
            .cannotCreate, "cannot open \(folder.store.path): \(describe(error))",
            remedy: "free some space, or choose another folder; --again replaces a damaged session")
    }
}

/// Makes sure that a folder's rows and a recording belong together.
func claim(_ store: SessionStore, for job: SessionJob) throws {
    let facts = try store.facts()
    if let live = job.live {
        try store.setFacts(["source": job.source, "source_identity": "live:\(live.name)"])
        return
    }
    let source = URL(fileURLWithPath: job.source).resolvingSymlinksInPath().path
    guard let identity = RecordingIdentity(path: source) else { return }
    let mark = "\(identity.device):\(identity.inode)"
    if let owner = facts["source_identity"], owner != mark {
        throw CommandError(
            .usage, "\(job.folder.root.path) holds the results of another recording",
            remedy: "choose another folder with --output, or --again to replace them")
    }
    try store.setFacts(["source": source, "source_identity": mark])
}

/// An open recording that keeps its bytes when its name is moved or removed.
struct SourceHandle: ~Copyable {
    private let descriptor: Int32

    init(path: String) { descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// A path to the bytes; nil when the recording could not be opened.
    var path: String? { descriptor >= 0 ? "/proc/self/fd/\(descriptor)" : nil }
}
