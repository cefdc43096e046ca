// How libav lays pixels out, and where the target lies on them.
import CFFmpeg
import Frames

/// A target picture seen along the rows and columns of the coded frame.
struct TargetGeometry {
    /// Begin and end of the target on the coded picture, in its pixels.
    let left: Double
    let right: Double
    let top: Double
    let bottom: Double
    /// Target pixels along a coded row, and number of such rows.
    let columns: Int
    let rows: Int
    /// Where the first pixel goes, and how far apart neighbours along a row and from row to row go.
    let firstPixel: Int
    let pixelStep: Int
    let rowStep: Int

    init(rect: PixelRect, displaySize: PixelSize, orientation: Orientation, size: PixelSize, coded: PixelSize) {
        // Along each displayed axis: which part, counted in the coded direction.
        let x = (
            rect.x, rect.maxX, displaySize.width, orientation.flippedX, size.width, 1
        )
        let y = (
            rect.y, rect.maxY, displaySize.height, orientation.flippedY, size.height, size.width
        )
        let (u, v) = orientation.swapped ? (y, x) : (x, y)
        func interval(_ axis: (Int, Int, Int, Bool, Int, Int), _ length: Int) -> (Double, Double) {
            let (begin, end) = axis.3 ? (axis.2 - axis.1, axis.2 - axis.0) : (axis.0, axis.1)
            return (
                Double(begin * length) / Double(axis.2), Double(end * length) / Double(axis.2)
            )
        }
        (left, right) = interval(u, coded.width)
        (top, bottom) = interval(v, coded.height)
        (columns, rows) = (u.4, v.4)
        pixelStep = u.3 ? -u.5 : u.5
        rowStep = v.3 ? -v.5 : v.5
        firstPixel = (u.3 ? (u.4 - 1) * u.5 : 0) + (v.3 ? (v.4 - 1) * v.5 : 0)
    }
}

/// The components of a pixel format.
struct PixelLayout {
    private let descriptor: AVPixFmtDescriptor
    private let isJPEGRange: Bool
    let components: Int
    let isRGB: Bool

    /// Nil where bytes cannot be read as samples: palettes, bit fields, pictures that stay on a graphics card.
    init?(_ format: Int32) {
        guard let descriptor = av_pix_fmt_desc_get(AVPixelFormat(format))?.pointee else { return nil }
        let unreadable =
            AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_BITSTREAM | AV_PIX_FMT_FLAG_HWACCEL | AV_PIX_FMT_FLAG_BAYER
            | AV_PIX_FMT_FLAG_FLOAT | AV_PIX_FMT_FLAG_BE
        guard descriptor.flags & UInt64(unreadable) == 0 else { return nil }
        let hasAlpha = descriptor.flags & UInt64(AV_PIX_FMT_FLAG_ALPHA) != 0
        components = Int(descriptor.nb_components) - (hasAlpha ? 1 : 0)
        guard components == 1 || components == 3 else { return nil }
        isRGB = descriptor.flags & UInt64(AV_PIX_FMT_FLAG_RGB) != 0
        self.descriptor = descriptor
        let jpegFormats = [
            AV_PIX_FMT_YUVJ420P, AV_PIX_FMT_YUVJ422P, AV_PIX_FMT_YUVJ444P, AV_PIX_FMT_YUVJ440P, AV_PIX_FMT_YUVJ411P,
        ]
        isJPEGRange = jpegFormats.contains(AVPixelFormat(format))
        for index in 0..<components where component(index).depth < 8 || component(index).depth > 16 { return nil }
        for index in 0..<components where component(index).depth == 8 && component(index).shift != 0 { return nil }
    }

    func isFullRange(_ frame: UnsafePointer<AVFrame>) -> Bool {
        if isJPEGRange || isRGB { return true }
        // Grey without a word about its range comes from stills, where black is 0.
        if components == 1 { return frame.pointee.color_range != AVCOL_RANGE_MPEG }
        return frame.pointee.color_range == AVCOL_RANGE_JPEG
    }

    func plane(_ index: Int, of frame: UnsafePointer<AVFrame>) -> Plane {
        let part = component(index)
        let (data, lines) = (frame.pointee.data, frame.pointee.linesize)
        let base: UnsafeMutablePointer<UInt8>?
        let rowBytes: Int32
        switch part.plane {
        case 0: (base, rowBytes) = (data.0, lines.0)
        case 1: (base, rowBytes) = (data.1, lines.1)
        case 2: (base, rowBytes) = (data.2, lines.2)
        default: (base, rowBytes) = (data.3, lines.3)
        }
        let (down, up) = subsampling(index)
        var (first, stride) = (UnsafePointer(base!) + Int(part.offset), Int(rowBytes))
        var height = (Int(frame.pointee.height) + (1 << up) - 1) >> up
        if usesField(frame) {
            // One field: every second row, beginning with the field that was exposed first.
            if rima_frame_is_top_first(frame) == 0 {
                first += stride
                height /= 2
            } else {
                height = (height + 1) / 2
            }
            stride *= 2
        }
        return Plane(
            base: first, rowBytes: stride, step: Int(part.step), isWide: part.depth > 8, shift: UInt32(part.shift),
            depth: UInt32(part.depth), width: (Int(frame.pointee.width) + (1 << down) - 1) >> down, height: height)
    }

    /// The target on the samples of one component.
    func geometry(_ index: Int, of frame: UnsafePointer<AVFrame>, target: TargetGeometry, plane: Plane)
        -> (AxisFilter.Geometry, AxisFilter.Geometry)
    {
        let (down, up) = subsampling(index)
        let (siteX, siteY) = siting(frame, down: down, up: up)
        let (fx, fy) = (Double(1 << down), Double(1 << up))
        let h = Self.axis(
            target.left / fx + siteX, target.right / fx + siteX, count: target.columns, samples: plane.width)
        var (top, bottom) = (target.top / fy + siteY, target.bottom / fy + siteY)
        if usesField(frame) {
            // A field's rows lie half a row above or below the middle of the pair that they stand for.
            let half = rima_frame_is_top_first(frame) != 0 ? 0.25 : -0.25
            (top, bottom) = (top / 2 + half, bottom / 2 + half)
        }
        return (h, Self.axis(top, bottom, count: target.rows, samples: plane.height))
    }

    private static func axis(_ begin: Double, _ end: Double, count: Int, samples: Int) -> AxisFilter.Geometry {
        // Nothing outside the rectangle is looked at, except by the samples that its edge cuts.
        let low = min(max(0, Int(begin.rounded(.down))), samples - 1)
        let high = min(samples, max(low + 1, Int(end.rounded(.up))))
        return AxisFilter.Geometry(begin: begin, end: end, count: count, limits: low..<high)
    }

    private func usesField(_ frame: UnsafePointer<AVFrame>) -> Bool {
        rima_frame_is_interlaced(frame) != 0 && frame.pointee.height >= 4
    }

    private func subsampling(_ index: Int) -> (Int, Int) {
        guard !isRGB, index == 1 || index == 2 else { return (0, 0) }
        return (Int(descriptor.log2_chroma_w), Int(descriptor.log2_chroma_h))
    }

    /// How far chroma samples lie before the middle of the luma samples that they stand for, in chroma samples.
    private func siting(_ frame: UnsafePointer<AVFrame>, down: Int, up: Int) -> (Double, Double) {
        let place = frame.pointee.chroma_location
        let isLeft: Bool
        switch place {
        case AVCHROMA_LOC_CENTER, AVCHROMA_LOC_TOP, AVCHROMA_LOC_BOTTOM: isLeft = false
        case AVCHROMA_LOC_LEFT, AVCHROMA_LOC_TOPLEFT, AVCHROMA_LOC_BOTTOMLEFT: isLeft = true
        default: isLeft = !isJPEGRange
        }
        let isTop = place == AVCHROMA_LOC_TOPLEFT || place == AVCHROMA_LOC_TOP
        let isBottom = place == AVCHROMA_LOC_BOTTOMLEFT || place == AVCHROMA_LOC_BOTTOM
        func lead(_ shift: Int) -> Double { shift == 0 ? 0 : 0.5 - 0.5 / Double(1 << shift) }
        return (isLeft ? lead(down) : 0, isTop ? lead(up) : isBottom ? -lead(up) : 0)
    }

    private func component(_ index: Int) -> AVComponentDescriptor {
        switch index {
        case 0: descriptor.comp.0
        case 1: descriptor.comp.1
        default: descriptor.comp.2
        }
    }
}

/// Turns the few formats that cannot be read as samples into one that can, through libswscale.
struct PlainConverter: ~Copyable {
    private var context: OpaquePointer?
    private var picture: UnsafeMutablePointer<AVFrame>?

    deinit {
        sws_freeContext(context)
        var picture = picture
        av_frame_free(&picture)
    }

    /// The frame itself, or the same picture in another format; valid until the next call.
    mutating func plain(_ frame: UnsafeMutablePointer<AVFrame>) throws(DecodeError) -> UnsafeMutablePointer<AVFrame> {
        if PixelLayout(frame.pointee.format) != nil { return frame }
        guard let descriptor = av_pix_fmt_desc_get(AVPixelFormat(frame.pointee.format))?.pointee else {
            throw memoryError("")
        }
        let isRGB = descriptor.flags & UInt64(AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_BAYER) != 0
        let format =
            isRGB ? AV_PIX_FMT_RGB24 : descriptor.nb_components <= 2 ? AV_PIX_FMT_GRAY8 : AV_PIX_FMT_YUV444P
        let (width, height) = (frame.pointee.width, frame.pointee.height)
        context = sws_getCachedContext(
            context, width, height, AVPixelFormat(frame.pointee.format), width, height, format,
            Int32(SWS_ACCURATE_RND | SWS_BITEXACT | SWS_FULL_CHR_H_INP | SWS_POINT), nil, nil, nil)
        if picture == nil { picture = av_frame_alloc() }
        guard let context, let picture else { throw memoryError("") }
        if picture.pointee.width != width || picture.pointee.height != height
            || picture.pointee.format != format.rawValue
        {
            av_frame_unref(picture)
            (picture.pointee.width, picture.pointee.height) = (width, height)
            picture.pointee.format = format.rawValue
            guard av_frame_get_buffer(picture, 0) >= 0 else { throw memoryError("") }
        }
        let code = withUnsafePointer(to: &frame.pointee.data) { data in
            withUnsafePointer(to: &picture.pointee.data) { out in
                sws_scale(
                    context,
                    UnsafeRawPointer(data).assumingMemoryBound(to: UnsafePointer<UInt8>?.self),
                    &frame.pointee.linesize.0,
                    0, height,
                    UnsafeRawPointer(out).assumingMemoryBound(to: UnsafeMutablePointer<UInt8>?.self),
                    &picture.pointee.linesize.0)
            }
        }
        guard code >= 0 else { throw memoryError("") }
        picture.pointee.colorspace = frame.pointee.colorspace
        picture.pointee.color_range = frame.pointee.color_range
        return picture
    }
}
