import Foundation
import Frames
import Segment
import Testing

/// The library, where the machine has it: in a usual place, or named in the environment as for the program.
private let library = try? OnnxRuntimeLibrary.find(
    ProcessInfo.processInfo.environment["RIMA_MODEL_ONNXRUNTIME_LIBRARY"])

@Suite("ONNX Runtime as the second engine")
struct OnnxRuntimeTests {
    static let absence: Comment =
        "ONNX Runtime is not installed: name its library in RIMA_MODEL_ONNXRUNTIME_LIBRARY to run this"

    /// A shipped network's file.
    static func shipped(_ name: String) -> String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "models/\(name)").path
    }

    /// A picture with structure at all scales, and something dark in its middle.
    static func picture(_ size: PixelSize, seed: Int) -> RGBPicture {
        var picture = RGBPicture(size: size)
        for y in 0..<size.height {
            for x in 0..<size.width {
                let (u, v) = (Double(x) / Double(size.width) - 0.5, Double(y) / Double(size.height) - 0.5)
                let pit = exp(-(u * u * 90 + v * v * 30))
                for channel in 0..<3 {
                    let tissue = 0.62 - 0.12 * Double(channel) + 0.08 * sin(u * 21 + Double(seed)) * cos(v * 17)
                    let grain = Double((x &* 73 &+ y &* 179 &+ channel &* 31 &+ seed &* 57) % 17) / 400
                    picture.pixels[(y * size.width + x) * 3 + channel] = UInt8(
                        min(255, max(0, 255 * (tissue * (1 - 0.92 * pit) + grain))))
                }
            }
        }
        return picture
    }

    @Test(
        "gives the native engine's masks on the shipped networks", .enabled(if: library != nil, absence),
        arguments: ["opening.onnx", "opening.int8.onnx"], [LookPart.wholePane, .crop])
    func masks(_ name: String, _ part: LookPart) throws {
        let path = Self.shipped(name)
        let model = try Model(path: path, engine: EngineSettings(choice: .native))
        let native = try OpeningSegmenter(model: model, for: part)
        let settings = EngineSettings(choice: .onnxRuntime, library: library?.path)
        let other = try OpeningSegmenter(model: Model(path: path, engine: settings), for: part)
        #expect(native.inputSize == model.size(of: part) && other.inputSize == native.inputSize)
        #expect(native.engineName.hasPrefix("native"))
        #expect(other.engineName.hasPrefix("onnxruntime"))
        var (one, two) = (ValueMap(size: native.outputSize), ValueMap(size: other.outputSize))
        for seed in 1...4 {
            let picture = Self.picture(native.inputSize, seed: seed)
            try native.segment(picture, into: &one)
            try other.segment(picture, into: &two)
            #expect(one.size == two.size)
            let equal = zip(one.values, two.values).count { ($0 > 0) == ($1 > 0) }
            // Bytes round differently at their edges, and later layers see it; floats differ in their last digits.
            let share = name.contains("int8") ? 0.99 : 0.9999
            #expect(Double(equal) >= share * Double(one.values.count), "\(equal) of \(one.values.count) pixels agree")
            if !name.contains("int8") {
                #expect(difference(one.values, from: two.values) <= ParityTests.tolerance)
            }
        }
    }

    @Test("gives the native engine's answers on small networks", .enabled(if: library != nil, absence))
    func small() throws {
        let library = try #require(library)
        let folder = FileManager.default.temporaryDirectory
        for one in Case.networks {
            let network = try Network(bytes: one.onnx)
            // Those without a card are no model files.
            guard let card = try? ModelCard(metadata: network.metadata) else { continue }
            let file = folder.appending(path: "\(UUID().uuidString).onnx")
            try Data(one.onnx).write(to: file)
            defer { try? FileManager.default.removeItem(at: file) }
            let engine = try OnnxRuntimeEngine(library: library, path: file.path, card: card, threads: 2)
            let error = difference(try engine.run(one.input), from: one.output)
            #expect(error <= ParityTests.tolerance(one.name), "\(one.name): \(error)")
        }
    }

    @Test("runs what the native engine does not know, and only then", .enabled(if: library != nil, absence))
    func automatic() throws {
        let known = try Model(path: Self.shipped("opening.onnx"), engine: EngineSettings(library: library?.path))
        #expect(try known.makeEngine().name.hasPrefix("native"))
        let file = try Self.foreignNetwork()
        defer { try? FileManager.default.removeItem(atPath: file) }
        let model = try Model(path: file, engine: EngineSettings(library: library?.path))
        let engine = try model.makeEngine()
        #expect(engine.name.hasPrefix("onnxruntime"))
        var answer: [Float] = []
        try engine.run(RGBPicture(size: engine.inputSize), into: &answer)
        #expect(answer.count == engine.outputShape.reduce(1, *))
        #expect(answer.allSatisfy { $0.isFinite })
    }

    @Test("is missed in one sentence that names the layer and says how to install it")
    func missing() throws {
        let file = try Self.foreignNetwork()
        defer { try? FileManager.default.removeItem(atPath: file) }
        let model = try Model(path: file, engine: EngineSettings(library: "/nowhere/libonnxruntime.so"))
        let error = #expect(throws: SegmentError.self) { try model.makeEngine() }
        #expect(error?.code == .unsupportedOperator)
        #expect(error?.message.contains("Sign") == true)
        #expect(error?.remedy?.contains("pip install") == true)
        let native = #expect(throws: SegmentError.self) {
            try Model(path: file, engine: EngineSettings(choice: .native))
        }
        #expect(native?.remedy?.contains("onnxruntime") == true)
        let chosen = try Model(
            path: Self.shipped("opening.onnx"),
            engine: EngineSettings(choice: .onnxRuntime, library: "/nowhere/libonnxruntime.so"))
        let absent = #expect(throws: SegmentError.self) { try chosen.makeEngine() }
        #expect(absent?.code == .noLibrary)
    }

    @Test("refuses a file that is another library")
    func otherLibrary() throws {
        let error = #expect(throws: SegmentError.self) { try OnnxRuntimeLibrary.find("libm.so.6") }
        #expect(error?.code == .noLibrary)
    }

    /// A sound network with a layer that the native engine does not have: a small U-Net with `Relu` made `Sign`.
    static func foreignNetwork() throws -> String {
        let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).onnx")
        let bytes = ModelFileTests.replacing("Relu", "Sign", in: ModelFileTests.opening)
        try Data(bytes).write(to: file)
        return file.path
    }
}
