// Whether other pictures refer to a packet's.

import CFFmpeg

/// Reads from a packet's own header whether damage in it can spread.
///
/// - **Source** ITU-T H.264, sections 7.3.1 and 7.4.1 (`nal_ref_idc` is 0 for all slices of a picture that no other refers
///   to), and annex B; ISO/IEC 14496-15, section 5.3.3.1 (`lengthSizeMinusOne`).
struct ReferenceCheck {
    private enum Layout {
        /// Each unit behind its length, of so many bytes.
        case lengths(Int)
        case startCodes
    }

    private let layout: Layout

    /// Nil for codecs whose packets do not say it this way.
    init?(_ parameters: UnsafePointer<AVCodecParameters>) {
        guard parameters.pointee.codec_id == AV_CODEC_ID_H264 else { return nil }
        let header = parameters.pointee.extradata
        self.init(
            h264Header: UnsafeBufferPointer(
                start: header, count: header == nil ? 0 : Int(max(0, parameters.pointee.extradata_size))))
    }

    /// - Parameter header: what the container holds for the decoder.
    init(h264Header header: UnsafeBufferPointer<UInt8>) {
        layout = header.count > 6 && header[0] == 1 ? .lengths(Int(header[4] & 3) + 1) : .startCodes
    }

    /// Whether the packet's first slice says that no other picture refers to it.
    func isDisposable(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        switch layout {
        case .lengths(let size):
            var at = 0
            while at + size < bytes.count {
                if let answer = answer(bytes[at + size]) { return answer }
                let length = bytes[at..<(at + size)].reduce(0) { $0 << 8 | Int($1) }
                at += size + length
            }
        case .startCodes:
            var at = 0
            while at + 3 < bytes.count {
                guard bytes[at] == 0, bytes[at + 1] == 0, bytes[at + 2] == 1 else {
                    at += 1
                    continue
                }
                if let answer = answer(bytes[at + 3]) { return answer }
                at += 3
            }
        }
        return false
    }

    /// What a unit's first byte says; nil for one that is no slice.
    private func answer(_ byte: UInt8) -> Bool? {
        (1...5).contains(byte & 0x1F) ? byte & 0x60 == 0 : nil
    }
}
