// A step in a JPEG picture that none of those before it has.

/// Looks for the place in a picture from which on, in the order of coding, everything is brighter or darker by the same
/// amount than in each of the two pictures before.
///
/// What is filmed does not change so: the step's edge runs along one row of blocks, drops by one block in the middle of the
/// picture, and goes on along the next row. Both halves of the edge must show the same step, and so must the rows behind
/// it against those before it (light that moves makes slopes, an edge that moves makes a band) and the comparison with
/// either picture; a step in one of those shows in one comparison only. How clear a step must be goes by what else changes
/// along its edge. Where the edge drops at the side of the picture it looks like any level edge, and is not looked for.
/// - **Units** of means: steps of their quantization.
struct JPEGShift {
    private struct Grid: Equatable {
        var across = 0
        var down = 0
        var parts = 0
    }

    private struct Step {
        var place: Int
        var height: Float
        /// The square of the height over that of its own error.
        var clearness: Float
    }

    /// Larger pictures are not looked at: a few bytes may claim them.
    private static let mostUnits = 1 << 18
    /// Blocks on either side of the place where the edge drops, at least.
    private static let margin = 2
    /// A step's height, at least: a flipped bit moves means by a whole step of quantization or more.
    private static let leastHeight: Float = 0.7
    /// How clear a step is at least: in one comparison, and in both together.
    private static let leastClearness: Float = 25
    private static let leastSum: Float = 84
    /// Neighbours along an edge change alike: more of them than this do not make a step clearer.
    private static let mostPlaces = 40
    /// The least that the places' squares of error are taken for.
    private static let leastNoise: Float = 0.1
    /// The share of the step that either half of the edge must show.
    private static let leastHalf: Float = 0.5
    /// How far a place's own step may lie from the whole edge's and agree: as a share of it, and at least.
    private static let tolerance: Float = 0.4
    private static let leastTolerance: Float = 0.6
    /// How many rows before and behind the edge are compared.
    private static let rows = 3
    /// Steps that are kept of one comparison.
    private static let mostSteps = 256

    private var grid = Grid()
    private var isIn = false
    /// The means of the present picture and of the two before, unit by unit, all parts of a unit together.
    private var means: [[Float]] = [[], [], []]
    /// How many pictures of this grid have come before the present one, two at most.
    private var count = 0
    /// The difference of a part from an earlier picture, and of each row of it from the row above.
    private var difference: [Float] = []
    private var edge: [Float] = []
    /// Values whose median is wanted.
    private var sorted: [Float] = []

    /// A picture whose means are not looked at.
    mutating func leaveOut() { isIn = false }

    /// The next picture.
    mutating func begin(across: Int, down: Int, parts: Int) {
        let next = Grid(across: across, down: down, parts: parts)
        if next != grid { count = 0 }
        (grid, isIn) = (next, across >= 8 && down >= 4 && across * down <= Self.mostUnits)
        means[0].removeAll(keepingCapacity: true)
    }

    /// The mean of the next unit in the next part.
    @inline(__always)
    mutating func add(_ mean: Float) { if isIn { means[0].append(mean) } }

    /// Whether the picture that is complete now has such a step; it then is one of those before the next.
    mutating func isShifted() -> Bool {
        let units = grid.across * grid.down
        guard isIn, means[0].count == units * grid.parts else { return false }
        isIn = false
        defer {
            means.swapAt(1, 2)
            means.swapAt(0, 1)
            count = min(2, count + 1)
        }
        guard count == 2 else { return false }
        for part in 0..<grid.parts {
            let first = steps(of: part, before: 1)
            if first.isEmpty { continue }
            for second in steps(of: part, before: 2) {
                let isSame = first.contains {
                    abs($0.place - second.place) <= 1 && $0.clearness + second.clearness >= Self.leastSum
                        && abs($0.height - second.height) <= Self.tolerated($0.height)
                }
                if isSame { return true }
            }
        }
        return false
    }

    private static func tolerated(_ height: Float) -> Float { max(leastTolerance, tolerance * abs(height)) }

    /// The steps of a part, compared with the picture before or the one before that.
    private mutating func steps(of part: Int, before: Int) -> [Step] {
        let (across, down, parts) = (grid.across, grid.down, grid.parts)
        difference.removeAll(keepingCapacity: true)
        edge.removeAll(keepingCapacity: true)
        for unit in 0..<(across * down) {
            let at = unit * parts + part
            difference.append(means[0][at] - means[before][at])
            edge.append(unit < across ? 0 : difference[unit] - difference[unit - across])
        }
        var found: [Step] = []
        let scale = 1 / Float(across)
        for row in 1..<(down - 1) {
            // To the right of the drop the step lies above this row, to the left of it below; the rest shows none.
            let (above, below) = (row * across, (row + 1) * across)
            var (shown, rest, squares): (Float, Float, Float) = (0, 0, 0)
            for column in 0..<across {
                let (first, second) = (edge[above + column], edge[below + column])
                shown += first
                rest += second
                squares += first * first + second * second
            }
            var (left, right): (Float, Float) = (0, shown - rest)
            for column in 1...(across - Self.margin) {
                let change = edge[below + column - 1] - edge[above + column - 1]
                (shown, rest, left, right) = (shown + change, rest - change, left + change, right + change)
                let height = (shown - rest) * scale
                guard column >= Self.margin, abs(height) >= Self.leastHeight else { continue }
                let noise = max(Self.leastNoise, squares * scale - (shown * shown + rest * rest) * scale * scale)
                let clearness = height * height / noise * Float(min(across, Self.mostPlaces))
                guard clearness >= Self.leastClearness, left / height >= Self.leastHalf * Float(column),
                    right / height >= Self.leastHalf * Float(across - column), isKept(height, from: above + column)
                else { continue }
                found.append(Step(place: above + column, height: height, clearness: clearness))
                if found.count == Self.mostSteps { return found }
            }
        }
        return found
    }

    /// Whether the rows behind a step differ from those before it by as much.
    private mutating func isKept(_ height: Float, from place: Int) -> Bool {
        let count = Self.rows * grid.across
        let behind = median(place..<min(difference.count, place + count))
        return abs(behind - median(max(0, place - count)..<place) - height) <= Self.tolerated(height)
    }

    private mutating func median(_ units: Range<Int>) -> Float {
        sorted.removeAll(keepingCapacity: true)
        sorted += difference[units]
        sorted.sort()
        return sorted[sorted.count / 2]
    }
}
