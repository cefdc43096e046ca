// Where every value lives: one arena, planned once; joints need no copies where their parts can be written in place.

/// How a value's numbers are laid out: pixel by pixel, channels last, or as rows.
struct Layout: Sendable, Equatable {
    var height: Int
    var width: Int
    var channels: Int
    var isPicture: Bool

    init(_ shape: [Int]) {
        if shape.count == 4, shape[0] == 1 {
            (height, width, channels, isPicture) = (shape[2], shape[3], shape[1], true)
        } else {
            (height, width, channels) = (1, shape.dropLast().reduce(1, *), shape.last ?? 1)
            isPicture = false
        }
    }

    var pixels: Int { height * width }

    /// Numbers from one pixel to the next: whole cache lines, except for thin pictures and rows.
    func pitch(bytes: Bool) -> Int {
        guard isPicture, pixels > 1, channels >= 16 else { return channels }
        let unit = bytes && channels >= 64 ? 64 : 16
        return (channels + unit - 1) / unit * unit
    }

    /// Row-major position of the number at `channel` of `pixel`, and back.
    func position(pixel: Int, channel: Int) -> Int {
        isPicture ? channel * pixels + pixel : pixel * channels + channel
    }

    func place(_ position: Int) -> (pixel: Int, channel: Int) {
        isPicture
            ? (position % pixels, position / pixels) : (position / max(1, channels), position % max(1, channels))
    }
}

/// A stretch of the arena.
struct Stretch: Sendable {
    var bytes: Int
    var first: Int
    var last: Int
    var offset = 0
}

/// A value's place: a stretch, a channel in it and the distance between pixels.
struct Place: Sendable {
    var stretch: Int
    var channel = 0
    var pitch: Int
}

/// Gives every value of a network a place.
///
/// Steps are counted in layers.
struct Placement: Sendable {
    private(set) var places: [Int: Place] = [:]
    private(set) var stretches: [Stretch] = []
    private(set) var arenaBytes = 0

    /// Parts that are written straight into their joint, with their first channel there.
    private var homes: [Int: (joint: Int, channel: Int)] = [:]

    init(_ graph: LayerGraph) {
        findHomes(graph)
        place(graph.input, in: graph, at: 0)
        for (index, layer) in graph.layers.enumerated() {
            for case let input? in layer.inputs { touch(input, at: index) }
            if let summand = layer.summand { touch(summand, at: index) }
            place(layer.output, in: graph, at: index)
        }
        for output in graph.outputs { touch(output, at: graph.layers.count) }
        pack()
    }

    /// Whether a part is already where its joint wants it.
    func isHome(_ part: Int, in joint: Int, channel: Int) -> Bool {
        guard let a = places[part], let b = places[joint] else { return false }
        return a.stretch == b.stretch && a.channel == b.channel + channel
    }

    private mutating func findHomes(_ graph: LayerGraph) {
        let joints = graph.layers.filter { layer in
            if case .concat(axis: 1) = layer.op { Layout(graph.values[layer.output].shape).isPicture } else { false }
        }
        let produced = Set(graph.layers.map(\.output))
        for (index, joint) in joints.enumerated().reversed() {
            // A joint that another one begins with is a view of it.
            if homes[joint.output] == nil,
                let wider = joints[(index + 1)...].first(where: {
                    $0.inputs.count > joint.inputs.count && Array($0.inputs.prefix(joint.inputs.count)) == joint.inputs
                        && graph.quantisation[$0.output] == graph.quantisation[joint.output]
                        && $0.inputs.allSatisfy { part in part.map { homes[$0]?.joint == nil || true } ?? false }
                }),
                joint.inputs.allSatisfy({ part in part.map { homes[$0]?.joint == wider.output } ?? false })
            {
                homes[joint.output] = (wider.output, 0)
                continue
            }
            var channel = 0
            for case let part? in joint.inputs {
                let width = graph.values[part].shape[1]
                if homes[part] == nil, produced.contains(part), !graph.outputs.contains(part), part != graph.input,
                    graph.values[part].constant == nil, joint.inputs.filter({ $0 == part }).count == 1,
                    graph.quantisation[part] == graph.quantisation[joint.output]
                {
                    homes[part] = (joint.output, channel)
                }
                channel += width
            }
        }
    }

    /// The value whose memory holds `value`, and the channel at which it begins there.
    private func root(_ value: Int) -> (value: Int, channel: Int) {
        var result = (value: value, channel: 0)
        while let home = homes[result.value] { result = (home.joint, result.channel + home.channel) }
        return result
    }

    private mutating func place(_ value: Int, in graph: LayerGraph, at step: Int) {
        guard places[value] == nil else {
            touch(value, at: step)
            return
        }
        let (owner, channel) = root(value)
        let isBytes = graph.quantisation[owner] != nil
        let layout = Layout(graph.values[owner].shape)
        let pitch = layout.pitch(bytes: isBytes)
        if places[owner] == nil {
            // Vectors may read and write past the end, but never past this margin.
            let bytes = (layout.pixels * pitch * (isBytes ? 1 : 4) + 256 + 63) / 64 * 64
            stretches.append(Stretch(bytes: bytes, first: step, last: step))
            places[owner] = Place(stretch: stretches.count - 1, pitch: pitch)
        }
        places[value] = Place(stretch: places[owner]!.stretch, channel: channel, pitch: pitch)
        touch(value, at: step)
    }

    private mutating func touch(_ value: Int, at step: Int) {
        guard let place = places[value] else { return }
        stretches[place.stretch].last = max(stretches[place.stretch].last, step)
    }

    /// Adds memory that one step alone uses.
    mutating func addScratch(bytes: Int, step: Int) -> Int {
        stretches.append(Stretch(bytes: (bytes + 255) / 64 * 64, first: step, last: step))
        pack()
        return stretches.count - 1
    }

    /// Largest first, each at the lowest free offset among those that live at the same time.
    private mutating func pack() {
        var placed: [Int] = []
        arenaBytes = 0
        for index in stretches.indices.sorted(by: { stretches[$0].bytes > stretches[$1].bytes }) {
            let stretch = stretches[index]
            let others = placed.map { stretches[$0] }
                .filter { $0.first <= stretch.last && stretch.first <= $0.last }
                .sorted { $0.offset < $1.offset }
            var offset = 0
            for other in others where other.offset < offset + stretch.bytes {
                offset = max(offset, other.offset + other.bytes)
            }
            stretches[index].offset = offset
            arenaBytes = max(arenaBytes, offset + stretch.bytes)
            placed.append(index)
        }
    }
}
