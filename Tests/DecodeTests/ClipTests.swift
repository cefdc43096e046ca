import Decode
import Foundation
import Testing

/// Shared clips, from the repository's root; absent in a plain clone.
private let clips: [String] = {
    let folder = "../shared/data/clips"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { $0.hasSuffix(".mp4") }.sorted().map { folder + "/" + $0 }
}()

@Suite("Real clips")
struct ClipTests {
    @Test(
        "every clip gives as many frames as ffprobe decodes, none of them tainted",
        .enabled(if: !clips.isEmpty && hasFFmpeg, "needs ../shared/data/clips and ffprobe"))
    func counts() throws {
        for clip in clips {
            let reading = readAll(clip)
            #expect(reading.frames.count == (try probedCount(clip)))
            #expect(reading.frames.allSatisfy { !$0.isTainted && $0.segment == 0 })
            #expect(reading.info?.estimatedFrameCount == reading.frames.count)
        }
    }
}
