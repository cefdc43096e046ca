// The bytes of a named pipe, with the patience of a live source.
import CFFmpeg
import Glibc

/// Reads a named pipe until its writer goes.
final class PipeBytes {
    private let descriptor: Int32
    private unowned let owner: LiveInput
    private var hasData = false

    private init(descriptor: Int32, owner: LiveInput) {
        self.descriptor = descriptor
        self.owner = owner
    }

    deinit { close(descriptor) }

    /// Opens the pipe and an AVIO above it.
    ///
    /// The caller keeps both, and closes the AVIO first.
    static func open(_ path: String, owner: LiveInput) throws(DecodeError)
        -> (bytes: PipeBytes, io: UnsafeMutablePointer<AVIOContext>)
    {
        // Without waiting for a writer; one may come later.
        let descriptor = Glibc.open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
        var status = stat()
        guard descriptor >= 0, fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFIFO else {
            let code = errno
            if descriptor >= 0 { close(descriptor) }
            throw DecodeError(
                .readFailed, path: path,
                found: descriptor >= 0 ? "this is no named pipe any more" : String(cString: strerror(code)),
                remedy: "It is tried again until it is there.")
        }
        let bytes = PipeBytes(descriptor: descriptor, owner: owner)
        let size = 32 * 1024
        guard let buffer = av_malloc(size) else { throw memoryError(path) }
        // SAFETY: the input keeps `bytes` as long as the AVIO lives.
        guard
            let io = avio_alloc_context(
                buffer.assumingMemoryBound(to: UInt8.self), Int32(size), 0, Unmanaged.passUnretained(bytes).toOpaque(),
                readPipe, nil, nil)
        else {
            av_free(buffer)
            throw memoryError(path)
        }
        io.pointee.seekable = 0
        return (bytes, io)
    }

    /// Reads up to `count` bytes; blocks until there is at least one.
    /// - Returns: a libav code below zero when there will be none.
    func read(into buffer: UnsafeMutablePointer<UInt8>, count: Int) -> Int32 {
        while true {
            if owner.isInterrupted() { return rima_averror_exit() }
            let got = Glibc.read(descriptor, buffer, count)
            if got > 0 {
                hasData = true
                return Int32(got)
            }
            if got < 0, errno != EAGAIN, errno != EINTR { return rima_averror(errno) }
            // Before the first writer a pipe is at its end as well.
            if got == 0, hasData { return rima_averror_eof() }
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            if poll(&entry, 1, 50) > 0, entry.revents & Int16(POLLIN) == 0 { _ = poll(nil, 0, 20) }
        }
    }
}

private let readPipe: @convention(c) (UnsafeMutableRawPointer?, UnsafeMutablePointer<UInt8>?, Int32) -> Int32 = {
    owner, buffer, count in
    guard let owner, let buffer, count > 0 else { return rima_averror(EINVAL) }
    // SAFETY: `owner` is the pipe that the input holds.
    return Unmanaged<PipeBytes>.fromOpaque(owner).takeUnretainedValue().read(into: buffer, count: Int(count))
}
