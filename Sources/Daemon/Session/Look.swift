// Where a network looks in the pane, and how its input is filled.

import Decode
import Frames

/// Fills a network's input with a part of the pane; what lies outside the pane or its field of view is black.
struct Look {
    /// The part of the pane that the input covers, of the input's own shape; may reach beyond the pane.
    private(set) var cover = PixelRect(x: 0, y: 0, width: 0, height: 0)
    /// The network's input.
    private(set) var input: RGBPicture
    private var inner: RGBPicture
    private let scaler = PictureScaler()

    /// - Parameter inputSize: what the network takes.
    init(inputSize: PixelSize) {
        input = RGBPicture(size: inputSize)
        inner = RGBPicture(size: inputSize)
    }

    /// Looks at `crop` of the pane in a decoded frame.
    ///
    /// - **Units** `crop` in pane pixels. A crop of another shape than the input is centred in one that has it.
    mutating func fill(from frame: borrowing VideoFrame, pane: Pane, crop: PixelRect) throws(DecodeError) {
        cover = Self.widened(crop, to: input.size)
        let seen = Self.seenPart(of: cover, in: pane.rect.size)
        let place = Self.place(of: seen, cover: cover, input: input.size)
        let rect = PixelRect(
            x: pane.rect.x + seen.x, y: pane.rect.y + seen.y, width: seen.width, height: seen.height)
        if place.size == input.size {
            try scaler.rgb(frame, from: rect, into: &input)
        } else {
            inner.resize(to: place.size)
            try scaler.rgb(frame, from: rect, into: &inner)
            setInner(at: place)
        }
        blacken(outside: pane.field)
    }

    /// Sets the scaled picture into the black input.
    private mutating func setInner(at place: PixelRect) {
        let width = input.size.width
        for index in input.pixels.indices { input.pixels[index] = 0 }
        for y in 0..<place.height {
            let to = ((place.y + y) * width + place.x) * 3
            let from = y * place.width * 3
            for index in 0..<(place.width * 3) { input.pixels[to + index] = inner.pixels[from + index] }
        }
    }

    /// Nothing outside the field of view is shown to a network.
    private mutating func blacken(outside field: FieldOfView) {
        let (width, height) = (input.size.width, input.size.height)
        let stepX = Double(cover.width) / Double(width)
        let stepY = Double(cover.height) / Double(height)
        for v in 0..<height {
            let y = cover.y + Int(((Double(v) + 0.5) * stepY).rounded(.down))
            var start = 0
            var end = 0
            if y >= 0, y < field.size.height, field.ends[y] > field.starts[y] {
                // A pixel stays when its centre lies in the field.
                start = Int((Double(field.starts[y] - cover.x) / stepX - 0.5).rounded(.up))
                end = Int((Double(field.ends[y] - cover.x) / stepX - 0.5).rounded(.up))
            }
            start = min(max(start, 0), width)
            end = min(max(end, start), width)
            let row = v * width * 3
            for index in row..<(row + start * 3) { input.pixels[index] = 0 }
            for index in (row + end * 3)..<(row + width * 3) { input.pixels[index] = 0 }
        }
    }

    /// The smallest rectangle around `crop`, with the same centre, that has the shape of `input`.
    static func widened(_ crop: PixelRect, to input: PixelSize) -> PixelRect {
        var rect = crop
        if crop.width * input.height < crop.height * input.width {
            rect.width = (crop.height * input.width + input.height / 2) / input.height
            rect.x -= (rect.width - crop.width) / 2
        } else {
            rect.height = (crop.width * input.height + input.width / 2) / input.width
            rect.y -= (rect.height - crop.height) / 2
        }
        return rect
    }

    private static func seenPart(of cover: PixelRect, in pane: PixelSize) -> PixelRect {
        let x = max(0, cover.x)
        let y = max(0, cover.y)
        return PixelRect(
            x: x, y: y, width: min(pane.width, cover.maxX) - x, height: min(pane.height, cover.maxY) - y)
    }

    /// Where the seen part lies in the input.
    private static func place(of seen: PixelRect, cover: PixelRect, input: PixelSize) -> PixelRect {
        func scaled(_ value: Int, _ to: Int, _ from: Int) -> Int { (value * to + from / 2) / from }
        let x = scaled(seen.x - cover.x, input.width, cover.width)
        let y = scaled(seen.y - cover.y, input.height, cover.height)
        return PixelRect(
            x: x, y: y,
            width: min(input.width - x, max(1, scaled(seen.width, input.width, cover.width))),
            height: min(input.height - y, max(1, scaled(seen.height, input.height, cover.height))))
    }
}
