// What is known of a drawn frame, because we drew it.
package import Frames

/// A picture and its truth.
package struct PhantomFrame: Sendable {
    package var picture: RGBPicture
    package var truth: PhantomTruth

    package init(picture: RGBPicture, truth: PhantomTruth) {
        self.picture = picture
        self.truth = truth
    }
}

/// A tissue as it stands in the label map.
package enum PhantomClass: UInt8, Sendable, CaseIterable {
    case other = 0
    case opening = 1
    /// Left and right as seen in the picture with the apex down.
    case leftFold = 2
    case rightFold = 3
    case supraglottic = 4
    case epiglottis = 5
}

/// The truth of one drawn frame.
///
/// - **Units** pixels of the pane: for a still the whole picture, for a recording the rectangle `pane` of the frame.
package struct PhantomTruth: Sendable {
    /// Ordinal in the recording or in the series of stills.
    package var index = 0
    package var time = StreamTime.zero
    /// Name of the stage; empty for stills.
    package var stage = ""
    /// Ordinal of the breath, from 1; 0 for stills.
    package var breath = 0
    /// Where the endoscope's picture lies in the frame.
    package var pane: PixelRect
    /// The lit pixels of the pane.
    package var field: FieldOfView
    /// Area of the visible opening with subpixel edges, px^2.
    package var area: Double = 0
    /// Extent along the glottis' axis and the greatest extent across it, px; zero when closed.
    package var length: Double = 0
    package var width: Double = 0
    /// Share of each pixel that the visible opening covers, 0...1, row-major; empty when not asked for or closed.
    package var coverage: [Float] = []
    /// One `PhantomClass` for every pixel; empty when not asked for.
    package var labels: [UInt8] = []
    /// Why the frame is not fit for measuring; empty when it is.
    package var faults: [Reason] = []
    /// A larynx is in view, open or closed.
    package var larynx = true
    package var swallow = false
    package var cough = false

    package var size: PixelSize { pane.size }
    package var good: Bool { faults.isEmpty }

    /// `good`, or the faults joined by `+`.
    package var quality: String { good ? "good" : faults.map(\.rawValue).joined(separator: "+") }

    /// The opening as a mask: pixels at least half covered.
    package var opening: Mask {
        var mask = Mask(size: size)
        for i in coverage.indices where coverage[i] >= 0.5 { mask.pixels[i] = 255 }
        return mask
    }

    /// The pixels of one class; needs `labels`.
    package func mask(_ wanted: PhantomClass) -> Mask {
        var mask = Mask(size: size)
        for i in labels.indices where labels[i] == wanted.rawValue { mask.pixels[i] = 255 }
        return mask
    }

    package static let csvHeader =
        "frame,t_s,stage,breath,area_px,length_px,width_px,quality,larynx,swallow,cough,"
        + "pane_x,pane_y,pane_width,pane_height,field_px"

    /// One row below `csvHeader`, without a line end.
    package var csvRow: String {
        let numbers = [area, length, width].map { fixed($0, 3) }.joined(separator: ",")
        let flags = [larynx, swallow, cough].map { $0 ? "1" : "0" }.joined(separator: ",")
        let seconds = fixed(time.seconds, 6)
        return "\(index),\(seconds),\(stage),\(breath),\(numbers),\(quality),\(flags),"
            + "\(pane.x),\(pane.y),\(pane.width),\(pane.height),\(field.area)"
    }

    init(pane: PixelRect, field: FieldOfView) {
        self.pane = pane
        self.field = field
    }
}

/// A number with a fixed count of decimals, independent of the locale.
private func fixed(_ value: Double, _ places: Int) -> String {
    var scale = 1
    for _ in 0..<places { scale *= 10 }
    let whole = Int((abs(value) * Double(scale)).rounded())
    let rest = String(whole % scale)
    let sign = value < 0 && whole > 0 ? "-" : ""
    return "\(sign)\(whole / scale)." + String(repeating: "0", count: places - rest.count) + rest
}
