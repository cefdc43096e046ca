// A network as the engines see it: numbered values, typed steps, every shape known.

/// A value that flows between steps.
struct Value: Sendable {
    var name: String
    var shape: [Int]
    /// Known before any picture comes.
    var constant: Tensor?
    /// Element type in the file; nil for types that are never read.
    var type: OnnxType?
}

struct Node: Sendable {
    var name: String
    var op: Operator
    /// Indices into `Graph.values`; an input that was left out is nil.
    var inputs: [Int?]
    var output: Int
}

/// A network with static shapes, its steps in an order in which every input is ready.
struct Graph: Sendable {
    var values: [Value]
    var nodes: [Node]
    var input: Int
    var outputs: [Int]

    /// The constant behind an input of a step, if it has one.
    func constant(_ node: Node, _ index: Int) -> Tensor? {
        guard index < node.inputs.count, let value = node.inputs[index] else { return nil }
        return values[value].constant
    }

    /// Drops steps whose result nobody uses.
    mutating func removeUnused() {
        var needed = Set(outputs)
        var kept: [Node] = []
        for node in nodes.reversed() where needed.contains(node.output) {
            kept.append(node)
            for case let input? in node.inputs { needed.insert(input) }
        }
        nodes = kept.reversed()
        for index in values.indices where !needed.contains(index) { values[index].constant = nil }
    }
}
