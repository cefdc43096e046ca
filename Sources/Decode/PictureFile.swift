// Single pictures: PNG and JPEG.
import CFFmpeg
package import Frames
import Glibc

/// Reads PNG and JPEG files.
package enum PictureFile {
    /// Larger files are refused before they are read.
    private static let maximumBytes: Int64 = 256 << 20

    /// Reads a picture in colour.
    package static func readRGB(_ path: String, maximumPixels: Int = 8192 * 8192) throws(DecodeError) -> RGBPicture {
        var picture = RGBPicture(size: PixelSize(width: 0, height: 0))
        try read(path, maximumPixels: maximumPixels, channels: 3) { size in
            picture.resize(to: size)
        } fill: { scaler, raw, size throws(DecodeError) in
            try scaler.scale(
                raw: raw, displaySize: size, orientation: Orientation(matrix: nil), from: PixelRect(size), to: size,
                channels: 3, into: &picture.pixels)
        }
        return picture
    }

    /// Reads brightness; grey values of masks and label maps come exactly as they stand in the file.
    package static func readLuma(_ path: String, maximumPixels: Int = 8192 * 8192) throws(DecodeError) -> LumaPicture {
        var picture = LumaPicture(size: PixelSize(width: 0, height: 0))
        try read(path, maximumPixels: maximumPixels, channels: 1) { size in
            picture.resize(to: size)
        } fill: { scaler, raw, size throws(DecodeError) in
            try scaler.scale(
                raw: raw, displaySize: size, orientation: Orientation(matrix: nil), from: PixelRect(size), to: size,
                channels: 1, into: &picture.pixels)
        }
        return picture
    }

    private static func read(
        _ path: String, maximumPixels: Int, channels: Int, prepare: (PixelSize) -> Void,
        fill: (PictureScaler, UnsafeMutablePointer<AVFrame>, PixelSize) throws(DecodeError) -> Void
    ) throws(DecodeError) {
        let frame = try frame(path, maximumPixels: maximumPixels)
        prepare(frame.displaySize)
        try fill(PictureScaler(), frame.raw, frame.displaySize)
    }

    /// A picture file as if it were the first frame of a recording.
    package static func frame(_ path: String, maximumPixels: Int = 8192 * 8192) throws(DecodeError) -> VideoFrame {
        var packet = av_packet_alloc()
        defer { av_packet_free(&packet) }
        guard let packet else { throw memoryError(path) }
        let codec = try load(path, into: packet)
        return try decode(packet, codec, path: path, maximumPixels: maximumPixels)
    }

    /// A PNG or JPEG in memory as if it were the first frame of a recording.
    package static func frame(encoded bytes: [UInt8]) throws(DecodeError) -> VideoFrame {
        var packet = av_packet_alloc()
        defer { av_packet_free(&packet) }
        guard let packet, av_new_packet(packet, Int32(bytes.count)) >= 0 else { throw memoryError("") }
        bytes.withUnsafeBytes {
            UnsafeMutableRawPointer(packet.pointee.data).copyMemory(from: $0.baseAddress!, byteCount: $0.count)
        }
        let codec = try kind(bytes.prefix(8), path: "the picture in memory")
        return try decode(packet, codec, path: "the picture in memory", maximumPixels: 8192 * 8192)
    }

    private static func decode(
        _ packet: UnsafeMutablePointer<AVPacket>, _ codec: AVCodecID, path: String, maximumPixels: Int
    ) throws(DecodeError) -> VideoFrame {
        av_log_set_level(AV_LOG_QUIET)
        let pool = FramePool()
        guard let frame = pool.take() else { throw memoryError(path) }
        var isTaken = false
        defer { if !isTaken { pool.give(frame) } }
        var context = avcodec_alloc_context3(avcodec_find_decoder(codec))
        defer { avcodec_free_context(&context) }
        guard let context else { throw memoryError(path) }
        context.pointee.max_pixels = Int64(maximumPixels)
        context.pointee.thread_count = 1
        guard avcodec_open2(context, nil, nil) >= 0 else { throw memoryError(path) }
        var code = avcodec_send_packet(context, packet)
        if code >= 0 { code = avcodec_send_packet(context, nil) }
        if code >= 0 { code = avcodec_receive_frame(context, frame) }
        guard code >= 0, frame.pointee.width > 0, frame.pointee.height > 0 else {
            throw DecodeError(
                .notARecording, path: path, found: "the picture is damaged, incomplete or too large",
                remedy: "Copy it again, or save it anew as PNG.")
        }
        let size = PixelSize(width: Int(frame.pointee.width), height: Int(frame.pointee.height))
        isTaken = true
        return VideoFrame(
            raw: frame, pool: pool, orientation: Orientation(matrix: nil), displaySize: size, index: 0, time: .zero,
            timeSource: .synthesised, segment: 0, isTainted: false)
    }

    /// Reads the whole file, and says which decoder it wants.
    private static func load(_ path: String, into packet: UnsafeMutablePointer<AVPacket>) throws(DecodeError)
        -> AVCodecID
    {
        let (descriptor, status) = try openRegularFile(path, followsSymbolicLinks: true)
        defer { close(descriptor) }
        let size = Int64(status.st_size)
        guard size > 0 else {
            throw DecodeError(.empty, path: path, found: "the file is empty", remedy: "Save the picture anew.")
        }
        guard size <= maximumBytes, av_new_packet(packet, Int32(size)) >= 0 else {
            throw DecodeError(
                .tooLarge, path: path, found: "\(size) bytes are too many for a picture", remedy: "Save it smaller.")
        }
        var filled = 0
        while filled < Int(size) {
            let got = retrying { Glibc.read(descriptor, packet.pointee.data + filled, Int(size) - filled) }
            guard got > 0 else {
                throw DecodeError(
                    .readFailed, path: path, found: "reading broke off", remedy: "Check the disk, then try again.")
            }
            filled += got
        }
        return try kind(UnsafeBufferPointer(start: packet.pointee.data, count: Int(size)).prefix(8), path: path)
    }

    private static func kind(_ head: some Sequence<UInt8>, path: String) throws(DecodeError) -> AVCodecID {
        if head.starts(with: [0x89, 0x50, 0x4E, 0x47]) { return AV_CODEC_ID_PNG }
        if head.starts(with: [0xFF, 0xD8, 0xFF]) { return AV_CODEC_ID_MJPEG }
        throw DecodeError(
            .notARecording, path: path, found: "this is neither PNG nor JPEG", remedy: "Save the picture as PNG.")
    }
}
