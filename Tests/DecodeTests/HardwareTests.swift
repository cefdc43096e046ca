import Decode
import Encode
import Foundation
import Frames
import Testing

@Suite("Decoding on a graphics card") struct HardwareTests {
    @Test("gives the same frames as the processor, with a card and without", arguments: ["h264", "mpeg2video"])
    func sameFrames(codec: String) throws {
        let scratch = try Scratch()
        let path = scratch.path("a.mkv")
        var writing = WriterSettings()
        writing.codec = codec
        let writer = try RecordingWriter(
            path: path, size: small, rateNumerator: 25, rateDenominator: 1, settings: writing)
        for index in 0..<20 { try writer.write(drawn(index, size: small)) }
        try writer.finish()
        var settings = DecodeSettings()
        settings.threads = 1
        let plain = try pictures(path, settings)
        settings.usesHardware = true
        // Where there is no card, or none that takes this codec, the processor decodes without a word.
        #expect(try pictures(path, settings) == plain)
        #expect(plain.count == 20)
    }

    private func pictures(_ path: String, _ settings: DecodeSettings) throws -> [[UInt8]] {
        var reader = try RecordingReader(path: path, settings: settings)
        let scaler = PictureScaler()
        var all: [[UInt8]] = []
        while let frame = try reader.next() {
            var picture = RGBPicture(size: frame.displaySize)
            try scaler.rgb(frame, from: PixelRect(frame.displaySize), into: &picture)
            all.append(picture.pixels)
        }
        return all
    }
}
