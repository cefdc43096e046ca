// Breaths on the area curve, found as it grows. Method: design/breaths.md.
package import Frames

/// Finds breaths and interruptions; a breath is reported about one breath after its end.
///
/// Reads measured samples only. Whole state is `Codable`: a restored detector goes on exactly as the saved one.
package struct BreathDetector: Sendable, Hashable, Codable {
    /// The widest half window of a slow breath's smoothing, as a share of the breath.
    private static let mostReach = 0.28

    private let settings: BreathSettings
    private var slips = SlipFilter()
    private var track = AreaTrack()
    private var closures: ClosureFinder
    private var period = PeriodEstimator()
    private var turns: TurnFinder
    private var ratios: [Double] = []
    private var segment: Int?
    private var lastMeasured: StreamTime?
    private var lastTime: StreamTime?
    private var breathCount = 0
    private var checkedBin: Int64 = .min
    private var binsToPeriod = 0

    package init(settings: BreathSettings = BreathSettings()) {
        self.settings = settings
        closures = ClosureFinder(settings: settings)
        turns = TurnFinder(settings: settings)
    }

    /// Takes the next sample, measured or not, in the order of time.
    package mutating func observe(_ sample: Sample) -> [BreathEvent] {
        var events: [BreathEvent] = []
        if let segment, segment != sample.segment { events += finish() }
        if let lastTime, sample.time <= lastTime { events += finish() }
        segment = sample.segment
        lastTime = sample.time
        let area = sample.usableArea
        if let last = lastMeasured, (sample.time - last).seconds > longestGap {
            // Known as soon as the gap is too long, not only when it ends.
            events += endStretch()
            lastMeasured = nil
        }
        if area != nil || !track.isEmpty {
            track.addFrame(time: sample.time.nanoseconds, frame: sample.frame, isMeasured: area != nil)
        }
        guard let area else { return events }
        lastMeasured = sample.time
        let normalisation = sample.normalisedArea.flatMap { area > 0 ? $0 / area : nil }
        slips.add(
            TrackPoint(
                time: sample.time.nanoseconds, frame: sample.frame, area: area, normalisation: normalisation,
                inlet: sample.inletArea),
            opened: closures.openedArea)
        takeFiltered()
        advance(isLast: false, &events)
        return events
    }

    /// Reports what is complete at the end of the recording or of a segment.
    package mutating func finish() -> [BreathEvent] {
        let events = endStretch()
        lastMeasured = nil
        lastTime = nil
        segment = nil
        return events
    }

    private mutating func takeFiltered() {
        for time in slips.slips { track.dropFrame(at: time) }
        for point in slips.passed { track.addPoint(point) }
    }

    private var periodSeconds: Double { period.period ?? 3 }

    private var longestGap: Double {
        guard let seconds = period.period, period.strength > 0 else { return settings.longestGap }
        return min(settings.longestGap, max(0.5, 0.6 * seconds))
    }

    private var context: ClosureFinder.Context {
        let sorted = ratios.sorted()
        return ClosureFinder.Context(
            typicalRatio: quantile(ofSorted: sorted, 0.5) ?? 1, period: periodSeconds, isKnown: sorted.count >= 2)
    }

    private mutating func endStretch() -> [BreathEvent] {
        var events: [BreathEvent] = []
        slips.finish()
        takeFiltered()
        track.finishBin()
        advance(isLast: true, &events)
        track.reset()
        closures.reset()
        turns.reset()
        checkedBin = .min
        return events
    }

    private mutating func advance(isLast: Bool, _ events: inout [BreathEvent]) {
        guard !track.bins.isEmpty else { return }
        checkedBin = max(checkedBin, track.firstBin)
        while checkedBin < track.endBin {
            if let found = closures.observe(bin: checkedBin, track: track, context: context) {
                interrupt(found, &events)
            }
            checkedBin += 1
            binsToPeriod -= 1
            if binsToPeriod <= 0 {
                binsToPeriod = 15
                period.update(
                    track.bins[...], shortest: 60 / settings.fastest * 0.9, longest: 60 / settings.slowest * 1.1)
            }
            turn(to: decidedBin, isLast: false, &events)
        }
        if isLast {
            if let found = closures.finish(track: track, context: context) { interrupt(found, &events) }
            turn(to: track.endBin, isLast: true, &events)
        }
        track.forget(before: checkedBin)
        turns.forget(before: track.firstBin)
    }

    /// One past the last bin whose kind is known or can be waited for no longer: a breath must not come too late.
    private var decidedBin: Int64 {
        if closures.isInBout { return closures.undecided(track: track) }
        let patience = Int64(max(2.2 * periodSeconds, settings.leastPatience) / AreaTrack.stepSeconds)
        return max(closures.undecided(track: track), checkedBin - patience)
    }

    private mutating func interrupt(_ found: ClosureFinder.Finding, _ events: inout [BreathEvent]) {
        let (from, to) = (found.bins.lowerBound * AreaTrack.step, found.bins.upperBound * AreaTrack.step)
        track.mask(found.bins)
        let inside = track.frames.drop { $0.time < from }.prefix { $0.time < to }
        guard let first = inside.first, let last = inside.last, let segment else { return }
        events.append(
            .interruption(
                Interruption(
                    kind: found.kind, segment: segment, start: StreamTime(nanoseconds: first.time),
                    end: StreamTime(nanoseconds: last.time + last.span), startFrame: first.frame,
                    endFrame: last.frame + 1)))
    }

    private mutating func turn(to limit: Int64, isLast: Bool, _ events: inout [BreathEvent]) {
        turns.period = period.period
        turns.strength = period.strength
        turns.openedArea = closures.openedArea
        turns.advance(to: limit, track: track, isLast: isLast)
        while let cycle = turns.popCycle(isLast: isLast) {
            guard let breath = breath(cycle) else { continue }
            if breath.isUsable, breath.opened > 0 {
                ratios.append(breath.narrowed / breath.opened)
                if ratios.count > 5 { ratios.removeFirst() }
                closures.note(width: cycle.width, flat: cycle.flat)
            }
            breathCount += 1
            events.append(.breath(breath))
        }
    }

    /// Measures one cycle on the frames themselves.
    private func breath(_ cycle: TurnFinder.Cycle) -> Breath? {
        let whole = cycle
        var cycle = trimmed(cycle)
        if hasHiddenEnd(whole) { cycle.isWhole = false }
        let (from, to) = (AreaTrack.time(cycle.start), AreaTrack.time(cycle.end))
        let frames = track.frames.drop { $0.time < from }.prefix { $0.time < to }
        let places = points(from: from, to: to)
        let smooth = LocalFit.areas(track.points, places, reach: fitReach(cycle, to - from))
        var areas: [Double] = []
        var factors: [Double] = []
        var levels = LevelFinder()
        var (widest, narrowest) = (-1, -1)
        for (offset, place) in places.enumerated() where !track.points[place].isMasked {
            areas.append(smooth[offset])
            levels.add(smoothed: smooth[offset], area: track.points[place].area, inlet: track.points[place].inlet)
            if let factor = track.points[place].normalisation { factors.append(factor) }
            if widest < 0 || smooth[offset] > smooth[widest - places.lowerBound] { widest = place }
            if narrowest < 0 || smooth[offset] < smooth[narrowest - places.lowerBound] { narrowest = place }
        }
        guard let first = frames.first, let last = frames.last, let segment, areas.count >= 4 else { return nil }
        areas.sort()
        factors.sort()
        guard let high = quantile(ofSorted: areas, 0.95), let narrowed = quantile(ofSorted: areas, 0.05), high > 0,
            high - narrowed >= settings.leastHeight * high
        else { return nil }
        let opened = max(narrowed, steadyTop(high, cycle, from: from, to: to))
        let seconds = Double(to - from) / 1e9
        let measured = frames.reduce(0.0) { $0 + ($1.isMeasured ? Double($1.span) / 1e9 : 0) }
        let share = min(1, measured / seconds)
        let rhythm = period.period.map { min(seconds / $0, $0 / seconds) } ?? 0.5
        let height = cycle.height / (cycle.height + 4 * cycle.noise)
        // A small swing without rhythm may be noise.
        let isClear = period.strength >= settings.leastRhythm || opened - narrowed >= settings.clearHeight * opened
        let isLow = opened < settings.lowTop * closures.openedArea && narrowed < 0.4 * opened
        let isPlausible =
            isClear && !isLow && seconds <= 60 / settings.slowest * 1.2
            && !(rhythm < 0.6 && cycle.isWhole && share < 0.85)
        var breath = Breath(
            index: breathCount, segment: segment, start: StreamTime(nanoseconds: from),
            end: StreamTime(nanoseconds: to), startFrame: first.frame, endFrame: last.frame + 1,
            widestFrame: track.points[widest].frame,
            widestTime: StreamTime(nanoseconds: track.points[widest].time),
            narrowestFrame: track.points[narrowest].frame,
            narrowestTime: StreamTime(nanoseconds: track.points[narrowest].time), opened: opened, narrowed: narrowed,
            normalisation: quantile(ofSorted: factors, 0.5), usableShare: share,
            confidence: share * height * (0.5 + 0.5 * rhythm),
            isUsable: share >= settings.leastUsable && areas.count >= 6 && isPlausible
                && isSeen(cycle.trough, seconds: (whole.end - whole.start) * AreaTrack.stepSeconds),
            isWhole: cycle.isWhole)
        breath.levels = levels.closures
        return breath
    }

    /// Indices of the measured frames in a span of time.
    private func points(from: Int64, to: Int64) -> Range<Int> {
        var high = track.points.count
        while high > 0, track.points[high - 1].time >= to { high -= 1 }
        var low = high
        while low > 0, track.points[low - 1].time >= from { low -= 1 }
        return low..<high
    }

    /// How far around a frame its noise is evened out: not at all on a clean curve, up to a fifth of a quick breath and
    /// a quarter of a slow one.
    private func fitReach(_ cycle: TurnFinder.Cycle, _ span: Int64) -> Int64 {
        // What lasts half a second is noise in a slow breath and the breath itself in a quick one.
        let seconds = Double(span) / 1e9
        let most = 0.18 + (Self.mostReach - 0.18) * min(1, max(0, (seconds - 1.5) / 3.5))
        let share = min(most, 4 * cycle.rawNoise / max(cycle.height, 1e-9))
        return Int64(share * Double(span))
    }

    /// The opened area without what noise adds to the higher of a breath's two tops.
    ///
    /// The 95th percentile of a breath is read at the higher top. Where both are alike, noise decides which that is,
    /// and the higher of two equally noisy readings is too high by 0.56 of their deviation: the winner's curse.
    /// Whoever keeps a share of the excess over the mean of both and gives back the rest errs less (James and Stein,
    /// Estimation with quadratic loss, 4th Berkeley Symposium 1, 1961, 361-379). The share follows how far noise had
    /// to be smoothed away: a clean curve is left as it is.
    private func steadyTop(_ high: Double, _ cycle: TurnFinder.Cycle, from: Int64, to: Int64) -> Double {
        let reach = fitReach(cycle, to - from)
        guard cycle.isWhole, reach > 0, let first = LocalFit.area(track.points, at: from, reach: reach),
            let last = LocalFit.area(track.points, at: to, reach: reach)
        else { return high }
        let noise = Double(reach) / (Self.mostReach * Double(to - from))
        return high - settings.topShrinkage * noise * max(0, high - (first + last) / 2)
    }

    /// A cycle that hidden time has made too long ends where that time begins, or begins where it ends.
    private func trimmed(_ cycle: TurnFinder.Cycle) -> TurnFinder.Cycle {
        guard let seconds = period.period, period.strength > 0.25 else { return cycle }
        let periodBins = seconds / AreaTrack.stepSeconds
        guard cycle.end - cycle.start > 1.3 * periodBins else { return cycle }
        var result = cycle
        var run = 0
        let last = min(track.endBin, Int64(cycle.end) + 1)
        for bin in max(track.firstBin, Int64(cycle.start.rounded(.up)))...last {
            if bin < last, !track.isReal(bin) {
                run += 1
                continue
            }
            if run >= 5 {
                let (from, to) = (Double(bin) - Double(run) - 0.5, Double(bin) - 0.5)
                if to <= cycle.trough, cycle.end - to >= 0.45 * periodBins {
                    result.start = to
                    result.isWhole = false
                } else if from >= cycle.trough, from - result.start >= 0.45 * periodBins {
                    result.end = from
                    result.isWhole = false
                    break
                }
            }
            run = 0
        }
        return result
    }

    /// Whether a stretch of hidden time leaves open where the cycle begins or ends.
    private func hasHiddenEnd(_ cycle: TurnFinder.Cycle) -> Bool {
        let reach = 0.25 * (cycle.end - cycle.start)
        for place in [cycle.start, cycle.end] {
            let low = max(track.firstBin, Int64(place - reach))
            let high = min(track.endBin - 1, Int64(place + reach))
            guard low <= high else { return true }
            var run = 0
            for bin in low...high {
                run = track.isReal(bin) ? 0 : run + 1
                if run >= 5 { return true }
            }
        }
        return false
    }

    /// Whether the narrowest part itself was seen for half of its time and not only drawn through.
    ///
    /// Counted by the frames' own durations: at ten frames a second most bins hold none.
    private func isSeen(_ trough: Double, seconds: Double) -> Bool {
        guard let first = track.frames.first, let last = track.frames.last else { return false }
        let reach = max(AreaTrack.step, Int64(0.12 * seconds * 1e9))
        let from = max(first.time, AreaTrack.time(trough) - reach)
        let to = min(last.time + last.span, AreaTrack.time(trough) + reach)
        var seen: Int64 = 0
        for frame in track.frames.reversed() {
            // Older frames end before: none lasts longer.
            if frame.time + 500_000_000 <= from { break }
            if frame.isMeasured { seen += max(0, min(to, frame.time + frame.span) - max(from, frame.time)) }
        }
        return from < to && 2 * seen >= to - from
    }
}
