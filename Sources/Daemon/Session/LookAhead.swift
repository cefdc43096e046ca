// Several frames of a recording seen at once, each on a core of its own, before their turn to be measured.
//
// Which part of a frame the network sees depends on the frames before it. It seldom changes, so it is guessed: what was
// guessed wrongly is seen again when the frame's turn comes. The rows are those of measuring one frame after another.

import Decode
import Foundation
import Frames
import Segment

/// Which parts of the pane the next frames will probably be looked at.
struct LookGuess: Sendable {
    private var crop: PixelRect?
    private var pane = PixelSize(width: 0, height: 0)
    /// Frames until the whole pane is looked at beside the crop.
    private var untilWhole = Int.max
    /// The search's turn, while nothing is found.
    private var searchTurn: Int?

    /// Nothing is known: the whole pane.
    init() {}

    init(crop: PixelRect, pane: PixelSize, untilWhole: Int) {
        (self.crop, self.pane, self.untilWhole) = (crop, pane, max(0, untilWhole))
    }

    init(searching turn: Int, pane: PixelSize) {
        (self.pane, searchTurn) = (pane, turn)
    }

    /// The looks at the frame that comes `ahead` frames after the next one.
    func looks(ahead: Int, pane: PixelSize) -> (first: PixelRect, second: PixelRect?) {
        let whole = PixelRect(pane)
        guard pane == self.pane else { return (whole, nil) }
        if let crop { return (crop, ahead == untilWhole ? whole : nil) }
        return (whole, searchTurn.map { SearchParts(pane: pane)[($0 + ahead) % SearchParts.count] })
    }
}

/// What was seen of one frame before its turn.
final class Foresight {
    fileprivate(set) var findings: GateFindings?
    private var sights = [Sight(), Sight()]
    private var crops = [PixelRect](repeating: PixelRect(x: 0, y: 0, width: 0, height: 0), count: 2)
    private var count = 0

    /// The sight of a part of the pane, if it was foreseen.
    func withSight(of crop: PixelRect, _ body: (Sight) -> Void) -> Bool {
        for index in 0..<count where crops[index] == crop {
            body(sights[index])
            return true
        }
        return false
    }

    fileprivate func clear() {
        findings = nil
        count = 0
    }

    fileprivate func see(
        _ frame: borrowing VideoFrame, pane: Pane, looks: (first: PixelRect, second: PixelRect?),
        with looker: inout FrameLooker
    ) throws {
        let found = try looker.examine(frame, pane: pane)
        findings = found
        guard found.reasons.isEmpty, !found.showsBars, found.networkReasons.isEmpty else { return }
        try see(looks.first, frame, pane, with: &looker)
        if let second = looks.second { try see(second, frame, pane, with: &looker) }
    }

    private func see(
        _ crop: PixelRect, _ frame: borrowing VideoFrame, _ pane: Pane, with looker: inout FrameLooker
    ) throws {
        crops[count] = crop
        try looker.see(crop, of: frame, pane: pane, into: &sights[count])
        count += 1
    }
}

/// A short queue of frames that are being looked at, in the order of their turns.
final class LookAhead: @unchecked Sendable {
    // SAFETY: everything below is touched only with `condition` locked, but for a claimed frame's `place`: that belongs
    // to the thread that claimed it until `isDone`, and then to the measuring thread.
    private let condition = NSCondition()
    private let places: [Place]
    private var head = 0
    private var count = 0
    private var claimed = 0
    private var guess = LookGuess()
    private var isClosed = false

    /// One frame on its way.
    private final class Place {
        let frame = UnsafeMutablePointer<VideoFrame>.allocate(capacity: 1)
        var pane: Pane?
        var beginsPane: Int?
        let foresight = Foresight()
        var failure: (any Error)?
        var cost = Duration.zero
        var isDone = false

        deinit { frame.deallocate() }
    }

    /// - Parameter lookers: one for each frame that is looked at at the same time.
    init(lookers: consuming [FrameLooker]) {
        // One more waits, so that nobody is idle while the measuring thread is at work.
        places = (0...lookers.count).map { _ in Place() }
        for (number, looker) in lookers.enumerated() {
            let owned = OwnedLooker(looker)
            startThread("rima-look-\(number)") { [self] in work(owned) }
        }
    }

    deinit {
        for index in 0..<count { places[(head + index) % places.count].frame.deinitialize(count: 1) }
    }

    /// Whether the oldest frame must be taken before another one fits in.
    var isFull: Bool { locked { count == places.count } }
    var isEmpty: Bool { locked { count == 0 } }

    /// Takes a frame in.
    ///
    /// There must be room.
    /// - Parameter beginsPane: the first frame for which the pane holds, when it is to be stored with this one.
    func add(_ frame: consuming VideoFrame, pane: Pane?, beginsPane: Int?) {
        condition.lock()
        defer { condition.unlock() }
        precondition(count < places.count, "the oldest frame is taken first")
        let place = places[(head + count) % places.count]
        place.frame.initialize(to: frame)
        place.pane = pane
        place.beginsPane = beginsPane
        place.foresight.clear()
        place.failure = nil
        place.isDone = false
        count += 1
        condition.broadcast()
    }

    /// Waits for the oldest frame, measures it with `body`, and lets it go.
    ///
    /// - Parameter body: also told what looking has cost, and answers with a new guess.
    func takeOldest(
        _ body: (borrowing VideoFrame, Pane?, _ beginsPane: Int?, Foresight, Duration) throws -> LookGuess
    ) throws {
        condition.lock()
        precondition(count > 0, "there is a frame")
        let place = places[head]
        while !place.isDone { condition.wait() }
        condition.unlock()
        var next: LookGuess?
        defer {
            place.frame.deinitialize(count: 1)
            condition.lock()
            if let next { guess = next }
            head = (head + 1) % places.count
            count -= 1
            claimed -= 1
            condition.unlock()
        }
        if let failure = place.failure { throw failure }
        next = try body(place.frame.pointee, place.pane, place.beginsPane, place.foresight, place.cost)
    }

    /// Lets the threads go.
    func close() {
        condition.lock()
        isClosed = true
        condition.broadcast()
        condition.unlock()
    }

    private func work(_ owned: OwnedLooker) {
        while true {
            condition.lock()
            while claimed == count, !isClosed { condition.wait() }
            guard !isClosed else {
                condition.unlock()
                return
            }
            let place = places[(head + claimed) % places.count]
            let (guess, ahead) = (guess, claimed)
            claimed += 1
            condition.unlock()
            let began = ContinuousClock.now
            do {
                if let pane = place.pane, !place.frame.pointee.isTainted {
                    try place.foresight.see(
                        place.frame.pointee, pane: pane, looks: guess.looks(ahead: ahead, pane: pane.rect.size),
                        with: &owned.looker)
                }
            } catch {
                place.failure = error
            }
            place.cost = ContinuousClock.now - began
            condition.lock()
            place.isDone = true
            condition.broadcast()
            condition.unlock()
        }
    }

    private func locked<Value>(_ body: () -> Value) -> Value {
        condition.lock()
        defer { condition.unlock() }
        return body()
    }
}

/// A looker on its way to its thread.
private final class OwnedLooker: @unchecked Sendable {
    // SAFETY: handed to one thread when that starts, and touched by nobody else.
    var looker: FrameLooker

    init(_ looker: consuming FrameLooker) {
        self.looker = looker
    }
}
