// From red, green and blue to what an encoder wants.
import CFFmpeg
import Frames

/// Converts pictures of one size, through libswscale, whose context it owns.
final class PixelConverter {
    private let context: OpaquePointer
    private let size: PixelSize

    init(size: PixelSize, format: AVPixelFormat, matrix: AVColorSpace, isFullRange: Bool) throws(EncodeError) {
        self.size = size
        let (width, height) = (Int32(size.width), Int32(size.height))
        let flags = Int32(SWS_BICUBIC | SWS_ACCURATE_RND | SWS_BITEXACT | SWS_FULL_CHR_H_INP)
        guard
            let context = sws_getContext(
                width, height, AV_PIX_FMT_RGB24, width, height, format, flags, nil, nil, nil)
        else {
            throw EncodeError(
                .library, path: "", found: "libswscale cannot convert \(width)x\(height) pictures",
                remedy: "Choose another size.")
        }
        self.context = context
        let table = sws_getCoefficients(matrix == AVCOL_SPC_BT709 ? SWS_CS_ITU709 : SWS_CS_ITU601)
        sws_setColorspaceDetails(context, table, 1, table, isFullRange ? 1 : 0, 0, 1 << 16, 1 << 16)
    }

    deinit { sws_freeContext(context) }

    /// Fills `frame`, which has the converter's size and format.
    func convert(_ pixels: [UInt8], into frame: UnsafeMutablePointer<AVFrame>) {
        precondition(pixels.count == size.count * 3, "a picture's storage fits its size")
        pixels.withUnsafeBufferPointer { pixels in
            var source: [4 of UnsafePointer<UInt8>?] = [pixels.baseAddress, nil, nil, nil]
            var strides: [4 of Int32] = [Int32(size.width * 3), 0, 0, 0]
            withUnsafePointer(to: &source) { source in
                withUnsafePointer(to: &strides) { strides in
                    withUnsafePointer(to: &frame.pointee.data) { out in
                        _ = sws_scale(
                            context, UnsafeRawPointer(source).assumingMemoryBound(to: UnsafePointer<UInt8>?.self),
                            UnsafeRawPointer(strides).assumingMemoryBound(to: Int32.self), 0, Int32(size.height),
                            UnsafeRawPointer(out).assumingMemoryBound(to: UnsafeMutablePointer<UInt8>?.self),
                            &frame.pointee.linesize.0)
                    }
                }
            }
        }
    }
}
