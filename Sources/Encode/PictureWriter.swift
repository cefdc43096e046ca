// Single pictures: PNG and JPEG.
import CFFmpeg
package import Frames
import Glibc

/// Encodes pictures as PNG and JPEG, in memory or into files; same picture, same bytes.
package enum PictureWriter {
    /// Writes a PNG file, whole or not at all.
    package static func png(_ picture: borrowing RGBPicture, to path: String) throws(EncodeError) {
        try save(try encodePNG(picture), to: path)
    }

    /// Writes brightness, such as a mask, as a grey PNG file.
    package static func png(_ picture: borrowing LumaPicture, to path: String) throws(EncodeError) {
        try save(try encodePNG(picture), to: path)
    }

    /// Writes a JPEG file, whole or not at all.
    package static func jpeg(_ picture: borrowing RGBPicture, quality: Double = 0.9, to path: String)
        throws(EncodeError)
    {
        try save(try encodeJPEG(picture, quality: quality), to: path)
    }

    /// Encodes without loss.
    package static func encodePNG(_ picture: borrowing RGBPicture) throws(EncodeError) -> [UInt8] {
        try encode(picture.size, AV_CODEC_ID_PNG, AV_PIX_FMT_RGB24, quality: nil, pixels: picture.pixels, channels: 3)
    }

    /// Encodes brightness without loss.
    package static func encodePNG(_ picture: borrowing LumaPicture) throws(EncodeError) -> [UInt8] {
        try encode(picture.size, AV_CODEC_ID_PNG, AV_PIX_FMT_GRAY8, quality: nil, pixels: picture.pixels, channels: 1)
    }

    /// Encodes with loss.
    /// - Parameter quality: 0 (worst) ... 1 (best); from 0.9 on, colour keeps its full resolution.
    package static func encodeJPEG(_ picture: borrowing RGBPicture, quality: Double = 0.9) throws(EncodeError)
        -> [UInt8]
    {
        try encode(
            picture.size, AV_CODEC_ID_MJPEG, quality >= 0.9 ? AV_PIX_FMT_YUVJ444P : AV_PIX_FMT_YUVJ420P,
            quality: quality, pixels: picture.pixels, channels: 3)
    }

    private static func encode(
        _ size: PixelSize, _ id: AVCodecID, _ format: AVPixelFormat, quality: Double?, pixels: [UInt8], channels: Int
    ) throws(EncodeError) -> [UInt8] {
        av_log_set_level(AV_LOG_QUIET)
        guard let codec = avcodec_find_encoder(id) else {
            throw EncodeError(
                .noEncoder, path: "", found: "this system's FFmpeg writes no such pictures", remedy: "Install FFmpeg.")
        }
        var context = avcodec_alloc_context3(codec)
        var frame = av_frame_alloc()
        var packet = av_packet_alloc()
        defer {
            avcodec_free_context(&context)
            av_frame_free(&frame)
            av_packet_free(&packet)
        }
        guard let context, let frame, let packet, size.width > 0, size.height > 0 else {
            throw EncodeError(.library, path: "", found: "an empty picture, or no memory", remedy: "Check the size.")
        }
        context.pointee.width = Int32(size.width)
        context.pointee.height = Int32(size.height)
        context.pointee.pix_fmt = format
        context.pointee.time_base = AVRational(num: 1, den: 25)
        context.pointee.thread_count = 1
        context.pointee.flags |= AV_CODEC_FLAG_BITEXACT
        if let quality {
            context.pointee.flags |= AV_CODEC_FLAG_QSCALE
            context.pointee.color_range = AVCOL_RANGE_JPEG
            context.pointee.colorspace = AVCOL_SPC_SMPTE170M
            let step = 1 + ((1 - min(1, max(0, quality))) * 30).rounded()
            context.pointee.global_quality = FF_QP2LAMBDA * Int32(step)
            context.pointee.qmin = 1
            context.pointee.mb_lmin = FF_QP2LAMBDA
        }
        frame.pointee.width = context.pointee.width
        frame.pointee.height = context.pointee.height
        frame.pointee.format = format.rawValue
        frame.pointee.color_range = context.pointee.color_range
        frame.pointee.quality = context.pointee.global_quality
        var code = avcodec_open2(context, codec, nil)
        if code >= 0 { code = av_frame_get_buffer(frame, 0) }
        guard code >= 0 else {
            throw EncodeError(
                .refused, path: "", found: "no picture of \(size.width)x\(size.height): \(message(code))",
                remedy: "Choose another size.")
        }
        if format == AV_PIX_FMT_RGB24 || format == AV_PIX_FMT_GRAY8 {
            copyRows(pixels, rowBytes: size.width * channels, rows: size.height, into: frame)
        } else {
            let converter = try PixelConverter(
                size: size, format: format, matrix: AVCOL_SPC_SMPTE170M, isFullRange: true)
            converter.convert(pixels, into: frame)
        }
        code = avcodec_send_frame(context, frame)
        if code >= 0 { code = avcodec_send_frame(context, nil) }
        if code >= 0 { code = avcodec_receive_packet(context, packet) }
        guard code >= 0 else {
            throw EncodeError(
                .library, path: "", found: "encoding failed: \(message(code))", remedy: "Choose another size.")
        }
        return Array(UnsafeBufferPointer(start: packet.pointee.data, count: Int(packet.pointee.size)))
    }

    private static func copyRows(_ pixels: [UInt8], rowBytes: Int, rows: Int, into frame: UnsafeMutablePointer<AVFrame>)
    {
        precondition(pixels.count == rowBytes * rows, "a picture's storage fits its size")
        guard let base = frame.pointee.data.0 else { return }
        pixels.withUnsafeBytes { pixels in
            for y in 0..<rows {
                UnsafeMutableRawPointer(base + y * Int(frame.pointee.linesize.0))
                    .copyMemory(from: pixels.baseAddress! + y * rowBytes, byteCount: rowBytes)
            }
        }
    }

    /// Writes beside the target first, so that nobody ever sees half a picture.
    private static func save(_ bytes: [UInt8], to path: String) throws(EncodeError) {
        let draft = path + ".part"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw writeError(-errno, path: path) }
        var written = 0
        var failure: Int32 = 0
        bytes.withUnsafeBytes { bytes in
            while written < bytes.count, failure == 0 {
                let count = write(descriptor, bytes.baseAddress! + written, bytes.count - written)
                if count >= 0 { written += count } else if errno != EINTR { failure = errno }
            }
        }
        if close(descriptor) != 0, failure == 0 { failure = errno }
        if failure == 0, rename(draft, path) != 0 { failure = errno }
        guard failure == 0 else {
            unlink(draft)
            throw writeError(-failure, path: path)
        }
    }
}
