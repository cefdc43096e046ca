// What libav is told about each kind of live source: the format, the protocols, the limits.
import CFFmpeg
import Glibc

/// Everything that avformat_open_input needs for one address.
///
/// The caller frees `options`.
struct OpeningPlan {
    var address: String
    /// Nil lets libav look at the bytes, within the whitelist.
    var format: UnsafePointer<AVInputFormat>?
    var options: OpaquePointer?
    var isPipe = false

    init(_ settings: LiveSettings, decode: DecodeSettings) throws(DecodeError) {
        let source = settings.address
        address = source.text
        let secured = source.isEncrypted
        switch source.kind {
        case .rtsp:
            allow("rtsp", protocols: secured ? "rtsp,rtsps,rtp,udp,tcp,tls" : "rtsp,rtp,udp,tcp")
            set("rtsp_transport", settings.transport.rawValue)
            set("allowed_media_types", "video")
            set("timeout", microseconds: settings.stallNanoseconds)
        case .rtmp:
            allow("flv,live_flv", protocols: secured ? "rtmp,rtmps,tcp,tls" : "rtmp,tcp")
            set("rtmp_live", "live")
        case .srt:
            allow("mpegts", protocols: "srt")
            format = av_find_input_format("mpegts")
        case .udp:
            allow("mpegts", protocols: "udp")
            format = av_find_input_format("mpegts")
            set("overrun_nonfatal", "1")
        case .http:
            allow(allowedFormats + ",mpjpeg", protocols: secured ? "http,https,tcp,tls" : "http,tcp")
            set("rw_timeout", microseconds: settings.stallNanoseconds)
        case .hls:
            allow("hls,mpegts,mov", protocols: secured ? "https,tcp,tls,crypto" : "http,tcp,crypto")
            format = av_find_input_format("hls")
        case .v4l2:
            allow("video4linux2,v4l2", protocols: "none")
            format = try DeviceLibrary.captureFormat(source)
            if let name = settings.deviceFormat { set("input_format", name) }
            if let size = settings.deviceSize { set("video_size", size) }
            if let rate = settings.deviceRate { set("framerate", String(rate)) }
        case .file:
            isPipe = true
            allow(allowedFormats, protocols: "none")
        }
        // A self-made certificate is refused: the pictures are a patient's.
        if secured { set("tls_verify", "1") }
        av_dict_set_int(&options, "max_streams", Int64(decode.maximumStreams), 0)
        av_dict_set_int(&options, "probesize", 5 << 20, 0)
        // RTMP tells at once what it carries, and whether sound will come may stay open for ever.
        av_dict_set_int(&options, "analyzeduration", source.kind == .rtmp ? 500_000 : 3_000_000, 0)
        av_dict_set_int(&options, "skip_estimate_duration_from_pts", 1, 0)
    }

    private mutating func allow(_ formats: String, protocols: String) {
        set("format_whitelist", formats)
        set("protocol_whitelist", protocols)
    }

    private mutating func set(_ name: String, _ value: String) { av_dict_set(&options, name, value, 0) }

    private mutating func set(_ name: String, microseconds nanoseconds: Int64) {
        av_dict_set_int(&options, name, nanoseconds / 1000, 0)
    }
}

/// libavdevice, which reads capture devices: a library that only those need, taken when it is there.
enum DeviceLibrary {
    private static let isLoaded: Bool = {
        // Of the same release as the libavformat that is linked.
        guard let library = dlopen("libavdevice.so.\(LIBAVFORMAT_VERSION_MAJOR)", RTLD_NOW | RTLD_GLOBAL),
            let symbol = dlsym(library, "avdevice_register_all")
        else { return false }
        unsafeBitCast(symbol, to: (@convention(c) () -> Void).self)()
        return true
    }()

    static func captureFormat(_ address: LiveAddress) throws(DecodeError) -> UnsafePointer<AVInputFormat> {
        guard isLoaded, let format = av_find_input_format("video4linux2") else {
            throw DecodeError(
                .library, path: address.description, found: "FFmpeg's library for capture devices is not installed",
                remedy: "Install libavdevice\(LIBAVFORMAT_VERSION_MAJOR).")
        }
        return format
    }
}
