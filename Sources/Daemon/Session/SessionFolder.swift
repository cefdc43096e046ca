// A session is a folder; copying the folder copies the test.

import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// The files of one session and the lock that keeps it to one writer.
struct SessionFolder: Sendable {
    let root: URL

    var store: URL { root.appending(path: "session.sqlite") }
    var samples: URL { root.appending(path: "samples.csv") }
    var summary: URL { root.appending(path: "session.json") }
    var still: URL { root.appending(path: "still.png") }
    var debugStill: URL { root.appending(path: "pane.png") }
    var report: URL { root.appending(path: "report.html") }
    var reportData: URL { root.appending(path: "report.json") }
    var reportPDF: URL { root.appending(path: "report.pdf") }
    var reportFHIR: URL { root.appending(path: "report.fhir.json") }
    var stages: URL { root.appending(path: "stages.csv") }
    var breaths: URL { root.appending(path: "breaths.csv") }
    /// A flow channel given for the test.
    var flow: URL { root.appending(path: "flow.csv") }
    /// How loud the recording's sound is, where it was asked for.
    var sound: URL { root.appending(path: "sound.csv") }
    private var lock: URL { root.appending(path: "session.lock") }

    /// The session's name: its folder's.
    var name: String { root.lastPathComponent }

    /// Makes the folder if it is not there.
    func create() throws(CommandError) {
        var path = ""
        for part in root.standardizedFileURL.pathComponents {
            path = path.isEmpty || path == "/" ? path + part : path + "/" + part
            guard mkdir(path, 0o755) != 0 else { continue }
            let code = errno
            guard code != EEXIST, access(path, F_OK) != 0 else { continue }
            throw CommandError(
                .cannotCreate, "cannot make the folder \(root.path): \(String(cString: strerror(code)))",
                remedy: "choose another folder with --output, or make this one writable")
        }
    }

    /// Removes what an earlier run has left, the lock excepted.
    func forget() {
        for file in [
            store.path, store.path + "-wal", store.path + "-shm", samples.path, summary.path, still.path,
            debugStill.path, report.path, reportData.path, reportPDF.path, reportFHIR.path, stages.path, breaths.path,
            flow.path, sound.path,
        ] { unlink(file) }
    }

    /// Takes the session for this process; the lock falls with the process, however it ends.
    func acquireLock() throws(CommandError) -> SessionLock {
        let descriptor = open(lock.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else {
            throw CommandError(
                .cannotCreate, "cannot write in \(root.path): \(String(cString: strerror(errno)))",
                remedy: "make the folder writable or choose another one")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw CommandError(
                .tryAgain, "the session \(root.path) is being written by another rima process",
                remedy: "wait for it to end, or choose another folder")
        }
        return SessionLock(descriptor: descriptor)
    }
}

/// Held as long as its session is written.
struct SessionLock: ~Copyable {
    fileprivate let descriptor: Int32

    deinit { close(descriptor) }
}
