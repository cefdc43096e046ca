// From a decoded frame to the few pixels that are wanted of it.
import CFFmpeg
package import Frames

/// Cuts a rectangle out of frames and scales it to a small picture, straight from the decoder's planes.
///
/// Area averaging when shrinking, linear when growing; exact in place for luma and for subsampled chroma, whatever the
/// rectangle. Honours rotation, pixel aspect, colour matrix and range, and takes one field of interlaced frames. Same
/// input, same bytes, on every machine. One scaler per target: it keeps its filters and buffers. Not thread-safe.
package final class PictureScaler {
    private var samplers = [PlaneSampler(), PlaneSampler(), PlaneSampler()]
    private var rows = [[UInt16]](repeating: [], count: 3)
    private var converter = PlainConverter()

    package init() {}

    /// Fills `picture`, whose size stays, with what `rect` shows.
    /// - Parameter rect: displayed pixels; must lie within the frame.
    package func rgb(_ frame: borrowing VideoFrame, from rect: PixelRect, into picture: inout RGBPicture)
        throws(DecodeError)
    {
        try scale(frame, from: rect, to: picture.size, channels: 3, into: &picture.pixels)
    }

    /// Fills `picture`, whose size stays, with the brightness of `rect`.
    package func luma(_ frame: borrowing VideoFrame, from rect: PixelRect, into picture: inout LumaPicture)
        throws(DecodeError)
    {
        try scale(frame, from: rect, to: picture.size, channels: 1, into: &picture.pixels)
    }

    private func scale(
        _ frame: borrowing VideoFrame, from rect: PixelRect, to size: PixelSize, channels: Int,
        into pixels: inout [UInt8]
    ) throws(DecodeError) {
        try scale(
            raw: frame.raw, displaySize: frame.displaySize, orientation: frame.orientation, from: rect, to: size,
            channels: channels, into: &pixels)
    }

    func scale(
        raw: UnsafeMutablePointer<AVFrame>, displaySize: PixelSize, orientation: Orientation, from rect: PixelRect,
        to size: PixelSize, channels: Int, into pixels: inout [UInt8]
    ) throws(DecodeError) {
        precondition(pixels.count == size.count * channels, "a picture's storage fits its size")
        guard size.width > 0, size.height > 0, rect.width > 0, rect.height > 0,
            PixelRect(displaySize).contains(rect)
        else {
            throw DecodeError(
                .library, path: "", found: "a rectangle outside the \(displaySize.width)x\(displaySize.height) picture",
                remedy: "Choose one inside.")
        }
        let source = try converter.plain(raw)
        guard let layout = PixelLayout(source.pointee.format) else {
            throw DecodeError(
                .noDecoder, path: "", found: "a pixel format that is not known here", remedy: "Convert the recording.")
        }
        let target = TargetGeometry(
            rect: rect, displaySize: displaySize, orientation: orientation, size: size,
            coded: PixelSize(width: Int(source.pointee.width), height: Int(source.pointee.height)))
        let needed = channels == 3 || layout.isRGB ? min(3, layout.components) : 1
        var planes: [3 of Plane?] = [nil, nil, nil]
        for index in 0..<needed {
            let plane = layout.plane(index, of: source)
            let (h, v) = layout.geometry(index, of: source, target: target, plane: plane)
            samplers[index].prepare(horizontal: h, vertical: v, plane: plane)
            if rows[index].count < target.columns { rows[index] = [UInt16](repeating: 0, count: target.columns) }
            planes[index] = plane
        }
        let matrix = ColorMatrix(source, isFullRange: layout.isFullRange(source))
        for y in 0..<target.rows {
            for index in 0..<needed {
                guard let plane = planes[index] else { continue }
                rows[index].withUnsafeMutableBufferPointer { samplers[index].sample(plane, row: y, into: $0) }
            }
            write(row: y, target: target, layout: layout, matrix: matrix, channels: channels, into: &pixels)
        }
    }

    /// Turns one row of components into pixels, wherever rotation puts them.
    private func write(
        row y: Int, target: TargetGeometry, layout: PixelLayout, matrix: ColorMatrix, channels: Int,
        into pixels: inout [UInt8]
    ) {
        let step = target.pixelStep * channels
        var at = (target.firstPixel + y * target.rowStep) * channels
        let count = target.columns
        let isColour = layout.components >= 3
        pixels.withUnsafeMutableBufferPointer { pixels in
            rows[0].withUnsafeBufferPointer { a in
                if channels == 1, !layout.isRGB {
                    for x in 0..<count {
                        pixels[at] = matrix.gray(a[x])
                        at += step
                    }
                    return
                }
                guard isColour else {
                    for x in 0..<count {
                        let gray = matrix.gray(a[x])
                        (pixels[at], pixels[at + 1], pixels[at + 2]) = (gray, gray, gray)
                        at += step
                    }
                    return
                }
                rows[1].withUnsafeBufferPointer { b in
                    rows[2].withUnsafeBufferPointer { c in
                        if !layout.isRGB {
                            if step == 3 {
                                // SAFETY: the target's rows lie within the picture.
                                return matrix.rgb(a, b, c, count: count, into: pixels.baseAddress! + at)
                            }
                            for x in 0..<count {
                                (pixels[at], pixels[at + 1], pixels[at + 2]) = matrix.rgb(a[x], b[x], c[x])
                                at += step
                            }
                        } else if channels == 3 {
                            for x in 0..<count {
                                pixels[at] = UInt8(truncatingIfNeeded: min(255, (a[x] &+ 32) >> 6))
                                pixels[at + 1] = UInt8(truncatingIfNeeded: min(255, (b[x] &+ 32) >> 6))
                                pixels[at + 2] = UInt8(truncatingIfNeeded: min(255, (c[x] &+ 32) >> 6))
                                at += step
                            }
                        } else {
                            for x in 0..<count {
                                // Shares of BT.601, summing to 2^16: equal parts stay what they are.
                                let sum = UInt32(a[x]) &* 19595 &+ UInt32(b[x]) &* 38470 &+ UInt32(c[x]) &* 7471
                                pixels[at] = UInt8(truncatingIfNeeded: min(255, (sum &+ (1 << 21)) >> 22))
                                at += step
                            }
                        }
                    }
                }
            }
        }
    }
}
