// Which FFmpeg this is, and what it can decode.
import CFFmpeg

/// The FFmpeg libraries that are loaded.
package enum LibraryFacts {
    /// FFmpeg's own version, as `5.1.9-0+deb12u1`.
    package static var release: String { String(cString: av_version_info()) }

    /// Name and version of each library that is loaded.
    package static var libraries: [(name: String, version: String)] {
        [
            ("libavformat", avformat_version()), ("libavcodec", avcodec_version()),
            ("libswscale", swscale_version()), ("libavutil", avutil_version()),
        ].map { ($0.0, "\($0.1 >> 16).\($0.1 >> 8 & 0xFF).\($0.1 & 0xFF)") }
    }

    /// Codecs that recorders of endoscopes write, by libav's names.
    package static let usualCodecs = [
        "h264", "hevc", "mpeg4", "mpeg2video", "mpeg1video", "mjpeg", "dvvideo", "wmv2", "wmv3", "vc1", "flv1", "vp8",
        "vp9", "av1", "rawvideo", "gif", "msmpeg4v3",
    ]

    /// Those of the codecs that cannot be decoded here.
    package static func missingDecoders(among names: [String] = usualCodecs) -> [String] {
        names.filter { name in
            guard let description = avcodec_descriptor_get_by_name(name) else { return true }
            return avcodec_find_decoder(description.pointee.id) == nil
        }
    }
}
