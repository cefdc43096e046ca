// Pictures and recordings for the tests, and plain ways to read them back.
import Decode
import Encode
import Foundation
import Frames
import TestSupport
import Testing

/// A folder that is removed with its owner.
final class Scratch {
    let folder: String

    init() throws {
        folder = NSTemporaryDirectory() + "rima-decode-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func path(_ name: String) -> String { folder + "/" + name }
}

/// A bright disc that moves over a smooth ground: easy to code, different in every frame.
func drawn(_ index: Int, size: PixelSize) -> RGBPicture {
    if size == small { return film[index % film.count] }
    return draw(index, size: size)
}

/// Drawn once, used by all tests.
private let film = (0..<60).map { draw($0, size: small) }

private func draw(_ index: Int, size: PixelSize) -> RGBPicture {
    var picture = RGBPicture(size: size)
    let (width, height) = (size.width, size.height)
    let cx = width / 5 + width * 3 * (index % 50) / 250
    let (cy, radius) = (height / 2, height / 6)
    picture.pixels.withUnsafeMutableBufferPointer { pixels in
        for y in 0..<height {
            for x in 0..<width {
                let at = (y &* width &+ x) &* 3
                let inside = (x &- cx) &* (x &- cx) &+ (y &- cy) &* (y &- cy) < radius &* radius
                pixels[at] = inside ? 220 : UInt8(truncatingIfNeeded: 60 &+ 80 &* x / width)
                pixels[at &+ 1] = inside ? 120 : UInt8(truncatingIfNeeded: 40 &+ 60 &* y / height)
                pixels[at &+ 2] = inside ? 100 : 60
            }
        }
    }
    return picture
}

let small = PixelSize(width: 96, height: 72)

func contents(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) }

func put(_ bytes: [UInt8], _ path: String) throws -> String {
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return path
}

/// Writes `frames` drawn pictures.
@discardableResult
func record(
    _ path: String, frames: Int = 60, size: PixelSize = small, rate: Int = 25,
    settings: WriterSettings = WriterSettings()
) throws -> String {
    let writer = try RecordingWriter(path: path, size: size, rateNumerator: rate, settings: settings)
    for index in 0..<frames { try writer.write(drawn(index, size: size)) }
    try writer.finish()
    return path
}

func codec(_ name: String) -> WriterSettings {
    var settings = WriterSettings()
    settings.codec = name
    return settings
}

/// What is compared of a frame.
struct Seen: Equatable {
    var index: Int
    var nanoseconds: Int64
    var source: TimeSource
    var segment: Int
    var isTainted: Bool
    var size: PixelSize
    var hash: UInt64
}

struct Reading {
    var frames: [Seen] = []
    var ending: RecordingEnding?
    var info: RecordingInfo?
    var error: DecodeError?
}

/// FNV-1a.
func hash(_ bytes: [UInt8]) -> UInt64 {
    bytes.withUnsafeBufferPointer { bytes in
        var value: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return value
    }
}

/// Reads a recording to its end; an error on the way keeps what came before it.
func readAll(
    _ path: String, settings: DecodeSettings = DecodeSettings(), stop: StopFlag = StopFlag(),
    onState: @escaping @Sendable (ReaderState) -> Void = { _ in }, onFrame: (Int) -> Void = { _ in }
) -> Reading {
    var reading = Reading()
    do throws(DecodeError) {
        var reader = try RecordingReader(path: path, settings: settings, stop: stop, onState: onState)
        let scaler = PictureScaler()
        var picture = RGBPicture(size: PixelSize(width: 12, height: 9))
        do throws(DecodeError) {
            while let frame = try reader.next() {
                try scaler.rgb(frame, from: PixelRect(frame.displaySize), into: &picture)
                reading.frames.append(
                    Seen(
                        index: frame.index, nanoseconds: frame.time.nanoseconds, source: frame.timeSource,
                        segment: frame.segment, isTainted: frame.isTainted, size: frame.displaySize,
                        hash: hash(picture.pixels)))
                onFrame(frame.index)
            }
        } catch {
            reading.error = error
        }
        reading.ending = reader.ending
        reading.info = reader.info
    } catch {
        reading.error = error
    }
    return reading
}

/// Runs a program; nil when it is not installed.
func run(_ program: String, _ arguments: [String]) -> (status: Int32, output: String)? {
    guard let outcome = try? Child.run(program, arguments) else { return nil }
    return (outcome.status, outcome.out)
}

let hasFFmpeg = run("ffmpeg", ["-version"]) != nil && run("ffprobe", ["-version"]) != nil

/// Frames that ffprobe decodes.
func probedCount(_ path: String) throws -> Int {
    let arguments = [
        "-v", "quiet", "-count_frames", "-select_streams", "v:0", "-show_entries", "stream=nb_read_frames", "-of",
        "default=nw=1:nk=1", path,
    ]
    let output = try #require(run("ffprobe", arguments)).output
    return try #require(Int(output.split(separator: "\n").first ?? ""))
}
