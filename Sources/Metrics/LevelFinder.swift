// Which level of the larynx narrows in a breath. Method: design/breaths.md.
import Frames

/// Compares the inlet where the breath is widest with the inlet where it is narrowest.
///
/// Both levels are read in the same moments, chosen by the smoothed area alone: a level that does not move must not show
/// its noise as narrowing.
struct LevelFinder {
    private struct Moment {
        var smoothed: Double
        var area: Double
        var inlet: Double?
    }

    private var moments: [Moment] = []

    /// The widest and the narrowest part of a breath that are compared, and the fewest frames of each.
    private static let part = 0.1
    private static let leastFrames = 3

    /// Takes in a measured frame: its area as smoothed and as it is, and its inlet's where known, px^2.
    mutating func add(smoothed: Double, area: Double, inlet: Double?) {
        moments.append(Moment(smoothed: smoothed, area: area, inlet: inlet))
    }

    /// Nil where half of either part does not show the inlet.
    var closures: LevelClosures? {
        guard moments.contains(where: { $0.inlet != nil }) else { return nil }
        let count = max(Self.leastFrames, Int(Self.part * Double(moments.count)))
        guard moments.count >= 2 * count else { return nil }
        let sorted = moments.map(\.smoothed).sorted()
        // Frames of equal area belong together: which of them is taken must not depend on the inlet.
        let narrow = moments.filter { $0.smoothed <= sorted[count - 1] }
        let wide = moments.filter { $0.smoothed >= sorted[sorted.count - count] }
        guard let opened = Self.inlet(wide), let narrowed = Self.inlet(narrow), opened > 0,
            let share = Self.openShare(wide), share > 0
        else { return nil }
        return LevelClosures(
            glottic: Self.openShare(narrow).map { 1 - $0 / share }, supraglottic: 1 - narrowed / opened)
    }

    /// The median area of the inlet; nil where fewer than half of the frames show it.
    private static func inlet(_ part: [Moment]) -> Double? {
        let known = part.compactMap(\.inlet)
        return 2 * known.count >= part.count ? median(known) : nil
    }

    /// The median share of the inlet that is open; nil where there is mostly none to see.
    private static func openShare(_ part: [Moment]) -> Double? {
        let shares = part.compactMap { moment in
            moment.inlet.flatMap { $0 > 0 ? min(1, moment.area / $0) : nil }
        }
        return 2 * shares.count >= part.count ? median(shares) : nil
    }
}
