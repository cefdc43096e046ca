// A graphics card that decodes, where the machine has one.
import CFFmpeg

/// A device that libav decodes one kind of recording on.
///
/// Only for codecs whose decoders must agree bit by bit, so that the card changes no row.
final class HardwareDevice {
    /// What its frames look like before they are fetched from the card.
    let format: AVPixelFormat
    /// libav's name for it.
    let name: String
    private var reference: UnsafeMutablePointer<AVBufferRef>?

    private static let exactCodecs = [AV_CODEC_ID_H264, AV_CODEC_ID_HEVC, AV_CODEC_ID_VP9, AV_CODEC_ID_AV1]
    private static let kinds = [AV_HWDEVICE_TYPE_VAAPI, AV_HWDEVICE_TYPE_CUDA]

    /// The first device that can be opened and that this decoder knows how to use; nil where there is none.
    init?(for codec: UnsafePointer<AVCodec>) {
        guard Self.exactCodecs.contains(codec.pointee.id) else { return nil }
        for kind in Self.kinds {
            guard let format = Self.format(of: codec, on: kind) else { continue }
            var device: UnsafeMutablePointer<AVBufferRef>?
            guard av_hwdevice_ctx_create(&device, kind, nil, nil, 0) >= 0, let device else { continue }
            self.format = format
            name = String(cString: av_hwdevice_get_type_name(kind))
            reference = device
            return
        }
        return nil
    }

    deinit { av_buffer_unref(&reference) }

    /// Has a decoder that is not open yet decode here; what the card cannot decode it then decodes itself.
    func attach(to decoder: UnsafeMutablePointer<AVCodecContext>) {
        decoder.pointee.hw_device_ctx = av_buffer_ref(reference)
        // The callback has no other way to know which format is meant.
        decoder.pointee.opaque = UnsafeMutableRawPointer(bitPattern: Int(format.rawValue) + 1)
        decoder.pointee.get_format = { decoder, offered in
            guard let decoder, var next = offered else { return AV_PIX_FMT_NONE }
            let wanted = AVPixelFormat(Int32(Int(bitPattern: decoder.pointee.opaque) - 1))
            var plain = AV_PIX_FMT_NONE
            while next.pointee != AV_PIX_FMT_NONE {
                if next.pointee == wanted { return wanted }
                let flags = av_pix_fmt_desc_get(next.pointee)?.pointee.flags ?? 0
                if plain == AV_PIX_FMT_NONE, flags & UInt64(AV_PIX_FMT_FLAG_HWACCEL) == 0 { plain = next.pointee }
                next += 1
            }
            return plain
        }
    }

    /// Brings a picture from the card into memory.
    /// - Returns: false when the card does not give it.
    func fetch(_ frame: UnsafeMutablePointer<AVFrame>, into plain: UnsafeMutablePointer<AVFrame>) -> Bool {
        av_hwframe_transfer_data(plain, frame, 0) >= 0 && av_frame_copy_props(plain, frame) >= 0
    }

    private static func format(of codec: UnsafePointer<AVCodec>, on kind: AVHWDeviceType) -> AVPixelFormat? {
        var index: Int32 = 0
        while let config = avcodec_get_hw_config(codec, index) {
            if config.pointee.device_type == kind,
                config.pointee.methods & Int32(AV_CODEC_HW_CONFIG_METHOD_HW_DEVICE_CTX) != 0
            {
                return config.pointee.pix_fmt
            }
            index += 1
        }
        return nil
    }
}
