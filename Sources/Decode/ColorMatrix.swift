// From luma and colour differences to red, green and blue.
import CFFmpeg
import Kernels

/// Fixed-point conversion of one pixel; components come times 64.
///
/// - **Source** ITU-R BT.601-7 section 2.5, BT.709-6 section 3, BT.2020-2 table 4.
struct ColorMatrix: Equatable {
    let lumaOffset: Int32
    let luma: Int32
    let redFromCr: Int32
    let greenFromCb: Int32
    let greenFromCr: Int32
    let blueFromCb: Int32

    /// - Parameters:
    ///   - kr: share of red in luma; `kb` of blue.
    ///   - isFullRange: black is 0 and white 255 instead of 16 and 235.
    init(kr: Double, kb: Double, isFullRange: Bool) {
        let lumaGain = isFullRange ? 1 : 255.0 / 219
        let chromaGain = isFullRange ? 1 : 255.0 / 224
        let kg = 1 - kr - kb
        func fixed(_ value: Double) -> Int32 { Int32((value * 8192).rounded()) }
        lumaOffset = isFullRange ? 0 : 16 * 64
        luma = fixed(lumaGain)
        redFromCr = fixed(2 * (1 - kr) * chromaGain)
        blueFromCb = fixed(2 * (1 - kb) * chromaGain)
        greenFromCb = fixed(-2 * (1 - kb) * kb / kg * chromaGain)
        greenFromCr = fixed(-2 * (1 - kr) * kr / kg * chromaGain)
    }

    /// The matrix that a frame names, or the one that its size suggests: BT.709 from 720 rows on, else BT.601.
    init(_ frame: UnsafePointer<AVFrame>, isFullRange: Bool) {
        let (kr, kb): (Double, Double)
        switch frame.pointee.colorspace {
        case AVCOL_SPC_BT709: (kr, kb) = (0.2126, 0.0722)
        case AVCOL_SPC_BT470BG, AVCOL_SPC_SMPTE170M: (kr, kb) = (0.299, 0.114)
        case AVCOL_SPC_FCC: (kr, kb) = (0.30, 0.11)
        case AVCOL_SPC_SMPTE240M: (kr, kb) = (0.212, 0.087)
        case AVCOL_SPC_BT2020_NCL, AVCOL_SPC_BT2020_CL: (kr, kb) = (0.2627, 0.0593)
        default:
            let isHighDefinition = !isFullRange && (frame.pointee.width >= 1280 || frame.pointee.height > 576)
            (kr, kb) = isHighDefinition ? (0.2126, 0.0722) : (0.299, 0.114)
        }
        self.init(kr: kr, kb: kb, isFullRange: isFullRange)
    }

    /// Brightness alone, full range.
    @inline(__always)
    func gray(_ y: UInt16) -> UInt8 {
        Self.byte(luma &* (Int32(y) &- lumaOffset))
    }

    @inline(__always)
    func rgb(_ y: UInt16, _ cb: UInt16, _ cr: UInt16) -> (UInt8, UInt8, UInt8) {
        let base = luma &* (Int32(y) &- lumaOffset)
        let (u, v) = (Int32(cb) &- 8192, Int32(cr) &- 8192)
        return (
            Self.byte(base &+ redFromCr &* v), Self.byte(base &+ greenFromCb &* u &+ greenFromCr &* v),
            Self.byte(base &+ blueFromCb &* u)
        )
    }

    /// The same for a whole row of pixels that lie side by side.
    func rgb(
        _ y: UnsafeBufferPointer<UInt16>, _ cb: UnsafeBufferPointer<UInt16>, _ cr: UnsafeBufferPointer<UInt16>,
        count: Int, into pixels: UnsafeMutablePointer<UInt8>
    ) {
        var matrix = rima_matrix(
            luma_offset: lumaOffset, luma: luma, red_from_cr: redFromCr, green_from_cb: greenFromCb,
            green_from_cr: greenFromCr, blue_from_cb: blueFromCb)
        rima_color_row(rowLevel, &matrix, y.baseAddress!, cb.baseAddress!, cr.baseAddress!, Int32(count), pixels)
    }

    /// Removes 13 bits of fraction and the factor 64.
    @inline(__always)
    private static func byte(_ value: Int32) -> UInt8 {
        UInt8(truncatingIfNeeded: max(0, min(255, (value &+ (1 << 18)) >> 19)))
    }
}
