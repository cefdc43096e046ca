// Steps that multiply no matrices.

internal import Kernels

extension Lowering {
    mutating func unary(_ layer: Layer, _ unary: Unary) {
        var step = step(rima_op_unary, layer)
        set(unary, &step)
        appendFlat(step)
    }

    mutating func binary(_ layer: Layer, _ binary: Binary) throws(SegmentError) {
        var (a, b) = (layer.inputs[0]!, layer.inputs[1]!)
        if binary == .power {
            guard let exponent = graph.values[b].constant?.floats, exponent.count == 1, layer.activation == .identity
            else { throw unsupported(layer, "Pow with a computed exponent") }
            var step = step(rima_op_unary, layer)
            (step.step.act, step.step.p0) = (rima_act_power, exponent[0])
            appendPixels(step)
            return
        }
        let shape = graph.values[layer.output].shape
        var step = ProgramStep(rima_op_binary, name: layer.name)
        // The first operand has the result's shape; the second may be spread over it.
        if graph.values[a].shape != shape || graph.values[a].constant != nil {
            swap(&a, &b)
            step.step.swapped = 1
        }
        if graph.values[a].shape == shape, graph.values[a].constant == nil {
            source(&step, a)
        } else {
            guard graph.values[a].constant == nil else { throw unsupported(layer, "arithmetic of two constants") }
            source(&step, a)
            step.src = spread(a, to: shape, name: layer.name)
            (step.step.h, step.step.w) = (Int32(Layout(shape).height), Int32(Layout(shape).width))
            (step.step.c, step.step.ld) = (Int32(Layout(shape).channels), Int32(Layout(shape).pitch(bytes: false)))
        }
        target(&step, layer.output)
        second(&step, b, shape, name: layer.name)
        switch binary {
        case .add: step.step.binary = Int32(rima_binary_add.rawValue)
        case .subtract: step.step.binary = Int32(rima_binary_subtract.rawValue)
        case .multiply: step.step.binary = Int32(rima_binary_multiply.rawValue)
        case .divide: step.step.binary = Int32(rima_binary_divide.rawValue)
        case .minimum: step.step.binary = Int32(rima_binary_minimum.rawValue)
        case .maximum, .power: step.step.binary = Int32(rima_binary_maximum.rawValue)
        }
        set(layer.activation, &step)
        appendPixels(step)
    }

    /// The second operand: as it is, one pixel for all, one number for all, or spread by a step of its own.
    private mutating func second(_ step: inout ProgramStep, _ value: Int, _ shape: [Int], name: String) {
        let own = graph.values[value].shape
        let result = Layout(shape)
        let count = own.reduce(1, *)
        let constant = graph.values[value].constant
        step.step.c2 = Int32(result.channels)
        let perChannel =
            result.isPicture
            ? own.count >= 3 && own[own.count - 3] == result.channels && count == result.channels
            : own.last == result.channels && count == result.channels
        if count == 1 || perChannel {
            step.step.ld2 = 0
            if count == 1 { step.step.c2 = 1 }
            if let constant {
                step.step.src2 = UnsafeRawPointer(pool.store(constant.floats + [Float](repeating: 0, count: 64)))
            } else {
                step.src2 = slot(value)
            }
        } else if let constant {
            let full = Reference.run(.expand, [constant], shape: shape)
            step.step.ld2 = Int32(result.channels)
            step.step.src2 = UnsafeRawPointer(pool.store(physical(full)))
        } else if own == shape {
            step.src2 = slot(value)
            step.step.ld2 = pitch(value)
        } else {
            step.src2 = spread(value, to: shape, name: name)
            step.step.ld2 = Int32(result.pitch(bytes: false))
        }
    }

    /// A value spread over a larger shape, in memory of its own.
    private mutating func spread(_ value: Int, to shape: [Int], name: String) -> Slot {
        let layout = Layout(shape)
        let pitch = layout.pitch(bytes: false)
        let slot = Slot(stretch: placement.addScratch(bytes: layout.pixels * pitch * 4, step: at))
        let own = graph.values[value].shape
        var step = ProgramStep(rima_op_gather, name: name)
        source(&step, value)
        step.dst = slot
        (step.step.oh, step.step.ow) = (Int32(layout.height), Int32(layout.width))
        (step.step.oc, step.step.old) = (Int32(layout.channels), Int32(pitch))
        let sources = Reference.places(shape) { Reference.spreadIndex($0, over: own, rank: shape.count) }
        step.step.table = table(sources, from: value, layout)
        appendPixels(step)
        return slot
    }

    /// Row-major sources of a row-major result, as places in memory in the order of the result's memory.
    private mutating func table(_ sources: [Int], from value: Int, _ result: Layout) -> UnsafePointer<Int32> {
        let layout = layout(value)
        let pitch = Int(pitch(value))
        var table: [Int32] = []
        table.reserveCapacity(sources.count)
        for pixel in 0..<result.pixels {
            for channel in 0..<result.channels {
                let source = sources[result.position(pixel: pixel, channel: channel)]
                if source < 0 {
                    table.append(-1)
                } else {
                    let place = layout.place(source)
                    table.append(Int32(place.pixel * pitch + place.channel))
                }
            }
        }
        return pool.store(table)
    }

    private func checkMoved(_ shape: [Int], _ layer: Layer) throws(SegmentError) {
        guard shape.reduce(1, *) <= Limits.moved else {
            throw SegmentError(.tooLarge, "a tensor of \(shape) is too large to be rearranged.", place: layer.name)
        }
    }

    /// Any step that only moves numbers, by a table of sources made with the plain operator.
    mutating func rearrange(_ layer: Layer) throws(SegmentError) {
        let input = layer.inputs[0]!
        let shape = graph.values[input].shape
        try checkMoved(shape, layer)
        try checkMoved(graph.values[layer.output].shape, layer)
        let positions = Tensor(shape: shape, ints: (0..<Int64(shape.reduce(1, *))).map { $0 })
        var op = layer.op
        var step = step(rima_op_gather, layer)
        if case .pad(let before, let after, let mode, let value) = op {
            op = .pad(before: before, after: after, mode: mode, value: -1)
            step.step.p0 = value
        }
        let moved = Reference.run(op, [positions], shape: graph.values[layer.output].shape)
        step.step.table = table((moved.ints ?? []).map { Int($0) }, from: input, layout(layer.output))
        appendPixels(step)
    }

    mutating func pooling(_ layer: Layer, _ window: Window, _ op: rima_op, countPadding: Bool) {
        var step = step(op, layer)
        set(window, &step)
        step.step.count_padding = countPadding ? 1 : 0
        appendRows(step)
    }

    mutating func mean(_ layer: Layer, _ axes: [Int]) {
        let input = layer.inputs[0]!
        let shape = graph.values[input].shape
        if Layout(shape).isPicture, axes == [2, 3] {
            var step = step(rima_op_plane_mean, layer)
            let lanes: Int32 = level.rawValue >= 2 ? 16 : level.rawValue == 1 ? 8 : 4
            step.step.chunks = (step.step.c + lanes - 1) / lanes
            steps.append(step)
            return
        }
        // The averaged axes are brought to the end, and rows averaged.
        let kept = shape.indices.filter { !axes.contains($0) }
        let order = kept + axes
        let rows = kept.reduce(1) { $0 * shape[$1] }
        let columns = axes.reduce(1) { $0 * shape[$1] }
        let sources = transposed(shape, order)
        let slot = Slot(stretch: placement.addScratch(bytes: rows * columns * 4, step: at))
        let flat = Layout([rows, columns])
        var move = ProgramStep(rima_op_gather, name: layer.name)
        source(&move, input)
        move.dst = slot
        (move.step.oh, move.step.ow, move.step.oc, move.step.old) = (1, Int32(rows), Int32(columns), Int32(columns))
        move.step.table = table(sources, from: input, flat)
        appendPixels(move)
        let result = Slot(stretch: placement.addScratch(bytes: rows * 4, step: at))
        var step = ProgramStep(rima_op_mean_rows, name: layer.name)
        step.src = slot
        step.dst = result
        (step.step.h, step.step.w, step.step.c, step.step.ld) = (1, Int32(rows), Int32(columns), Int32(columns))
        (step.step.oh, step.step.ow, step.step.oc, step.step.old) = (1, Int32(rows), 1, 1)
        appendPixels(step)
        var back = ProgramStep(rima_op_gather, name: layer.name)
        back.src = result
        target(&back, layer.output)
        let layout = layout(layer.output)
        var positions: [Int32] = []
        for pixel in 0..<layout.pixels {
            for channel in 0..<layout.channels {
                positions.append(Int32(layout.position(pixel: pixel, channel: channel)))
            }
        }
        back.step.table = pool.store(positions)
        appendPixels(back)
    }

    /// Row-major source of each number of a transposed shape.
    private func transposed(_ shape: [Int], _ order: [Int]) -> [Int] {
        let positions = Tensor(shape: shape, ints: (0..<Int64(shape.reduce(1, *))).map { $0 })
        let moved = Reference.run(.transpose(order), [positions], shape: order.map { shape[$0] })
        return (moved.ints ?? []).map { Int($0) }
    }

    mutating func softmax(_ layer: Layer, _ axis: Int) {
        let shape = graph.values[layer.output].shape
        let layout = Layout(shape)
        let along = layout.isPicture ? 1 : shape.count - 1
        guard axis != along else {
            appendPixels(step(rima_op_softmax_rows, layer))
            return
        }
        let input = layer.inputs[0]!
        let order = shape.indices.filter { $0 != axis } + [axis]
        let rows = shape.reduce(1, *) / max(1, shape[axis])
        let slot = Slot(stretch: placement.addScratch(bytes: rows * shape[axis] * 4, step: at))
        var move = ProgramStep(rima_op_gather, name: layer.name)
        source(&move, input)
        move.dst = slot
        let columns = Int32(shape[axis])
        (move.step.oh, move.step.ow, move.step.oc, move.step.old) = (1, Int32(rows), columns, columns)
        move.step.table = table(transposed(shape, order), from: input, Layout([rows, shape[axis]]))
        appendPixels(move)
        var step = ProgramStep(rima_op_softmax_rows, name: layer.name)
        step.src = slot
        step.dst = slot
        (step.step.ld, step.step.oh, step.step.ow, step.step.oc, step.step.old) = (
            columns, 1, Int32(rows), columns, columns
        )
        appendPixels(step)
        var back = ProgramStep(rima_op_gather, name: layer.name)
        back.src = slot
        target(&back, layer.output)
        // Where each number of the result stands among the rows.
        var place = [Int32](repeating: 0, count: shape.reduce(1, *))
        for (row, source) in transposed(shape, order).enumerated() { place[source] = Int32(row) }
        var positions: [Int32] = []
        for pixel in 0..<layout.pixels {
            for channel in 0..<layout.channels {
                positions.append(place[layout.position(pixel: pixel, channel: channel)])
            }
        }
        back.step.table = pool.store(positions)
        appendPixels(back)
    }

    mutating func resize(_ layer: Layer, _ resize: Resize) {
        let input = layout(layer.inputs[0]!)
        if resize.mode == .nearest {
            var step = step(rima_op_resize_nearest, layer)
            let rows = (0..<resize.size[0]).map { Int32(resize.nearest($0, axis: 0, input: input.height)) }
            let columns = (0..<resize.size[1]).map { Int32(resize.nearest($0, axis: 1, input: input.width)) }
            step.step.table = pool.store(rows + columns)
            appendRows(step)
            return
        }
        var step = step(rima_op_resize_linear, layer)
        let rows = (0..<resize.size[0]).map { resize.linear($0, axis: 0, input: input.height) }
        let columns = (0..<resize.size[1]).map { resize.linear($0, axis: 1, input: input.width) }
        step.step.table = pool.store(
            rows.map { Int32($0.first) } + rows.map { Int32($0.second) } + columns.map { Int32($0.first) }
                + columns.map { Int32($0.second) })
        step.step.scale = pool.store(rows.map(\.share) + columns.map(\.share))
        appendRows(step)
    }

    mutating func joint(_ layer: Layer, _ axis: Int) {
        let result = layout(layer.output)
        let shape = graph.values[layer.output].shape
        guard result.isPicture, axis == 1 else {
            joinRows(layer, axis, shape)
            return
        }
        var channel = 0
        let meaning = graph.quantisation[layer.output]
        for case let part? in layer.inputs {
            defer { channel += graph.values[part].shape[1] }
            let offset = channel * (meaning != nil ? 1 : 4)
            if placement.isHome(part, in: layer.output, channel: channel) { continue }
            var step = ProgramStep(rima_op_copy, name: layer.name)
            target(&step, layer.output)
            step.dst!.offset += offset
            step.step.oc = Int32(graph.values[part].shape[1])
            if let constant = graph.values[part].constant {
                step.step.src = UnsafeRawPointer(pool.store(physical(constant)))
                step.step.ld = step.step.oc
            } else {
                source(&step, part)
            }
            if let meaning, let before = graph.quantisation[part], before != meaning {
                step.step.op = rima_op_requantize
                (step.step.p0, step.step.p1) = (before.scale[0], meaning.scale[0])
                (step.step.zero, step.step.zero_out) = (Int32(before.byteZero), Int32(meaning.byteZero))
            }
            appendPixels(step)
        }
    }

    /// A joint along another axis than channels: blocks of numbers that stay together, copied as if they were pixels.
    private mutating func joinRows(_ layer: Layer, _ axis: Int, _ shape: [Int]) {
        let result = layout(layer.output)
        let pitch = Int(pitch(layer.output))
        var start = 0
        for case let part? in layer.inputs {
            let own = graph.values[part].shape
            defer { start += own[axis] }
            var step = ProgramStep(rima_op_copy, name: layer.name)
            source(&step, part)
            step.dst = slot(layer.output)
            // How many blocks there are, the numbers in one, and from one to the next on both sides.
            let (blocks, size, from, to, first): (Int, Int, Int, Int, Int)
            if result.isPicture {
                let ownPitch = Int(self.pitch(part))
                if axis == 2 {
                    (blocks, size, from, to) = (own[2] * own[3], own[1], ownPitch, pitch)
                    first = start * shape[3] * pitch
                } else {
                    (blocks, size) = (own[2], (own[3] - 1) * ownPitch + own[1])
                    (from, to, first) = (own[3] * ownPitch, shape[3] * pitch, start * pitch)
                }
            } else {
                let inner = shape[(axis + 1)...].reduce(1, *)
                (blocks, size) = (shape[..<axis].reduce(1, *), own[axis] * inner)
                (from, to, first) = (own[axis] * inner, shape[axis] * inner, start * inner)
            }
            step.dst!.offset += first * 4
            (step.step.oh, step.step.ow, step.step.oc) = (1, Int32(blocks), Int32(size))
            (step.step.ld, step.step.old) = (Int32(from), Int32(to))
            appendPixels(step)
        }
    }

    mutating func quantise(_ layer: Layer, _ meaning: Quantisation) throws(SegmentError) {
        // The input step may have done it already.
        if case .picture = mode, layer.inputs[0] == graph.input, steps.count == 1,
            steps[0].step.op == rima_op_input_bytes
        {
            return
        }
        guard meaning.scale.count == 1, let input = layer.inputs[0], placement.places[input] != nil else {
            throw unsupported(layer, "QuantizeLinear by channel")
        }
        var step = step(rima_op_quantize, layer)
        step.step.p1 = meaning.scale[0]
        step.step.zero_out = Int32(meaning.byteZero)
        appendFlat(step)
    }

    mutating func dequantise(_ layer: Layer, _ meaning: Quantisation) throws(SegmentError) {
        guard meaning.scale.count == 1, let input = layer.inputs[0], isBytes(input) else {
            throw unsupported(layer, "DequantizeLinear")
        }
        var step = step(rima_op_dequantize, layer)
        step.step.p0 = meaning.scale[0]
        step.step.zero = Int32(meaning.byteZero)
        appendFlat(step)
    }
}
