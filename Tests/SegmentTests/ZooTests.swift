import Foundation
import Segment
import TestSupport
import Testing

/// A Python with the training kit and its extra `zoo`.
private let python: String? = {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    let candidates = [
        ProcessInfo.processInfo.environment["RIMA_TRAINING_PYTHON"],
        root.appending(path: "training/.venv/bin/python").path,
    ].compactMap(\.self)
    return candidates.first { FileManager.default.isExecutableFile(atPath: $0) }
}()

@Suite("The kit's larger networks")
struct ZooTests {
    /// Some hundred layers round one after the other.
    static let tolerance: Float = 1e-3

    @Test(
        "run on the native engine with ONNX Runtime's answers",
        .enabled(
            if: python != nil,
            "the training kit is not installed: training/.venv, or RIMA_TRAINING_PYTHON, with rima-training[zoo]"))
    func parity() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let target = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).cases")
        defer { try? FileManager.default.removeItem(at: target) }
        let made = try Child.run(
            try #require(python), [root.appending(path: "training/zoo_activations.py").path, target.path],
            environment: ["PYTHONPATH": root.appending(path: "training").path], upTo: 600)
        try #require(made.status == 0, "\(made.err)")
        let cases = try Case.read(target)
        #expect(cases.count == 4)
        for one in cases {
            let workspace = try Workspace(network: Network(bytes: one.onnx), threads: 2)
            let error = difference(workspace.run(one.input), from: one.output)
            print("\(one.name): greatest difference from ONNX Runtime \(error) of the range, \(workspace.name)")
            #expect(error <= Self.tolerance, "\(one.name): \(error)")
        }
    }
}
