import Foundation
import Frames
import Segment
import Testing

@Suite("Model files")
struct ModelFileTests {
    static var opening: [UInt8] { Case.networks[0].onnx }
    static var classifier: [UInt8] { Case.networks.first { $0.name == "small classifier" }?.onnx ?? [] }

    /// The file with a run of bytes replaced by another of the same length wherever it occurs.
    static func replacing(_ old: String, _ new: String, in bytes: [UInt8]) -> [UInt8] {
        precondition(old.utf8.count == new.utf8.count, "lengths are part of the format")
        var result = bytes
        let pattern = Array(old.utf8)
        var found = false
        for start in 0...(bytes.count - pattern.count) where bytes[start..<start + pattern.count].elementsEqual(pattern)
        {
            result.replaceSubrange(start..<start + pattern.count, with: Array(new.utf8))
            found = true
        }
        if !found { Issue.record("the fixture does not hold '\(old)'") }
        return result
    }

    @Test("A card is read whole")
    func card() throws {
        let card = try Model(network: Network(bytes: Self.opening)).card
        #expect(card.task == .opening)
        #expect(card.inputSize == PixelSize(width: 48, height: 32))
        #expect(card.colorOrder == .rgb)
        #expect(card.mean == [0.485, 0.456, 0.406])
        #expect(card.deviation == [0.229, 0.224, 0.225])
        #expect(card.classes == ["opening"])
        #expect(card.activation == .logits)
    }

    @Test("A file that does not say what it is is refused with the name of what is missing")
    func missing() throws {
        let bytes = Self.replacing("rima.mean", "rima.meen", in: Self.opening)
        let error = #expect(throws: SegmentError.self) { try Model(network: Network(bytes: bytes)) }
        #expect(error?.code == .badCard)
        #expect(error?.message.contains("rima.mean") == true)
    }

    @Test(
        "Nonsense in a card is refused",
        arguments: [("0.485,0.456,0.406", "0.485,0.456;0.406"), ("0.229,0.224,0.225", "0.229,0.224,0.000")])
    func nonsense(_ old: String, _ new: String) throws {
        let bytes = Self.replacing(old, new, in: Self.opening)
        let error = #expect(throws: SegmentError.self) { try Model(network: Network(bytes: bytes)) }
        #expect(error?.code == .badCard)
    }

    @Test("An operator that is not there is named, with the way out")
    func unknownOperator() throws {
        let bytes = Self.replacing("MaxPool", "MexPool", in: Self.opening)
        let error = #expect(throws: SegmentError.self) { try Network(bytes: bytes) }
        #expect(error?.code == .unsupportedOperator)
        #expect(error?.message.contains("MexPool") == true)
        #expect(error?.remedy?.contains("onnxruntime") == true)
    }

    @Test("A truncated file is an error, never a crash")
    func truncated() {
        let bytes = Self.opening
        for length in stride(from: 0, to: bytes.count - 1, by: max(1, bytes.count / 400)) {
            let error = #expect(throws: SegmentError.self) {
                try Model(network: Network(bytes: Array(bytes[..<length])))
            }
            #expect(error != nil)
        }
    }

    @Test("Damaged bytes give an error or a network, never a crash", arguments: [UInt64(1), 2, 3])
    func damaged(_ seed: UInt64) {
        var state = seed &* 0x9E37_79B9_7F4A_7C15
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        var refused = 0
        for _ in 0..<300 {
            var bytes = Self.classifier
            for _ in 0..<1 + random(4) { bytes[random(bytes.count)] = UInt8(random(256)) }
            do {
                let workspace = try Workspace(model: Model(network: Network(bytes: bytes)))
                var answer: [Float] = []
                try workspace.run(RGBPicture(size: workspace.inputSize), into: &answer)
            } catch {
                refused += 1
            }
        }
        #expect(refused > 0)
    }

    @Test("Other files are refused", arguments: [[], Array("hello, world\n".utf8), [0x89, 0x50, 0x4E, 0x47, 13, 10]])
    func others(_ bytes: [UInt8]) {
        let error = #expect(throws: SegmentError.self) { try Network(bytes: bytes) }
        #expect(error?.code == .notAModel)
    }

    @Test("A file that is not there is named")
    func absent() {
        let error = #expect(throws: SegmentError.self) { try Model(path: "/nowhere/model.onnx") }
        #expect(error?.code == .unreadable)
        #expect(error?.description.hasPrefix("/nowhere/model.onnx: ") == true)
    }

    @Test("A picture becomes the opening's logits")
    func segments() throws {
        let model = try Model(network: Network(bytes: Self.opening))
        let segmenter = try OpeningSegmenter(model: model)
        var picture = RGBPicture(size: segmenter.inputSize)
        for i in picture.pixels.indices { picture.pixels[i] = UInt8(i * 37 % 256) }
        var map = ValueMap(size: PixelSize(width: 1, height: 1))
        try segmenter.segment(picture, into: &map)
        // The same by the definition of the card, in the plain form.
        let plane = picture.size.count
        let card = model.card
        let input = (0..<3 * plane).map { i in
            (Float(picture.pixels[i % plane * 3 + i / plane]) / 255 - card.mean[i / plane]) / card.deviation[i / plane]
        }
        #expect(map.size == segmenter.outputSize)
        let network = try #require(model.network)
        #expect(difference(map.values, from: network.reference(input)) <= ParityTests.tolerance)
        var wrong = ValueMap(size: map.size)
        #expect(throws: SegmentError.self) {
            try segmenter.segment(RGBPicture(size: PixelSize(width: 8, height: 8)), into: &wrong)
        }
    }

    @Test("A gate answers the questions that its card names, each as a probability")
    func gate() throws {
        let model = try Model(network: Network(bytes: Self.classifier))
        let network = try GateNetwork(model: model)
        let picture = RGBPicture(size: network.inputSize)
        let answer = try network.judge(picture)
        var logits: [Float] = []
        try Workspace(model: model).run(picture, into: &logits)
        let expected = 1 / (1 + exp(Double(logits[0]) - Double(logits[1])))
        #expect(abs((answer.bad ?? -1) - expected) < 1e-9)
        #expect(answer.other == nil)
    }

    @Test("A gate whose card calls probabilities logits is refused: it would never be sure enough to refuse a frame")
    func gateActivation() throws {
        func gate(_ numbers: [Float], _ activation: String) throws -> GateNetwork {
            let card = try ModelCard(metadata: [
                "rima.task": "gate", "rima.name": "fixed", "rima.version": "1", "rima.input_width": "8",
                "rima.input_height": "8", "rima.color_order": "RGB", "rima.mean": "0,0,0", "rima.std": "1,1,1",
                "rima.classes": "good,bad,larynx,other", "rima.licence": "none", "rima.training_data": "none",
                "rima.activation": activation,
            ])
            return try GateNetwork(card: card, engine: FixedAnswer(numbers, shape: [4]))
        }
        let shares: [Float] = [0.02, 0.98, 0.9, 0.1]
        let error = #expect(throws: SegmentError.self) { try gate(shares, "logits") }
        #expect(error?.code == .badCard && error?.remedy?.contains("softmax") == true)
        let picture = RGBPicture(size: PixelSize(width: 8, height: 8))
        #expect(abs((try gate(shares, "softmax").judge(picture).bad ?? 0) - 0.98) < 1e-6)
        #expect((try gate([-2, 3, 4, -1], "logits").judge(picture).bad ?? 0) > 0.99)
    }

    @Test("A gate that answers neither question is refused")
    func gateWithoutQuestion() throws {
        let bytes = Self.replacing("good,bad,other", "fine,so,anyhow", in: Self.classifier)
        let model = try Model(network: Network(bytes: bytes))
        let error = #expect(throws: SegmentError.self) { try GateNetwork(model: model) }
        #expect(error?.code == .badCard)
    }
}
