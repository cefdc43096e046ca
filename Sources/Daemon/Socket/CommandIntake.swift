// From bytes to lines to commands: limits on length and rate.

/// Splits a client's bytes into lines, of bounded length.
struct LineSplitter {
    enum Piece: Equatable {
        case line([UInt8])
        /// A line was longer than allowed; its bytes are skipped up to its line feed.
        case tooLong
    }

    private let limit: Int
    private var pending: [UInt8] = []
    private var isSkipping = false

    init(limit: Int) {
        self.limit = limit
    }

    /// Takes bytes and gives the lines that they complete.
    ///
    /// Holds at most `limit` bytes between calls.
    mutating func take(_ bytes: some Sequence<UInt8>, each: (Piece) -> Void) {
        for byte in bytes {
            if byte == UInt8(ascii: "\n") {
                if !isSkipping {
                    if pending.last == UInt8(ascii: "\r") { pending.removeLast() }
                    each(.line(pending))
                }
                isSkipping = false
                pending.removeAll(keepingCapacity: true)
            } else if !isSkipping {
                if pending.count == limit {
                    isSkipping = true
                    pending.removeAll(keepingCapacity: true)
                    each(.tooLong)
                } else {
                    pending.append(byte)
                }
            }
        }
    }
}

/// A token bucket: so many a second on average, and so many at once.
struct RateLimit {
    enum Verdict: Equatable {
        case allowed
        /// Too many; the first of a row of refusals, which is worth a reply.
        case firstRefusal
        case refused
    }

    private let perSecond: Int
    /// - **Units** thousandths of a command.
    private var tokens: Int
    private var last: Int
    private var isRefusing = false

    /// - Parameter now: monotonic milliseconds.
    init(perSecond: Int, now: Int) {
        self.perSecond = perSecond
        tokens = perSecond * 1000
        last = now
    }

    mutating func take(now: Int) -> Verdict {
        // `perSecond` tokens in 1000 ms is `perSecond` thousandths in each.
        tokens = min(perSecond * 1000, tokens + min(1000, max(0, now - last)) * perSecond)
        last = now
        if tokens >= 1000 {
            tokens -= 1000
            isRefusing = false
            return .allowed
        }
        defer { isRefusing = true }
        return isRefusing ? .refused : .firstRefusal
    }
}
