// Frames to label, as a researcher takes them.

import Foundation
import TestSupport
import Testing

@Suite("rima extract") struct ExtractTests {
    @Test("writes the endoscope's picture alone, spread over the recording, with outlines that Label Studio reads")
    func extract() throws {
        let scratch = try Scratch()
        let file = try scratch.phantom("a.mkv", seconds: 4)
        let outcome = try Program.run([
            "extract", file, "--output", scratch.path("label"), "--count", "8", "--patient", "P01", "--model",
            Program.darkNetwork, "--quiet",
        ])
        #expect(outcome.status == 0, "\(outcome.err)")
        let tasks = try #require(
            JSONSerialization.jsonObject(with: Data(contentsOf: scratch.root.appending(path: "label/tasks.json")))
                as? [[String: Any]])
        #expect((4...8).contains(tasks.count))
        var frames: [Int] = []
        for task in tasks {
            let data = try #require(task["data"] as? [String: Any])
            let image = try #require(data["image"] as? String)
            #expect(image.hasPrefix("/data/local-files/?d=label/pictures/P01_"))
            let name = try #require(image.split(separator: "/").last)
            let picture = scratch.root.appending(path: "label/pictures/\(name)")
            #expect(FileManager.default.fileExists(atPath: picture.path))
            frames.append(try #require(data["frame"] as? Int))
            let prediction = try #require((task["predictions"] as? [[String: Any]])?.first)
            let results = try #require(prediction["result"] as? [[String: Any]])
            for result in results {
                #expect(result["type"] as? String == "polygonlabels")
                #expect(result["from_name"] as? String == "label" && result["to_name"] as? String == "image")
                let size = try Self.size(ofPNG: picture)
                #expect(result["original_width"] as? Int == size.width)
                #expect(result["original_height"] as? Int == size.height)
                let value = try #require(result["value"] as? [String: Any])
                #expect(value["polygonlabels"] as? [String] == ["opening"])
                let points = try #require(value["points"] as? [[Double]])
                #expect(points.count >= 3 && points.count <= 48)
                #expect(points.allSatisfy { $0.count == 2 && $0.allSatisfy { (0...100).contains($0) } })
            }
        }
        #expect(frames == frames.sorted() && Set(frames).count == frames.count)
        #expect(try #require(frames.last) - frames[0] >= 50, "they are spread over the recording's 100 frames")
        let labels = try scratch.text("label/labels.xml")
        #expect(labels.contains("<Label value=\"opening\"") && labels.contains("toName=\"image\""))
    }

    @Test("refuses a patient's name that is no file name")
    func names() throws {
        let outcome = try Program.run(["extract", "a.mkv", "--output", "x", "--patient", "../Jane Doe"])
        #expect(outcome.status == 64)
        #expect(outcome.err.contains("--patient"))
    }

    /// Width and height from the file's first chunk.
    private static func size(ofPNG file: URL) throws -> (width: Int, height: Int) {
        let bytes = try Data(contentsOf: file)
        func number(at place: Int) -> Int { bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) } }
        return (number(at: 16), number(at: 20))
    }
}
