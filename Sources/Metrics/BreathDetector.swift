// Breaths on the area curve, found as it grows. Method: design/breaths.md.
package import Frames

/// Finds breaths and interruptions; a breath is reported about one breath after its end.
///
/// Reads measured samples only. Whole state is `Codable`: a restored detector goes on exactly as the saved one.
package struct BreathDetector: Sendable, Hashable, Codable {
    private let settings: BreathSettings
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
        if area != nil, let lastMeasured, (sample.time - lastMeasured).seconds > longestGap { events += endStretch() }
        track.addFrame(time: sample.time.nanoseconds, frame: sample.frame, isMeasured: area != nil)
        guard let area else { return events }
        lastMeasured = sample.time
        let normalisation = sample.normalisedArea.flatMap { area > 0 ? $0 / area : nil }
        track.addPoint(
            TrackPoint(
                time: sample.time.nanoseconds, frame: sample.frame, area: area, normalisation: normalisation))
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
            turn(to: closures.undecided(track: track), isLast: false, &events)
        }
        if isLast {
            if let found = closures.finish(track: track, context: context) { interrupt(found, &events) }
            turn(to: track.endBin, isLast: true, &events)
        }
        track.forget(before: checkedBin)
        turns.forget(before: track.firstBin)
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
        let points = track.points.drop { $0.time < from }.prefix { $0.time < to }.filter { !$0.isMasked }
        guard let first = frames.first, let last = frames.last, let segment, points.count >= 4,
            let widest = points.max(by: { $0.area < $1.area }),
            let narrowest = points.min(by: { $0.area < $1.area })
        else { return nil }
        let areas = points.map(\.area).sorted()
        let factors = points.compactMap(\.normalisation).sorted()
        guard let opened = quantile(ofSorted: areas, 0.95), let narrowed = quantile(ofSorted: areas, 0.05), opened > 0,
            opened - narrowed >= settings.leastHeight * opened
        else { return nil }
        let seconds = Double(to - from) / 1e9
        let measured = frames.reduce(0.0) { $0 + ($1.isMeasured ? Double($1.span) / 1e9 : 0) }
        let share = min(1, measured / seconds)
        let rhythm = period.period.map { min(seconds / $0, $0 / seconds) } ?? 0.5
        let height = cycle.height / (cycle.height + 4 * cycle.noise)
        let isPlausible = seconds <= 60 / settings.slowest * 1.2 && !(rhythm < 0.6 && cycle.isWhole && share < 0.85)
        return Breath(
            index: breathCount, segment: segment, start: StreamTime(nanoseconds: from),
            end: StreamTime(nanoseconds: to), startFrame: first.frame, endFrame: last.frame + 1,
            widestFrame: widest.frame, widestTime: StreamTime(nanoseconds: widest.time),
            narrowestFrame: narrowest.frame, narrowestTime: StreamTime(nanoseconds: narrowest.time), opened: opened,
            narrowed: narrowed, normalisation: quantile(ofSorted: factors, 0.5), usableShare: share,
            confidence: share * height * (0.5 + 0.5 * rhythm),
            isUsable: share >= settings.leastUsable && points.count >= 6 && isPlausible
                && isSeen(cycle.trough, seconds: (whole.end - whole.start) * AreaTrack.stepSeconds),
            isWhole: cycle.isWhole)
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

    /// Whether the narrowest part itself was seen and not only drawn through.
    private func isSeen(_ trough: Double, seconds: Double) -> Bool {
        let reach = max(1, Int64(0.12 * seconds / AreaTrack.stepSeconds))
        let low = max(track.firstBin, Int64(trough) - reach)
        let high = min(track.endBin - 1, Int64(trough) + reach)
        guard low <= high else { return false }
        var real = 0
        for bin in low...high where track.isReal(bin) { real += 1 }
        return 2 * real >= Int(high - low + 1)
    }
}
