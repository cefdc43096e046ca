// Swallows, coughs and talking: closures that are no breaths, told by their shape and by what breathing does here.
import Frames

/// Watches the finished bins ahead of the breath finder and decides which spans to take out.
struct ClosureFinder: Sendable, Hashable, Codable {
    /// A span that is no breathing.
    struct Finding: Sendable {
        var kind: InterruptionKind
        var bins: Range<Int64>
    }

    /// What is known of breathing at this place.
    struct Context {
        /// Median of narrowed / opened over the last breaths; 1 while unknown.
        var typicalRatio: Double
        /// Seconds.
        var period: Double
        /// Whether breaths were found before.
        var isKnown: Bool
    }

    private struct DeepRun: Sendable, Hashable, Codable {
        var start: Int64
        var end: Int64
    }

    private struct JudgedRun: Sendable, Hashable, Codable {
        var start: Int64
        var width: Double
        var flat: Double
    }

    private let settings: BreathSettings
    private var opened = RunningRank(capacity: 250)
    // Quick turns.
    private var isFalling = true
    private var extreme = 0.0
    private var extremeBin: Int64 = 0
    private var lastPeak = 0.0
    private var chain: [Int64] = []
    private var chainSwing = 0.0
    /// Deepest return between two troughs of the chain, value of its last trough, and the highest value since then.
    private var chainRebound = 0.0
    private var lastTrough = 0.0
    private var highest = 0.0
    /// Sizes of second differences over 16 s: noise makes quick turns as well, and talking must not pass for noise.
    private var roughness = RunningRank(capacity: 400)
    // Deep closures.
    private var active: Int64?
    private var pending: [DeepRun] = []
    private var lastDeepBreath: Int64?
    /// The last closure that was judged, whatever it was taken for.
    private var lastJudged: JudgedRun?
    private var widths = RunningRank(capacity: 7)
    private var flats = RunningRank(capacity: 7)
    private var hasStarted = false

    init(settings: BreathSettings) { self.settings = settings }

    /// The local opened area: 90th percentile of the last ten seconds.
    var openedArea: Double { opened.quantile(0.9) ?? 0 }

    mutating func reset() {
        hasStarted = false
        chain.removeAll(keepingCapacity: true)
        pending.removeAll(keepingCapacity: true)
        active = nil
        isFalling = true
        lastJudged = nil
        lastDeepBreath = nil
    }

    /// Takes a found breath: how long it stayed nearly closed and completely closed, in seconds.
    mutating func note(width: Double, flat: Double) {
        widths.insert(width)
        flats.insert(flat)
    }

    private var quickBins: Int64 { Int64(settings.quickSpacing / AreaTrack.stepSeconds) }

    /// Whether quick turns follow each other so long that they are no breathing, whatever comes.
    var isInBout: Bool { chain.count >= 3 }

    /// The first bin that is not yet decided when `end` bins are finished.
    func undecided(track: AreaTrack) -> Int64 {
        var bin = track.endBin - quickBins
        if let active { bin = min(bin, flank(of: active, track, -1)) }
        if let first = pending.first { bin = min(bin, flank(of: first.start, track, -1)) }
        if chain.count >= 2, let first = chain.first { bin = min(bin, flank(of: first, track, -1)) }
        return bin
    }

    /// Takes one finished bin.
    mutating func observe(bin: Int64, track: AreaTrack, context: Context) -> Finding? {
        let value = track.value(bin)
        if !hasStarted {
            hasStarted = true
            extreme = value
            extremeBin = bin
            lastPeak = value
        }
        opened.insert(value)
        highest = max(highest, value)
        if bin >= track.firstBin + 2, track.isReal(bin), track.isReal(bin - 1), track.isReal(bin - 2) {
            roughness.insert(abs(value - 2 * track.value(bin - 1) + track.value(bin - 2)))
        }
        let open = openedArea
        guard open > 0 else { return nil }
        followQuickTurns(value, bin, open: open)
        followDeepRun(value, bin, open: open)
        return closeChain(at: bin, track, open: open) ?? decide(at: bin, track, context)
    }

    /// Decides what is still open, at the end of a stretch.
    mutating func finish(track: AreaTrack, context: Context) -> Finding? {
        if let start = active, track.endBin - start < 50 {
            pending.append(DeepRun(start: start, end: track.endBin))
        }
        active = nil
        guard let run = pending.popLast() else { return nil }
        pending.removeAll(keepingCapacity: true)
        switch judge(run, track, context, isLast: true) {
        case .some(let kind): return finding(kind, from: run.start, to: run.end - 1, track)
        case .none: return nil
        }
    }

    // MARK: Quick turns

    private mutating func followQuickTurns(_ value: Double, _ bin: Int64, open: Double) {
        let noise = (roughness.quantile(0.5) ?? 0) / 1.652
        let swing = max(0.12 * open, 5.5 * noise)
        if isFalling {
            if value < extreme {
                (extreme, extremeBin) = (value, bin)
            } else if value >= extreme + swing {
                addTrough(extremeBin, extreme, open: open)
                isFalling = false
                highest = value
                (extreme, extremeBin) = (value, bin)
            }
        } else if value > extreme {
            (extreme, extremeBin) = (value, bin)
        } else if value <= extreme - swing {
            lastPeak = extreme
            isFalling = true
            (extreme, extremeBin) = (value, bin)
        }
    }

    private mutating func addTrough(_ bin: Int64, _ value: Double, open: Double) {
        if let last = chain.last, bin - last > spacing(open: open) { chain.removeAll(keepingCapacity: true) }
        if chain.isEmpty {
            chainSwing = 0
            chainRebound = 0
        } else {
            chainRebound = max(chainRebound, lastPeak - max(value, lastTrough))
        }
        chain.append(bin)
        chainSwing = max(chainSwing, lastPeak - value)
        lastTrough = value
    }

    /// Bins within which a next turn is quick; longer while the opening has not come back.
    private func spacing(open: Double) -> Int64 {
        highest < 0.5 * open ? Int64(settings.lowSpacing / AreaTrack.stepSeconds) : quickBins
    }

    private mutating func closeChain(at bin: Int64, _ track: AreaTrack, open: Double) -> Finding? {
        guard let first = chain.first, let last = chain.last, bin - last > spacing(open: open), active == nil else {
            return nil
        }
        defer { chain.removeAll(keepingCapacity: true) }
        // A long closure among few quick turns is judged by itself: a swallow close upon a breath.
        if chain.count <= 3, pending.contains(where: { $0.end > first && width($0, track) >= 0.36 }) { return nil }
        // The floor of a deep breath may have two dents; a cough opens in between.
        let isBout = chain.count >= 4 || (chain.count >= 2 && chainSwing >= 0.4 * open && chainRebound >= 0.3 * open)
        guard isBout else { return nil }
        let seconds = Double(last - first) * AreaTrack.stepSeconds
        let found = finding(chain.count > 4 || seconds > 2 ? .voice : .cough, from: first, to: last, track)
        pending.removeAll { $0.end > found.bins.lowerBound }
        return found
    }

    // MARK: Deep closures

    private mutating func followDeepRun(_ value: Double, _ bin: Int64, open: Double) {
        if active == nil, value < settings.deepShare * open {
            active = bin
        } else if let start = active, value > 0.2 * open {
            active = nil
            pending.append(DeepRun(start: start, end: bin))
        }
        // Closed for long: no swallow, but a closure to be measured.
        if let start = active, Double(bin - start) * AreaTrack.stepSeconds > 2 * settings.longestSwallow {
            active = bin
        }
    }

    private mutating func decide(at bin: Int64, _ track: AreaTrack, _ context: Context) -> Finding? {
        guard let run = pending.first, bin - run.end >= quickBins,
            active == nil || pending.count > 1 || bin - run.end > 50
        else { return nil }
        // Part of a bout of quick turns that still goes on.
        if chain.count >= 2, let first = chain.first, run.end >= first { return nil }
        if pending.count > 1, !isClear(run, track, context) {
            // A second closure like it in breathing's rhythm: both are breaths.
            let gap = Double(pending[1].start - run.start) * AreaTrack.stepSeconds
            let rhythm = context.isKnown ? (0.5 * context.period)...(1.6 * context.period) : 0.6...2
            let (own, next) = (width(run, track), width(pending[1], track))
            if rhythm.contains(gap), own < 1.5 * next + 0.08, context.isKnown || next < 1.35 * own {
                remember(run, track)
                lastDeepBreath = run.end
                pending.removeFirst()
                return nil
            }
        }
        let waited = Double(bin - run.end) * AreaTrack.stepSeconds
        let isLast = pending.count > 1 || waited > 1.3 * context.period
        guard isLast || isClear(run, track, context) else { return nil }
        pending.removeFirst()
        let verdict = judge(run, track, context, isLast: isLast)
        remember(run, track)
        guard let kind = verdict else {
            lastDeepBreath = run.end
            return nil
        }
        return finding(kind, from: run.start, to: run.end - 1, track)
    }

    /// Whether the run can be judged without waiting for the next breath.
    private func isClear(_ run: DeepRun, _ track: AreaTrack, _ context: Context) -> Bool {
        width(run, track) > settings.longestSwallow || isAmongDeepBreaths(run, context)
            || isSharp(run, track, context)
    }

    private func isAmongDeepBreaths(_ run: DeepRun, _ context: Context) -> Bool {
        if context.typicalRatio <= 0.25 { return true }
        guard let lastDeepBreath else { return false }
        return Double(run.start - lastDeepBreath) * AreaTrack.stepSeconds < 1.6 * context.period
    }

    /// Closes and opens much faster than breathing does here, which itself stays far from closed.
    private func isSharp(_ run: DeepRun, _ track: AreaTrack, _ context: Context) -> Bool {
        guard context.isKnown, context.typicalRatio > 0.25 else { return false }
        // Where breaths close by half and more, a steep flank alone does not tell; a flat floor with it does.
        guard context.typicalRatio > 0.5 || flatSeconds(run, track) >= 0.2 else { return false }
        return isSteep(run, track, context)
    }

    private func isSteep(_ run: DeepRun, _ track: AreaTrack, _ context: Context) -> Bool {
        let down = run.start - flank(of: run.start, track, -1)
        let up = flank(of: run.end - 1, track, 1) - run.end + 1
        return Double(down + up) / 2 * AreaTrack.stepSeconds < max(0.2, 0.12 * context.period)
    }

    /// One wall is far steeper than breathing: a swallow upon the floor of a breath has the breath's own flank on the
    /// other side.
    private func hasWall(_ run: DeepRun, _ track: AreaTrack, _ context: Context) -> Bool {
        let down = run.start - flank(of: run.start, track, -1)
        let up = flank(of: run.end - 1, track, 1) - run.end + 1
        return Double(min(down, up)) * AreaTrack.stepSeconds <= max(0.12, 0.08 * context.period)
    }

    private mutating func remember(_ run: DeepRun, _ track: AreaTrack) {
        lastJudged = JudgedRun(start: run.start, width: width(run, track), flat: flatSeconds(run, track))
    }

    /// Whether the closure before it was much the same, one breath ago: swallows do not come in breathing's rhythm.
    private func repeats(_ run: DeepRun, _ track: AreaTrack, _ context: Context) -> Bool {
        guard let last = lastJudged, context.isKnown, !isSteep(run, track, context) else { return false }
        let gap = Double(run.start - last.start) * AreaTrack.stepSeconds
        let own = width(run, track)
        return gap > 0.6 * context.period && gap < 1.6 * context.period && own < 1.4 * last.width + 0.08
            && last.width < 1.4 * own + 0.08 && flatSeconds(run, track) < 2 * last.flat + 0.14
    }

    /// Shuts and opens within a frame or three, as no swallow does.
    private func isSnap(_ run: DeepRun, _ seconds: Double, _ track: AreaTrack) -> Bool {
        let down = run.start - flank(of: run.start, track, -1)
        let up = flank(of: run.end - 1, track, 1) - run.end + 1
        return seconds < 0.4 && Double(down + up) / 2 * AreaTrack.stepSeconds <= 0.12
    }

    private func judge(
        _ run: DeepRun, _ track: AreaTrack, _ context: Context, isLast: Bool
    ) -> InterruptionKind? {
        let seconds = width(run, track)
        if seconds > settings.longestSwallow || repeats(run, track, context) { return nil }
        if isAmongDeepBreaths(run, context) {
            // Among breaths that close nearly as far, only a longer or a fuller closure stands out.
            guard widths.count >= 3, let usual = widths.quantile(0.5), let usualFlat = flats.quantile(0.5) else {
                return nil
            }
            let isLong = seconds > max(1.5 * usual + 0.12, 0.36, 0.42 * context.period)
            let isFlat = flatSeconds(run, track) > max(0.2, 0.16 * context.period, 2 * usualFlat + 0.12)
            // Deep breaths of a moment ago do not excuse walls as steep as these around a flat floor.
            let isWalled =
                (isSteep(run, track, context) || hasWall(run, track, context)) && flatSeconds(run, track) >= 0.2
            return isLong || isFlat || isWalled ? .swallow : nil
        }
        // A first closure that comes and goes at breathing's pace, without a flat floor, is narrowing that sets in.
        if context.isKnown, !isSharp(run, track, context), flatSeconds(run, track) < 0.16,
            seconds >= settings.longestCough
        {
            return nil
        }
        return seconds < settings.longestCough || isSnap(run, seconds, track) ? .cough : .swallow
    }

    /// Seconds below three tenths of the opened area.
    private func width(_ run: DeepRun, _ track: AreaTrack) -> Double {
        let level = 0.3 * openedArea
        var low = run.start
        while low > track.firstBin, track.value(low - 1) < level { low -= 1 }
        var high = run.end
        while high < track.endBin, track.value(high) < level { high += 1 }
        return Double(high - low) * AreaTrack.stepSeconds
    }

    /// Seconds of complete closure: below a fiftieth of the opened area.
    private func flatSeconds(_ run: DeepRun, _ track: AreaTrack) -> Double {
        var count = 0
        for bin in run.start..<run.end where track.value(bin) < 0.02 * openedArea { count += 1 }
        return Double(count) * AreaTrack.stepSeconds
    }

    private func finding(_ kind: InterruptionKind, from: Int64, to: Int64, _ track: AreaTrack) -> Finding {
        Finding(kind: kind, bins: (flank(of: from, track, -1) - 1)..<(flank(of: to, track, 1) + 3))
    }

    /// The outermost bin of the flank that leads up from `bin`, at most half a second above the
    /// closure itself.
    private func flank(of bin: Int64, _ track: AreaTrack, _ direction: Int64) -> Int64 {
        var place = bin
        let rise = 0.03 * openedArea
        var steps = 0
        while steps < 12 {
            if track.value(place) >= 0.2 * openedArea { steps += 1 }
            let next = place + direction
            guard next >= track.firstBin, next < track.endBin else { break }
            let after = next + direction
            let beyond = after >= track.firstBin && after < track.endBin ? track.value(after) : track.value(next)
            guard
                max(track.value(next), beyond) > track.value(place) + rise
                    || track.value(next) < 0.2 * openedArea
            else { break }
            place = next
        }
        return place
    }
}
