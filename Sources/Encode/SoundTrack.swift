// A sound track beside the pictures.
import CFFmpeg

/// Encodes one channel of sound into a container that is being written.
///
/// Plain samples where the container takes them, else AAC, MPEG-1 layer II or WMA. Same samples, same bytes.
final class SoundTrack {
    private let encoder: UnsafeMutablePointer<AVCodecContext>
    private let stream: UnsafeMutablePointer<AVStream>
    private let frame: UnsafeMutablePointer<AVFrame>
    private let packet: UnsafeMutablePointer<AVPacket>
    /// Samples in one frame, and whether the encoder takes whole numbers.
    private let block: Int
    private let isWhole: Bool
    private var waiting: [Float] = []
    private var written: Int64 = 0

    /// Adds the track; call before the container's header is written.
    init(in context: UnsafeMutablePointer<AVFormatContext>, rate: Int, path: String) throws(EncodeError) {
        let container = String(cString: context.pointee.oformat.pointee.name)
        let id: AVCodecID? =
            switch container {
            case "matroska", "avi", "mov": AV_CODEC_ID_PCM_S16LE
            case "mp4", "mpegts", "flv": AV_CODEC_ID_AAC
            case "mpeg", "vob", "svcd": AV_CODEC_ID_MP2
            case "asf": AV_CODEC_ID_WMAV2
            default: nil
            }
        guard let id, let codec = avcodec_find_encoder(id) else {
            throw EncodeError(
                .refused, path: path, found: "the container \(container) takes no sound here",
                remedy: "Use .mkv, .mp4, .mov, .avi, .ts, .mpg, .wmv or .flv.")
        }
        var encoder = avcodec_alloc_context3(codec)
        var frame = av_frame_alloc()
        var packet = av_packet_alloc()
        do throws(EncodeError) {
            guard let encoder, let frame, let packet, let stream = avformat_new_stream(context, nil) else {
                throw EncodeError(.library, path: path, found: "memory ran out", remedy: "Close other programs.")
            }
            isWhole = id == AV_CODEC_ID_PCM_S16LE || id == AV_CODEC_ID_MP2
            encoder.pointee.sample_rate = Int32(rate)
            encoder.pointee.sample_fmt = isWhole ? AV_SAMPLE_FMT_S16 : AV_SAMPLE_FMT_FLTP
            encoder.pointee.time_base = AVRational(num: 1, den: Int32(rate))
            encoder.pointee.bit_rate = 64_000
            encoder.pointee.thread_count = 1
            encoder.pointee.flags |= AV_CODEC_FLAG_BITEXACT
            if context.pointee.oformat.pointee.flags & AVFMT_GLOBALHEADER != 0 {
                encoder.pointee.flags |= AV_CODEC_FLAG_GLOBAL_HEADER
            }
            av_channel_layout_default(&encoder.pointee.ch_layout, 1)
            let code = avcodec_open2(encoder, codec, nil)
            guard code >= 0 else {
                throw EncodeError(
                    .refused, path: path, found: "the sound encoder refuses \(rate) samples a second: \(message(code))",
                    remedy: "Choose another container.")
            }
            avcodec_parameters_from_context(stream.pointee.codecpar, encoder)
            stream.pointee.time_base = encoder.pointee.time_base
            block = encoder.pointee.frame_size > 0 ? Int(encoder.pointee.frame_size) : 1024
            frame.pointee.nb_samples = Int32(block)
            frame.pointee.format = encoder.pointee.sample_fmt.rawValue
            frame.pointee.sample_rate = Int32(rate)
            av_channel_layout_default(&frame.pointee.ch_layout, 1)
            guard av_frame_get_buffer(frame, 0) >= 0 else {
                throw EncodeError(.library, path: path, found: "memory ran out", remedy: "Close other programs.")
            }
            (self.encoder, self.stream, self.frame, self.packet) = (encoder, stream, frame, packet)
        } catch {
            avcodec_free_context(&encoder)
            av_frame_free(&frame)
            av_packet_free(&packet)
            throw error
        }
    }

    deinit {
        var encoder: UnsafeMutablePointer<AVCodecContext>? = encoder
        avcodec_free_context(&encoder)
        var frame: UnsafeMutablePointer<AVFrame>? = frame
        av_frame_free(&frame)
        var packet: UnsafeMutablePointer<AVPacket>? = packet
        av_packet_free(&packet)
    }

    func write(
        _ samples: [Float], to context: UnsafeMutablePointer<AVFormatContext>, path: String
    ) throws(EncodeError) {
        waiting += samples
        var start = 0
        while waiting.count - start >= block {
            try encode(waiting[start..<(start + block)], context, path: path)
            start += block
        }
        waiting.removeFirst(start)
    }

    /// Writes what is left, and what the encoder still holds.
    func finish(_ context: UnsafeMutablePointer<AVFormatContext>, path: String) throws(EncodeError) {
        if !waiting.isEmpty { try encode(waiting[...], context, path: path) }
        waiting.removeAll()
        avcodec_send_frame(encoder, nil)
        try drain(context, path: path)
    }

    private func encode(
        _ samples: ArraySlice<Float>, _ context: UnsafeMutablePointer<AVFormatContext>, path: String
    ) throws(EncodeError) {
        guard av_frame_make_writable(frame) >= 0, let plane = frame.pointee.data.0 else {
            throw EncodeError(.library, path: path, found: "memory ran out", remedy: "Close other programs.")
        }
        // SAFETY: the frame's one plane has room for `block` samples of its format.
        let raw = UnsafeMutableRawPointer(plane)
        for (place, value) in samples.enumerated() {
            if isWhole {
                raw.storeBytes(
                    of: Int16((max(-1, min(1, value)) * 32_767).rounded()), toByteOffset: 2 * place, as: Int16.self)
            } else {
                raw.storeBytes(of: value, toByteOffset: 4 * place, as: Float.self)
            }
        }
        frame.pointee.nb_samples = Int32(samples.count)
        frame.pointee.pts = written
        written += Int64(samples.count)
        let code = avcodec_send_frame(encoder, frame)
        guard code >= 0 else {
            throw EncodeError(
                .library, path: path, found: "the encoder refused sound: \(message(code))",
                remedy: "Try another container.")
        }
        try drain(context, path: path)
    }

    private func drain(_ context: UnsafeMutablePointer<AVFormatContext>, path: String) throws(EncodeError) {
        while true {
            let code = avcodec_receive_packet(encoder, packet)
            if code == rima_averror_eagain() || code == rima_averror_eof() { return }
            guard code >= 0 else {
                throw EncodeError(
                    .library, path: path, found: "encoding sound failed: \(message(code))",
                    remedy: "Try another container.")
            }
            packet.pointee.stream_index = stream.pointee.index
            av_packet_rescale_ts(packet, encoder.pointee.time_base, stream.pointee.time_base)
            let result = av_interleaved_write_frame(context, packet)
            guard result >= 0 else { throw writeError(result, path: path) }
        }
    }
}
