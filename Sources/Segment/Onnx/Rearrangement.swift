// Operators that move numbers without changing them, and the arithmetic of shapes that exporters leave in.

extension NodeReader {
    func rearrangement() throws(SegmentError) -> Resolved {
        switch proto.opType {
        case "Concat":
            let shapes = try proto.input.indices.map { index throws(SegmentError) in try input(index).shape }
            guard let first = shapes.first else { throw bad("there is nothing to join.") }
            let axis = try axis(int("axis", 0), rank: first.count)
            var shape = first
            shape[axis] = 0
            for other in shapes {
                guard other.count == first.count, other.indices.allSatisfy({ $0 == axis || other[$0] == first[$0] })
                else { throw bad("the shapes \(first) and \(other) cannot be joined along axis \(axis).") }
                shape[axis] += other[axis]
            }
            return Resolved(op: .concat(axis: axis), inputs: Array(proto.input.indices), shape: shape)
        case "Reshape":
            let data = try input(0).shape
            guard var shape = try list("shape", input: 1) else { throw bad("the new shape is missing.") }
            for index in shape.indices where shape[index] == 0 && !flag("allowzero") {
                guard index < data.count else { throw bad("shape \(shape) does not fit \(data).") }
                shape[index] = data[index]
            }
            let count = data.reduce(1, *)
            if let free = shape.firstIndex(of: -1) {
                var others = shape
                others.remove(at: free)
                guard let rest = Limits.count(others), rest > 0, count % rest == 0 else {
                    throw bad("shape \(shape) does not fit \(data).")
                }
                shape[free] = count / rest
            }
            guard Limits.count(shape) == count else { throw bad("shape \(shape) does not fit \(data).") }
            return Resolved(op: .reshape, inputs: [0], shape: shape)
        case "Flatten":
            let data = try input(0).shape
            let said = int("axis", 1)
            guard said >= -data.count, said <= data.count else { throw bad("axis \(said) is outside \(data).") }
            let at = said < 0 ? said + data.count : said
            return Resolved(
                op: .reshape, inputs: [0], shape: [data[..<at].reduce(1, *), data[at...].reduce(1, *)])
        case "Squeeze":
            let data = try input(0).shape
            let said = try list("axes", input: 1)
            let axes =
                try said.map { axes throws(SegmentError) in try self.axes(axes, rank: data.count) }
                ?? data.indices.filter { data[$0] == 1 }
            guard axes.allSatisfy({ data[$0] == 1 }) else { throw bad("axes \(axes) of \(data) are not 1.") }
            return Resolved(
                op: .reshape, inputs: [0], shape: data.indices.filter { !axes.contains($0) }.map { data[$0] })
        case "Unsqueeze":
            var shape = try input(0).shape
            let said = try list("axes", input: 1) ?? []
            guard said.count <= Limits.rank else { throw bad("there are too many axes.") }
            for axis in try axes(said, rank: shape.count + said.count).sorted() { shape.insert(1, at: axis) }
            return Resolved(op: .reshape, inputs: [0], shape: shape)
        case "Transpose":
            let data = try input(0).shape
            let order = try axes(ints("perm") ?? Array(data.indices.reversed()), rank: data.count)
            guard order.count == data.count else { throw bad("perm \(order) does not fit \(data).") }
            return Resolved(op: .transpose(order), inputs: [0], shape: order.map { data[$0] })
        case "Slice": return try slice()
        case "Gather":
            let data = try input(0)
            let indices = try input(1)
            let axis = try axis(int("axis", 0), rank: data.shape.count)
            guard let values = indices.constant?.ints, data.constant != nil else {
                throw unsupported(" on pictures")
            }
            guard values.allSatisfy({ $0 >= -data.shape[axis] && $0 < data.shape[axis] }) else {
                throw bad("an index is outside \(data.shape).")
            }
            var shape = data.shape
            shape.replaceSubrange(axis...axis, with: indices.shape)
            return Resolved(op: .gather(axis: axis), inputs: [0, 1], shape: shape)
        case "Cast":
            guard let type = OnnxType(rawValue: Int32(clamping: int("to", 0))) else {
                throw unsupported(" to this data type")
            }
            let data = try input(0)
            guard data.constant != nil || (!type.isInteger && data.type?.isInteger != true) else {
                throw unsupported(" on pictures")
            }
            return Resolved(op: .cast(toInteger: type.isInteger), inputs: [0], shape: data.shape)
        case "Expand":
            guard let said = try list("", input: 1) else { throw bad("the new shape is missing.") }
            return Resolved(op: .expand, inputs: [0], shape: try broadcast(try input(0).shape, said))
        default: throw unsupported("")
        }
    }

    private func slice() throws(SegmentError) -> Resolved {
        let data = try input(0).shape
        guard let starts = try list("starts", input: 1), let ends = try list("ends", input: 2),
            starts.count == ends.count
        else { throw bad("starts and ends are missing or differ in number.") }
        let axes = try self.axes(try list("axes", input: 3) ?? Array(0..<starts.count), rank: data.count)
        let steps = try list("", input: 4) ?? [Int](repeating: 1, count: starts.count)
        guard axes.count == starts.count, steps.count == starts.count,
            steps.allSatisfy({ $0 != 0 && abs($0) < 1 << 20 })
        else { throw bad("starts, axes and steps differ in number.") }
        var shape = data
        var first: [Int] = []
        for (index, axis) in axes.enumerated() {
            let size = data[axis]
            func clamp(_ value: Int, _ low: Int, _ high: Int) -> Int {
                min(max(value < 0 ? max(value, -1 << 40) + size : value, low), high)
            }
            if steps[index] > 0 {
                let start = clamp(starts[index], 0, size)
                let end = clamp(ends[index], 0, size)
                shape[axis] = max(0, (end - start + steps[index] - 1) / steps[index])
                first.append(start)
            } else {
                let start = clamp(starts[index], 0, size - 1)
                let end = clamp(ends[index], -1, size - 1)
                shape[axis] = max(0, (start - end - steps[index] - 1) / -steps[index])
                first.append(start)
            }
        }
        return Resolved(op: .slice(axes: axes, starts: first, steps: steps), inputs: [0], shape: shape)
    }
}
