// Peaks and troughs of breathing on the cleaned curve.

/// A zigzag whose step follows the local height of breathing, and whose memory follows the local period.
struct TurnFinder: Sendable, Hashable, Codable {
    /// From a peak over a trough to the next peak; bins with fractions.
    struct Cycle: Sendable {
        var start: Double
        var trough: Double
        var end: Double
        /// Smoothed height and noise of the curve, px^2.
        var height: Double
        var noise: Double
        /// Noise of single bins before smoothing, px^2.
        var rawNoise: Double
        /// Whether both ends are peaks and not where the curve begins or breaks off.
        var isWhole: Bool
        /// Seconds below three tenths, and below a fiftieth, of the local opened area.
        var width: Double
        var flat: Double
    }

    private struct Turn: Sendable, Hashable, Codable {
        var bin: Int64
        /// Middle of the flat part around `bin`.
        var middle: Double
        var value: Double
        var isPeak: Bool
        /// Where the curve begins or breaks off.
        var isCut = false
    }

    private let settings: BreathSettings
    var period: Double?
    var strength = 0.0
    var openedArea = 0.0
    /// Smoothed curve from `firstBin`.
    private var smooth: [Double] = []
    private var firstBin: Int64 = 0
    private var turns: [Turn] = []
    /// Whether the first turn was already the end of a reported breath.
    private var isFirstFixed = false
    private var isRising: Bool?
    private var high = Extreme(value: 0, bin: .min)
    private var low = Extreme(value: 0, bin: .min)
    private var stretchStart: Int64 = 0
    private var height = 0.0
    /// Height of breathing where the curve broke off: a new stretch is too short to tell its own.
    private var heldHeight = 0.0
    private var noise = 0.0
    private var rawNoise = 0.0
    private var sorted: [Double] = []
    private var binsToScale = 0

    init(settings: BreathSettings) { self.settings = settings }

    mutating func reset() {
        smooth.removeAll(keepingCapacity: true)
        turns.removeAll(keepingCapacity: true)
        isFirstFixed = false
        isRising = nil
        binsToScale = 0
        heldHeight = height
    }

    mutating func forget(before bin: Int64) {
        guard bin > firstBin, !smooth.isEmpty else { return }
        let surplus = min(Int(bin - firstBin), smooth.count)
        smooth.removeFirst(surplus)
        firstBin += Int64(surplus)
    }

    /// Half-width of the smoothing window in bins: a tenth of the period.
    private var reach: Int64 {
        let seconds = (period ?? 2) * 0.1
        return max(1, min(16, Int64(seconds / AreaTrack.stepSeconds)))
    }

    /// Follows the curve as far as its bins before `limit` allow.
    mutating func advance(to limit: Int64, track: AreaTrack, isLast: Bool) {
        if smooth.isEmpty {
            firstBin = track.firstBin
            stretchStart = firstBin
        }
        while true {
            let bin = firstBin + Int64(smooth.count)
            let last = isLast ? track.endBin - 1 : limit - 1
            guard bin <= last, isLast || bin + reach <= last else { break }
            if smooth.isEmpty, !isLast, isWarmingUp(last) { break }
            smooth.append(smoothed(bin, last: last, track))
            binsToScale -= 1
            if binsToScale <= 0 {
                binsToScale = 5
                scale(track, bin)
            }
            follow(bin, smooth[smooth.count - 1])
        }
        if isLast { close(track) }
    }

    /// Whether nothing is known of breathing yet: the first turns wait until its pace and height show.
    private func isWarmingUp(_ last: Int64) -> Bool {
        guard period == nil, heldHeight == 0 else { return false }
        return Double(last - firstBin) * AreaTrack.stepSeconds < settings.warmUp
    }

    /// The next complete cycle, held back until its end holds.
    mutating func popCycle(isLast: Bool) -> Cycle? {
        while let first = turns.first, !first.isPeak { turns.removeFirst() }
        while isReady(isLast: isLast), split() {}
        while isReady(isLast: isLast) {
            let (start, trough, end) = (turns[0], turns[1], turns[2])
            turns.removeFirst(2)
            isFirstFixed = true
            // A cut end must have seen most of its flank, or the opened area is not known.
            let (fall, rise) = (start.value - trough.value, end.value - trough.value)
            if start.isCut, fall < 0.5 * rise { continue }
            if end.isCut, rise < 0.5 * fall { continue }
            return Cycle(
                start: start.isCut ? Double(start.bin) - 0.5 : start.middle, trough: trough.middle,
                end: end.isCut ? Double(end.bin) + 0.5 : end.middle,
                height: (fall + rise) / 2, noise: noise, rawNoise: rawNoise, isWhole: !start.isCut && !end.isCut,
                width: seconds(below: 0.3, from: start.bin, to: end.bin),
                flat: seconds(below: 0.02, from: start.bin, to: end.bin))
        }
        return nil
    }

    /// The last peak of a cycle holds when the next trough is known, or when no higher one can join it any more.
    private func isReady(isLast: Bool) -> Bool {
        if turns.count >= 4 { return true }
        guard turns.count == 3 else { return false }
        if isLast { return true }
        guard let period, strength > 0.4 else { return false }
        let waited = Double(firstBin + Int64(smooth.count) - turns[2].bin) * AreaTrack.stepSeconds
        return waited >= settings.refractory * period
    }

    private func seconds(below share: Double, from start: Int64, to end: Int64) -> Double {
        let (low, high) = (max(0, Int(start - firstBin)), min(smooth.count, Int(end - firstBin)))
        guard low < high else { return 0 }
        var count = 0
        for value in smooth[low..<high] where value < share * openedArea { count += 1 }
        return Double(count) * AreaTrack.stepSeconds
    }

    /// A first cycle much longer than breathing is here hides a low peak: splits it there.
    /// - Returns: whether the cycle was split.
    private mutating func split() -> Bool {
        guard let period, strength > 0.25 else { return false }
        let periodBins = period / AreaTrack.stepSeconds
        guard Double(turns[2].bin - turns[0].bin) > 1.5 * periodBins else { return false }
        let first = Int(turns[0].bin - firstBin)
        let last = Int(turns[2].bin - firstBin)
        guard first >= 0, last < smooth.count, last - first > 8 else { return false }
        // Lowest value from each place to the end, then one walk from the start.
        sorted.removeAll(keepingCapacity: true)
        sorted.append(contentsOf: smooth[first...last])
        for i in stride(from: sorted.count - 2, through: 0, by: -1) { sorted[i] = min(sorted[i], sorted[i + 1]) }
        var best = (place: 0, prominence: 0.0)
        var lowest = smooth[first]
        let margin = Int(0.4 * periodBins)
        for place in first...last {
            lowest = min(lowest, smooth[place])
            guard place - first >= margin, last - place >= margin else { continue }
            let prominence = smooth[place] - max(lowest, sorted[place - first])
            if prominence > best.prominence { best = (place, prominence) }
        }
        let least = max(0.1 * height, max(2.5 * noise, 0.4 * settings.leastHeight * openedArea))
        guard best.prominence >= least else { return false }
        let peak = Extreme(value: smooth[best.place], bin: firstBin + Int64(best.place))
        let left = lowestTurn(first..<best.place)
        let right = lowestTurn((best.place + 1)..<(last + 1))
        let middle = Turn(bin: peak.bin, middle: middle(peak, isPeak: true), value: peak.value, isPeak: true)
        turns.replaceSubrange(1...1, with: CollectionOfOne(left))
        turns.insert(middle, at: 2)
        turns.insert(right, at: 3)
        return true
    }

    private func lowestTurn(_ range: Range<Int>) -> Turn {
        var best = range.lowerBound
        for place in range where smooth[place] < smooth[best] { best = place }
        let low = Extreme(value: smooth[best], bin: firstBin + Int64(best))
        return Turn(bin: low.bin, middle: middle(low, isPeak: false), value: low.value, isPeak: false)
    }

    /// Triangle-weighted mean around a bin.
    private func smoothed(_ bin: Int64, last: Int64, _ track: AreaTrack) -> Double {
        let reach = reach
        var sum = 0.0
        var weights = 0.0
        for offset in -reach...reach {
            let place = bin + offset
            guard place >= track.firstBin, place <= last else { continue }
            let weight = Double(reach + 1 - abs(offset))
            sum += weight * track.value(place)
            weights += weight
        }
        return sum / weights
    }

    /// Measures how high breathing goes here and how noisy the curve is.
    private mutating func scale(_ track: AreaTrack, _ bin: Int64) {
        let seconds = max(3, min(12, 2 * (period ?? 3)))
        sorted.removeAll(keepingCapacity: true)
        sorted.append(contentsOf: smooth.suffix(Int(seconds / AreaTrack.stepSeconds)))
        sorted.sort()
        height = (quantile(ofSorted: sorted, 0.92) ?? 0) - (quantile(ofSorted: sorted, 0.08) ?? 0)
        let covered = Double(smooth.count) * AreaTrack.stepSeconds
        if covered < 1.5 * (period ?? 3) { height = max(height, settings.heldShare * heldHeight) }
        sorted.removeAll(keepingCapacity: true)
        var place = max(track.firstBin + 2, bin - 250)
        while place <= bin {
            if track.isReal(place), track.isReal(place - 1), track.isReal(place - 2) {
                sorted.append(abs(track.value(place) - 2 * track.value(place - 1) + track.value(place - 2)))
            }
            place += 1
        }
        sorted.sort()
        // Median of |second difference| of white noise is 0.6745 sqrt 6 of its deviation; a triangle of half-width
        // r + 1 leaves about sqrt(2 / (3 (r + 1))) of it.
        rawNoise = (quantile(ofSorted: sorted, 0.5) ?? 0) / 1.652
        noise = rawNoise * (2 / (3 * Double(reach + 1))).squareRoot()
    }

    private var step: Double {
        max(settings.prominence * height, max(2.5 * noise, 0.6 * settings.leastHeight * openedArea))
    }

    private mutating func follow(_ bin: Int64, _ value: Double) {
        guard let rising = isRising else {
            if turns.isEmpty, smooth.count == 1 || high.bin < firstBin {
                high = Extreme(value: value, bin: bin)
                low = high
            }
            if value > high.value { high = Extreme(value: value, bin: bin) }
            if value < low.value { low = Extreme(value: value, bin: bin) }
            guard step > 0, smooth.count > 12 else { return }
            if value <= high.value - step {
                add(high, isPeak: true)
                isRising = false
                low = Extreme(value: value, bin: bin)
            } else if value >= low.value + step {
                add(low, isPeak: false)
                isRising = true
                high = Extreme(value: value, bin: bin)
            }
            return
        }
        if rising {
            if value > high.value {
                high = Extreme(value: value, bin: bin)
            } else if value <= high.value - step {
                add(high, isPeak: true)
                isRising = false
                low = Extreme(value: value, bin: bin)
            }
        } else if value < low.value {
            low = Extreme(value: value, bin: bin)
        } else if value >= low.value + step {
            add(low, isPeak: false)
            isRising = true
            high = Extreme(value: value, bin: bin)
        }
    }

    private mutating func add(_ extreme: Extreme, isPeak: Bool, isCut: Bool = false) {
        let isStart = turns.isEmpty && !isFirstFixed && extreme.bin <= stretchStart + 2
        // A stretch that begins low has its trough before it.
        if isStart, !isPeak { return }
        turns.append(
            Turn(
                bin: extreme.bin, middle: middle(extreme, isPeak: isPeak), value: extreme.value, isPeak: isPeak,
                isCut: isCut || isStart))
        merge()
    }

    /// Two turns of one kind that follow each other too quickly are one, unless the curve goes far between them.
    private mutating func merge() {
        guard turns.count >= 3 else { return }
        let (a, b, c) = (turns[turns.count - 3], turns[turns.count - 2], turns[turns.count - 1])
        let spacing = Double(c.bin - a.bin) * AreaTrack.stepSeconds
        var least = 60 / settings.fastest * 0.7
        if let period, strength > 0.4 { least = max(least, settings.refractory * period) }
        let prominence = min(abs(a.value - b.value), abs(c.value - b.value))
        guard spacing < least, prominence < 0.6 * height else { return }
        turns.removeLast(2)
        let isBetter = c.isPeak ? c.value > a.value : c.value < a.value
        if isBetter, !(turns.count == 1 && isFirstFixed) { turns[turns.count - 1] = c }
    }

    /// The middle of the flat top or bottom around an extreme: steadier than the extreme itself.
    private func middle(_ extreme: Extreme, isPeak: Bool) -> Double {
        let tolerance = 0.1 * max(height, step)
        let inRange: (Int64) -> Bool = { bin in
            let index = Int(bin - self.firstBin)
            guard index >= 0, index < self.smooth.count else { return false }
            let value = self.smooth[index]
            return isPeak ? value >= extreme.value - tolerance : value <= extreme.value + tolerance
        }
        var low = extreme.bin
        while inRange(low - 1) { low -= 1 }
        var high = extreme.bin
        while inRange(high + 1) { high += 1 }
        return Double(low + high) / 2
    }

    /// Ends the stretch: what has risen enough counts as a last peak, cut off where the curve still rises.
    private mutating func close(_ track: AreaTrack) {
        guard isRising == true, let last = turns.last, !last.isPeak, high.value - last.value >= step else { return }
        add(high, isPeak: true, isCut: high.bin >= track.endBin - 3)
        isRising = nil
    }
}

/// A value and where it stands.
struct Extreme: Sendable, Hashable, Codable {
    var value: Double
    var bin: Int64
}
