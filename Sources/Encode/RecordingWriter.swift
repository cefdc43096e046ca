// From pictures to a recording in any container that libav writes.
import CFFmpeg
package import Frames

/// Writes a recording, picture by picture.
///
/// Same pictures and settings, same bytes.
/// Call `finish` in the end; without it the recording stays unfinalised, as after a crash. Not thread-safe.
package final class RecordingWriter {
    package let path: String
    package let size: PixelSize
    private let context: UnsafeMutablePointer<AVFormatContext>
    private let encoder: UnsafeMutablePointer<AVCodecContext>
    private let stream: UnsafeMutablePointer<AVStream>
    private let frame: UnsafeMutablePointer<AVFrame>
    private let packet: UnsafeMutablePointer<AVPacket>
    private let scaler: PixelConverter
    private let sound: SoundTrack?
    private let isInterlaced: Bool
    private var count: Int64 = 0
    private var isFinished = false

    /// Opens the file and writes its header.
    /// - Parameters:
    ///   - path: its extension chooses the container.
    ///   - rateNumerator: frames per second, as a fraction.
    package init(
        path: String, size: PixelSize, rateNumerator: Int, rateDenominator: Int = 1,
        settings: WriterSettings = WriterSettings()
    ) throws(EncodeError) {
        av_log_set_level(AV_LOG_QUIET)
        self.path = path
        self.size = size
        isInterlaced = settings.isInterlaced
        guard size.width > 0, size.height > 0, size.width <= 16_384, size.height <= 16_384, rateNumerator > 0,
            rateDenominator > 0
        else {
            throw EncodeError(
                .refused, path: path, found: "no such picture size or rate: \(size.width)x\(size.height)",
                remedy: "Choose a size up to 16384 and a positive rate.")
        }
        let parts = try Parts(
            path: path, size: size, rate: AVRational(num: Int32(rateNumerator), den: Int32(rateDenominator)),
            settings: settings)
        context = parts.context
        encoder = parts.encoder
        stream = parts.stream
        frame = parts.frame
        packet = parts.packet
        scaler = parts.scaler
        sound = parts.sound
    }

    deinit {
        var (encoder, frame, packet):
            (
                UnsafeMutablePointer<AVCodecContext>?, UnsafeMutablePointer<AVFrame>?, UnsafeMutablePointer<AVPacket>?
            ) = (encoder, frame, packet)
        avcodec_free_context(&encoder)
        av_frame_free(&frame)
        av_packet_free(&packet)
        avio_closep(&context.pointee.pb)
        avformat_free_context(context)
    }

    /// Writes the next picture.
    /// - Parameter stamp: its time in ticks (`WriterSettings.ticksPerSecond`), rising; nil counts frames.
    package func write(_ picture: borrowing RGBPicture, stamp: Int64? = nil) throws(EncodeError) {
        precondition(picture.size == size, "all pictures of a recording have its size")
        guard av_frame_make_writable(frame) >= 0 else { throw libraryError("memory ran out") }
        scaler.convert(picture.pixels, into: frame)
        frame.pointee.pts = stamp ?? count
        frame.pointee.pict_type = AV_PICTURE_TYPE_NONE
        count += 1
        let code = avcodec_send_frame(encoder, frame)
        guard code >= 0 else { throw libraryError("the encoder refused a picture: \(message(code))") }
        try drain()
    }

    /// Writes the next samples of the sound track, -1...1; nothing without `WriterSettings.soundRate`.
    package func write(sound samples: [Float]) throws(EncodeError) {
        try sound?.write(samples, to: context, path: path)
    }

    /// Writes what the encoder still holds, and the index.
    package func finish() throws(EncodeError) {
        guard !isFinished else { return }
        isFinished = true
        avcodec_send_frame(encoder, nil)
        try drain()
        try sound?.finish(context, path: path)
        var code = av_write_trailer(context)
        let closed = avio_closep(&context.pointee.pb)
        if code >= 0 { code = closed }
        guard code >= 0 else { throw writeError(code, path: path) }
    }

    /// Hands over to the file what the container still holds back.
    package func flush() throws(EncodeError) {
        let code = av_write_frame(context, nil)
        if let pb = context.pointee.pb { avio_flush(pb) }
        guard code >= 0 else { throw writeError(code, path: path) }
    }

    private func drain() throws(EncodeError) {
        while true {
            let code = avcodec_receive_packet(encoder, packet)
            if code == rima_averror_eagain() || code == rima_averror_eof() { return }
            guard code >= 0 else { throw libraryError("encoding failed: \(message(code))") }
            packet.pointee.stream_index = stream.pointee.index
            if packet.pointee.duration == 0, encoder.pointee.time_base.den == encoder.pointee.framerate.num {
                packet.pointee.duration = 1
            }
            av_packet_rescale_ts(packet, encoder.pointee.time_base, stream.pointee.time_base)
            let written = av_interleaved_write_frame(context, packet)
            guard written >= 0 else { throw writeError(written, path: path) }
        }
    }

    private func libraryError(_ found: String) -> EncodeError {
        EncodeError(.library, path: path, found: found, remedy: "Try another codec or size.")
    }
}

/// Everything that must be open before the first picture; closes what is open when a later step fails.
private struct Parts {
    let context: UnsafeMutablePointer<AVFormatContext>
    let encoder: UnsafeMutablePointer<AVCodecContext>
    let stream: UnsafeMutablePointer<AVStream>
    let frame: UnsafeMutablePointer<AVFrame>
    let packet: UnsafeMutablePointer<AVPacket>
    let scaler: PixelConverter
    let sound: SoundTrack?

    init(path: String, size: PixelSize, rate: AVRational, settings: WriterSettings) throws(EncodeError) {
        var context: UnsafeMutablePointer<AVFormatContext>?
        avformat_alloc_output_context2(&context, nil, nil, path)
        guard let context else {
            throw EncodeError(
                .unknownContainer, path: path, found: "no container has this file extension",
                remedy: "Use .mp4, .mov, .mkv, .avi, .ts, .mpg, .wmv, .flv, .gif or .dv.")
        }
        var encoder: UnsafeMutablePointer<AVCodecContext>?
        var frame: UnsafeMutablePointer<AVFrame>?
        var packet: UnsafeMutablePointer<AVPacket>?
        do throws(EncodeError) {
            let codec = try findEncoder(settings.codec, container: context.pointee.oformat, path: path)
            encoder = avcodec_alloc_context3(codec)
            frame = av_frame_alloc()
            packet = av_packet_alloc()
            guard let encoder, let frame, let packet, let stream = avformat_new_stream(context, nil) else {
                throw EncodeError(.library, path: path, found: "memory ran out", remedy: "Close other programs.")
            }
            let isFramed = context.pointee.oformat.pointee.flags & AVFMT_GLOBALHEADER != 0
            try configure(
                encoder, codec: codec, size: size, rate: rate, settings: settings, hasGlobalHeader: isFramed, path: path
            )
            avcodec_parameters_from_context(stream.pointee.codecpar, encoder)
            stream.pointee.time_base = encoder.pointee.time_base
            stream.pointee.avg_frame_rate = rate
            stream.pointee.sample_aspect_ratio = encoder.pointee.sample_aspect_ratio
            if settings.quarterTurns % 4 != 0 {
                var matrix = [Int32](repeating: 0, count: 9)
                av_display_rotation_set(&matrix, Double(90 * (settings.quarterTurns % 4)))
                rima_stream_set_display_matrix(stream, matrix)
            }
            context.pointee.flags |= AVFMT_FLAG_BITEXACT
            try prepare(frame, encoder: encoder, settings: settings, path: path)
            scaler = try PixelConverter(
                size: size, format: encoder.pointee.pix_fmt, matrix: encoder.pointee.colorspace,
                isFullRange: encoder.pointee.color_range == AVCOL_RANGE_JPEG)
            if let soundRate = settings.soundRate {
                sound = try SoundTrack(in: context, rate: soundRate, path: path)
            } else {
                sound = nil
            }
            try openFile(context, path: path, settings: settings)
            (self.context, self.encoder, self.stream, self.frame, self.packet) = (
                context, encoder, stream, frame, packet
            )
        } catch {
            avcodec_free_context(&encoder)
            av_frame_free(&frame)
            av_packet_free(&packet)
            avio_closep(&context.pointee.pb)
            avformat_free_context(context)
            throw error
        }
    }
}

private func findEncoder(_ name: String?, container: UnsafePointer<AVOutputFormat>, path: String) throws(EncodeError)
    -> UnsafePointer<AVCodec>
{
    if let name {
        let preferred = ["h264": "libx264", "hevc": "libx265", "flv1": "flv"][name] ?? name
        if let codec = avcodec_find_encoder_by_name(preferred) { return codec }
        if let descriptor = avcodec_descriptor_get_by_name(name),
            let codec = avcodec_find_encoder(descriptor.pointee.id)
        {
            return codec
        }
    } else if let codec = avcodec_find_encoder(container.pointee.video_codec) {
        return codec
    }
    throw EncodeError(
        .noEncoder, path: path, found: "this system's FFmpeg has no encoder for \(name ?? "this container")",
        remedy: "Use h264, mpeg4, mjpeg or ffv1.")
}

private func configure(
    _ encoder: UnsafeMutablePointer<AVCodecContext>, codec: UnsafePointer<AVCodec>, size: PixelSize, rate: AVRational,
    settings: WriterSettings, hasGlobalHeader: Bool, path: String
) throws(EncodeError) {
    encoder.pointee.width = Int32(size.width)
    encoder.pointee.height = Int32(size.height)
    encoder.pointee.framerate = rate
    encoder.pointee.time_base =
        settings.ticksPerSecond.map { AVRational(num: 1, den: Int32($0)) } ?? AVRational(num: rate.den, den: rate.num)
    encoder.pointee.sample_aspect_ratio = AVRational(
        num: Int32(settings.pixelAspect.numerator), den: Int32(settings.pixelAspect.denominator))
    let id = codec.pointee.id
    encoder.pointee.pix_fmt = pixelFormat(for: id, size: size)
    let isJPEG = id == AV_CODEC_ID_MJPEG
    let isHighDefinition = !isJPEG && (size.width >= 1280 || size.height > 576)
    if id == AV_CODEC_ID_GIF {
        encoder.pointee.colorspace = AVCOL_SPC_RGB
    } else {
        encoder.pointee.colorspace = isHighDefinition ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M
        encoder.pointee.color_range = isJPEG ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG
    }
    encoder.pointee.gop_size = Int32(settings.keyFrameDistance)
    if let frames = settings.bidirectionalFrames { encoder.pointee.max_b_frames = Int32(frames) }
    // With more threads the bytes depend on their number.
    encoder.pointee.thread_count = 1
    encoder.pointee.flags |= AV_CODEC_FLAG_BITEXACT
    if hasGlobalHeader { encoder.pointee.flags |= AV_CODEC_FLAG_GLOBAL_HEADER }
    if settings.isInterlaced {
        encoder.pointee.flags |= AV_CODEC_FLAG_INTERLACED_DCT | AV_CODEC_FLAG_INTERLACED_ME
        encoder.pointee.field_order = AV_FIELD_TT
    }
    var options: OpaquePointer?
    defer { av_dict_free(&options) }
    let worst = 1 - min(1, max(0, settings.quality))
    if let bitRate = settings.bitRate {
        encoder.pointee.bit_rate = Int64(bitRate)
    } else if id == AV_CODEC_ID_H264 || id == AV_CODEC_ID_HEVC {
        av_dict_set_int(&options, "crf", Int64((10 + 40 * worst).rounded()), 0)
    } else {
        encoder.pointee.flags |= AV_CODEC_FLAG_QSCALE
        encoder.pointee.global_quality = FF_QP2LAMBDA * Int32((2 + 29 * worst).rounded())
    }
    if id == AV_CODEC_ID_H264 {
        av_dict_set(&options, "preset", "veryfast", 0)
        // x264's macroblock tree makes the bytes depend on what memory held before.
        av_dict_set(&options, "x264-params", "mbtree=0", 0)
    }
    if id == AV_CODEC_ID_HEVC {
        av_dict_set(&options, "preset", "ultrafast", 0)
        av_dict_set(&options, "x265-params", "log-level=none:pools=1:frame-threads=1", 0)
    }
    let code = avcodec_open2(encoder, codec, &options)
    guard code >= 0 else {
        throw EncodeError(
            .refused, path: path,
            found: "the encoder \(String(cString: codec.pointee.name)) refuses \(size.width)x\(size.height) at "
                + "\(rate.num)/\(rate.den) frames per second: \(message(code))",
            remedy: "Choose even numbers for the size, or another codec.")
    }
}

private func pixelFormat(for id: AVCodecID, size: PixelSize) -> AVPixelFormat {
    switch id {
    case AV_CODEC_ID_MJPEG: AV_PIX_FMT_YUVJ420P
    case AV_CODEC_ID_GIF: AV_PIX_FMT_RGB8
    case AV_CODEC_ID_DVVIDEO where size.height == 480: AV_PIX_FMT_YUV411P
    default: AV_PIX_FMT_YUV420P
    }
}

private func prepare(
    _ frame: UnsafeMutablePointer<AVFrame>, encoder: UnsafeMutablePointer<AVCodecContext>, settings: WriterSettings,
    path: String
) throws(EncodeError) {
    frame.pointee.width = encoder.pointee.width
    frame.pointee.height = encoder.pointee.height
    frame.pointee.format = encoder.pointee.pix_fmt.rawValue
    frame.pointee.colorspace = encoder.pointee.colorspace
    frame.pointee.color_range = encoder.pointee.color_range
    frame.pointee.quality = encoder.pointee.global_quality
    frame.pointee.sample_aspect_ratio = encoder.pointee.sample_aspect_ratio
    if settings.isInterlaced { rima_frame_set_interlaced(frame, 1) }
    guard av_frame_get_buffer(frame, 0) >= 0 else {
        throw EncodeError(.library, path: path, found: "memory ran out", remedy: "Close other programs.")
    }
}

private func openFile(_ context: UnsafeMutablePointer<AVFormatContext>, path: String, settings: WriterSettings)
    throws(EncodeError)
{
    let code = avio_open(&context.pointee.pb, "file:" + path, AVIO_FLAG_WRITE)
    guard code >= 0 else { throw writeError(code, path: path) }
    var options: OpaquePointer?
    defer { av_dict_free(&options) }
    if settings.isFragmented {
        av_dict_set(&options, "movflags", "frag_keyframe+empty_moov+default_base_moof", 0)
    } else if settings.isFastStart {
        av_dict_set(&options, "movflags", "faststart", 0)
    }
    let header = avformat_write_header(context, &options)
    guard header >= 0 else {
        throw EncodeError(
            .refused, path: path, found: "the container refuses this codec or size: \(message(header))",
            remedy: "Choose another container or codec.")
    }
}

func writeError(_ code: Int32, path: String) -> EncodeError {
    EncodeError(
        .writeFailed, path: path, found: "writing failed: \(message(code))",
        remedy: "Check the folder, its permissions and the space left.")
}

/// libav's words for a code.
func message(_ code: Int32) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { buffer in
        av_strerror(code, buffer.baseAddress, 128)
        return String(cString: buffer.baseAddress!)
    }
}
