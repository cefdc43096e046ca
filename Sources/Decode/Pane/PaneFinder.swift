// Finds the endoscope picture in a screen recording. See design/pane.md.

package import Frames

/// What became of a frame that was shown to the finder.
package enum PaneObservation: Sendable, Equatable {
    /// Too dark or one colour: nothing was learned.
    case notUsable
    /// Taken in; more frames are needed.
    case collecting
    /// Taken in; `find` can be asked now.
    case ready
}

/// Finds the endoscope picture in a recording and its lit field, from the first usable frames.
///
/// Show it frames until it is ready, then ask. Where it finds nothing, show it more: it starts over with the next
/// frames by itself. The same frames give the same pane.
package struct PaneFinder: Sendable {
    package let frameSize: PixelSize
    package let settings: PaneSettings
    /// The part of the frame that is searched: all of it, or an explicit rectangle.
    private let area: PixelRect
    private let isExplicit: Bool
    private var evidence: PaneEvidence

    package init(frameSize: PixelSize, settings: PaneSettings = PaneSettings()) {
        self.frameSize = frameSize
        self.settings = settings
        area = PixelRect(frameSize)
        isExplicit = false
        evidence = PaneEvidence(size: frameSize)
    }

    /// Finds only the field within a rectangle that is known to be the pane.
    package init(explicit rect: PixelRect, frameSize: PixelSize, settings: PaneSettings = PaneSettings())
        throws(PaneError)
    {
        try PaneError.check(rect, frameSize: frameSize)
        self.frameSize = frameSize
        self.settings = settings
        area = rect
        isExplicit = true
        evidence = PaneEvidence(size: rect.size)
    }

    /// Frames taken in for the present search.
    package var observed: Int { evidence.count }

    /// Takes in one frame.
    ///
    /// - **Shape** the whole recording as displayed, `frameSize`.
    package mutating func observe(_ picture: borrowing RGBPicture) -> PaneObservation {
        precondition(picture.size == frameSize, "the finder was made for frames of another size")
        guard isUsable(picture) else { return .notUsable }
        if evidence.count >= settings.frames { evidence.startOver() }
        evidence.add(picture, area: area)
        return evidence.count >= settings.frames ? .ready : .collecting
    }

    /// The pane, as far as the frames taken in tell; nil when they show no endoscope picture.
    package func find() -> Pane? {
        guard evidence.count > 0 else { return nil }
        let grid = evidence.grid()
        guard let region = isExplicit ? grid.everything() : grid.picture(evidence) else { return nil }
        let outline = FieldOutline(evidence: evidence, grid: grid, region: region)
        guard let fit = outline.fit() else { return nil }
        let rows = fit.shape.rows(within: region.limits)
        guard let box = rows.box else { return nil }
        let confidence = max(0, min(1, fit.score * min(1, 0.5 + region.strength)))
        if isExplicit {
            guard confidence >= settings.leastConfidence else {
                return Pane(rect: area, field: FieldOfView(full: area.size), form: .rectangle, confidence: 0)
            }
            return Pane(rect: area, field: rows.field(in: PixelRect(area.size)), form: fit.form, confidence: confidence)
        }
        let leastSide = settings.smallestShare * Double(min(frameSize.width, frameSize.height))
        guard confidence >= settings.leastConfidence, Double(min(box.width, box.height)) >= leastSide,
            grid.share(of: region.core, in: rows) >= 0.35
        else { return nil }
        return Pane(rect: box, field: rows.field(in: box), form: fit.form, confidence: confidence)
    }

    /// Whether a light is on and the picture is not one colour, judged on every eighth pixel.
    private func isUsable(_ picture: borrowing RGBPicture) -> Bool {
        let step = max(1, min(area.width, area.height) / 96)
        var seen = 0
        var lit = 0
        var least = 255
        var most = 0
        for y in stride(from: area.y + step / 2, to: area.maxY, by: step) {
            for x in stride(from: area.x + step / 2, to: area.maxX, by: step) {
                let at = (y * frameSize.width + x) * 3
                let value = Int(max(picture.pixels[at], picture.pixels[at + 1]))
                seen += 1
                if value >= settings.litLevel { lit += 1 }
                least = min(least, value)
                most = max(most, value)
            }
        }
        return most - least > 8 && Double(lit) >= settings.leastLit * Double(seen)
    }
}
