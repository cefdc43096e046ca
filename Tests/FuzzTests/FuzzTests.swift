// The short form of `make fuzz`: every parser sees its seeds and some thousand changed ones.

import FuzzTargets
import Testing

@Suite("Parsers under attack")
struct FuzzTests {
    @Test("refuse or take what they are fed, and keep their promises", arguments: FuzzTarget.allCases)
    func feed(target: FuzzTarget) {
        let seeds = target.seeds
        #expect(seeds.allSatisfy { !$0.isEmpty }, "a target without seeds attacks nothing")
        let mutator = Mutator(seeds: seeds, most: target.mostBytes)
        let inputs: UInt64 = [.store, .onnx].contains(target) ? 150 : 3000
        for number in 0..<inputs { target.feed(mutator.input(number)) }
    }

    @Test("the same number gives the same input")
    func reproducible() {
        let mutator = Mutator(seeds: FuzzTarget.command.seeds, most: 256)
        let inputs = (0..<500).map { mutator.input($0) }
        #expect(inputs == (0..<500).map { mutator.input($0) })
        #expect(Set(inputs).count > 400)
    }
}
