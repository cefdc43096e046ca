import Segment
import Testing

@Suite("Answers equal to ONNX Runtime's")
struct ParityTests {
    /// Rounding in another order: 1e-4 of the output's range.
    static let tolerance: Float = 1e-4
    /// A few steps of 8 bits: a sum at the edge between two bytes falls to either side, and later layers see it.
    ///
    /// ONNX Runtime's own two ways of running such a file differ by as much.
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

    @Test("A quantised network's mask is ONNX Runtime's on 99 of 100 pixels")
    func quantisedMask() throws {
        let one = try #require(Case.networks.first { $0.name == "quantised U-Net" })
        let answer = try Workspace(network: Network(bytes: one.onnx)).run(one.input)
        let threshold = one.output.sorted()[one.output.count / 2]
        let equal = zip(answer, one.output).count { ($0 > threshold) == ($1 > threshold) }
        #expect(equal * 100 >= one.output.count * 99, "\(equal) of \(one.output.count) pixels agree")
    }

    @Test("Quantised layers give the same bytes on every instruction set")
    func quantisedLevels() throws {
        let one = try #require(Case.networks.first { $0.name == "quantised U-Net" })
        let network = try Network(bytes: one.onnx)
        let truth = try Workspace(network: network, instructions: .portable).run(one.input)
        for instructions in InstructionSet.available {
            let answer = try Workspace(network: network, instructions: instructions).run(one.input)
            #expect(difference(answer, from: truth) <= 1e-6, "\(instructions.rawValue)")
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
