// From a network's map to the opening it shows. Method and settings: design/opening-area.md.
package import Frames
import Glibc

/// Measures one opening after another; its scratch is reused, so a steady stream allocates nothing.
package struct OpeningMeter: Sendable {
    package var settings: OpeningSettings
    private var grid = MapGrid()
    private var regions = RegionFinder()
    private var tracer = OutlineTracer()

    package init(settings: OpeningSettings = OpeningSettings()) { self.settings = settings }

    /// Measures the opening in `map`, logits of the crop `crop` of a pane with the field of view `field`.
    ///
    /// - **Units** crop, field and result in pane pixels; map pixel (u, v) is centred at
    ///   (crop.x + (u + 0.5) crop.width / map.width, likewise y).
    package mutating func measure(
        _ map: ValueMap, crop: PixelRect, field: FieldOfView, into result: inout MeterResult
    ) {
        let threshold = Float(settings.threshold)
        result.clear()
        guard map.size.count > 0, crop.width > 0, crop.height > 0 else { return }
        grid.lay(map.size, over: crop, in: field, margin: settings.edgeMargin)
        regions.find(in: map, grid: grid, threshold: threshold)
        result.evidence.parts = regions.partSizes.count
        result.evidence.keptParts = regions.choose(settings, grid: grid)
        gatherEvidence(map, threshold: threshold, into: &result.evidence)
        tracer.trace(regions, of: map, grid: grid, threshold: threshold, into: &result)
        let least = settings.leastShare * Double(field.area)
        dropSmallRings(below: least, in: &result)
        guard result.evidence.isSound else {
            result.clear()
            result.evidence.isSound = false
            return
        }
        guard !result.outline.isEmpty else {
            result.confidence =
                result.evidence.parts == 0
                ? 1 - 2 * result.evidence.peakProbability
                : 1 - result.evidence.insideSureness
            return
        }
        result.isEmpty = false
        measureBorders(&result)
        measureRings(&result)
        result.confidence = (result.evidence.insideSureness + 2 * result.evidence.edgeSureness) / 3
    }

    private func gatherEvidence(_ map: ValueMap, threshold: Float, into evidence: inout OpeningEvidence) {
        let quarter: Float = 1.0986123  // logit of p = 0.75
        var peak = -Float.infinity
        var isSound = true
        var doubtful = 0
        var open = 0
        let values = map.values.span
        for v in 0..<map.size.height {
            let base = v * map.size.width
            for u in grid.columns(v) {
                let value = values[base + u]
                if value > peak { peak = value }
                if value.isNaN { isSound = false }
                if value > -quarter, value < quarter { doubtful += 1 }
                if value > 0 { open += 1 }
            }
        }
        evidence.isSound = isSound
        evidence.peakProbability = Sureness.probability(peak)
        evidence.doubtfulShare = doubtful == 0 ? 0 : Double(doubtful) / Double(max(open, 1))
        var sum = 0.0
        var count = 0
        for run in regions.runs where regions.kept[run.part] {
            let base = run.row * map.size.width
            for u in run.start..<run.end { sum += Sureness.of(values[base + u]) }
            count += run.end - run.start
        }
        evidence.insideSureness = count > 0 ? sum / Double(count) : 0
    }

    /// Takes out rings that enclose less than `least`: specks, and dust in the opening.
    ///
    /// An opening whose rings sum to
    /// less is closed.
    private mutating func dropSmallRings(below least: Double, in result: inout MeterResult) {
        var write = 0
        var rings = 0
        var total = 0.0
        for index in result.ringStarts.indices {
            let start = result.ringStarts[index]
            let end = index + 1 < result.ringStarts.count ? result.ringStarts[index + 1] : result.outline.count
            var moments = RingMoments(origin: result.outline[start])
            for i in start..<end { moments.add(result.outline[i], result.outline[i + 1 == end ? start : i + 1]) }
            guard abs(moments.area) >= least, abs(moments.area) > 0 else { continue }
            total += moments.area
            if moments.area < 0 { result.evidence.holes += 1 }
            result.ringStarts[rings] = write
            rings += 1
            for i in start..<end {
                result.outline[write] = result.outline[i]
                tracer.moveBorder(from: i, to: write)
                write += 1
            }
        }
        if !(total >= least && total > 0) { (write, rings) = (0, 0) }
        result.outline.removeLast(result.outline.count - write)
        result.ringStarts.removeLast(result.ringStarts.count - rings)
    }

    private func measureBorders(_ result: inout MeterResult) {
        var length = 0.0
        var field = 0.0
        var crop = 0.0
        result.forEachEdge { i, j, a, b in
            let dx = b.x - a.x
            let dy = b.y - a.y
            let half = (dx * dx + dy * dy).squareRoot() / 2
            length += 2 * half
            for end in 0...1 {
                switch tracer.borders[end == 0 ? i : j] {
                case .field: field += half
                case .crop: crop += half
                case .none: break
                }
            }
        }
        guard length > 0 else { return }
        result.evidence.fieldEdgeShare = field / length
        result.evidence.cropEdgeShare = crop / length
        result.isCutByField = field / length > settings.fieldEdgeShare
        result.isCutByCrop = crop / length > settings.cropEdgeShare
        let crossings = Double(result.outline.count)
        result.evidence.edgeSteepness = tracer.steepness / crossings
        result.evidence.edgeSureness = tracer.surenessCount > 0 ? tracer.sureness / Double(tracer.surenessCount) : 0
    }

    private func measureRings(_ result: inout MeterResult) {
        var moments = RingMoments(origin: result.outline[0])
        result.forEachEdge { _, _, a, b in moments.add(a, b) }
        var axis = LongAxis(moments)
        orient(&axis, result)
        var (near, far, left, right) = (Double.infinity, -Double.infinity, Double.infinity, -Double.infinity)
        for point in result.outline {
            let t = axis.along(point)
            let s = axis.across(point)
            near = min(near, t)
            far = max(far, t)
            left = min(left, s)
            right = max(right, s)
        }
        var twice = 0.0
        result.forEachEdge { _, _, a, b in
            twice += sweptArea(a, b, sideA: axis.across(a), sideB: axis.across(b), origin: axis.center)
        }
        // `across` grows to the picture's left when the commissure points down, to its right when it points up.
        let positive = min(moments.area, max(0, twice / 2))
        let isDown = axis.dy > 0 || (axis.dy == 0 && axis.dx > 0)
        result.opening = Opening(
            area: moments.area, length: far - near, width: right - left,
            angle: angle(result, axis: axis, tip: far, length: far - near),
            leftArea: isDown ? positive : moments.area - positive,
            rightArea: isDown ? moments.area - positive : positive, center: axis.center)
    }

    /// Turns the axis towards the anterior commissure.
    private func orient(_ axis: inout LongAxis, _ result: MeterResult) {
        let pointsDown = axis.dy > 0 || (axis.dy == 0 && axis.dx > 0)
        switch settings.apex {
        case .down: if !pointsDown { axis.flip() }
        case .up: if pointsDown { axis.flip() }
        case .auto:
            // The narrower end reaches farther from the centroid.
            var (low, high) = (Double.infinity, -Double.infinity)
            for point in result.outline {
                let t = axis.along(point)
                low = min(low, t)
                high = max(high, t)
            }
            if -low > high { axis.flip() }
        }
    }

    /// The angle between straight lines fitted to both edges near the commissure, degrees.
    ///
    /// The first tenth of the length, where pixels and mucosa round the tip, is left out; edges reach to half of it.
    private func angle(_ result: MeterResult, axis: LongAxis, tip: Double, length: Double) -> Double? {
        guard
            let start = result.outline.indices.max(by: {
                axis.along(result.outline[$0]) < axis.along(result.outline[$1])
            })
        else { return nil }
        var ring = 0
        while ring + 1 < result.ringStarts.count, result.ringStarts[ring + 1] <= start { ring += 1 }
        let points = result.ring(ring)
        let from = max(0.1 * length, 2 * max(grid.scaleX, grid.scaleY))
        var (first, second): (EdgeLine?, EdgeLine?)
        for side in 0...1 {
            var fit = EdgeFit()
            var i = start
            for _ in points.indices {
                let next =
                    side == 0
                    ? (i + 1 == points.endIndex ? points.startIndex : i + 1)
                    : (i == points.startIndex ? points.endIndex - 1 : i - 1)
                let (p, q) = (points[i], points[next])
                let depth = tip - axis.along(q)
                if depth > 0.5 * length { break }
                if depth >= from {
                    let (dx, dy) = (q.x - p.x, q.y - p.y)
                    fit.add(q, weight: (dx * dx + dy * dy).squareRoot())
                }
                i = next
            }
            guard fit.count >= settings.edgePoints, let line = fit.line,
                line.straightness >= settings.edgeStraightness
            else { return nil }
            if side == 0 { first = line } else { second = line }
        }
        guard let a = first, let b = second else { return nil }
        // Edges that draw together away from this end meet at the other one.
        let apart = axis.across(a.middle) - axis.across(b.middle)
        let opening = (a.dy - b.dy) * axis.dx - (a.dx - b.dx) * axis.dy
        guard apart * opening > 0 else { return nil }
        return acos(max(-1, min(1, a.dx * b.dx + a.dy * b.dy))) * 180 / .pi
    }
}

extension MeterResult {
    /// Forgets the outline: nothing is open, with confidence 0.
    ///
    /// The storage stays.
    package mutating func clear() {
        opening = .closed
        outline.removeAll(keepingCapacity: true)
        ringStarts.removeAll(keepingCapacity: true)
        confidence = 0
        isEmpty = true
        isCutByField = false
        isCutByCrop = false
        evidence = OpeningEvidence()
    }

    /// Calls `body` with both indices and both points of every edge of every ring.
    func forEachEdge(_ body: (Int, Int, Point, Point) -> Void) {
        for index in ringStarts.indices {
            let start = ringStarts[index]
            let end = index + 1 < ringStarts.count ? ringStarts[index + 1] : outline.count
            for i in start..<end {
                let j = i + 1 == end ? start : i + 1
                body(i, j, outline[i], outline[j])
            }
        }
    }
}
