// libav's decoder of one stream, with the packet that feeds it.
import CFFmpeg

/// Owns a decoder's context and one packet.
///
/// Not shared between threads.
final class OpenDecoder {
    let context: UnsafeMutablePointer<AVCodecContext>
    let packet: UnsafeMutablePointer<AVPacket>

    /// Starts the decoder of a container's stream.
    init(_ container: Container, settings: DecodeSettings, device: HardwareDevice? = nil) throws(DecodeError) {
        let path = container.source.path
        var (context, packet) = (avcodec_alloc_context3(container.codec), av_packet_alloc())
        guard let decoder = context, let packet = packet else {
            avcodec_free_context(&context)
            av_packet_free(&packet)
            throw memoryError(path)
        }
        // From here on `deinit` frees both, whatever is thrown.
        self.context = decoder
        self.packet = packet
        avcodec_parameters_to_context(decoder, container.stream.pointee.codecpar)
        decoder.pointee.pkt_timebase = container.stream.pointee.time_base
        decoder.pointee.max_pixels = Int64(settings.maximumPixels)
        decoder.pointee.thread_count = Int32(settings.threads)
        device?.attach(to: decoder)
        rima_enable_tags(decoder)
        guard avcodec_open2(decoder, container.codec, nil) >= 0 else {
            throw DecodeError(
                .noDecoder, path: path,
                found: "the decoder \(String(cString: container.codec.pointee.name)) did not start",
                remedy: "The recording's header may be damaged; copy it again.")
        }
    }

    deinit {
        var (context, packet): (UnsafeMutablePointer<AVCodecContext>?, UnsafeMutablePointer<AVPacket>?)
        (context, packet) = (self.context, self.packet)
        avcodec_free_context(&context)
        av_packet_free(&packet)
    }
}
