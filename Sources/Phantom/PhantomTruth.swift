// What is known of a drawn frame, because we drew it.
package import Frames

/// A picture and its truth.
package struct PhantomFrame: Sendable {
    package var picture: RGBPicture
    package var truth: PhantomTruth
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

/// The truth of one still.
package struct PhantomTruth: Sendable {
    /// Area of the visible opening with subpixel edges, px^2.
    package var area: Double
    /// Share of each pixel that the visible opening covers, 0...1, row-major; empty when closed.
    package var coverage: [Float]
    /// One class for every pixel.
    package var labels: [UInt8]
    package var size: PixelSize
    package var field: FieldOfView
    /// Why the frame is not fit for measuring; empty when it is.
    package var faults: [Reason]
    /// A larynx is in view, open or closed.
    package var larynx: Bool

    package var good: Bool { faults.isEmpty }

    /// `good`, or the faults joined by `+`.
    package var quality: String { good ? "good" : faults.map(\.rawValue).joined(separator: "+") }

    /// The opening as a mask: pixels at least half covered.
    package var opening: Mask { mask(.opening) }

    /// The pixels of one class.
    package func mask(_ wanted: PhantomClass) -> Mask {
        var mask = Mask(size: size)
        for i in labels.indices where labels[i] == wanted.rawValue { mask.pixels[i] = 255 }
        return mask
    }
}
