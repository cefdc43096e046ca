import Encode
import Foundation
import Frames
import Testing

@Suite("Writing recordings")
struct WritingTests {
    @Test(
        "the same pictures give the same bytes",
        arguments: [
            ("a.mp4", "h264"), ("a.mkv", "hevc"), ("a.avi", "mjpeg"), ("a.mov", "mpeg4"), ("a.ts", "mpeg2video"),
            ("b.mkv", "ffv1"), ("a.gif", "gif"), ("a.wmv", "wmv2"),
        ])
    func deterministic(name: String, codecName: String) throws {
        let scratch = try Scratch()
        let first = try Data(contentsOf: URL(fileURLWithPath: record(scratch.path(name), settings: codec(codecName))))
        for _ in 0..<3 {
            let again = try Data(
                contentsOf: URL(fileURLWithPath: record(scratch.path(name), settings: codec(codecName))))
            #expect(again == first)
        }
    }
}
