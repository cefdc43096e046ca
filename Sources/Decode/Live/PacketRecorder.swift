// Keeps what a live source sends, packet by packet, so that the test can be measured again.
import CFFmpeg
import Glibc

/// Copies the packets of a live source into one Matroska file, in clusters of a second.
///
/// After a crash the file holds every cluster that was flushed. A source that comes back with another format, and a
/// process that was started again, begin the next file. Errors end the present file and are told once; measuring goes
/// on. Not thread-safe.
package final class PacketRecorder {
    private let folder: String
    private let onTrouble: (String) -> Void
    private var file: OpenFile?
    private var lastFlush: Int64 = 0
    /// After trouble, nothing is tried before this moment.
    private var pausedUntil: Int64 = 0
    private let packet: UnsafeMutablePointer<AVPacket>?

    /// Less free space than this is left to the rows.
    private static let leastFreeBytes: UInt64 = 256 << 20
    private static let flushNanoseconds: Int64 = 1_000_000_000
    private static let troubleNanoseconds: Int64 = 30_000_000_000

    private struct OpenFile {
        var context: UnsafeMutablePointer<AVFormatContext>
        var parameters: UnsafeMutablePointer<AVCodecParameters>
        var lastStamp: Int64 = .min
        var packets = 0
    }

    /// - Parameters:
    ///   - folder: the session's.
    ///   - onTrouble: told, without the path, why recording has paused.
    package init(folder: String, onTrouble: @escaping (String) -> Void) {
        self.folder = folder
        self.onTrouble = onTrouble
        packet = av_packet_alloc()
    }

    deinit {
        close()
        var packet = packet
        av_packet_free(&packet)
    }

    /// Names of a session's recordings, in order: recording.mkv, recording-2.mkv, ….
    package static func name(_ number: Int) -> String { number == 1 ? "recording.mkv" : "recording-\(number).mkv" }

    /// Writes a packet whose stamps become `ticks of its stream - origin + offset`.
    func write(
        _ source: UnsafeMutablePointer<AVPacket>, of stream: UnsafeMutablePointer<AVStream>, origin: Int64,
        offset: Int64
    ) {
        let now = monotonicNanoseconds()
        guard now >= pausedUntil, let packet else { return }
        if let file, !isSame(file.parameters, stream.pointee.codecpar) { close() }
        if file == nil, !open(stream, now: now) { return }
        guard var file, av_packet_ref(packet, source) >= 0 else { return }
        defer { av_packet_unref(packet) }
        let out = file.context.pointee.streams[0]!
        let nanoseconds = AVRational(num: 1, den: 1_000_000_000)
        func moved(_ stamp: Int64) -> Int64 {
            guard stamp != rima_nopts() else { return stamp }
            let time = av_rescale_q(stamp &- origin, stream.pointee.time_base, nanoseconds) &+ offset
            return av_rescale_q(time, nanoseconds, out.pointee.time_base)
        }
        packet.pointee.pts = moved(source.pointee.pts)
        packet.pointee.dts = moved(source.pointee.dts)
        // Matroska keeps presentation stamps; the muxer only wants to see the others rise.
        if packet.pointee.dts != rima_nopts(), packet.pointee.dts < file.lastStamp {
            packet.pointee.dts = file.lastStamp
        }
        if packet.pointee.dts != rima_nopts() { file.lastStamp = packet.pointee.dts }
        if packet.pointee.pts != rima_nopts(), packet.pointee.dts != rima_nopts(),
            packet.pointee.pts < packet.pointee.dts
        {
            packet.pointee.pts = packet.pointee.dts
        }
        packet.pointee.duration = av_rescale_q(
            source.pointee.duration, stream.pointee.time_base, out.pointee.time_base)
        if source.pointee.flags & AV_PKT_FLAG_CORRUPT != 0 { DamageMark.put(on: packet) }
        packet.pointee.stream_index = 0
        packet.pointee.pos = -1
        var code = av_write_frame(file.context, packet)
        if code >= 0 { file.packets += 1 }
        self.file = file
        if code >= 0, now - lastFlush >= Self.flushNanoseconds {
            lastFlush = now
            code = flush(file)
            if code >= 0, !hasSpace() {
                pause(now, "the disk is almost full")
                return
            }
        }
        if code < 0 { pause(now, "the recording cannot be written: \(LossText.say(code))") }
    }

    /// Hands everything over to the kernel; at a loss of the source, and now and then.
    func flush() {
        if let file { _ = flush(file) }
    }

    /// Finishes the present file.
    package func close() {
        guard let file else { return }
        self.file = nil
        av_write_trailer(file.context)
        avio_closep(&file.context.pointee.pb)
        avformat_free_context(file.context)
        var parameters: UnsafeMutablePointer<AVCodecParameters>? = file.parameters
        avcodec_parameters_free(&parameters)
    }

    private func flush(_ file: OpenFile) -> Int32 {
        let code = av_write_frame(file.context, nil)
        guard code >= 0, let pb = file.context.pointee.pb else { return code }
        avio_flush(pb)
        return pb.pointee.error
    }

    private func pause(_ now: Int64, _ why: String) {
        pausedUntil = now + Self.troubleNanoseconds
        close()
        onTrouble(why)
    }

    private func hasSpace() -> Bool {
        var status = statvfs()
        guard statvfs(folder, &status) == 0 else { return true }
        return UInt64(status.f_bavail) * UInt64(status.f_frsize) >= Self.leastFreeBytes
    }

    private func open(_ stream: UnsafeMutablePointer<AVStream>, now: Int64) -> Bool {
        guard hasSpace() else {
            pause(now, "the disk is almost full")
            return false
        }
        var number = 1
        while access("\(folder)/\(Self.name(number))", F_OK) == 0 { number += 1 }
        let path = "\(folder)/\(Self.name(number))"
        var context: UnsafeMutablePointer<AVFormatContext>?
        var parameters = avcodec_parameters_alloc()
        var options: OpaquePointer?
        defer { av_dict_free(&options) }
        av_dict_set_int(&options, "cluster_time_limit", 1000, 0)
        guard avformat_alloc_output_context2(&context, nil, "matroska", nil) >= 0, let context, let copy = parameters,
            avcodec_parameters_copy(copy, stream.pointee.codecpar) >= 0,
            let out = avformat_new_stream(context, nil),
            avcodec_parameters_copy(out.pointee.codecpar, stream.pointee.codecpar) >= 0
        else {
            avformat_free_context(context)
            avcodec_parameters_free(&parameters)
            return false
        }
        out.pointee.codecpar.pointee.codec_tag = 0
        out.pointee.time_base = AVRational(num: 1, den: 1000)
        out.pointee.avg_frame_rate = stream.pointee.avg_frame_rate
        out.pointee.sample_aspect_ratio = stream.pointee.sample_aspect_ratio
        var code = avio_open(&context.pointee.pb, "file:" + path, AVIO_FLAG_WRITE)
        if code >= 0 { code = avformat_write_header(context, &options) }
        guard code >= 0 else {
            if context.pointee.pb != nil { avio_closep(&context.pointee.pb) }
            avformat_free_context(context)
            avcodec_parameters_free(&parameters)
            pausedUntil = now + Self.troubleNanoseconds
            onTrouble("the recording cannot be begun: \(LossText.say(code))")
            return false
        }
        file = OpenFile(context: context, parameters: copy)
        lastFlush = now
        return true
    }

    /// Whether packets of both can follow one another in one file.
    private func isSame(_ a: UnsafeMutablePointer<AVCodecParameters>, _ b: UnsafeMutablePointer<AVCodecParameters>)
        -> Bool
    {
        guard a.pointee.codec_id == b.pointee.codec_id, a.pointee.width == b.pointee.width,
            a.pointee.height == b.pointee.height, a.pointee.format == b.pointee.format,
            a.pointee.extradata_size == b.pointee.extradata_size
        else { return false }
        let size = Int(a.pointee.extradata_size)
        return size == 0 || memcmp(a.pointee.extradata, b.pointee.extradata, size) == 0
    }
}
