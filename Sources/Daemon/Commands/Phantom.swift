// `rima phantom`: drawn larynges with known truth.

import ArgumentParser
import Encode
import Foundation
import Frames
import Phantom
import Synchronization

struct PhantomCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "phantom", abstract: "Draws a CLE recording, or still frames, with exact truth.",
        discussion: """
            rima phantom --output test.mkv --duration 60 --size 1920x1080
            writes the recording and test.mkv.truth.csv, one row for every frame.

            rima phantom --stills 500 --side 256 --seed 7 --output stills
            writes 000000.png with 000000.mask.png (255 is the opening), and so on: what the training kit reads.

            The same options give the same bytes.
            """)

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "The recording; its extension chooses the container. With --stills, a folder.", valueName: "path"))
    var output: String

    @Option(help: "Length, seconds.") var duration = 60.0
    @Option(help: ArgumentHelp("Size of the frames.", valueName: "WxH")) var size = "1920x1080"
    @Option(help: ArgumentHelp("Frames a second, a number or a fraction such as 30000/1001.", valueName: "fps"))
    var rate = "25"
    @Option(
        help:
            "h264, hevc, mjpeg, mpeg4, mpeg2video, ffv1, wmv2, flv1, gif or dvvideo. Default: what suits the container."
    ) var codec: String?
    @Option(help: ArgumentHelp("Bits a second. Default: a fixed quality.", valueName: "bit/s")) var bitRate: Int?
    @Option(help: "The same seed gives the same patient.") var seed: UInt64 = 1
    @Option(
        help:
            "Where the endoscope picture lies: a (octagon at the right, numbers at the left), b (top right corner) or full."
    ) var layout = PhantomLayout.a
    @Option(help: ArgumentHelp("Breaths a minute throughout. Default: rising with the stages.", valueName: "n"))
    var breathing: Double?
    @Option(help: "What narrows: none, glottic, supraglottic or both.") var narrowing = PhantomNarrowing.supraglottic
    @Option(help: "Closure at the worst moment of the worst stage, 0 to 1.") var closure = 0.6
    @Flag(help: "No swallow, cough, fog, glare, blur, darkness or shake.") var calm = false
    @Option(
        help:
            "Also write a sound track: stridor (breath noise that grows with the narrowing, which is inspiratory) or even (in and out alike)."
    ) var sound: PhantomNoise?
    @Option(help: ArgumentHelp("Also write every frame's opening as a mask of the pane here.", valueName: "dir"))
    var masks: String?
    @Option(help: ArgumentHelp("Draw this many independent stills instead of a recording.", valueName: "n")) var stills:
        Int?
    @Option(help: ArgumentHelp("Number of the first still.", valueName: "n")) var from = 0
    @Option(help: ArgumentHelp("Side of the stills, pixels.", valueName: "px")) var side = 256
    @Flag(
        help:
            "With --stills: also write label maps (1 opening, 2 left fold, 3 right fold, 4 supraglottic folds, 5 epiglottis)."
    ) var labels = false
    @Flag(name: .shortAndLong, help: "No progress.") var quiet = false

    func validate() throws {
        guard duration > 0, duration <= 86_400 else { throw ValidationError("--duration is 0 to 86400 seconds") }
        guard parsedSize != nil else { throw ValidationError("--size is WIDTHxHEIGHT, each 32 to 8192 and even") }
        guard parsedRate != nil else { throw ValidationError("--rate is a number or a fraction, 1 to 240") }
        guard (0...1).contains(closure) else { throw ValidationError("--closure is 0 to 1") }
        guard breathing.map({ (1...120).contains($0) }) ?? true else {
            throw ValidationError("--breathing is 1 to 120")
        }
        guard (32...2048).contains(side), side % 2 == 0 else { throw ValidationError("--side is even, 32 to 2048") }
    }

    mutating func run() throws {
        if let stills { try drawStills(stills) } else { try drawRecording() }
    }

    private var parsedSize: PixelSize? {
        let parts = size.lowercased().split(separator: "x").compactMap { Int($0) }
        guard parts.count == 2, parts.allSatisfy({ (32...8192).contains($0) && $0 % 2 == 0 }) else { return nil }
        return PixelSize(width: parts[0], height: parts[1])
    }

    private var parsedRate: (numerator: Int, denominator: Int)? {
        let parts = rate.split(separator: "/").compactMap { Double($0) }
        guard (1...2).contains(parts.count), parts.allSatisfy({ $0 > 0 && $0 < 1e6 }) else { return nil }
        let (n, d) = parts.count == 2 ? (parts[0], parts[1]) : (parts[0] * 1000, 1000)
        guard (1...240).contains(n / d) else { return nil }
        let (a, b) = (Int(n.rounded()), Int(d.rounded()))
        let common = greatestCommonDivisor(a, b)
        return (a / common, b / common)
    }

    // MARK: Recordings

    private func drawRecording() throws {
        guard let frameSize = parsedSize, let rate = parsedRate else { return }
        var settings = PhantomSettings(
            seed: seed, seconds: duration, size: frameSize, rateNumerator: rate.numerator,
            rateDenominator: rate.denominator, layout: layout, narrowing: narrowing, closure: closure)
        if calm { settings.disturbance = .calm() }
        if let breathing {
            for index in settings.stages.indices { settings.stages[index].breathsPerMinute = breathing }
        }
        let recording = PhantomRecording(settings)
        var writing = WriterSettings()
        writing.codec = codec
        writing.bitRate = bitRate
        writing.soundRate = sound.map { _ in PhantomSound.rate }
        let writer = try RecordingWriter(
            path: output, size: frameSize, rateNumerator: rate.numerator, rateDenominator: rate.denominator,
            settings: writing)
        if let masks { try FileManager.default.createDirectory(atPath: masks, withIntermediateDirectories: true) }
        var drawnSound = sound.map { PhantomSound(recording, noise: $0) }
        var truth = PhantomTruth.csvHeader + "\n"
        var progress = ProgressLine(isQuiet: quiet)
        try inOrder(recording.frameCount) { [masks] index in
            recording.frame(index, maps: masks != nil)
        } take: { index, frame in
            try writer.write(frame.picture)
            if let samples = drawnSound?.samples(until: recording.time(of: index + 1)) {
                try writer.write(sound: samples)
            }
            truth += frame.truth.csvRow + "\n"
            if let masks {
                var mask = LumaPicture(size: frame.truth.size)
                mask.pixels = frame.truth.opening.pixels
                try PictureWriter.png(mask, to: masks + String(format: "/%06d.mask.png", index))
            }
            progress.show(
                done: index + 1, total: recording.frameCount, mediaSeconds: recording.time(of: index).seconds,
                usable: nil)
        }
        try writer.finish()
        progress.finish()
        do {
            try Data(truth.utf8).write(to: URL(fileURLWithPath: output + ".truth.csv"), options: .atomic)
        } catch {
            throw CommandError(.cannotCreate, "cannot write \(output).truth.csv: \(describe(error))")
        }
        print(output)
    }

    // MARK: Stills

    private func drawStills(_ count: Int) throws {
        do {
            try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
        } catch {
            throw CommandError(.cannotCreate, "cannot make the folder \(output): \(describe(error))")
        }
        let maker = StillMaker(seed: seed)
        var table = "name,area_px,area_fov_ratio,quality,larynx\n"
        var progress = ProgressLine(isQuiet: quiet)
        try inOrder(count) { [from, side] index in
            maker.still(index: from + index, side: side)
        } take: { index, frame in
            let name = String(format: "%06d", from + index)
            try PictureWriter.png(frame.picture, to: "\(output)/\(name).png")
            var grey = LumaPicture(size: frame.truth.size)
            grey.pixels = frame.truth.opening.pixels
            try PictureWriter.png(grey, to: "\(output)/\(name).mask.png")
            if labels {
                grey.pixels = frame.truth.labels
                try PictureWriter.png(grey, to: "\(output)/\(name).tissues.png")
            }
            let share = frame.truth.area / Double(max(1, frame.truth.field.area))
            table += String(
                format: "%@,%.2f,%.6f,%@,%d\n", name, frame.truth.area, share, frame.truth.quality,
                frame.truth.larynx ? 1 : 0)
            progress.show(done: index + 1, total: count, mediaSeconds: 0, usable: nil)
        }
        progress.finish()
        try Data(table.utf8).write(to: URL(fileURLWithPath: output + "/truth.csv"), options: .atomic)
        print(output)
    }

    /// Draws on all cores, and takes the frames in order.
    private func inOrder(
        _ count: Int, draw: @Sendable (Int) -> PhantomFrame, take: (Int, PhantomFrame) throws -> Void
    ) throws {
        let cores = ProcessInfo.processInfo.activeProcessorCount
        for start in stride(from: 0, to: count, by: cores) {
            let batch = Mutex<[Int: PhantomFrame]>([:])
            let size = min(cores, count - start)
            DispatchQueue.concurrentPerform(iterations: size) { offset in
                let frame = draw(start + offset)
                batch.withLock { $0[start + offset] = frame }
            }
            let frames = batch.withLock { $0 }
            for index in start..<(start + size) {
                if let frame = frames[index] { try take(index, frame) }
            }
        }
    }
}

extension PhantomLayout: ExpressibleByArgument {}
extension PhantomNarrowing: ExpressibleByArgument {}
extension PhantomNoise: ExpressibleByArgument {}

private func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int { b == 0 ? max(a, 1) : greatestCommonDivisor(b, a % b) }
