import Decode
import Encode
import Foundation
import Frames
import Phantom
import Testing

@Suite("The pane on drawn recordings") struct PanePhantomTests {
    @Test("is found within 3 px, its field with an IoU of at least 0.98", arguments: 1...20)
    func found(seed: Int) throws {
        var settings = PhantomSettings(
            seed: UInt64(seed), seconds: 0.48, size: PixelSize(width: 1920, height: 1080),
            layout: seed % 4 == 0 ? .b : .a)
        if seed % 5 == 0 { settings.disturbance = .calm(noise: 0.6) }
        let recording = PhantomRecording(settings)
        let path = FileManager.default.temporaryDirectory.appending(path: "pane-\(UUID().uuidString).mp4").path
        defer { unlink(path) }
        var writing = WriterSettings()
        writing.bitRate = 6_000_000
        let writer = try RecordingWriter(path: path, size: settings.size, rateNumerator: 25, settings: writing)
        for index in 0..<recording.frameCount { try writer.write(recording.frame(index).picture) }
        try writer.finish()

        var reader = try RecordingReader(path: path)
        var finder = PaneFinder(frameSize: settings.size)
        let scaler = PictureScaler()
        var picture = RGBPicture(size: settings.size)
        while let frame = try reader.next() {
            try scaler.rgb(frame, from: PixelRect(settings.size), into: &picture)
            if finder.observe(picture) == .ready { break }
        }
        let pane = try #require(finder.find())
        let truth = recording.pane
        for difference in [
            pane.rect.x - truth.x, pane.rect.y - truth.y, pane.rect.maxX - truth.maxX, pane.rect.maxY - truth.maxY,
        ] {
            #expect(abs(difference) <= 3, "found \(pane.rect), drawn \(truth)")
        }
        let overlap = intersectionOverUnion(pane.rect, pane.field, truth, recording.field)
        #expect(overlap >= 0.98, "IoU \(overlap)")
    }

    /// Of two fields of view on the recording's frame.
    private func intersectionOverUnion(_ a: PixelRect, _ f: FieldOfView, _ b: PixelRect, _ g: FieldOfView) -> Double {
        var both = 0
        for y in max(a.y, b.y)..<min(a.maxY, b.maxY) {
            let left = max(a.x + f.starts[y - a.y], b.x + g.starts[y - b.y])
            let right = min(a.x + f.ends[y - a.y], b.x + g.ends[y - b.y])
            both += max(0, right - left)
        }
        return Double(both) / Double(f.area + g.area - both)
    }
}
