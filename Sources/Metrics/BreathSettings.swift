// What may be set about finding breaths.

/// Settings of `BreathDetector`; the defaults are explained in design/breaths.md.
package struct BreathSettings: Sendable, Hashable, Codable {
    /// Slowest and fastest breathing looked for, breaths per minute.
    package var slowest: Double = 6
    package var fastest: Double = 90
    /// A turn of the curve counts when it is at least this share of the local height of breathing.
    package var prominence: Double = 0.3
    /// Turns nearer to each other than this share of the local period are one breath unless both are high.
    package var refractory: Double = 0.45
    /// Flattest breathing found, as a share of the opened area.
    package var leastHeight: Double = 0.02
    /// Swings below this share of the opened area enter statistics only where breathing's rhythm shows: least correlation
    /// of the curve with itself one period earlier.
    package var clearHeight: Double = 0.2
    package var leastRhythm: Double = 0.45
    /// Deep swings whose top stays below this share of the local opened area are syllables, not breaths.
    package var lowTop: Double = 0.45
    /// Longest stretch without a measured frame that a breath may span, in seconds; never more than 0.6 periods.
    package var longestGap: Double = 1.5
    /// A closure to less than this share of the opened area may be a swallow or a cough.
    package var deepShare: Double = 0.12
    /// Longest closure that is taken for a swallow, in seconds.
    package var longestSwallow: Double = 1.8
    /// A lone closure shorter than this is a cough, in seconds.
    package var longestCough: Double = 0.28
    /// Closures in quicker succession than this are no breaths, in seconds.
    package var quickSpacing: Double = 0.56
    /// The same where the opening stays below half in between, in seconds: the syllables of talking.
    package var lowSpacing: Double = 0.9
    /// Longest that the first breath of a test waits until breathing's pace shows, in seconds.
    package var warmUp: Double = 12
    /// Share of the height before a gap that breathing is taken to keep after it, until its own shows.
    package var heldShare: Double = 0.7
    /// Longest wait for the kind of a closure, in seconds, where breathing is quick; 2.2 periods where it is slow.
    package var leastPatience: Double = 3
    /// How much of the higher top's excess over the mean of a breath's two tops is given back where noise is greatest.
    package var topShrinkage: Double = 0.3
    /// Least usable share for a breath to enter statistics.
    package var leastUsable: Double = 0.5

    package init() {}
}
