// A step in a JPEG picture that none of those before it has.

/// Looks for the place in a picture from which on, in the order of coding, everything is brighter or darker by the same
/// amount than in each of the two pictures before.
///
/// What is filmed does not change so: the step's edge runs along one row of blocks, drops by one block in the middle of the
/// picture, and goes on along the next row. Both halves of the edge must show the same step, beyond what the rows beside
/// it show (light that moves makes slopes), and so must the comparison with either picture; a step in one of those shows
/// in one comparison only. Where the edge drops at the side of the picture it looks like any level edge, and is not
/// looked for.
/// - **Units** of means: eighths of a grey level, as coded.
struct JPEGShift {
    private struct Grid: Equatable {
        var across = 0
        var down = 0
        var parts = 0
    }

    private struct Step {
        var row: Int
        var column: Int
        var height: Float
        var agreement: Float
    }

    /// Larger pictures are not looked at: a few bytes may claim them.
    private static let mostUnits = 1 << 18
    /// Blocks on either side of the place where the edge drops, at least.
    private static let margin = 2
    /// A step's height in steps of quantization, at least.
    private static let leastHeight: Float = 0.9
    /// The share of the edge that must agree: of all of it, and of either half.
    private static let leastAgreement: Float = 0.9
    private static let leastHalf: Float = 0.75
    /// How far a place's own step may lie from the mean one and agree, as a share of it.
    private static let tolerance: Float = 0.4

    private var grid = Grid()
    private var isIn = false
    private var step: Int32 = 1
    /// The means of the present picture and of the two before, unit by unit, all parts of a unit together.
    private var means: [[Float]] = [[], [], []]
    /// How many pictures of this grid have come before the present one, two at most.
    private var count = 0
    /// The difference of a part from an earlier picture, and of each row of it from the row above.
    private var difference: [Float] = []
    private var edge: [Float] = []

    /// A picture whose means are not looked at.
    mutating func leaveOut() { isIn = false }

    /// The next picture.
    ///
    /// - Parameter step: the largest step of quantization of a mean.
    mutating func begin(across: Int, down: Int, parts: Int, step: Int32) {
        let next = Grid(across: across, down: down, parts: parts)
        if next != grid { count = 0 }
        (grid, self.step, isIn) = (next, step, across >= 8 && down >= 4 && across * down <= Self.mostUnits)
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
            guard let first = find(part, before: 1), let second = find(part, before: 2) else { continue }
            let places = (first.row * grid.across + first.column, second.row * grid.across + second.column)
            if abs(places.0 - places.1) <= 1, abs(first.height - second.height) <= abs(first.height) / 2 { return true }
        }
        return false
    }

    /// The clearest step of a part, compared with the picture before or the one before that.
    private mutating func find(_ part: Int, before: Int) -> Step? {
        let (across, down, parts) = (grid.across, grid.down, grid.parts)
        difference.removeAll(keepingCapacity: true)
        edge.removeAll(keepingCapacity: true)
        for unit in 0..<(across * down) {
            let at = unit * parts + part
            difference.append(means[0][at] - means[before][at])
            edge.append(unit < across ? 0 : difference[unit] - difference[unit - across])
        }
        let least = Self.leastHeight * Float(step)
        var best: Step?
        for row in 1..<(down - 1) {
            // To the right of the drop the step lies above this row, to the left of it below.
            let (above, below) = (row * across, (row + 1) * across)
            var sum: Float = 0
            for column in 0..<across { sum += edge[above + column] }
            for column in 1...(across - Self.margin) {
                sum += edge[below + column - 1] - edge[above + column - 1]
                let height = sum / Float(across)
                guard column >= Self.margin, abs(height) >= least else { continue }
                let left = agreeing(edge[below..<(below + column)], with: height)
                let right = agreeing(edge[(above + column)..<(above + across)], with: height)
                let agreement = Float(left + right) / Float(across)
                guard agreement >= Self.leastAgreement, Float(left) >= Self.leastHalf * Float(column),
                    Float(right) >= Self.leastHalf * Float(across - column)
                else { continue }
                if agreement > best?.agreement ?? 0, isSharp(row, column, height) {
                    best = Step(row: row, column: column, height: height, agreement: agreement)
                }
            }
        }
        return best
    }

    /// Whether the rows on either side of a step show less than half of it.
    private func isSharp(_ row: Int, _ column: Int, _ height: Float) -> Bool {
        for beside in [-1, 1] where row + beside >= 1 && row + 1 + beside < grid.down {
            let (above, below) = ((row + beside) * grid.across, (row + 1 + beside) * grid.across)
            let left = edge[below..<(below + column)].reduce(0, +)
            let right = edge[(above + column)..<(above + grid.across)].reduce(0, +)
            if abs(left + right) > abs(height) / 2 * Float(grid.across) { return false }
        }
        return true
    }

    private func agreeing(_ places: ArraySlice<Float>, with height: Float) -> Int {
        let most = Self.tolerance * abs(height)
        return places.count { abs($0 - height) <= most }
    }
}
