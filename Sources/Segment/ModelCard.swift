// What a model file says about itself.

package import Frames

/// The entries that Rima asks of a model file, kept as ONNX metadata.
package struct ModelCard: Sendable, Equatable {
    package enum Task: String, Sendable { case opening, gate }
    package enum ColorOrder: String, Sendable { case rgb = "RGB", bgr = "BGR" }
    /// What the network's last layer gives.
    package enum Activation: String, Sendable { case logits, sigmoid, softmax }
    /// How the answer is given.
    package enum Form: String, Sendable {
        /// One map for each class, or one number for each.
        case map
        /// Boxes, labels, scores and masks, as detectors of instances give them.
        case instances = "boxes,labels,scores,masks"
    }

    package var task: Task
    package var name: String
    package var version: String
    /// What the whole pane is scaled to.
    package var inputSize: PixelSize
    /// What a tracked crop is scaled to: it shows little but the opening, so fewer pixels serve it.
    package var cropSize: PixelSize
    package var colorOrder: ColorOrder
    /// The network sees `(pixel / 255 - mean) / deviation`, in the file's colour order.
    package var mean: [Float]
    package var deviation: [Float]
    package var classes: [String]
    package var licence: String
    package var trainingData: String
    package var activation: Activation
    package var form: Form
    /// What the network's sureness is worth; nil when nobody has measured it.
    package var confidenceCurve: ConfidenceCurve?

    /// Reads the card of a model file.
    package init(path: String) throws(SegmentError) {
        let header = try NetworkHeader(path: path)
        do {
            try self.init(metadata: header.metadata)
        } catch {
            throw error.at(file: path)
        }
    }

    /// Reads the card from a file's metadata.
    package init(metadata: [String: String]) throws(SegmentError) {
        let required = [
            "rima.task", "rima.name", "rima.version", "rima.input_width", "rima.input_height", "rima.color_order",
            "rima.mean", "rima.std", "rima.classes", "rima.licence", "rima.training_data",
        ]
        let missing = required.filter { (metadata[$0] ?? "").isEmpty }
        guard missing.isEmpty else {
            throw SegmentError(
                .badCard, "the model file does not say what it is: \(missing.joined(separator: ", ")) missing.",
                remedy: "Export it with the training kit, or add these metadata entries.")
        }
        func text(_ key: String) -> String { metadata["rima.\(key)"] ?? "" }
        func choice<T: RawRepresentable>(_ key: String, _ value: String, _ allowed: String) throws(SegmentError) -> T
        where T.RawValue == String {
            guard let choice = T(rawValue: value) else {
                throw SegmentError(.badCard, "rima.\(key) is '\(value)', but must be \(allowed).")
            }
            return choice
        }
        func side(_ key: String) throws(SegmentError) -> Int {
            guard let value = Int(text(key)), value >= 8, value <= 4096 else {
                throw SegmentError(.badCard, "rima.\(key) is '\(text(key))', but must be a number from 8 to 4096.")
            }
            return value
        }
        func three(_ key: String, positive: Bool) throws(SegmentError) -> [Float] {
            let numbers = split(text(key)).compactMap { Float($0) }
            guard numbers.count == 3, split(text(key)).count == 3,
                numbers.allSatisfy({ $0.isFinite && (!positive || $0 > 0) })
            else {
                throw SegmentError(
                    .badCard,
                    "rima.\(key) is '\(text(key))', but must be three \(positive ? "positive " : "")numbers, "
                        + "separated by commas.")
            }
            return numbers
        }
        task = try choice("task", text("task"), "opening or gate")
        name = text("name")
        version = text("version")
        inputSize = PixelSize(width: try side("input_width"), height: try side("input_height"))
        cropSize =
            metadata["rima.crop_width"] == nil && metadata["rima.crop_height"] == nil
            ? inputSize : PixelSize(width: try side("crop_width"), height: try side("crop_height"))
        colorOrder = try choice("color_order", text("color_order").uppercased(), "RGB or BGR")
        mean = try three("mean", positive: false)
        deviation = try three("std", positive: true)
        classes = split(text("classes"))
        licence = text("licence")
        trainingData = text("training_data")
        activation = try choice(
            "activation", metadata["rima.activation"] ?? "logits", "logits, sigmoid or softmax")
        form = try choice("outputs", metadata["rima.outputs"] ?? "map", "map or \(Form.instances.rawValue)")
        // What instances are put together to is a probability for every pixel.
        if form == .instances { activation = .sigmoid }
        if let curve = metadata["rima.confidence_curve"] {
            guard let curve = ConfidenceCurve(curve) else {
                throw SegmentError(
                    .badCard,
                    "rima.confidence_curve is '\(curve)', but must be rising pairs 'sureness:probability' from 0 to 1.")
            }
            confidenceCurve = curve
        }
        guard !classes.isEmpty, Set(classes).count == classes.count else {
            throw SegmentError(.badCard, "rima.classes is '\(text("classes"))', but must name each class once.")
        }
        if task == .opening, !classes.contains("opening") {
            throw SegmentError(
                .badCard,
                "rima.classes is '\(text("classes"))', but a model for the opening must have a class 'opening'.")
        }
    }
}

/// The parts of a comma-separated list, without blanks around them.
private func split(_ text: String) -> [String] {
    text.split(separator: ",").map { part in
        var part = part
        while part.first == " " { part.removeFirst() }
        while part.last == " " { part.removeLast() }
        return String(part)
    }
}
