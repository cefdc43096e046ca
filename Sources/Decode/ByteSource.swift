// The bytes of a recording, in order, as they come.
import Glibc

/// Reads a regular file from its start, and with `follow` waits at its end for more.
///
/// Owns the descriptor. Not thread-safe: one reader.
final class ByteSource: MediaInput {
    let path: String
    let descriptor: Int32
    private let settings: DecodeSettings
    private let stop: StopFlag
    private let onState: (ReaderState) -> Void
    private var watch: FileWatch?

    /// Offset of the next byte to be read.
    var position: Int64 = 0
    /// Whether the end of the present bytes may not be the end of the recording.
    private(set) var isFollowing: Bool
    /// Why the last read found no more bytes; nil while there were some.
    private(set) var ending: RecordingEnding.Reason?
    /// What the operating system said, when `ending` is `failed`.
    private(set) var errorNumber: Int32 = 0
    /// Why following came to its end, once it has.
    private var decided: RecordingEnding.Reason?
    private var isWaiting = false
    /// Size of the file when a writer last closed it.
    private var sizeAtClose: Int64 = -1
    private var lastWriterCheck: Int64 = -1_000_000_000_000

    /// How often the end is looked at when the kernel gives no notice.
    private static let pollMilliseconds: Int32 = 20
    /// How often a raised stop flag and the file's fate are looked at while the kernel gives notice.
    private static let watchMilliseconds: Int32 = 50
    /// A file without writer, untouched for this long, is complete.
    private static let settledNanoseconds: Int64 = 2_000_000_000
    /// How often the kernel is asked whether somebody still writes.
    private static let writerCheckNanoseconds: Int64 = 500_000_000

    init(path: String, settings: DecodeSettings, stop: StopFlag, onState: @escaping (ReaderState) -> Void)
        throws(DecodeError)
    {
        self.path = path
        self.settings = settings
        self.stop = stop
        self.onState = onState
        isFollowing = settings.follow
        (descriptor, _) = try openRegularFile(path, followsSymbolicLinks: settings.followsSymbolicLinks)
        if settings.follow, settings.usesNotifications { watch = FileWatch(path: path) }
    }

    deinit { close(descriptor) }

    /// Size of the file at this moment.
    var size: Int64 {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? Int64(status.st_size) : 0
    }

    /// Reads up to `count` bytes; blocks until there is at least one, or `ending` says why there is none.
    /// - Returns: the number of bytes, 0 at the end.
    func read(into buffer: UnsafeMutableRawPointer, count: Int) -> Int {
        guard waitForByte(at: position) else { return 0 }
        let got = retrying { pread(descriptor, buffer, count, off_t(position)) }
        if got > 0 {
            position += Int64(got)
            return got
        }
        ending = got < 0 ? .failed : .truncated
        errorNumber = got < 0 ? errno : 0
        return 0
    }

    /// Reads exactly `count` bytes at `offset` without moving; nil when the recording ends before.
    func peek(at offset: Int64, count: Int) -> [UInt8]? {
        guard waitForByte(at: offset + Int64(count) - 1) else { return nil }
        var bytes = [UInt8](repeating: 0, count: count)
        let got = bytes.withUnsafeMutableBytes { buffer in
            retrying { pread(descriptor, buffer.baseAddress, count, off_t(offset)) }
        }
        return got == count ? bytes : nil
    }

    /// The bytes at `offset` that are there now, at most `count`.
    func present(at offset: Int64, count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let got = bytes.withUnsafeMutableBytes { buffer in
            retrying { pread(descriptor, buffer.baseAddress, count, off_t(offset)) }
        }
        bytes.removeLast(count - max(0, got))
        return bytes
    }

    /// Waits until nobody writes any more.
    func waitForEnd() {
        while waitForByte(at: max(size, 0)) {}
    }

    /// From now on the present end is the end.
    func stopFollowing() {
        isFollowing = false
        ending = nil
    }

    // MARK: - Waiting

    private func waitForByte(at offset: Int64) -> Bool {
        var idleSince = monotonicNanoseconds()
        var lastSize: Int64 = -1
        while true {
            if stop.isRaised { return end(.stopped) }
            var status = stat()
            guard fstat(descriptor, &status) == 0 else {
                errorNumber = errno
                return end(.failed)
            }
            let size = Int64(status.st_size)
            if size > offset {
                resume()
                return true
            }
            if size < position { return end(.truncated) }
            guard isFollowing else { return end(decided ?? .finished) }
            if !isWaiting {
                isWaiting = true
                onState(.waitingForData)
            }
            if size != lastSize {
                lastSize = size
                idleSince = monotonicNanoseconds()
            } else {
                if let fate = fateOfPath(status) { return decide(fate) }
                if size > 0, isComplete(status) { return decide(.finished) }
                if monotonicNanoseconds() - idleSince >= settings.idleLimitNanoseconds { return decide(.idle) }
            }
            pause()
        }
    }

    private func end(_ reason: RecordingEnding.Reason) -> Bool {
        ending = reason
        return false
    }

    /// The recording is over: nothing is waited for any more.
    private func decide(_ reason: RecordingEnding.Reason) -> Bool {
        decided = reason
        isFollowing = false
        return end(reason)
    }

    private func resume() {
        ending = nil
        if isWaiting {
            isWaiting = false
            onState(.reading)
        }
    }

    /// Lets time pass until something may have changed.
    private func pause() {
        guard let watch else {
            _ = poll(nil, 0, Self.pollMilliseconds)
            return
        }
        if watch.wait(milliseconds: Self.watchMilliseconds) == .writerClosed { sizeAtClose = size }
    }

    /// Whether the path still leads to the file that is being read; one that was only renamed is read on.
    private func fateOfPath(_ own: stat) -> RecordingEnding.Reason? {
        var status = stat()
        guard stat(path, &status) == 0 else { return errno == ENOENT && own.st_nlink == 0 ? .deleted : nil }
        return status.st_ino == own.st_ino && status.st_dev == own.st_dev ? nil : .replaced
    }

    /// Whether nobody will write any more: a writer has closed the file, or it lies untouched without one.
    private func isComplete(_ status: stat) -> Bool {
        let wasClosed = sizeAtClose == Int64(status.st_size)
        let now = monotonicNanoseconds()
        guard wasClosed || now - Self.writerCheckNanoseconds >= lastWriterCheck else { return false }
        lastWriterCheck = now
        switch writerPresence(descriptor) {
        case .present: return false
        case .unknown: return wasClosed
        case .absent: return wasClosed || age(status) >= Self.settledNanoseconds
        }
    }

    /// Nanoseconds since the last change of the file's content.
    private func age(_ status: stat) -> Int64 {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Int64(now.tv_sec - status.st_mtim.tv_sec) * 1_000_000_000
            + Int64(now.tv_nsec - status.st_mtim.tv_nsec)
    }
}
