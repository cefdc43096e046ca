// One run of the native engine: its memory and its threads.

private import Foundation
package import Frames
internal import Kernels

/// The instruction set that the native engine uses.
package enum InstructionSet: String, Sendable, CaseIterable {
    case portable, avx2, avx512, avx512vnni

    var level: rima_level { rima_level(UInt32(InstructionSet.allCases.firstIndex(of: self)!)) }

    /// The best that this machine has.
    package static var best: InstructionSet { allCases[Int(rima_best_level().rawValue)] }

    /// Those that this machine has.
    package static var available: [InstructionSet] { Array(allCases.prefix(Int(rima_best_level().rawValue) + 1)) }

    /// The best, or the one that the environment names in RIMA_INSTRUCTIONS, if the machine has it.
    package static let standard: InstructionSet = {
        guard let name = ProcessInfo.processInfo.environment["RIMA_INSTRUCTIONS"],
            let wanted = InstructionSet(rawValue: name), available.contains(wanted)
        else { return best }
        return wanted
    }()
}

/// The native engine with the memory for one run at a time.
///
/// Owned by one task.
package final class Workspace: Engine {
    /// `native`, with the instruction set and whether it computes with bytes.
    package let name: String
    package let inputSize: PixelSize
    package let outputShape: [Int]
    /// Multiply-adds of one run, counted in the plain form.
    package let work: Int
    private let program: Program
    private let arena: UnsafeMutableRawPointer
    private let engine: OpaquePointer

    /// - **Units** `threads`: cores that one run may use.
    package convenience init(model: Model, threads: Int = 1, instructions: InstructionSet = .standard)
        throws(SegmentError)
    {
        guard let network = model.network else {
            throw SegmentError(.unsupportedOperator, "the native engine does not run this network.")
        }
        try self.init(network: network, input: .picture(model.card), threads: threads, instructions: instructions)
    }

    /// A network with pictures, or with floats that `run(_:)` takes.
    package convenience init(
        network: Network, input: ProgramInput = .tensor, threads: Int = 1, instructions: InstructionSet = .standard
    ) throws(SegmentError) {
        let program = try Self.program(of: network, input: input, threads: threads, instructions: instructions)
        try self.init(network: network, program: program, threads: threads, instructions: instructions)
    }

    /// What any number of workspaces for the same number of threads share.
    static func program(
        of network: Network, input: ProgramInput, threads: Int, instructions: InstructionSet = .standard
    ) throws(SegmentError) -> Program {
        try Program(network.graph, input: input, level: instructions.level, threads: max(1, min(threads, 64)))
    }

    /// - Parameter program: the network's, for as many threads.
    init(network: Network, program: Program, threads: Int, instructions: InstructionSet = .standard)
        throws(SegmentError)
    {
        let threads = max(1, min(threads, 64))
        self.program = program
        guard program.placement.arenaBytes <= Limits.arenaBytes else {
            throw SegmentError(.tooLarge, "the network needs more than \(Limits.arenaBytes >> 30) GiB for one picture.")
        }
        let isQuantised = program.steps.contains { $0.step.op == rima_op_quantize || $0.step.op == rima_op_input_bytes }
        name = "native \(instructions.rawValue)\(isQuantised ? " int8" : "")"
        outputShape = Array(network.outputShape.dropFirst())
        let shape = network.inputShape
        inputSize = PixelSize(width: shape[3], height: shape[2])
        work = program.steps.reduce(0) { $0 + $1.work }
        let bytes = program.placement.arenaBytes + 4096
        arena = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 4096)
        arena.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
        let arena = arena
        let stretches = program.placement.stretches
        func pointer(_ slot: Slot) -> UnsafeMutableRawPointer {
            arena + stretches[slot.stretch].offset + slot.offset
        }
        let steps = program.steps.map { planned in
            var step = planned.step
            if let slot = planned.src { step.src = UnsafeRawPointer(pointer(slot)) }
            if let slot = planned.src2 { step.src2 = UnsafeRawPointer(pointer(slot)) }
            if let slot = planned.dst { step.dst = pointer(slot) }
            if let slot = planned.v { step.v = pointer(slot) }
            if let slot = planned.m { step.m = pointer(slot) }
            return step
        }
        guard let engine = rima_engine_create(steps, Int32(steps.count), Int32(threads), instructions.level) else {
            arena.deallocate()
            throw SegmentError(.tooLarge, "there is not enough memory for the network.")
        }
        self.engine = engine
    }

    deinit {
        rima_engine_destroy(engine)
        arena.deallocate()
    }

    package func run(_ picture: borrowing RGBPicture, into output: inout [Float]) throws(SegmentError) {
        guard picture.size == inputSize, picture.pixels.count == inputSize.count * 3 else {
            throw SegmentError(
                .wrongInput,
                "the picture is \(picture.size.width)x\(picture.size.height), but the network takes "
                    + "\(inputSize.width)x\(inputSize.height).")
        }
        let engine = engine
        // SAFETY: the engine reads the picture only until this call returns.
        picture.pixels.withUnsafeBufferPointer { rima_engine_run(engine, $0.baseAddress) }
        read(&output)
    }

    /// The first output, row-major, for an input of (channels, height, width).
    package func run(_ input: [Float]) -> [Float] {
        let (place, layout) = program.input
        precondition(input.count == layout.pixels * layout.channels, "the input has the network's size")
        // SAFETY: the placement keeps `pixels` times `pitch` floats for the input.
        let target = (arena + program.placement.stretches[place.stretch].offset).assumingMemoryBound(to: Float.self)
        for pixel in 0..<layout.pixels {
            for channel in 0..<layout.channels {
                target[pixel * place.pitch + place.channel + channel] =
                    input[layout.position(pixel: pixel, channel: channel)]
            }
        }
        rima_engine_run(engine, nil)
        var output: [Float] = []
        read(&output)
        return output
    }

    /// Runs on whatever the input holds and leaves the output where it is; for benchmarks.
    package func runOnly() { rima_engine_run(engine, nil) }

    private func read(_ output: inout [Float]) {
        let (place, layout) = program.output
        let count = layout.pixels * layout.channels
        if output.count != count { output = [Float](repeating: 0, count: count) }
        // SAFETY: the placement keeps `pixels` times `pitch` floats for the output.
        let source =
            (arena + program.placement.stretches[place.stretch].offset).assumingMemoryBound(to: Float.self)
            + place.channel
        output.withUnsafeMutableBufferPointer { output in
            for channel in 0..<layout.channels {
                for pixel in 0..<layout.pixels {
                    output[layout.position(pixel: pixel, channel: channel)] = source[pixel * place.pitch + channel]
                }
            }
        }
    }

    /// Fastest milliseconds of each step over `runs` runs, with its multiply-adds; for benchmarks.
    package func profile(runs: Int) -> [(name: String, milliseconds: Double, work: Int)] {
        var nanoseconds = [Int64](repeating: .max, count: program.steps.count)
        for _ in 0..<runs { rima_engine_profile(engine, &nanoseconds) }
        return zip(program.steps, nanoseconds).map {
            (
                "\($0.step.op.rawValue)/\($0.step.tile) \($0.name) \($0.step.h)x\($0.step.w) \($0.step.c)->\($0.step.oc)",
                Double($1) / 1e6, $0.work
            )
        }
    }

    /// Operations per second of one thread's registers: the bound that nothing passes.
    package static func peak(_ instructions: InstructionSet, bytes: Bool) -> Double {
        rima_peak(instructions.level, bytes ? 1 : 0)
    }
}
