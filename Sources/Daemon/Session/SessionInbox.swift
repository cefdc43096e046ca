// What reaches the measuring thread: frames, passed by ownership through a small ring, and requests for marks.

import Decode
import Foundation

/// What the measuring thread finds in its mailbox.
enum Delivery: ~Copyable {
    case frame(VideoFrame)
    /// A mark was asked for, or the deadline passed, before a frame came.
    case wake
    /// The recording is over and all its frames have been taken.
    case end
}

/// A bounded queue of frames with one producer and one consumer.
///
/// Files never drop a frame: a full ring makes the decoder wait. Of a live source, a full ring drops its oldest frame.
final class SessionInbox: @unchecked Sendable {
    // SAFETY: every stored property is touched only with `condition` locked.
    private let condition = NSCondition()
    private let slots: UnsafeMutablePointer<VideoFrame?>
    private let capacity: Int
    private let dropsOldest: Bool
    private var head = 0
    private var count = 0
    private var isFinished = false
    private var isClosed = false
    private var isWoken = false
    private var marks: [String] = []

    /// - Parameter capacity: frames held at most; each keeps its decoded picture alive.
    init(capacity: Int = 6, dropsOldest: Bool = false) {
        self.capacity = capacity
        self.dropsOldest = dropsOldest
        slots = .allocate(capacity: capacity)
        for index in 0..<capacity { (slots + index).initialize(to: nil) }
    }

    deinit {
        slots.deinitialize(count: capacity)
        slots.deallocate()
    }

    /// Hands a frame over, waiting while the ring is full, or making room in it.
    /// - Returns: false when the consumer has gone; the frame is then released.
    func put(_ frame: consuming VideoFrame) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        if dropsOldest, count == capacity {
            slots[head] = nil
            head = (head + 1) % capacity
            count -= 1
        }
        while count == capacity, !isClosed { condition.wait() }
        guard !isClosed else { return false }
        slots[(head + count) % capacity] = consume frame
        count += 1
        condition.broadcast()
        return true
    }

    /// Frames that wait to be measured.
    var waiting: Int {
        condition.lock()
        defer { condition.unlock() }
        return count
    }

    /// Says that no more frames will come.
    func finish() {
        condition.lock()
        isFinished = true
        condition.broadcast()
        condition.unlock()
    }

    /// Asks for a stage mark at the frame that is measured next.
    func requestMark(_ label: String) {
        condition.lock()
        marks.append(label)
        isWoken = true
        condition.broadcast()
        condition.unlock()
    }

    /// Takes the requested marks, in the order in which they were asked for.
    func takeMarks() -> [String] {
        condition.lock()
        defer {
            marks.removeAll()
            condition.unlock()
        }
        return marks
    }

    /// Ends the consumer's interest; a waiting producer is let go.
    func close() {
        condition.lock()
        isClosed = true
        condition.broadcast()
        condition.unlock()
    }

    /// Takes the oldest frame, waiting for one until `deadline`.
    func take(until deadline: Date) -> Delivery {
        condition.lock()
        defer { condition.unlock() }
        while count == 0, !isFinished, !isWoken {
            if !condition.wait(until: deadline) { return .wake }
        }
        if isWoken {
            isWoken = false
            return .wake
        }
        guard count > 0 else { return .end }
        var taken: VideoFrame? = nil
        swap(&taken, &slots[head])
        head = (head + 1) % capacity
        count -= 1
        condition.broadcast()
        guard let frame = consume taken else { return .wake }
        return .frame(frame)
    }
}
