import Segment
import Testing

@Suite("Answers equal to ONNX Runtime's")
struct ParityTests {
    /// Rounding in another order: 1e-4 of the output's range.
    static let tolerance: Float = 1e-4
    /// One step of 8 bits where a number lies at the edge between two.
    static let quantisedTolerance: Float = 0.031

    static func tolerance(_ name: String) -> Float { name.hasPrefix("quantised") ? quantisedTolerance : tolerance }

    @Test("The plain operators agree", arguments: Case.operators + Case.networks)
    func reference(_ one: Case) throws {
        let network = try Network(bytes: one.onnx)
        let error = difference(network.reference(one.input), from: one.output)
        #expect(error <= Self.tolerance(one.name), "greatest difference \(error) of the range")
    }

    @Test("The engine agrees on every instruction set that this machine has", arguments: Case.operators + Case.networks)
    func engine(_ one: Case) throws {
        let network = try Network(bytes: one.onnx)
        for instructions in InstructionSet.available {
            let workspace = try Workspace(network: network, instructions: instructions)
            let error = difference(workspace.run(one.input), from: one.output)
            #expect(error <= Self.tolerance(one.name), "\(instructions.rawValue): greatest difference \(error)")
        }
    }

    @Test("The answer does not depend on the number of threads", arguments: Case.operators + Case.networks)
    func threads(_ one: Case) throws {
        let network = try Network(bytes: one.onnx)
        for instructions in InstructionSet.available {
            let single = try Workspace(network: network, instructions: instructions).run(one.input)
            for threads in 2...4 {
                let several = try Workspace(network: network, threads: threads, instructions: instructions)
                #expect(several.run(one.input) == single, "\(instructions.rawValue), \(threads) threads")
                #expect(several.run(one.input) == single, "\(instructions.rawValue), \(threads) threads, second run")
            }
        }
    }
}
