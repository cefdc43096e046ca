// Locate, then look: which part of the pane the network sees next.

package import Frames

/// How the crop follows the opening.
package struct CropSettings: Codable, Sendable, Equatable {
    /// The crop's side over the opening's extent, aimed at when a crop is chosen.
    package var margin: Double
    /// A crop stays in use while its side is within these multiples of the opening's extent.
    package var tightest: Double
    package var loosest: Double
    /// The smallest crop's side, as a share of the pane's short side.
    package var smallestShare: Double
    /// How far, as a share of the crop's side, the opening may stray from the crop's middle before the crop moves.
    package var slack: Double
    /// Confidence below which a look counts as having seen nothing.
    package var confidenceFloor: Double
    /// Looks in a row that see nothing before the whole pane is looked at again.
    package var lostAfter: Int
    /// Looks in a row that see a closed larynx before the whole pane is looked at again.
    package var closedHold: Int

    package init(
        margin: Double = 2.6, tightest: Double = 2.1, loosest: Double = 4.0, smallestShare: Double = 0.35,
        slack: Double = 0.12, confidenceFloor: Double = 0.3, lostAfter: Int = 3, closedHold: Int = 50
    ) {
        self.margin = margin
        self.tightest = tightest
        self.loosest = loosest
        self.smallestShare = smallestShare
        self.slack = slack
        self.confidenceFloor = confidenceFloor
        self.lostAfter = lostAfter
        self.closedHold = closedHold
    }
}

/// Decides, look by look, which part of the pane the network sees next.
///
/// The first look is the whole pane; after a find it is a square around the opening, of one of a few fixed sizes and on
/// a coarse grid, which stays where it is while the opening stays well inside; after some looks without an opening it
/// is the whole pane again. The state is a value with whole numbers only: stored and restored, or fed the same looks
/// again, it goes on identically.
package struct CropTracker: Codable, Sendable, Equatable {
    package let pane: PixelSize
    package let settings: CropSettings
    /// The part of the pane to look at next.
    ///
    /// - **Units** pane pixels. The whole pane, or a square with even place and side inside it.
    package private(set) var crop: PixelRect
    /// Looks in a row without an opening, and with a closed one.
    private var missed = 0
    private var closed = 0

    package init(pane: PixelSize, settings: CropSettings = CropSettings()) {
        precondition(pane.width > 0 && pane.height > 0, "a pane has pixels")
        self.pane = pane
        self.settings = settings
        crop = PixelRect(pane)
    }

    package var looksAtWholePane: Bool { crop == PixelRect(pane) }

    /// An inlet asks for as much room as an opening of this share of its extent.
    private static let inletShare = 0.6

    /// Takes in what the last look saw.
    ///
    /// Only frames that were looked at count; a frame that the gate refused says nothing about where the opening is.
    /// - Parameters:
    ///   - opening: in pane pixels; nil when the look found no larynx.
    ///   - confidence: the network's, 0...1.
    ///   - inlet: what lies around the opening and is to stay in view as well, where the network tells it.
    package mutating func note(_ opening: Opening?, confidence: Double, inlet: Opening? = nil) {
        guard let opening, confidence >= settings.confidenceFloor else {
            missed += 1
            if missed >= settings.lostAfter { lookAtWholePane() }
            return
        }
        missed = 0
        guard opening.area > 0, let center = opening.center, center.x.isFinite, center.y.isFinite else {
            closed += 1
            if closed >= settings.closedHold { lookAtWholePane() }
            return
        }
        closed = 0
        let around = inlet.map { Int((Self.inletShare * Double(extent(of: $0))).rounded(.up)) } ?? 0
        follow(x: Int(center.x.rounded()), y: Int(center.y.rounded()), extent: max(extent(of: opening), around))
    }

    private mutating func lookAtWholePane() {
        crop = PixelRect(pane)
        missed = 0
        closed = 0
    }

    /// The opening's greatest extent in whole pixels.
    private func extent(of opening: Opening) -> Int {
        let greatest = max(opening.length, opening.width, opening.area.squareRoot())
        guard greatest.isFinite else { return max(pane.width, pane.height) }
        return max(1, Int(min(greatest, Double(max(pane.width, pane.height))).rounded(.up)))
    }

    private mutating func follow(x: Int, y: Int, extent: Int) {
        if keeps(x: x, y: y, extent: extent) { return }
        // Only the place is wrong: keep the size, so that the opening's scale in the network's eye stays.
        let size = fits(side: crop.width, extent: extent) && !looksAtWholePane ? crop.width : side(for: extent)
        guard let size else {
            crop = PixelRect(pane)
            return
        }
        crop = PixelRect(
            x: place(middle: x, side: size, limit: pane.width), y: place(middle: y, side: size, limit: pane.height),
            width: size, height: size)
    }

    /// Whether the present crop still serves.
    private func keeps(x: Int, y: Int, extent: Int) -> Bool {
        if looksAtWholePane { return side(for: extent) == nil }
        guard fits(side: crop.width, extent: extent) else { return false }
        let stray = Int(settings.slack * Double(crop.width))
        return within(x, stray, crop.x, crop.width, pane.width) && within(y, stray, crop.y, crop.height, pane.height)
    }

    /// Whether `middle` lies within `stray` of the crop's middle, or the crop cannot move any further towards it.
    private func within(_ middle: Int, _ stray: Int, _ start: Int, _ side: Int, _ limit: Int) -> Bool {
        let offset = middle - (start + side / 2)
        if offset < -stray { return start == 0 }
        if offset > stray { return start == (limit - side) / 2 * 2 }
        return true
    }

    private func fits(side: Int, extent: Int) -> Bool {
        let ratio = Double(side) / Double(extent)
        return ratio >= settings.tightest && (ratio <= settings.loosest || side == sizes.first)
    }

    /// The fixed sizes, rising by a fifth, from the smallest share to just below the pane's short side.
    private var sizes: [Int] {
        let short = min(pane.width, pane.height)
        var list: [Int] = []
        var share = settings.smallestShare
        while share < 0.9 {
            let side = Int(Double(short) * share) / 2 * 2
            if side >= 2 { list.append(side) }
            share *= 1.2
        }
        return list
    }

    /// The smallest fixed size with room for `extent`; nil when only the whole pane has.
    private func side(for extent: Int) -> Int? {
        let wanted = settings.margin * Double(extent)
        return sizes.first { Double($0) >= wanted }
    }

    /// The even start, on a grid of a sixteenth of the side, of a crop around `middle` that lies inside the pane.
    private func place(middle: Int, side: Int, limit: Int) -> Int {
        let grid = max(2, side / 16 / 2 * 2)
        let wanted = middle - side / 2
        let snapped = (wanted + grid / 2) / grid * grid
        return max(0, min(snapped, (limit - side) / 2 * 2))
    }
}
