// Sound tracks, written and read back; and damaged ones.
import Decode
import Encode
import Foundation
import Frames
import Testing

@Suite("Reading sound")
struct SoundReaderTests {
    private static let rate = 16_000

    /// Two seconds of pictures with a sound that is silent in the first second and a sine of amplitude 0.5 in the second.
    private func film(_ path: String, codec name: String) throws -> String {
        var settings = codec(name)
        settings.soundRate = Self.rate
        let writer = try RecordingWriter(path: path, size: small, rateNumerator: 25, settings: settings)
        for index in 0..<50 {
            try writer.write(drawn(index, size: small))
            try writer.write(
                sound: (0..<640).map { step in
                    let t = Double(index * 640 + step) / Double(Self.rate)
                    return t < 1 ? 0 : Float(0.5 * sin(2 * .pi * 440 * t))
                })
        }
        try writer.finish()
        return path
    }

    private struct Heard {
        var count = 0
        var first: StreamTime?
        var silent = 0.0
        var loud = 0.0
        var largest: Float = 0
    }

    /// Mean squares of 0.1 to 0.9 s and of 1.1 to 1.9 s by the times of the blocks.
    private func hear(_ path: String) throws(DecodeError) -> Heard {
        var reader = try SoundReader(path: path)
        var heard = Heard()
        var counts = (0, 0)
        while reader.next() {
            heard.first = heard.first ?? reader.time
            heard.count += reader.samples.count
            for (place, value) in reader.samples.enumerated() {
                let t = reader.time.seconds + Double(place) / Double(reader.rate)
                heard.largest = max(heard.largest, abs(value))
                if (0.1..<0.9).contains(t) {
                    heard.silent += Double(value * value)
                    counts.0 += 1
                } else if (1.1..<1.9).contains(t) {
                    heard.loud += Double(value * value)
                    counts.1 += 1
                }
            }
        }
        heard.silent /= Double(max(1, counts.0))
        heard.loud /= Double(max(1, counts.1))
        return heard
    }

    @Test(
        "sound comes back in its place, whatever the container",
        arguments: [
            ("a.mkv", "h264"), ("a.mp4", "h264"), ("a.avi", "mjpeg"), ("a.ts", "mpeg2video"), ("a.mpg", "mpeg2video"),
        ])
    func places(name: String, codec: String) throws {
        let scratch = try Scratch()
        let heard = try hear(try film(scratch.path(name), codec: codec))
        #expect(abs(heard.count - 2 * Self.rate) <= 4096, "\(heard)")
        #expect(abs(heard.loud - 0.125) < 0.01, "\(heard)")
        #expect(heard.silent < 0.0001, "\(heard)")
        #expect(abs(try #require(heard.first).seconds) < 0.15, "\(heard)")
    }

    @Test("sound does not change the pictures, nor how they are read")
    func pictures() throws {
        let scratch = try Scratch()
        let plain = readAll(try record(scratch.path("a.mkv"), frames: 50, settings: codec("h264")))
        let sounding = readAll(try film(scratch.path("b.mkv"), codec: "h264"))
        #expect(sounding.error == nil && sounding.frames.count == 50)
        #expect(sounding.frames.map(\.hash) == plain.frames.map(\.hash))
    }

    @Test("a recording without sound says so, and so does what is none")
    func refuses() throws {
        let scratch = try Scratch()
        let path = try record(scratch.path("a.mkv"), frames: 5)
        #expect(throws: DecodeError.self) { _ = try SoundReader(path: path) }
        do throws(DecodeError) {
            _ = try SoundReader(path: path)
        } catch {
            #expect(error.code == .noSound && error.description.contains("no sound"))
        }
        let text = try put(Array("Hello, this is a letter.\n".utf8), scratch.path("b.mkv"))
        do throws(DecodeError) {
            _ = try SoundReader(path: text)
        } catch {
            #expect(error.code == .notARecording)
        }
    }

    @Test("damaged and cut sound ends or is left out, and every sample stays in range", arguments: ["a.mkv", "a.mp4"])
    func damage(name: String) throws {
        let scratch = try Scratch()
        let whole = try contents(try film(scratch.path(name), codec: "h264"))
        var state: UInt64 = 7
        func number(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        for round in 0..<40 {
            var bytes = whole
            if round % 4 == 0 { bytes.removeLast(number(bytes.count)) }
            if !bytes.isEmpty {
                for _ in 0..<(1 + number(200)) { bytes[number(bytes.count)] ^= UInt8(1 << number(8)) }
            }
            let path = try put(bytes, scratch.path("\(round)-\(name)"))
            do throws(DecodeError) {
                let heard = try hear(path)
                #expect(heard.largest <= 1)
            } catch {
                #expect(!error.remedy.isEmpty)
            }
        }
    }
}
