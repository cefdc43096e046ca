// Frames in which the mask, not the larynx, jumped.

/// Takes out short runs that leave the curve in one frame and come back to it in one frame.
///
/// No larynx does that: the quickest cough closes within two frames and opens within three. What jumps is held back
/// until it has returned or has lasted too long to be a slip, 0.18 s at most; everything else passes at once.
struct SlipFilter: Sendable, Hashable, Codable {
    /// Longest slip and longest step that counts as one frame, ns.
    private static let longest: Int64 = 180_000_000
    private static let oneStep: Int64 = 70_000_000
    /// Shares of the opened area: a jump, and what is back where it was.
    private static let jump = 0.3
    private static let back = 0.2
    /// Most that the curve may move within the slip and just before it: a quick closure has slopes, a slip has none.
    private static let level = 0.15

    private var last: TrackPoint?
    private var isSteady = false
    private var held: [TrackPoint] = []
    /// What the last call let through, in order, and the times of the frames it took out.
    private(set) var passed: [TrackPoint] = []
    private(set) var slips: [Int64] = []

    mutating func reset() {
        last = nil
        held.removeAll(keepingCapacity: true)
    }

    /// Takes the next measured frame; `opened` is the local opened area, 0 while unknown.
    mutating func add(_ point: TrackPoint, opened: Double) {
        passed.removeAll(keepingCapacity: true)
        slips.removeAll(keepingCapacity: true)
        guard let before = last else {
            pass(point)
            return
        }
        let scale = max(opened, before.area, held.first?.area ?? 0)
        guard let first = held.first, let end = held.last else {
            consider(point, after: before, scale: max(scale, point.area))
            return
        }
        let step = abs(point.area - end.area)
        let isStep = point.time - end.time <= Self.oneStep && step > Self.jump * scale
        let isLevel = abs(point.area - first.area) <= Self.level * scale
        if isStep, abs(point.area - before.area) <= Self.back * scale, point.time - first.time <= Self.longest {
            for slip in held { slips.append(slip.time) }
            held.removeAll(keepingCapacity: true)
            pass(point)
        } else if !isStep, isLevel, point.time - first.time < Self.longest {
            held.append(point)
        } else {
            for real in held { pass(real) }
            held.removeAll(keepingCapacity: true)
            consider(point, after: end, scale: scale)
        }
    }

    /// Where the curve breaks off, nothing shows that a jump was real.
    mutating func finish() {
        passed.removeAll(keepingCapacity: true)
        slips.removeAll(keepingCapacity: true)
        for slip in held { slips.append(slip.time) }
        reset()
    }

    private mutating func consider(_ point: TrackPoint, after before: TrackPoint, scale: Double) {
        if isSteady, point.time - before.time <= Self.oneStep, abs(point.area - before.area) > Self.jump * scale {
            held.append(point)
        } else {
            pass(point)
        }
    }

    private mutating func pass(_ point: TrackPoint) {
        passed.append(point)
        isSteady = last.map { abs(point.area - $0.area) <= Self.level * max(point.area, $0.area) } ?? true
        last = point
    }
}
