// The true area curve of a recording, with its breaths and events: geometry alone, without a single picture.
package import Frames
import Glibc

/// What is known of one frame of the curve.
package struct PhantomAreaPoint: Sendable, Hashable {
    package var index: Int
    package var time: StreamTime
    /// Area of the visible opening, px^2 of the pane.
    package var area: Double
    /// Length of the glottis from end to end, whatever covers it, px of the pane: the scale of the view.
    package var length: Double
    /// Why the picture is not fit for measuring; empty when it is.
    package var faults: [Reason]
}

/// One breath, from widest over narrowest to widest as the script says.
package struct PhantomBreath: Sendable, Hashable {
    /// Seconds.
    package var start: Double
    package var trough: Double
    package var end: Double
    /// 1 - P5 / P95 of the areas of its frames, the hidden ones too.
    package var closure: Double
    /// Index of the stage in which it is narrowest.
    package var stage: Int
}

/// Something that is no breathing: from its first to its last visible effect, seconds.
package struct PhantomEvent: Sendable, Hashable {
    package enum Kind: Sendable { case swallow, cough, talk }
    package var kind: Kind
    package var start: Double
    package var end: Double
}

/// A stage's true place and rate.
package struct PhantomLeg: Sendable, Hashable {
    package var name: String
    package var start: Double
    package var end: Double
    /// Breaths a minute over the whole stage.
    package var rate: Double
}

/// The truth of a whole recording's area curve.
package struct PhantomAreaTruth: Sendable {
    package var points: [PhantomAreaPoint]
    package var breaths: [PhantomBreath]
    package var events: [PhantomEvent]
    package var stages: [PhantomLeg]
}

extension PhantomRecording {
    /// The area of every frame and the breaths that made it.
    ///
    /// Areas agree with `truth(of:)` to a thousandth of the opened area: scan lines across the opening instead of
    /// eight in each pixel row.
    package func areaTruth() -> PhantomAreaTruth {
        var points: [PhantomAreaPoint] = []
        points.reserveCapacity(frameCount)
        // What the opening would show without the edge of the field and without walls.
        var whole: [Double] = []
        var scan = OutlineScan()
        for index in 0..<frameCount {
            let (point, area) = areaPoint(index, &scan)
            points.append(point)
            whole.append(area)
        }
        let script = film.script
        return PhantomAreaTruth(
            points: points, breaths: breaths(script, areas: whole), events: events(script),
            stages: script.legs.indices.map { i in
                let leg = script.legs[i]
                let end = i + 1 < script.legs.count ? script.legs[i + 1].start : script.end
                // Just before the next stage: a moment belongs to the stage that begins there.
                let breaths = script.breaths(at: end - 1e-9) - script.breaths(at: leg.start)
                return PhantomLeg(
                    name: leg.stage.name, start: leg.start, end: end,
                    rate: end > leg.start ? 60 * breaths / (end - leg.start) : 0)
            })
    }

    private func areaPoint(_ index: Int, _ scan: inout OutlineScan) -> (PhantomAreaPoint, Double) {
        let time = time(of: index)
        let moment = film.moment(at: time.seconds)
        let view = moment.view.scaled(to: Float(shown))
        let origin = SIMD2(Float(shown - pane.width), Float(shown - pane.height)) / 2
        let shapes = Shapes(body, moment.posture, view, isOpeningOnly: true).cropped(at: origin)
        var faults = moment.conditions.faults(centre: moment.view.centre)
        let whole = scan.area(of: shapes.glottis, without: shapes.covers)
        var area = whole
        let isInside = shapes.glottis.points.allSatisfy { p in
            field.contains(x: Int(p.x.rounded(.down)), y: Int(p.y.rounded(.down)))
        }
        if !isInside {
            area = scan.area(of: shapes.glottis, without: shapes.covers, field: field)
            if area < 0.98 * whole { faults.append(.cutByEdge) }
        }
        if moment.posture.absent {
            faults.append(.noLarynx)
            area = 0
        }
        var length: Float = 0
        if let front = shapes.seam.first, let back = shapes.seam.last {
            length = sqrtf(((back - front) * (back - front)).sum())
        }
        return (
            PhantomAreaPoint(index: index, time: time, area: area, length: Double(length), faults: faults), whole
        )
    }

    private func breaths(_ script: Script, areas: [Double]) -> [PhantomBreath] {
        let rate = Double(settings.rateNumerator) / Double(settings.rateDenominator)
        var out: [PhantomBreath] = []
        let count = Int(script.breaths(at: script.end))
        var start = script.time(ofBreath: 0)
        for ordinal in 0..<max(0, count) {
            let end = script.time(ofBreath: Double(ordinal + 1))
            let trough = script.time(ofBreath: Double(ordinal) + 0.5)
            let first = max(0, Int((start * rate).rounded(.up)))
            let last = min(areas.count, Int((end * rate).rounded(.up)))
            if first < last {
                let sorted = areas[first..<last].sorted()
                let high = sorted[Int((0.95 * Double(sorted.count - 1)).rounded())]
                let low = sorted[Int((0.05 * Double(sorted.count - 1)).rounded())]
                let stage = script.legs.lastIndex { $0.start <= trough } ?? 0
                out.append(
                    PhantomBreath(
                        start: start, trough: trough, end: end, closure: high > 0 ? 1 - low / high : 0, stage: stage))
            }
            start = end
        }
        return out
    }

    private func events(_ script: Script) -> [PhantomEvent] {
        func list(_ episodes: [Episode], _ kind: PhantomEvent.Kind, part: Double = 1) -> [PhantomEvent] {
            episodes.filter { $0.start < script.end }.map {
                PhantomEvent(kind: kind, start: $0.start, end: min(script.end, $0.start + part * $0.length))
            }
        }
        // A cough leaves the opening as it was after half of its time; what follows only shakes the camera.
        let all =
            list(script.swallows, .swallow) + list(script.coughs, .cough, part: 0.5) + list(script.talks, .talk)
        return all.sorted { $0.start < $1.start }
    }
}

extension Script {
    /// When `breaths(at:)` reaches a count; the end when it does not.
    func time(ofBreath count: Double) -> Double {
        var (low, high) = (0.0, end)
        if breaths(at: low) >= count { return low }
        for _ in 0..<60 {
            let middle = (low + high) / 2
            if breaths(at: middle) < count { low = middle } else { high = middle }
        }
        return high
    }
}

/// Areas by scan lines, with its buffers kept.
struct OutlineScan {
    /// Lines across the outline; between them the area is taken as a trapezoid of the midpoint rule.
    static let lines = 64
    private var spans: [Float] = []
    private var cuts: [Float] = []
    private var rest: [Float] = []

    /// What lies inside `outline`, outside every one of `holes` and inside the field, px^2.
    mutating func area(of outline: Outline, without holes: [Outline], field: FieldOfView? = nil) -> Double {
        guard let first = outline.points.first else { return 0 }
        var (low, high) = (first.y, first.y)
        for p in outline.points {
            low = min(low, p.y)
            high = max(high, p.y)
        }
        let step = (high - low) / Float(Self.lines)
        guard step > 0 else { return 0 }
        // Holes beside the outline take nothing from it.
        let own = Self.reach(outline, across: true)
        let near = holes.filter { Self.reach($0, across: true).overlaps(own) }
        let reaches = near.map { Self.reach($0) }
        var sum = 0.0
        for line in 0..<Self.lines {
            let y = low + (Float(line) + 0.5) * step
            outline.crossings(at: y, into: &spans)
            for (hole, reach) in zip(near, reaches) where reach.contains(y) {
                hole.crossings(at: y, into: &cuts)
                if cuts.isEmpty { continue }
                Coverage.subtract(cuts, from: spans, into: &rest)
                swap(&spans, &rest)
            }
            sum += Double(length(at: y, field))
        }
        return sum * Double(step)
    }

    private func length(at y: Float, _ field: FieldOfView?) -> Float {
        var edges: (Float, Float)?
        if let field {
            let row = Int(y.rounded(.down))
            guard row >= 0, row < field.starts.count else { return 0 }
            edges = (Float(field.starts[row]), Float(field.ends[row]))
        }
        var sum: Float = 0
        var i = 0
        while i + 1 < spans.count {
            let a = edges.map { max($0.0, spans[i]) } ?? spans[i]
            let b = edges.map { min($0.1, spans[i + 1]) } ?? spans[i + 1]
            sum += max(0, b - a)
            i += 2
        }
        return sum
    }

    private static func reach(_ outline: Outline, across: Bool = false) -> ClosedRange<Float> {
        guard let first = outline.points.first else { return -1...(-1) }
        var (low, high) = across ? (first.x, first.x) : (first.y, first.y)
        for p in outline.points {
            low = min(low, across ? p.x : p.y)
            high = max(high, across ? p.x : p.y)
        }
        return low...high
    }
}
