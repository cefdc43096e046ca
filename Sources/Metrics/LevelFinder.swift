// Which level of the larynx narrows in a breath. Method: design/breaths.md.
import Frames

/// Compares the inlet where the breath is widest with the inlet where it is narrowest.
///
/// Both levels are read in the same moments, the widest and the narrowest tenth of the breath, so that a level that does
/// not move shows none of its noise as narrowing.
struct LevelFinder {
    private var seen: [(area: Double, inlet: Double)] = []
    private var measured = 0

    /// Fewest frames that a moment is read from.
    private static let leastFrames = 3

    /// Takes in a measured frame: its area and, where known, its inlet's, px^2.
    mutating func add(area: Double, inlet: Double?) {
        measured += 1
        if let inlet { seen.append((area, inlet)) }
    }

    /// Nil where the inlet was seen in less than half of the breath.
    var closures: LevelClosures? {
        let count = max(Self.leastFrames, seen.count / 10)
        guard seen.count >= 2 * count, 2 * seen.count >= measured else { return nil }
        let byArea = seen.sorted { ($0.area, $0.inlet) < ($1.area, $1.inlet) }
        let (narrow, wide) = (byArea.prefix(count), byArea.suffix(count))
        guard let opened = median(wide.map(\.inlet)), let narrowed = median(narrow.map(\.inlet)), opened > 0,
            let share = Self.openShare(wide), share > 0
        else { return nil }
        return LevelClosures(
            glottic: Self.openShare(narrow).map { 1 - $0 / share }, supraglottic: 1 - narrowed / opened)
    }

    /// The median share of the inlet that is open; nil where there is no inlet to see.
    private static func openShare(_ frames: ArraySlice<(area: Double, inlet: Double)>) -> Double? {
        median(frames.filter { $0.inlet > 0 }.map { min(1, $0.area / $0.inlet) })
    }
}
