// One connection to a live source: its deadlines, its packets, its end.
import CFFmpeg
import Glibc
import Synchronization

/// What a connection tells while libav holds the thread.
protocol LiveInputOwner: AnyObject {
    /// The watch over the reading thread: called wherever it can be seen to live.
    func beat()
    /// Nothing has come for a while (true), or something came again (false).
    func stalled(_ isStalled: Bool)
    /// A packet of the video stream, before it is decoded.
    func packet(_ packet: UnsafeMutablePointer<AVPacket>, of stream: UnsafeMutablePointer<AVStream>)
    /// Whether reading is to end now.
    var isEnding: Bool { get }
}

/// A connection to a live source.
///
/// Used by one thread; libav asks its interrupt question from that thread or from one of its own.
final class LiveInput: MediaInput {
    let settings: LiveSettings
    private unowned let owner: any LiveInputOwner
    var path: String { settings.address.description }
    let position: Int64 = 0
    let size: Int64 = 0

    /// Monotonic nanoseconds at which patience ends.
    private let deadline: Atomic<Int64>
    private let lastPacket: Atomic<Int64>
    private let saidStalled = Atomic<Bool>(false)
    /// Whether patience has ended once.
    ///
    /// A demuxer that is told so may still hand out the picture it held: no sign of life, the connection stays given up.
    private let isGivenUp = Atomic<Bool>(false)
    private(set) var ending: RecordingEnding.Reason?
    /// libav's code for the loss; 0 while there is none.
    private(set) var lossCode: Int32 = 0
    /// Whether the loss is one of silence.
    private(set) var isSilent = false
    /// What to make of the loss.
    var failure: BackOff.Failure {
        if isSilent { return .silent }
        // Also at a forwarder whose own server is away: it takes the call and hangs up.
        let hangsUp =
            [ECONNREFUSED, ECONNRESET, EPIPE, EHOSTUNREACH, ENETUNREACH].map(rima_averror) + [rima_averror_eof()]
        return hangsUp.contains(lossCode) ? .refused : .other
    }
    private var stream: UnsafeMutablePointer<AVStream>?
    private var isBeforeKey = true
    private let opened = monotonicNanoseconds()
    /// Bytes of a named pipe.
    private(set) var pipe: PipeBytes?

    static let openNanoseconds: Int64 = 10_000_000_000
    /// Silence that is worth a word.
    static let noticeNanoseconds: Int64 = 2_000_000_000
    /// Pictures before the first key frame are not shown to the decoder, for this long.
    private static let keyPatienceNanoseconds: Int64 = 10_000_000_000

    init(settings: LiveSettings, owner: any LiveInputOwner) {
        self.settings = settings
        self.owner = owner
        deadline = Atomic(monotonicNanoseconds() + Self.openNanoseconds)
        lastPacket = Atomic(Int64.max)
    }

    /// Whether libav is to give up what it waits for.
    func isInterrupted() -> Bool {
        owner.beat()
        let now = monotonicNanoseconds()
        let last = lastPacket.load(ordering: .relaxed)
        if last != .max, now - last > Self.noticeNanoseconds,
            !saidStalled.exchange(true, ordering: .relaxed)
        {
            owner.stalled(true)
        }
        if now > deadline.load(ordering: .relaxed) { isGivenUp.store(true, ordering: .relaxed) }
        return owner.isEnding || isGivenUp.load(ordering: .relaxed)
    }

    /// From now on libav has a second to take its leave.
    func hurry() { deadline.store(monotonicNanoseconds() + 1_000_000_000, ordering: .relaxed) }

    /// Connected: from now on pictures are waited for.
    func begin(_ stream: UnsafeMutablePointer<AVStream>) {
        self.stream = stream
        notePicture()
    }

    private func notePicture() {
        guard !isGivenUp.load(ordering: .relaxed) else { return }
        let now = monotonicNanoseconds()
        lastPacket.store(now, ordering: .relaxed)
        deadline.store(now + settings.stallNanoseconds, ordering: .relaxed)
        if saidStalled.exchange(false, ordering: .relaxed) { owner.stalled(false) }
    }

    /// Reads the next packet; any failure but a damaged packet ends the connection.
    func read(_ context: UnsafeMutablePointer<AVFormatContext>, into packet: UnsafeMutablePointer<AVPacket>) -> Int32 {
        while true {
            owner.beat()
            if owner.isEnding { return end(rima_averror_exit(), .finished) }
            let code = av_read_frame(context, packet)
            if code == rima_averror_eagain() {
                // Devices are read without waiting, so that the watch is kept.
                if isInterrupted() { return end(rima_averror_exit(), .idle) }
                _ = poll(nil, 0, 2)
                continue
            }
            guard code >= 0 else {
                if owner.isEnding { return end(code, .finished) }
                if code == rima_averror_invalid(), !isInterrupted() { return code }
                return end(code, isInterrupted() ? .idle : .failed)
            }
            guard let stream, packet.pointee.stream_index == stream.pointee.index else {
                av_packet_unref(packet)
                if isInterrupted() { return end(rima_averror_exit(), .idle) }
                continue
            }
            notePicture()
            if isBeforeKey {
                let isKey = packet.pointee.flags & AV_PKT_FLAG_KEY != 0
                guard isKey || monotonicNanoseconds() - opened > Self.keyPatienceNanoseconds else {
                    av_packet_unref(packet)
                    continue
                }
                isBeforeKey = false
            }
            owner.packet(packet, of: stream)
            return code
        }
    }

    /// Says why there is nothing more; the decoder then gives what it holds.
    private func end(_ code: Int32, _ reason: RecordingEnding.Reason) -> Int32 {
        ending = reason
        lossCode = code
        isSilent = reason == .idle
        return rima_averror_eof()
    }

    // MARK: - Connecting

    /// Opens the address.
    func connect(settings decode: DecodeSettings) throws(DecodeError)
        -> (UnsafeMutablePointer<AVFormatContext>, UnsafeMutablePointer<AVIOContext>?)
    {
        var plan = try OpeningPlan(settings, decode: decode)
        defer { av_dict_free(&plan.options) }
        guard let allocated = avformat_alloc_context() else { throw memoryError(path) }
        // SAFETY: the container that owns the context holds this input, and closes the context first.
        allocated.pointee.interrupt_callback = AVIOInterruptCB(
            callback: askInterrupt, opaque: Unmanaged.passUnretained(self).toOpaque())
        var io: UnsafeMutablePointer<AVIOContext>?
        if plan.isPipe {
            do {
                let opened = try PipeBytes.open(settings.address.text, owner: self)
                pipe = opened.bytes
                io = opened.io
            } catch {
                avformat_free_context(allocated)
                throw error
            }
            allocated.pointee.pb = io
            allocated.pointee.flags |= AVFMT_FLAG_CUSTOM_IO
            rima_refuse_other_files(allocated)
        }
        if settings.address.kind == .v4l2 { allocated.pointee.flags |= AVFMT_FLAG_NONBLOCK }
        var context: UnsafeMutablePointer<AVFormatContext>? = allocated
        let code = avformat_open_input(&context, plan.isPipe ? nil : plan.address, plan.format, &plan.options)
        guard code >= 0, let context else {
            if let io { Container.closeIO(io) }
            throw openingError(code)
        }
        // A playlist names its pieces; nothing else may lead libav anywhere.
        if settings.address.kind != .hls { rima_refuse_other_files(context) }
        let found = Container.findStreams(context, settings: decode)
        guard found >= 0 else {
            Container.close(context, io)
            throw openingError(found)
        }
        return (context, io)
    }

    private func openingError(_ code: Int32) -> DecodeError {
        if owner.isEnding { return stoppedError(path) }
        isSilent = isInterrupted() || code == rima_averror(ETIMEDOUT)
        lossCode = code
        return DecodeError(
            .readFailed, path: path, found: isSilent ? "nobody answers" : LossText.say(code),
            remedy: "It is tried again until it is there.")
    }
}

private let askInterrupt: @convention(c) (UnsafeMutableRawPointer?) -> Int32 = { owner in
    guard let owner else { return 0 }
    // SAFETY: the input outlives the context that asks.
    return Unmanaged<LiveInput>.fromOpaque(owner).takeUnretainedValue().isInterrupted() ? 1 : 0
}

/// What libav's codes mean for a live source; none of it repeats the address.
enum LossText {
    static func say(_ code: Int32) -> String {
        switch code {
        case rima_averror_eof(): "the source has ended"
        case rima_averror_unauthorized(): "the source wants another user name or password"
        case rima_averror_forbidden(): "the source refuses this user"
        case rima_averror_not_found(): "the source knows no such stream"
        case rima_averror(ECONNREFUSED): "nobody serves this address"
        case rima_averror(EINVAL): "the source sends something else than was asked for"
        default:
            withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { buffer in
                av_strerror(code, buffer.baseAddress, 128)
                return String(cString: buffer.baseAddress!)
            }
        }
    }
}
