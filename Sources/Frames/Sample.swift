// What is known of one frame: a row of samples.csv.

/// Why a frame was not measured.
///
/// Raw values stand in the CSV, in the store and on the socket.
package enum Reason: String, Sendable, Hashable, CaseIterable, Codable {
    /// The decoder saw damage here or since the last clean key frame.
    case tainted
    /// A capture card's picture without input: one colour from edge to edge.
    case noSignal = "no_signal"
    /// The picture has not changed for three seconds: a capture card repeats its last one.
    case frozen
    /// No endoscope picture has been found in the recording yet.
    case noPane = "no_pane"
    case tooDark = "too_dark"
    case overexposed
    case blurred
    case foggy
    /// Almost no contrast: the scope touches tissue.
    case flat
    /// The gate's network takes the picture for one that cannot be measured.
    case poorPicture = "poor_picture"
    /// Something else than a larynx is in view.
    case noLarynx = "no_larynx"
    /// The network is too unsure of its mask.
    case lowConfidence = "low_confidence"
    /// The field of view's edge cuts the opening, so its area is not known.
    case cutByEdge = "cut_by_edge"
}

/// Whether a frame was measured.
///
/// *Not seen* is never zero: a closed larynx in plain view is measured, with area 0.
package enum SampleState: String, Sendable, Hashable, Codable {
    case measured
    case rejected
}

/// The opening of one frame, in pane pixels (square, as displayed).
///
/// See design/opening-area.md.
package struct Opening: Sendable, Hashable, Codable {
    /// Area inside the subpixel outline, px^2.
    ///
    /// Zero when closed; all lengths are then zero as well.
    package var area: Double
    /// Extent along the long axis of the opening, from anterior to posterior, px.
    package var length: Double
    /// Greatest extent across that axis, px.
    package var width: Double
    /// Angle at the anterior commissure between the two edges, degrees; nil where no straight edges are seen.
    package var angle: Double?
    /// Area left and right of the long axis as seen in the picture, px^2; they sum to `area`.
    package var leftArea: Double
    package var rightArea: Double
    /// Centroid of the opening, pane pixels; nil when closed.
    package var center: Point?

    package init(
        area: Double, length: Double, width: Double, angle: Double?, leftArea: Double, rightArea: Double, center: Point?
    ) {
        self.area = area
        self.length = length
        self.width = width
        self.angle = angle
        self.leftArea = leftArea
        self.rightArea = rightArea
        self.center = center
    }

    /// Folds that touch: measured, with area 0.
    package static let closed = Opening(
        area: 0, length: 0, width: 0, angle: nil, leftArea: 0, rightArea: 0, center: nil)
}

/// One decoded frame and what was made of it.
package struct Sample: Sendable, Hashable {
    /// Ordinal of the decoded frame in the recording, from 0.
    package var frame: Int
    package var time: StreamTime
    /// A run of frames on one timeline and one format; jumps, reconnects and changes of size start the next.
    package var segment: Int
    /// Empty when, and only when, the frame was measured.
    package var reasons: [Reason]
    /// How usable the picture is, 0...1; nil where there was nothing to judge.
    package var quality: Double?
    /// How sure the network is of its mask, 0...1; nil when not asked.
    package var confidence: Double?
    /// Nil unless measured.
    package var opening: Opening?
    /// Area over the field of view's area.
    package var fieldShare: Double?
    /// Area over the squared reference length.
    package var normalisedArea: Double?
    /// Area of the opening and of the vocal folds seen around it, px^2: what the supraglottic structures leave to view.
    ///
    /// Nil where the network does not tell them apart or does not see all of it.
    package var inletArea: Double?

    package var state: SampleState { opening == nil ? .rejected : .measured }

    package init(frame: Int, time: StreamTime, segment: Int) {
        self.frame = frame
        self.time = time
        self.segment = segment
        reasons = []
    }
}
