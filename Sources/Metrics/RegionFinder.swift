// Connected parts of a map above a threshold, and which of them are the opening.
import Frames

/// Runs of columns above the threshold, joined into parts (8-connected).
struct RegionFinder: Sendable {
    /// Columns `start ..< end` of row `row`; `part` is final after `find`.
    struct Run: Sendable {
        var row: Int
        var start: Int
        var end: Int
        var part: Int
    }

    private(set) var runs: [Run] = []
    /// Number of map pixels of every part; parts are numbered in the order of their first pixel.
    private(set) var partSizes: [Int] = []
    private(set) var kept: [Bool] = []
    private var parents: [Int] = []
    private var candidates: [Int] = []
    private var hull: [GridPoint] = []
    private var corners: [GridPoint] = []

    /// Finds all parts above `threshold` within the field of view.
    mutating func find(in map: ValueMap, grid: MapGrid, threshold: Float) {
        runs.removeAll(keepingCapacity: true)
        parents.removeAll(keepingCapacity: true)
        let values = map.values.span
        var previous = 0..<0
        for v in 0..<map.size.height {
            let first = runs.count
            let columns = grid.columns(v)
            let base = v * map.size.width
            var u = columns.lowerBound
            var candidate = previous.lowerBound
            while u < columns.upperBound {
                guard values[base + u] > threshold else {
                    u += 1
                    continue
                }
                let start = u
                while u < columns.upperBound, values[base + u] > threshold { u += 1 }
                let id = parents.count
                parents.append(id)
                runs.append(Run(row: v, start: start, end: u, part: id))
                while candidate < previous.upperBound, runs[candidate].end < start { candidate += 1 }
                var other = candidate
                while other < previous.upperBound, runs[other].start <= u {
                    join(runs[other].part, id)
                    other += 1
                }
            }
            previous = first..<runs.count
        }
        partSizes.removeAll(keepingCapacity: true)
        for index in runs.indices {
            // A root precedes all of its members, so its number is already final.
            let root = root(of: runs[index].part)
            if root == index {
                parents[index] = index
                runs[index].part = partSizes.count
                partSizes.append(0)
            } else {
                runs[index].part = runs[root].part
            }
            partSizes[runs[index].part] += runs[index].end - runs[index].start
        }
    }

    /// Chooses the largest part and those that glare, saliva or a tube have cut off from it.
    /// - Returns: the number of kept parts.
    mutating func choose(_ settings: OpeningSettings, grid: MapGrid) -> Int {
        kept.removeAll(keepingCapacity: true)
        kept.append(contentsOf: repeatElement(false, count: partSizes.count))
        guard var best = partSizes.indices.first else { return 0 }
        for part in partSizes.indices where partSizes[part] > partSizes[best] { best = part }
        kept[best] = true
        let least = max(1, settings.partShare * Double(partSizes[best]))
        candidates.removeAll(keepingCapacity: true)
        for part in partSizes.indices where part != best && Double(partSizes[part]) >= least { candidates.append(part) }
        guard !candidates.isEmpty else { return 1 }
        candidates.sort { (partSizes[$0], $1) > (partSizes[$1], $0) }
        let pixel = grid.scaleX * grid.scaleY
        let reach = settings.partGap * (Double(partSizes[best]) * pixel).squareRoot()
        var area = Double(partSizes[best]) * pixel
        var count = 1
        for part in candidates where squaredGap(to: part, grid: grid) <= reach * reach {
            let joint = area + Double(partSizes[part]) * pixel
            kept[part] = true
            if joint >= settings.partFill * hullArea(grid: grid) {
                area = joint
                count += 1
            } else {
                kept[part] = false
            }
        }
        return count
    }

    private func root(of part: Int) -> Int {
        var node = part
        while parents[node] != node { node = parents[node] }
        return node
    }

    private mutating func join(_ a: Int, _ b: Int) {
        let first = root(of: a)
        let second = root(of: b)
        guard first != second else { return }
        parents[max(first, second)] = min(first, second)
        parents[max(a, b)] = min(first, second)
    }

    /// Smallest squared distance between a part and the kept ones, pane px^2.
    private func squaredGap(to part: Int, grid: MapGrid) -> Double {
        var least = Double.infinity
        for run in runs where run.part == part {
            for other in runs where kept[other.part] {
                let columns = max(0, max(other.start - run.end + 1, run.start - other.end + 1))
                // The pixels themselves are one wide: what lies between is one less than between the centres.
                let dx = Double(max(0, columns - 1)) * grid.scaleX
                let dy = Double(max(0, abs(other.row - run.row) - 1)) * grid.scaleY
                least = min(least, dx * dx + dy * dy)
            }
        }
        return least
    }

    /// Area of the convex hull of the kept parts' pixels, pane px^2.
    private mutating func hullArea(grid: MapGrid) -> Double {
        corners.removeAll(keepingCapacity: true)
        for run in runs where kept[run.part] {
            for y in run.row...(run.row + 1) {
                corners.append(GridPoint(x: run.start, y: y))
                corners.append(GridPoint(x: run.end, y: y))
            }
        }
        corners.sort { ($0.x, $0.y) < ($1.x, $1.y) }
        hull.removeAll(keepingCapacity: true)
        for pass in 0..<2 {
            let floor = hull.count
            for step in corners.indices {
                let point = pass == 0 ? corners[step] : corners[corners.count - 1 - step]
                while hull.count >= floor + 2, turn(hull[hull.count - 2], hull[hull.count - 1], point) <= 0 {
                    hull.removeLast()
                }
                hull.append(point)
            }
            hull.removeLast()
        }
        var twice = 0
        for index in hull.indices {
            let next = hull[index + 1 == hull.count ? 0 : index + 1]
            twice += hull[index].x * next.y - next.x * hull[index].y
        }
        return Double(abs(twice)) / 2 * grid.scaleX * grid.scaleY
    }
}

private struct GridPoint: Sendable {
    var x: Int
    var y: Int
}

private func turn(_ a: GridPoint, _ b: GridPoint, _ c: GridPoint) -> Int {
    (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)
}
