// Arithmetic over spread shapes, and the operators that only move numbers, in their plain form.

extension Reference {
    /// Position in a tensor of shape `shape`, when one of the shape `rank` long has the index `place`.
    static func spreadIndex(_ place: [Int], over shape: [Int], rank: Int) -> Int {
        var index = 0
        for axis in shape.indices {
            index = index * shape[axis] + (shape[axis] == 1 ? 0 : place[axis + rank - shape.count])
        }
        return index
    }

    static func combine(_ op: Binary, _ a: Tensor, _ b: Tensor, shape: [Int]) -> Tensor {
        let pairs = places(shape) { place in
            (spreadIndex(place, over: a.shape, rank: shape.count), spreadIndex(place, over: b.shape, rank: shape.count))
        }
        if let x = a.ints, let y = b.ints {
            return Tensor(shape: shape, ints: pairs.map { op(x[$0.0], y[$0.1]) })
        }
        let (x, y) = (a.floats, b.floats)
        return Tensor(shape: shape, floats: pairs.map { op(x[$0.0], y[$0.1]) })
    }

    static func mean(_ x: Tensor, axes: [Int], shape: [Int]) -> Tensor {
        var kept = x.shape
        for axis in axes { kept[axis] = 1 }
        var sums = [Double](repeating: 0, count: kept.reduce(1, *))
        let input = x.floats
        var i = 0
        for target in places(x.shape, { spreadIndex($0, over: kept, rank: kept.count) }) {
            sums[target] += Double(input[i])
            i += 1
        }
        let count = Double(axes.reduce(1) { $0 * x.shape[$1] })
        return Tensor(shape: shape, floats: sums.map { Float($0 / count) })
    }

    static func softmax(_ x: Tensor, axis: Int) -> Tensor {
        let inner = x.shape[(axis + 1)...].reduce(1, *)
        let size = x.shape[axis]
        var values = x.floats
        guard size > 0 else { return x }
        for outer in 0..<values.count / (size * inner) {
            for i in 0..<inner {
                let indices = (0..<size).map { (outer * size + $0) * inner + i }
                let largest = indices.map { values[$0] }.max() ?? 0
                var sum: Float = 0
                for index in indices {
                    values[index] = exponential(values[index] - largest)
                    sum += values[index]
                }
                for index in indices { values[index] /= sum }
            }
        }
        return Tensor(shape: x.shape, floats: values)
    }

    static func product(_ a: Tensor, _ b: Tensor, transposeA: Bool, transposeB: Bool, shape: [Int]) -> [Float] {
        let inner = transposeA ? a.shape[0] : a.shape[1]
        let (x, y) = (a.floats, b.floats)
        var result: [Float] = []
        for m in 0..<shape[0] {
            for n in 0..<shape[1] {
                var sum: Float = 0
                for k in 0..<inner {
                    sum +=
                        (transposeA ? x[k * shape[0] + m] : x[m * inner + k])
                        * (transposeB ? y[n * inner + k] : y[k * shape[1] + n])
                }
                result.append(sum)
            }
        }
        return result
    }

    /// A tensor whose element at each place is the one of `x` at the position that `source` gives; -1 takes `filler`.
    static func rearranged(_ x: Tensor, shape: [Int], filler: Float = 0, _ source: ([Int]) -> Int) -> Tensor {
        if let ints = x.ints {
            return Tensor(shape: shape, ints: places(shape, source).map { $0 < 0 ? Int64(filler) : ints[$0] })
        }
        let floats = x.floats
        return Tensor(shape: shape, floats: places(shape, source).map { $0 < 0 ? filler : floats[$0] })
    }

    static func rearrange(_ op: Operator, _ inputs: [Tensor], shape: [Int]) -> Tensor {
        let x = inputs[0]
        func position(_ place: [Int], in shape: [Int]) -> Int { zip(place, shape).reduce(0) { $0 * $1.1 + $1.0 } }
        switch op {
        case .reshape: return x.reshaped(shape)
        case .expand: return rearranged(x, shape: shape) { spreadIndex($0, over: x.shape, rank: shape.count) }
        case .transpose(let order):
            return rearranged(x, shape: shape) { place in
                var source = place
                for (to, from) in order.enumerated() { source[from] = place[to] }
                return position(source, in: x.shape)
            }
        case .slice(let axes, let starts, let steps):
            return rearranged(x, shape: shape) { place in
                var source = place
                for (i, axis) in axes.enumerated() { source[axis] = starts[i] + place[axis] * steps[i] }
                return position(source, in: x.shape)
            }
        case .gather(let axis):
            let picks = inputs[1].ints ?? []
            let rank = inputs[1].shape.count
            return rearranged(x, shape: shape) { place in
                let pick = Int(picks[position(Array(place[axis..<axis + rank]), in: inputs[1].shape)])
                let source = place[..<axis] + [pick < 0 ? pick + x.shape[axis] : pick] + place[(axis + rank)...]
                return position(Array(source), in: x.shape)
            }
        case .pad(let before, _, let mode, let value):
            return rearranged(x, shape: shape, filler: value) { place in
                var source = place
                for axis in place.indices {
                    let (i, size) = (place[axis] - before[axis], x.shape[axis])
                    switch mode {
                    case .constant:
                        guard i >= 0, i < size else { return -1 }
                        source[axis] = i
                    case .edge: source[axis] = min(max(i, 0), size - 1)
                    case .reflect: source[axis] = i < 0 ? -i : i >= size ? 2 * size - 2 - i : i
                    }
                }
                return position(source, in: x.shape)
            }
        case .depthToSpace(let block, let columnsFirst):
            return rearranged(x, shape: shape) { place in
                let (n, c, y, x0) = (place[0], place[1], place[2], place[3])
                let (by, bx) = (y % block, x0 % block)
                let channel =
                    columnsFirst ? (by * block + bx) * shape[1] + c : (c * block + by) * block + bx
                return position([n, channel, y / block, x0 / block], in: x.shape)
            }
        case .concat(let axis):
            let outer = shape[..<axis].reduce(1, *)
            let parts = inputs.map { $0.count / max(1, outer) }
            if inputs.allSatisfy(\.isInteger) {
                var joined: [Int64] = []
                for o in 0..<outer {
                    for (input, part) in zip(inputs, parts) { joined += (input.ints ?? [])[o * part..<(o + 1) * part] }
                }
                return Tensor(shape: shape, ints: joined)
            }
            let floats = inputs.map(\.floats)
            var joined: [Float] = []
            for o in 0..<outer {
                for (input, part) in zip(floats, parts) { joined += input[o * part..<(o + 1) * part] }
            }
            return Tensor(shape: shape, floats: joined)
        default: preconditionFailure("not an operator that only moves numbers")
        }
    }

    /// `body` of every index of a shape, in row-major order.
    static func places<T>(_ shape: [Int], _ body: ([Int]) -> T) -> [T] {
        let count = shape.reduce(1, *)
        var result: [T] = []
        result.reserveCapacity(count)
        var place = [Int](repeating: 0, count: shape.count)
        for _ in 0..<count {
            result.append(body(place))
            for axis in shape.indices.reversed() {
                place[axis] += 1
                if place[axis] < shape[axis] { break }
                place[axis] = 0
            }
        }
        return result
    }
}

extension Binary {
    func callAsFunction(_ x: Float, _ y: Float) -> Float {
        switch self {
        case .add: x + y
        case .subtract: x - y
        case .multiply: x * y
        case .divide: x / y
        case .power: y == 2 ? x * x : raised(x, y)
        case .minimum: min(x, y)
        case .maximum: max(x, y)
        }
    }

    /// Whole numbers occur in shapes only; they wrap rather than trap, and the shape's check refuses what results.
    func callAsFunction(_ x: Int64, _ y: Int64) -> Int64 {
        switch self {
        case .add: x &+ y
        case .subtract: x &- y
        case .multiply: x &* y
        case .divide: y == 0 ? 0 : x.dividedReportingOverflow(by: y).partialValue
        case .power: Int64(exactly: raised(Float(x), Float(y)).rounded()) ?? 0
        case .minimum: min(x, y)
        case .maximum: max(x, y)
        }
    }
}
