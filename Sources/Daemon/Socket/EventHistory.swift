// The last rows of one session, as the lines that clients receive.

/// A bounded ring of encoded lines.
///
/// Rows are found by *ordinal*, a count of rows ever appended, so that what a reader has missed can be counted exactly
/// even where sequence numbers jump. A reader owns nothing here but a number, which is why a slow one costs nothing.
package struct EventHistory {
    /// What a reader got.
    package struct Reading: Equatable {
        /// Rows that had left the ring before the reader came for them.
        package var dropped = 0
        /// The number at which the ring begins, when rows were dropped and the ring holds any.
        package var firstSeq: Int?
        /// Sequence number of the last row read; nil when none was.
        package var lastSeq: Int?
        /// Where to read on.
        package var next = 0
    }

    private struct Row {
        /// Its number, or its predecessor's when it has none.
        var seq: Int
        var isNumbered: Bool
        var line: [UInt8]
    }

    private let capacity: Int
    private let maximumBytes: Int
    private var rows: [Row] = []
    private var bytes = 0
    /// Ordinal that slot 0 held when the ring began to fill.
    private var base = 0
    /// Ordinal of the oldest row held.
    package private(set) var first = 0
    /// Ordinal that the next row will have.
    package private(set) var next = 0
    /// Sequence number of the newest row ever appended; -1 before the first.
    package private(set) var lastSeq = -1

    /// - Parameter capacity: rows held at most. Long lines are held to a mean of 1 KiB: beyond `capacity` KiB the
    ///   oldest rows leave early.
    package init(capacity: Int) {
        precondition(capacity > 0, "a history holds at least one row")
        self.capacity = capacity
        maximumBytes = capacity * 1024
    }

    /// The number at which the ring begins; nil when it is empty.
    package var firstSeq: Int? {
        guard first < next else { return nil }
        let row = rows[slot(first)]
        return row.isNumbered ? row.seq : row.seq + 1
    }

    /// Appends a row.
    ///
    /// - Parameter seq: nil for an event outside the numbering, which takes the place of its predecessor.
    /// - Parameter line: with its line feed.
    /// - Returns: false when a row of this number or a later one was seen before: the row is a repetition, as after the
    ///   restart of a worker, and is left out.
    package mutating func append(seq: Int?, line: [UInt8]) -> Bool {
        if let seq {
            guard seq > lastSeq else { return false }
            lastSeq = seq
        }
        let row = Row(seq: lastSeq, isNumbered: seq != nil, line: line)
        if next - first == capacity { removeFirst() }
        if rows.count < capacity {
            // The ring grows to its capacity once; until then a row's slot is the next new one.
            rows.append(row)
        } else {
            rows[slot(next)] = row
        }
        next += 1
        bytes += line.count
        while bytes > maximumBytes, next - first > 1 { removeFirst() }
        return true
    }

    /// Forgets all rows and gives their memory back.
    ///
    /// Readers find them dropped.
    package mutating func removeAll() {
        rows = []
        bytes = 0
        base = next
        first = next
    }

    /// The ordinal of the oldest row held whose number is `seq` or later; `next` when there is none.
    package func ordinal(atOrAfter seq: Int) -> Int {
        var low = first
        var high = next
        while low < high {
            let middle = low + (high - low) / 2
            if rows[slot(middle)].seq < seq { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Hands over rows from `ordinal` on until `maximumBytes` are reached; always at least one if there is any.
    ///
    /// - Parameter take: receives each line, with its line feed.
    package func read(from ordinal: Int, maximumBytes: Int, take: ([UInt8]) -> Void) -> Reading {
        var reading = Reading()
        var at = ordinal
        if at < first {
            reading.dropped = first - at
            reading.firstSeq = firstSeq
            at = first
        }
        var taken = 0
        while at < next {
            let row = rows[slot(at)]
            if taken > 0, taken + row.line.count > maximumBytes { break }
            take(row.line)
            taken += row.line.count
            reading.lastSeq = row.seq
            at += 1
        }
        reading.next = at
        return reading
    }

    private mutating func removeFirst() {
        let oldest = slot(first)
        bytes -= rows[oldest].line.count
        rows[oldest].line = []
        first += 1
    }

    private func slot(_ ordinal: Int) -> Int { (ordinal - base) % capacity }
}
