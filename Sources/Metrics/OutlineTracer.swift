// Marching squares: the subpixel outline of the kept parts of a map.
import Frames

/// Follows the line where the logits cross the threshold, interpolated linearly between pixel centres.
///
/// Towards a pixel outside the field of view or the crop, whose value is unknown, it runs midway.
struct OutlineTracer: Sendable {
    /// 1 for nodes of the kept parts, ghosts included.
    private var inside: [UInt8] = []
    /// For every crossed grid edge the next one along the outline; -1 elsewhere.
    ///
    /// Edge 2n leads from node n to the
    /// node right of it, edge 2n + 1 to the node below.
    private var next: [Int32] = []
    /// Crossed edges in the order of the scan.
    private var crossed: [Int32] = []
    /// Which border every outline point runs along.
    private(set) var borders: [Border] = []
    /// Sum over outline points of the logits' steepness across the outline, per map pixel.
    private(set) var steepness = 0.0
    /// Sum and number of |2p - 1| on both sides of the outline.
    private(set) var sureness = 0.0
    private(set) var surenessCount = 0

    /// Writes the rings into `result.outline` and `result.ringStarts`, clockwise as seen when they are outer rings.
    mutating func trace(
        _ regions: RegionFinder, of map: ValueMap, grid: MapGrid, threshold: Float, into result: inout MeterResult
    ) {
        prepare(grid)
        mark(regions, grid: grid, value: 1)
        link(regions, grid: grid)
        for start in crossed where next[Int(start)] >= 0 {
            result.ringStarts.append(result.outline.count)
            var edge = start
            repeat {
                append(edge: Int(edge), map: map, grid: grid, threshold: threshold, into: &result)
                let following = next[Int(edge)]
                next[Int(edge)] = -1
                edge = following
            } while edge != start && edge >= 0
        }
        mark(regions, grid: grid, value: 0)
    }

    private mutating func prepare(_ grid: MapGrid) {
        // Both are clean between looks, and looks at crops and at the whole pane take turns: they only ever grow.
        if inside.count < grid.nodeCount {
            inside = [UInt8](repeating: 0, count: grid.nodeCount)
            next = [Int32](repeating: -1, count: 2 * grid.nodeCount)
        }
        crossed.removeAll(keepingCapacity: true)
        borders.removeAll(keepingCapacity: true)
        steepness = 0
        sureness = 0
        surenessCount = 0
    }

    private mutating func mark(_ regions: RegionFinder, grid: MapGrid, value: UInt8) {
        for run in regions.runs where regions.kept[run.part] {
            let base = (run.row + 1) * grid.stride + 1
            for u in run.start..<run.end { inside[base + u] = value }
        }
    }

    /// Joins the crossed edges of every cell, so that outer rings run clockwise as seen, holes the other way.
    private mutating func link(_ regions: RegionFinder, grid: MapGrid) {
        var top = Int.max
        var bottom = Int.min
        var left = Int.max
        var right = Int.min
        for run in regions.runs where regions.kept[run.part] {
            top = min(top, run.row)
            bottom = max(bottom, run.row)
            left = min(left, run.start)
            right = max(right, run.end)
        }
        guard top <= bottom else { return }
        for v in (top - 1)...bottom {
            for u in (left - 1)..<right {
                let node = (v + 1) * grid.stride + u + 1
                let below = node + grid.stride
                let pattern = inside[node] | inside[node + 1] << 1 | inside[below + 1] << 2 | inside[below] << 3
                guard pattern != 0, pattern != 15 else { continue }
                let topEdge = 2 * node
                let leftEdge = 2 * node + 1
                let rightEdge = 2 * (node + 1) + 1
                let bottomEdge = 2 * below
                switch pattern {
                case 1: join(leftEdge, topEdge)
                case 2: join(topEdge, rightEdge)
                case 3: join(leftEdge, rightEdge)
                case 4: join(rightEdge, bottomEdge)
                case 6: join(topEdge, bottomEdge)
                case 7: join(leftEdge, bottomEdge)
                case 8: join(bottomEdge, leftEdge)
                case 9: join(bottomEdge, topEdge)
                case 11: join(bottomEdge, rightEdge)
                case 12: join(rightEdge, leftEdge)
                case 13: join(rightEdge, topEdge)
                case 14: join(topEdge, leftEdge)
                case 5:
                    // Two opposite corners: one part, since parts are 8-connected.
                    join(leftEdge, bottomEdge)
                    join(rightEdge, topEdge)
                default:
                    join(topEdge, leftEdge)
                    join(bottomEdge, rightEdge)
                }
            }
        }
    }

    private mutating func join(_ to: Int, _ from: Int) {
        next[from] = Int32(to)
        crossed.append(Int32(from))
    }

    /// Keeps the borders in step with an outline that is being packed.
    mutating func moveBorder(from: Int, to: Int) { borders[to] = borders[from] }

    private mutating func append(
        edge: Int, map: ValueMap, grid: MapGrid, threshold: Float, into result: inout MeterResult
    ) {
        let node = edge / 2
        let isHorizontal = edge % 2 == 0
        let otherNode = isHorizontal ? node + 1 : node + grid.stride
        let inner = inside[node] == 1 ? node : otherNode
        let outer = inside[node] == 1 ? otherNode : node
        let (u, v) = (inner % grid.stride - 1, inner / grid.stride - 1)
        let (outU, outV) = (outer % grid.stride - 1, outer / grid.stride - 1)
        let value = min(map.values[v * map.size.width + u] - threshold, 1e6)
        var share = 0.5
        if grid.isInField(outU, outV), grid.isInMap(outU, outV) {
            let beyond = max(map.values[outV * map.size.width + outU] - threshold, -1e6)
            if beyond <= 0 {
                share = Double(value / (value - beyond))
                steepness += Double(value - beyond)
            }
            // One pixel further to each side: where a sharp network has made up its mind.
            addSureness(2 * u - outU, 2 * v - outV, map: map, grid: grid)
            addSureness(2 * outU - u, 2 * outV - v, map: map, grid: grid)
        }
        result.outline.append(
            Point(
                x: grid.x(Double(u) + Double(outU - u) * share),
                y: grid.y(Double(v) + Double(outV - v) * share)))
        borders.append(grid.border(outU, outV))
    }

    private mutating func addSureness(_ u: Int, _ v: Int, map: ValueMap, grid: MapGrid) {
        guard grid.isInMap(u, v), grid.isInField(u, v) else { return }
        sureness += Sureness.of(map.values[v * map.size.width + u])
        surenessCount += 1
    }
}
