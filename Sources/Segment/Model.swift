// A model file in memory: immutable, shared by all tasks that run it.

package import Frames
private import Synchronization

/// What a picture for the opening's network shows.
package enum LookPart: Sendable, Hashable {
    case wholePane
    /// The surroundings of the opening, where it was last found.
    case crop
}

/// A network, its card and the engine that it is meant for.
///
/// Weights only; what one run needs lives in an `Engine`.
package final class Model: Sendable {
    package let card: ModelCard
    /// The network as the native engine reads it, for whole panes; nil where only ONNX Runtime runs it.
    package let network: Network?
    /// The same for tracked crops; the same object where they come at the same size.
    package let cropNetwork: Network?
    let path: String?
    private let settings: EngineSettings
    /// Why the native engine does not run it.
    private let refusal: SegmentError?
    /// Packed weights are the larger part of an engine's memory: engines for the same number of threads share them.
    private let programs = Mutex<[ProgramKey: Program]>([:])

    private struct ProgramKey: Hashable {
        var threads: Int
        var part: LookPart
    }

    /// Reads and checks a model file.
    package init(path: String, engine settings: EngineSettings = EngineSettings()) throws(SegmentError) {
        let header = try NetworkHeader(path: path)
        do throws(SegmentError) {
            card = try ModelCard(metadata: header.metadata)
            var network: Network?
            var cropNetwork: Network?
            var refusal: SegmentError?
            if settings.choice != .onnxRuntime, card.form == .map {
                do throws(SegmentError) {
                    network = try Network(header, picture: card.inputSize)
                    cropNetwork =
                        card.cropSize == card.inputSize ? network : try Network(header, picture: card.cropSize)
                } catch {
                    guard settings.choice == .auto, error.isForOtherEngine else { throw error }
                    refusal = error
                }
            } else if settings.choice == .native {
                throw SegmentError(
                    .unsupportedOperator, "the native engine does not run networks that find instances.",
                    remedy: "Set 'engine: auto' or 'engine: onnxruntime' to run it with ONNX Runtime.")
            }
            if let network { try Self.check(network, card, card.inputSize) }
            if let cropNetwork { try Self.check(cropNetwork, card, card.cropSize) }
            self.network = network
            self.cropNetwork = cropNetwork
            self.refusal = refusal
        } catch {
            throw error.at(file: path)
        }
        self.path = path
        self.settings = settings
    }

    /// A network in memory, for the native engine.
    package init(network: Network) throws(SegmentError) {
        card = try ModelCard(metadata: network.metadata)
        try Self.check(network, card, card.inputSize)
        self.network = network
        cropNetwork = network
        path = nil
        settings = EngineSettings(choice: .native)
        refusal = nil
    }

    /// The size of the pictures that show this part of a pane.
    package func size(of part: LookPart) -> PixelSize { part == .crop ? card.cropSize : card.inputSize }

    /// An engine of the kind that was asked for.
    /// - **Units** `threads`: cores that one run may use.
    package func makeEngine(for part: LookPart = .wholePane, threads: Int = 1) throws(SegmentError) -> any Engine {
        var refusal = refusal
        if let network = part == .crop ? cropNetwork : network {
            do {
                let key = ProgramKey(threads: threads, part: network === self.network ? .wholePane : part)
                let program = try programs.withLock { (made) throws(SegmentError) in
                    if let program = made[key] { return program }
                    let program = try Workspace.program(of: network, input: .picture(card), threads: threads)
                    made[key] = program
                    return program
                }
                return try Workspace(network: network, program: program, threads: threads)
            } catch {
                guard settings.choice == .auto, path != nil, error.isForOtherEngine else { throw error.at(path) }
                refusal = error
            }
        }
        guard let path else { preconditionFailure("without a file there is a network") }
        do {
            let library = try OnnxRuntimeLibrary.find(settings.library)
            return try OnnxRuntimeEngine(
                library: library, path: path, card: card, size: size(of: part), threads: threads)
        } catch {
            // What the native engine lacks is the reason why the library is wanted at all.
            guard error.code == .noLibrary, let refusal else { throw error.at(path) }
            throw SegmentError(
                refusal.code, refusal.message, file: path, place: refusal.place,
                remedy: OnnxRuntimeLibrary.installation)
        }
    }

    private static func check(_ network: Network, _ card: ModelCard, _ size: PixelSize) throws(SegmentError) {
        let (input, output) = (network.inputShape, network.outputShape)
        guard input == [1, 3, size.height, size.width] else {
            throw SegmentError(
                .badCard, "the card says \(size.width)x\(size.height), but the network takes \(input).",
                remedy: size == card.inputSize
                    ? nil : "Export it with height and width left open, or leave rima.crop_width and crop_height out.")
        }
        try card.check(outputShape: output)
    }
}

extension ModelCard {
    /// Whether an answer of this shape, with its batch of 1 in front, is what the card promises.
    func check(outputShape output: [Int]) throws(SegmentError) {
        let fits =
            switch task {
            case .opening: output.count == 4
            case .gate: output.count == 2 || (output.count == 4 && output[2] == 1 && output[3] == 1)
            }
        guard fits, output[0] == 1, output[1] == classes.count else {
            throw SegmentError(
                .badCard,
                "the network's output \(output) does not fit the task '\(task.rawValue)' with "
                    + "\(classes.count) classes.")
        }
    }
}
