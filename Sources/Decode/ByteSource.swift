// The bytes of a recording, in order, as they come.
import Glibc

/// Reads a regular file from its start, and with `follow` waits at its end for more.
///
/// Owns the descriptor. Not thread-safe: one reader.
final class ByteSource {
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
    private let device: dev_t
    private let inode: ino_t
    private var isWaiting = false
    private var sawWriterClose = false

    /// How often the end is looked at when the kernel gives no notice.
    private static let pollMilliseconds: Int32 = 20
    /// How often a raised stop flag and the file's fate are looked at while the kernel gives notice.
    private static let watchMilliseconds: Int32 = 50
    /// A file without writer, untouched for this long, is complete.
    private static let settledNanoseconds: Int64 = 2_000_000_000

    init(path: String, settings: DecodeSettings, stop: StopFlag, onState: @escaping (ReaderState) -> Void)
        throws(DecodeError)
    {
        self.path = path
        self.settings = settings
        self.stop = stop
        self.onState = onState
        isFollowing = settings.follow
        let (opened, status) = try openRegularFile(path, followsSymbolicLinks: settings.followsSymbolicLinks)
        descriptor = opened
        device = status.st_dev
        inode = status.st_ino
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
            guard isFollowing else { return end(.finished) }
            if !isWaiting {
                isWaiting = true
                onState(.waitingForData)
            }
            if size != lastSize {
                lastSize = size
                idleSince = monotonicNanoseconds()
            } else {
                if let fate = fateOfPath() { return end(fate) }
                if size > 0, isComplete(status) { return end(.finished) }
                if monotonicNanoseconds() - idleSince >= settings.idleLimitNanoseconds { return end(.idle) }
            }
            pause()
        }
    }

    private func end(_ reason: RecordingEnding.Reason) -> Bool {
        ending = reason
        return false
    }

    private func resume() {
        ending = nil
        sawWriterClose = false
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
        if watch.wait(milliseconds: Self.watchMilliseconds) == .writerClosed { sawWriterClose = true }
    }

    /// Whether the path still leads to the file that is being read.
    private func fateOfPath() -> RecordingEnding.Reason? {
        var status = stat()
        guard stat(path, &status) == 0 else { return errno == ENOENT ? .deleted : nil }
        return status.st_ino == inode && status.st_dev == device ? nil : .replaced
    }

    /// Whether nobody will write any more: a writer has closed the file, or it lies untouched without one.
    private func isComplete(_ status: stat) -> Bool {
        switch writerPresence(descriptor) {
        case .present: return false
        case .unknown: return sawWriterClose
        case .absent:
            if sawWriterClose { return true }
            var now = timespec()
            clock_gettime(CLOCK_REALTIME, &now)
            let age =
                Int64(now.tv_sec - status.st_mtim.tv_sec) * 1_000_000_000
                + Int64(now.tv_nsec - status.st_mtim.tv_nsec)
            return age >= Self.settledNanoseconds
        }
    }
}
