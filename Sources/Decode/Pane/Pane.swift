// Where the endoscope picture lies in a recording.

package import Frames

/// The endoscope picture in a recording, and which of its pixels are lit.
///
/// - **Units** `rect` in display pixels of the recording, `field` in pixels of the pane.
package struct Pane: Codable, Sendable, Equatable {
    /// The smallest rectangle around the lit field, or the one that was asked for.
    package var rect: PixelRect
    package var field: FieldOfView
    /// The form that the field's edge was recognised as.
    package var form: FieldForm
    /// How much of the field's edge was seen where the form says it is, and how sure it is that this is a picture, 0...1.
    package var confidence: Double

    package init(rect: PixelRect, field: FieldOfView, form: FieldForm, confidence: Double) {
        precondition(rect.size == field.size, "the field covers the pane")
        self.rect = rect
        self.field = field
        self.form = form
        self.confidence = confidence
    }

    /// A pane that was asked for, lit to its corners.
    package init(explicit rect: PixelRect, frameSize: PixelSize) throws(PaneError) {
        try PaneError.check(rect, frameSize: frameSize)
        self.init(rect: rect, field: FieldOfView(full: rect.size), form: .rectangle, confidence: 1)
    }
}

/// Forms that optics and recorders give the lit field.
///
/// A circle may be cut flat by the frame or by the recorder.
package enum FieldForm: String, Codable, Sendable {
    case rectangle
    case octagon
    case circle
    case ellipse
    /// No regular form: the hull of what was lit.
    case hull
}

/// How the pane is looked for.
package struct PaneSettings: Codable, Sendable, Equatable {
    /// Usable frames that one search looks at.
    package var frames: Int
    /// A frame is usable when at least this share of its pixels is brighter than `litLevel`.
    ///
    /// A share, 0...1.
    package var leastLit: Double
    /// Brightness (the greater of red and green, 0...255) from which a pixel shows that a light is on.
    package var litLevel: Int
    /// The smallest pane's side, as a share of the recording's short side, 0...1.
    package var smallestShare: Double
    /// Below this confidence nothing is reported and the search goes on with the next frames.
    ///
    /// 0...1.
    package var leastConfidence: Double

    package init(
        frames: Int = 12, leastLit: Double = 0.01, litLevel: Int = 40, smallestShare: Double = 0.25,
        leastConfidence: Double = 0.4
    ) {
        self.frames = frames
        self.leastLit = leastLit
        self.litLevel = litLevel
        self.smallestShare = smallestShare
        self.leastConfidence = leastConfidence
    }
}

/// Why a rectangle that was asked for cannot be the pane.
package struct PaneError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable {
        case empty
        case outside
        case tooSmall = "too_small"
    }

    package var code: Code
    package var rect: PixelRect
    package var frameSize: PixelSize

    /// The least side of an explicit pane.
    package static let leastSide = 16

    package var description: String {
        let asked = "pane \(rect.width)x\(rect.height) at \(rect.x),\(rect.y)"
        let frame = "\(frameSize.width)x\(frameSize.height)"
        return switch code {
        case .empty: "\(asked) has no pixels; give a width and a height above 0"
        case .outside:
            "\(asked) does not lie inside the picture of \(frame) pixels; "
                + "it may span x 0...\(frameSize.width) and y 0...\(frameSize.height)"
        case .tooSmall: "\(asked) is too small to measure in; give at least \(Self.leastSide)x\(Self.leastSide)"
        }
    }

    package static func check(_ rect: PixelRect, frameSize: PixelSize) throws(PaneError) {
        func fail(_ code: Code) -> PaneError { PaneError(code: code, rect: rect, frameSize: frameSize) }
        guard rect.width > 0, rect.height > 0 else { throw fail(.empty) }
        // Compared without sums: a configuration may hold any number.
        guard rect.x >= 0, rect.y >= 0, rect.width <= frameSize.width, rect.height <= frameSize.height,
            rect.x <= frameSize.width - rect.width, rect.y <= frameSize.height - rect.height
        else { throw fail(.outside) }
        guard rect.width >= leastSide, rect.height >= leastSide else { throw fail(.tooSmall) }
    }
}
