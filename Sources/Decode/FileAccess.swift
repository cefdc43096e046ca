// The few system calls that open and watch a recording.
import Glibc

/// Opens a regular file for reading; anything else is refused before a byte is read.
func openRegularFile(_ path: String, followsSymbolicLinks: Bool) throws(DecodeError) -> (Int32, stat) {
    let flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY | (followsSymbolicLinks ? 0 : O_NOFOLLOW)
    var status = stat()
    // Looked at before opening, because opening a device or a pipe can already have an effect.
    if stat(path, &status) == 0 { try requireRegularFile(status, path: path) }
    let descriptor = retrying { Int(open(path, flags)) }
    guard descriptor >= 0 else { throw openError(errno, path: path) }
    guard fstat(Int32(descriptor), &status) == 0 else {
        let code = errno
        close(Int32(descriptor))
        throw openError(code, path: path)
    }
    do {
        try requireRegularFile(status, path: path)
    } catch {
        close(Int32(descriptor))
        throw error
    }
    return (Int32(descriptor), status)
}

private func requireRegularFile(_ status: stat, path: String) throws(DecodeError) {
    let kind: String
    switch status.st_mode & S_IFMT {
    case S_IFREG: return
    case S_IFDIR: kind = "a directory"
    case S_IFIFO: kind = "a named pipe"
    case S_IFSOCK: kind = "a socket"
    default: kind = "a device"
    }
    throw DecodeError(
        .notAFile, path: path, found: "this is \(kind), not a file", remedy: "Give the path of a recording.")
}

private func openError(_ code: Int32, path: String) -> DecodeError {
    switch code {
    case ENOENT, ENOTDIR:
        DecodeError(.notFound, path: path, found: "no such file", remedy: "Check the path.")
    case EACCES, EPERM:
        DecodeError(
            .notPermitted, path: path, found: "this user may not read the file",
            remedy: "Give the user read permission.")
    case ELOOP:
        DecodeError(
            .notPermitted, path: path, found: "the file is a symbolic link, which is refused here",
            remedy: "Put the recording itself there.")
    default:
        DecodeError(
            .readFailed, path: path, found: "opening failed: \(String(cString: strerror(code)))",
            remedy: "Check the disk and the path.")
    }
}

/// Repeats a system call that a signal interrupted.
func retrying(_ call: () -> Int) -> Int {
    while true {
        let result = call()
        if result >= 0 || errno != EINTR { return result }
    }
}

func monotonicNanoseconds() -> Int64 {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec)
}

enum WriterPresence { case present, absent, unknown }

/// Asks the kernel whether anybody has the file open for writing, by taking and returning a read lease.
///
/// Works for files of this user on local file systems. A writer that opens the file in this instant waits for some
/// microseconds; the signal that the kernel then sends is one that is ignored by default.
func writerPresence(_ descriptor: Int32) -> WriterPresence {
    // F_SETSIG 10, F_SETLEASE 1024: Linux's numbers, which Glibc's module map leaves out.
    _ = fcntl(descriptor, 10, SIGURG)
    if fcntl(descriptor, 1024, F_RDLCK) == 0 {
        _ = fcntl(descriptor, 1024, F_UNLCK)
        return .absent
    }
    return errno == EAGAIN ? .present : .unknown
}

/// The kernel's notice of changes to one file.
final class FileWatch {
    enum Event { case none, changed, writerClosed }

    private let descriptor: Int32

    /// Nil where the kernel gives no notice; the caller polls then.
    init?(path: String) {
        descriptor = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
        guard descriptor >= 0 else { return nil }
        guard inotify_add_watch(descriptor, path, UInt32(IN_MODIFY | IN_CLOSE_WRITE)) >= 0 else {
            close(descriptor)
            return nil
        }
    }

    deinit { close(descriptor) }

    /// Waits for the next change, at most so long.
    func wait(milliseconds: Int32) -> Event {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&entry, 1, milliseconds) > 0 else { return .none }
        return withUnsafeTemporaryAllocation(byteCount: 4096, alignment: MemoryLayout<inotify_event>.alignment) {
            buffer in
            var event = Event.none
            while true {
                let got = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
                guard got > 0 else { return event }
                var offset = 0
                while offset + MemoryLayout<inotify_event>.size <= got {
                    let entry = buffer.load(fromByteOffset: offset, as: inotify_event.self)
                    if entry.mask & UInt32(IN_CLOSE_WRITE) != 0 {
                        event = .writerClosed
                    } else if event == .none {
                        event = .changed
                    }
                    offset += MemoryLayout<inotify_event>.size + Int(entry.len)
                }
            }
        }
    }
}
