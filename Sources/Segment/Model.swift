// A model file in memory: immutable, shared by all tasks that run it.

private import Frames

/// A network and its card.
///
/// Weights only; what one run needs lives in `Workspace`.
package final class Model: Sendable {
    package let card: ModelCard
    package let network: Network

    /// Reads and checks a model file.
    package convenience init(path: String) throws(SegmentError) {
        let network = try Network(path: path)
        do {
            try self.init(network: network)
        } catch {
            throw error.at(file: path)
        }
    }

    package init(network: Network) throws(SegmentError) {
        let card = try ModelCard(metadata: network.metadata)
        let (input, output) = (network.inputShape, network.outputShape)
        guard input == [1, 3, card.inputSize.height, card.inputSize.width] else {
            throw SegmentError(
                .badCard,
                "the card says \(card.inputSize.width)x\(card.inputSize.height), but the network takes \(input).")
        }
        let fits =
            switch card.task {
            case .opening: output.count == 4
            case .gate: output.count == 2 || (output.count == 4 && output[2] == 1 && output[3] == 1)
            }
        guard fits, output[0] == 1, output[1] == card.classes.count else {
            throw SegmentError(
                .badCard,
                "the network's output \(output) does not fit the task '\(card.task.rawValue)' with "
                    + "\(card.classes.count) classes.")
        }
        self.card = card
        self.network = network
    }
}
