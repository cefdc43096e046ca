// A network as steps for the C engine, with places in an arena instead of pointers.

internal import Kernels

/// A byte in the arena.
struct Slot: Sendable {
    var stretch: Int
    var offset = 0
}

/// One step of the C engine before its arena is known.
struct ProgramStep: @unchecked Sendable {
    // SAFETY: the pointers inside lead into the program's own constant pool, which is only read.
    var step: rima_step
    var name: String
    var src: Slot?
    var src2: Slot?
    var dst: Slot?
    var v: Slot?
    var m: Slot?
    /// Multiply-adds of the plain form; for benchmarks.
    var work = 0

    init(_ op: rima_op, name: String) {
        step = rima_step()
        step.op = op
        step.chunks = 1
        step.split = 1
        step.low = -.infinity
        step.high = .infinity
        step.act = rima_act_clamp
        self.name = name
    }
}

/// What the input step reads.
package enum ProgramInput: Sendable, Equatable {
    /// The picture's bytes, by the rule of a card.
    case picture(ModelCard)
    /// Floats that the caller has put in place.
    case tensor
}

/// A network compiled for one instruction set and a number of threads.
///
/// Immutable, shared.
final class Program: Sendable {
    let steps: [ProgramStep]
    let placement: Placement
    let pool: ConstantPool
    let level: rima_level
    /// Where the input's and the first output's numbers are.
    let input: (place: Place, layout: Layout)
    let output: (place: Place, layout: Layout)

    init(_ graph: Graph, input mode: ProgramInput, level: rima_level, threads: Int) throws(SegmentError) {
        var layers = LayerGraph(graph)
        layers.fuse()
        layers.removeUnused()
        var lowering = Lowering(layers, mode: mode, level: level, threads: threads)
        try lowering.run()
        steps = lowering.steps
        placement = lowering.placement
        pool = lowering.pool
        self.level = level
        guard let last = lowering.placement.places[layers.outputs[0]],
            let first = lowering.placement.places[layers.input]
        else { throw SegmentError(.badGraph, "the network's output is a constant.") }
        input = (first, Layout(graph.values[graph.input].shape))
        output = (last, Layout(graph.values[graph.outputs[0]].shape))
    }
}
