// A container, opened by libav on bytes that we read ourselves.
import CFFmpeg

/// Formats that recorders write.
///
/// Lists that point to other files, pictures and subtitles are not among them.
let allowedFormats =
    "mov,matroska,webm,avi,mpegts,mpeg,asf,flv,gif,dv,h264,hevc,mjpeg,mpegvideo,m4v,ogg,ivf"

/// Where a container's bytes or packets come from.
protocol MediaInput: AnyObject {
    /// For messages: a path, or an address without its secrets.
    var path: String { get }
    /// Bytes read so far and bytes there are; 0 where nobody knows.
    var position: Int64 { get }
    var size: Int64 { get }
    /// Why the last read found nothing more; nil while there was something.
    var ending: RecordingEnding.Reason? { get }
}

/// Opens a container and hands out its video packets.
///
/// Owns libav's context and the AVIO above `source`.
final class Container {
    let source: any MediaInput
    /// The same, where it is a live source.
    private let live: LiveInput?
    private(set) var context: UnsafeMutablePointer<AVFormatContext>
    /// Nil where libav has opened the address itself.
    private var io: UnsafeMutablePointer<AVIOContext>?
    let stream: UnsafeMutablePointer<AVStream>
    let codec: UnsafePointer<AVCodec>

    private static let bufferSize = 32 * 1024
    /// How much is looked at to learn what the streams are: at first, and when that showed no picture size.
    private static let probes: [(bytes: Int64, microseconds: Int64)] = [(1 << 20, 500_000), (5 << 20, 5_000_000)]

    /// - Parameter isSeekable: whether libav may jump; only for files that are complete.
    init(source: ByteSource, settings: DecodeSettings, isSeekable: Bool) throws(DecodeError) {
        av_log_set_level(AV_LOG_QUIET)
        self.source = source
        live = nil
        var attempt = 0
        while true {
            source.position = 0
            let opened = try Self.open(
                source: source, settings: settings, isSeekable: isSeekable, probe: Self.probes[attempt])
            let isLast = attempt == Self.probes.count - 1
            let best = av_find_best_stream(opened.context, AVMEDIA_TYPE_VIDEO, -1, -1, nil, 0)
            if best >= 0, let stream = opened.context.pointee.streams[Int(best)],
                stream.pointee.codecpar.pointee.width > 0 || isLast
            {
                codec = try Self.decoder(of: stream, path: source.path, orClosing: opened)
                (context, io, self.stream) = (opened.context, opened.io, stream)
                formatName = String(cString: opened.context.pointee.iformat.pointee.name)
                break
            }
            Self.close(opened.context, opened.io)
            if isLast || source.ending == .stopped {
                if source.ending == .stopped { throw stoppedError(source.path) }
                throw DecodeError(
                    .noVideo, path: source.path, found: "no video stream was found in it",
                    remedy: "Check that the recording holds pictures and is complete.")
            }
            attempt += 1
        }
        discardOtherStreams()
    }

    /// Connects to a live source.
    init(live input: LiveInput, settings: DecodeSettings) throws(DecodeError) {
        av_log_set_level(AV_LOG_QUIET)
        (source, live) = (input, input)
        (context, io) = try input.connect(settings: settings)
        let best = av_find_best_stream(context, AVMEDIA_TYPE_VIDEO, -1, -1, nil, 0)
        guard best >= 0, let stream = context.pointee.streams[Int(best)], stream.pointee.codecpar.pointee.width > 0
        else {
            Self.close(context, io)
            throw DecodeError(
                .noVideo, path: input.path, found: "no video stream was found in it",
                remedy: "Check that the source sends pictures.")
        }
        codec = try Self.decoder(of: stream, path: input.path, orClosing: (context, io))
        self.stream = stream
        formatName = String(cString: context.pointee.iformat.pointee.name)
        discardOtherStreams()
        input.begin(stream)
    }

    /// Opens a finished recording for its sound.
    init(soundOf source: ByteSource, settings: DecodeSettings, isSeekable: Bool) throws(DecodeError) {
        av_log_set_level(AV_LOG_QUIET)
        self.source = source
        live = nil
        source.position = 0
        let opened = try Self.open(
            source: source, settings: settings, isSeekable: isSeekable, probe: Self.probes[Self.probes.count - 1])
        let best = av_find_best_stream(opened.context, AVMEDIA_TYPE_AUDIO, -1, -1, nil, 0)
        guard best >= 0, let stream = opened.context.pointee.streams[Int(best)] else {
            Self.close(opened.context, opened.io)
            throw DecodeError(
                .noSound, path: source.path, found: "it holds no sound", remedy: "Switch the recorder's microphone on.")
        }
        codec = try Self.decoder(of: stream, path: source.path, orClosing: opened)
        (context, io, self.stream) = (opened.context, opened.io, stream)
        formatName = String(cString: opened.context.pointee.iformat.pointee.name)
        discardOtherStreams()
    }

    /// When the first picture is shown, in nanoseconds of the container's clock; nil where it does not say.
    var pictureStart: Int64? {
        let best = av_find_best_stream(context, AVMEDIA_TYPE_VIDEO, -1, -1, nil, 0)
        guard best >= 0, let video = context.pointee.streams[Int(best)], video.pointee.start_time != rima_nopts()
        else { return nil }
        return av_rescale_q(
            video.pointee.start_time, video.pointee.time_base, AVRational(num: 1, den: 1_000_000_000))
    }

    deinit {
        live?.hurry()
        Self.close(context, io)
    }

    private func discardOtherStreams() {
        for index in 0..<Int(context.pointee.nb_streams) where context.pointee.streams[index] != stream {
            context.pointee.streams[index]?.pointee.discard = AVDISCARD_ALL
        }
    }

    let formatName: String

    /// The container has no clock of its own: what libav gives as stamps of bare streams is counted, too.
    var lacksStamps: Bool {
        context.pointee.iformat.pointee.flags & AVFMT_NOTIMESTAMPS != 0
            || ["h264", "hevc", "mjpeg", "mpegvideo", "m4v"].contains(formatName)
    }

    /// Reads the next packet of any stream; a libav code below zero at the end or at damage.
    func read(into packet: UnsafeMutablePointer<AVPacket>) -> Int32 {
        guard let live else { return av_read_frame(context, packet) }
        return live.read(context, into: packet)
    }

    // MARK: - Opening

    private typealias Opened = (context: UnsafeMutablePointer<AVFormatContext>, io: UnsafeMutablePointer<AVIOContext>?)

    /// What decodes a stream; where libav has nothing for it, the container is closed again.
    private static func decoder(
        of stream: UnsafeMutablePointer<AVStream>, path: String, orClosing opened: Opened
    ) throws(DecodeError) -> UnsafePointer<AVCodec> {
        if let codec = avcodec_find_decoder(stream.pointee.codecpar.pointee.codec_id) { return codec }
        let error = noDecoderError(stream, path: path)
        close(opened.context, opened.io)
        throw error
    }

    private static func open(
        source: ByteSource, settings: DecodeSettings, isSeekable: Bool, probe: (bytes: Int64, microseconds: Int64)
    ) throws(DecodeError) -> Opened {
        guard let buffer = av_malloc(bufferSize), let allocated = avformat_alloc_context() else {
            throw memoryError(source.path)
        }
        var context: UnsafeMutablePointer<AVFormatContext>? = allocated
        // SAFETY: the source outlives the AVIO, because the container that owns the AVIO holds it.
        let owner = Unmanaged.passUnretained(source).toOpaque()
        guard
            let io = avio_alloc_context(
                buffer.assumingMemoryBound(to: UInt8.self), Int32(bufferSize), 0, owner, readBytes, nil,
                isSeekable ? seekBytes : nil)
        else {
            av_free(buffer)
            avformat_free_context(allocated)
            throw memoryError(source.path)
        }
        io.pointee.seekable = isSeekable ? AVIO_SEEKABLE_NORMAL : 0
        allocated.pointee.pb = io
        allocated.pointee.flags |= AVFMT_FLAG_CUSTOM_IO
        rima_refuse_other_files(allocated)

        var options: OpaquePointer?
        av_dict_set(&options, "format_whitelist", allowedFormats, 0)
        av_dict_set(&options, "protocol_whitelist", "none", 0)
        av_dict_set_int(&options, "probesize", probe.bytes, 0)
        av_dict_set_int(&options, "formatprobesize", probe.bytes, 0)
        av_dict_set_int(&options, "analyzeduration", probe.microseconds, 0)
        av_dict_set_int(&options, "max_streams", Int64(settings.maximumStreams), 0)
        av_dict_set_int(&options, "skip_estimate_duration_from_pts", 1, 0)
        defer { av_dict_free(&options) }

        let code = avformat_open_input(&context, nil, nil, &options)
        guard code >= 0, let context else {
            closeIO(io)
            throw openingError(code, source: source, maximumStreams: settings.maximumStreams)
        }
        let found = findStreams(context, settings: settings)
        if found < 0 {
            close(context, io)
            throw openingError(found, source: source, maximumStreams: settings.maximumStreams)
        }
        return (context, io)
    }

    static func findStreams(_ context: UnsafeMutablePointer<AVFormatContext>, settings: DecodeSettings)
        -> Int32
    {
        let count = Int(context.pointee.nb_streams)
        return withUnsafeTemporaryAllocation(of: OpaquePointer?.self, capacity: count + 1) { options in
            options.initialize(repeating: nil)
            for index in 0..<count {
                av_dict_set_int(&options[index], "max_pixels", Int64(settings.maximumPixels), 0)
                av_dict_set_int(&options[index], "threads", 1, 0)
            }
            defer { for index in 0..<count { av_dict_free(&options[index]) } }
            return avformat_find_stream_info(context, count > 0 ? options.baseAddress : nil)
        }
    }

    static func close(
        _ context: UnsafeMutablePointer<AVFormatContext>, _ io: UnsafeMutablePointer<AVIOContext>?
    ) {
        var context: UnsafeMutablePointer<AVFormatContext>? = context
        avformat_close_input(&context)
        if let io { closeIO(io) }
    }

    static func closeIO(_ io: UnsafeMutablePointer<AVIOContext>) {
        av_freep(&io.pointee.buffer)
        var io: UnsafeMutablePointer<AVIOContext>? = io
        avio_context_free(&io)
    }
}

// MARK: - libav's callbacks

private let readBytes: @convention(c) (UnsafeMutableRawPointer?, UnsafeMutablePointer<UInt8>?, Int32) -> Int32 = {
    owner, buffer, count in
    guard let owner, let buffer, count > 0 else { return rima_averror(EINVAL) }
    // SAFETY: `owner` is the source that the container gave to libav and still holds.
    let source = Unmanaged<ByteSource>.fromOpaque(owner).takeUnretainedValue()
    let got = source.read(into: buffer, count: Int(count))
    if got > 0 { return Int32(got) }
    switch source.ending {
    case .stopped: return rima_averror_exit()
    case .failed: return rima_averror(source.errorNumber)
    default: return rima_averror_eof()
    }
}

private let seekBytes: @convention(c) (UnsafeMutableRawPointer?, Int64, Int32) -> Int64 = { owner, offset, whence in
    guard let owner else { return Int64(rima_averror(EINVAL)) }
    // SAFETY: as above.
    let source = Unmanaged<ByteSource>.fromOpaque(owner).takeUnretainedValue()
    let target: Int64
    switch whence & ~AVSEEK_FORCE {
    case AVSEEK_SIZE: return source.size
    case SEEK_SET: target = offset
    case SEEK_CUR: target = source.position &+ offset
    case SEEK_END: target = source.size &+ offset
    default: return Int64(rima_averror(EINVAL))
    }
    guard target >= 0 else { return Int64(rima_averror(EINVAL)) }
    source.position = target
    return target
}

// MARK: - Errors

func memoryError(_ path: String) -> DecodeError {
    DecodeError(.library, path: path, found: "memory ran out", remedy: "Close other programs, or lower the limits.")
}

private func noDecoderError(_ stream: UnsafeMutablePointer<AVStream>, path: String) -> DecodeError {
    let name = String(cString: avcodec_get_name(stream.pointee.codecpar.pointee.codec_id))
    return DecodeError(
        .noDecoder, path: path, found: "the codec \(name) is not in this system's FFmpeg",
        remedy: "Convert the recording to H.264.")
}

func stoppedError(_ path: String) -> DecodeError {
    DecodeError(.stopped, path: path, found: "stopped before the first picture", remedy: "Start again.")
}

private func openingError(_ code: Int32, source: ByteSource, maximumStreams: Int) -> DecodeError {
    let path = source.path
    if source.ending == .stopped { return stoppedError(path) }
    if source.ending == .failed {
        return DecodeError(
            .readFailed, path: path, found: "reading failed: \(String(cString: strerror(source.errorNumber)))",
            remedy: "Check the disk or the connection.")
    }
    let size = source.size
    if size == 0 {
        return DecodeError(
            .empty, path: path, found: "the file is empty", remedy: "Check that the recorder has written it.")
    }
    let kind = FileKind(source.present(at: 0, count: FileKind.wantedBytes))
    if let name = kind.name {
        return DecodeError(.notARecording, path: path, found: "this is \(name), not a recording", remedy: kind.remedy)
    }
    if kind.isRecording {
        return DecodeError(
            .empty, path: path, found: "the recording breaks off before its first picture (\(size) bytes)",
            remedy: "Copy it again, or record anew.")
    }
    return DecodeError(
        .notARecording, path: path, found: "this is no kind of recording that is known here (\(size) bytes)",
        remedy: "MP4, MOV, MKV, AVI, MPEG, WMV, FLV, GIF and DV can be read.")
}
