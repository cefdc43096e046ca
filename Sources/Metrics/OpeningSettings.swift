// What may be set about measuring one opening, and what is known of a measured one.
package import Frames

/// Which end of the opening is the anterior commissure.
package enum ApexEnd: String, Sendable, Hashable, Codable, CaseIterable {
    /// Towards the bottom of the picture: how most recorders show the larynx.
    case down
    case up
    /// The narrower end.
    case auto
}

/// Settings of `OpeningMeter`; the defaults are explained in design/opening-area.md.
package struct OpeningSettings: Sendable, Hashable, Codable {
    /// Logit above which a pixel belongs to the opening.
    package var threshold: Double = 0
    /// Smaller openings, as a share of the field of view's area, count as closed.
    package var leastShare: Double = 0.0002
    /// Where the anterior commissure lies.
    package var apex: ApexEnd = .down
    /// An opening is cut when more than this share of its outline runs along the field of view's border.
    package var fieldEdgeShare: Double = 0.05
    /// The same for the crop's border; smaller, since looking again with a larger crop costs little.
    package var cropEdgeShare: Double = 0.01
    /// How near a border counts as along it, in map pixels.
    package var edgeMargin: Int = 1
    /// A further part belongs to the opening only when it is at least this share of the largest part.
    package var partShare: Double = 0.05
    /// It must lie no farther from what is kept than this many times the square root of the largest part's area.
    package var partGap: Double = 0.25
    /// What is kept then must fill at least this share of its convex hull.
    package var partFill: Double = 0.75
    /// Least straightness of both edges (share of the scatter along the fitted line) for an angle.
    package var edgeStraightness: Double = 0.99
    /// Least number of outline points on each edge for an angle.
    package var edgePoints: Int = 6

    package init() {}
}

/// Raw evidence about a mask, from which confidence is made and later calibrated.
package struct OpeningEvidence: Sendable, Hashable, Codable {
    /// Mean of |2p - 1| over the opening's pixels, 0...1; p is the network's probability.
    package var insideSureness: Double = 0
    /// Mean of |2p - 1| two map pixels to either side of the outline, 0...1.
    package var edgeSureness: Double = 0
    /// Mean steepness of the logits across the outline, per map pixel.
    package var edgeSteepness: Double = 0
    /// Pixels of the field with 0.25 < p < 0.75 over pixels with p > 0.5; 0 when there are none of either.
    package var doubtfulShare: Double = 0
    /// Greatest probability within the field of view.
    package var peakProbability: Double = 0
    /// Shares of the outline that run along the field of view's border and along the crop's.
    package var fieldEdgeShare: Double = 0
    package var cropEdgeShare: Double = 0
    /// Connected parts above the threshold, how many of them were kept, and the holes in those.
    package var parts: Int = 0
    package var keptParts: Int = 0
    package var holes: Int = 0
    /// False when the map holds values that are no numbers; nothing is measured then.
    package var isSound = true

    package init() {}
}

/// The answer of `OpeningMeter`; give the same one again for every frame, its storage is reused.
package struct MeterResult: Sendable, Hashable {
    /// Area and extents, in pane pixels.
    package var opening: Opening = .closed
    /// The outline's rings, one after the other, each closed without repeating its first point, pane pixels.
    package var outline: [Point] = []
    /// Index into `outline` of the first point of each ring.
    ///
    /// Holes run the other way round than outer rings.
    package var ringStarts: [Int] = []
    /// How sure the network is of this outline, 0...1 (uncalibrated).
    package var confidence: Double = 0
    /// Nothing is open: no pixel above the threshold, or a speck only.
    package var isEmpty = true
    /// The field of view's border cuts the opening: its area is not known.
    package var isCutByField = false
    /// The crop's border cuts it: look again with a larger crop.
    package var isCutByCrop = false
    package var evidence = OpeningEvidence()

    package init() {}

    /// Whether any border cuts the opening.
    package var isCutByEdge: Bool { isCutByField || isCutByCrop }

    /// Whether a point lies inside the outline and in none of its holes.
    package func contains(_ point: Point) -> Bool {
        var isInside = false
        forEachEdge { _, _, a, b in
            guard (a.y > point.y) != (b.y > point.y) else { return }
            let x = a.x + (point.y - a.y) / (b.y - a.y) * (b.x - a.x)
            if point.x < x { isInside.toggle() }
        }
        return isInside
    }

    /// The points of one ring.
    package func ring(_ index: Int) -> ArraySlice<Point> {
        let end = index + 1 < ringStarts.count ? ringStarts[index + 1] : outline.count
        return outline[ringStarts[index]..<end]
    }
}
