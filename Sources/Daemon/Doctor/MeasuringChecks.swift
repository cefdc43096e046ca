// Whether frames can be decoded and measured here, and how fast.

import Decode
import Foundation
import Frames
import Segment

enum MeasuringChecks {
    /// FFmpeg's version and decoders.
    static func libraries() -> [Finding] {
        let versions = LibraryFacts.libraries.map { "\($0.name) \($0.version)" }.joined(separator: ", ")
        let missing = LibraryFacts.missingDecoders()
        let head = "FFmpeg \(LibraryFacts.release) (\(versions))"
        guard !missing.isEmpty else {
            return [Finding(.fine, "FFmpeg", "\(head) decodes all \(LibraryFacts.usualCodecs.count) usual codecs")]
        }
        let isGrave = missing.contains("h264")
        return [
            Finding(
                isGrave ? .problem : .warning, "FFmpeg",
                "\(head) lacks decoders: recordings in \(missing.joined(separator: ", ")) cannot be read",
                remedy: "install Debian's own libavcodec59 or libavcodec61 instead of a cut-down one")
        ]
    }

    /// Networks: there, readable and what they should be; then how fast the first one is.
    static func networks(_ configuration: Configuration) -> [Finding] {
        var findings: [Finding] = []
        do {
            let settings = try MeasuringSettings(configuration)
            let model = try settings.loadOpening().model
            findings.append(
                Finding(
                    .fine, "network",
                    "\(model.card.name) \(model.card.version) from \(try settings.openingPath()) can be used"))
            findings.append(try speed(of: model, threads: settings.threads))
            if let gate = try settings.loadGate()?.model {
                findings.append(Finding(.fine, "gate network", "\(gate.card.name) \(gate.card.version) can be used"))
            }
        } catch {
            findings.append(
                Finding(
                    .problem, "network", "a network cannot be used: \(CommandError(adopting: error).description)",
                    remedy: "install the package's models, or set model.opening_path and model.gate_path"))
        }
        return findings
    }

    /// Runs the network on an empty picture, which costs it as much as any other.
    private static func speed(of model: Model, threads: Int) throws -> Finding {
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let segmenter = try OpeningSegmenter(model: model, threads: threads)
        let picture = RGBPicture(size: segmenter.inputSize)
        var map = ValueMap(size: segmenter.outputSize)
        try segmenter.segment(picture, into: &map)
        let start = ContinuousClock.now
        var runs = 0
        while runs < 20, .now - start < .seconds(1) {
            try segmenter.segment(picture, into: &map)
            runs += 1
        }
        let milliseconds = (ContinuousClock.now - start) / .milliseconds(1) / Double(max(1, runs))
        let rate = 1000 / milliseconds
        let text =
            "the network takes \(String(format: "%.1f", milliseconds)) ms a frame here and now, "
            + "with \(InstructionSet.standard.rawValue) on \(cores) cores: \(Int(rate)) frames a second without decoding"
        guard rate >= 40 else {
            return Finding(
                .warning, "speed", text + "; live video of 25 frames a second leaves too little over",
                remedy: "use a faster machine, end other programs, or let live sources skip frames")
        }
        return Finding(.fine, "speed", text)
    }

    /// The instruction set decides how fast the native engine is.
    static func processor() -> [Finding] {
        let best = InstructionSet.best
        let text = "\(ProcessInfo.processInfo.activeProcessorCount) cores, instructions \(best.rawValue)"
        guard best == .portable else { return [Finding(.fine, "processor", text)] }
        return [
            Finding(
                .warning, "processor", text + ": measuring takes several times as long as with AVX2",
                remedy: "in a virtual machine, pass the host's processor through (for QEMU: -cpu host)")
        ]
    }

    /// ONNX Runtime is needed for foreign networks only.
    static func onnxRuntime() -> [Finding] {
        do {
            let library = try OnnxRuntimeLibrary.find()
            return [Finding(.fine, "ONNX Runtime", "\(library.version) from \(library.path) can be used")]
        } catch {
            return [
                Finding(
                    .note, "ONNX Runtime", "not found; the networks that come with Rima do not need it",
                    remedy: OnnxRuntimeLibrary.installation)
            ]
        }
    }

    /// What a recording is, and whether it could have been followed while it was written.
    static func recording(_ path: String, _ configuration: Configuration?) -> [Finding] {
        let topic = URL(fileURLWithPath: path).lastPathComponent
        do {
            var settings = DecodeSettings()
            if let configuration { settings.maximumPixels = configuration.decode.maximumPixels }
            let reader = try RecordingReader(path: path, settings: settings)
            let info = reader.info
            let rate = info.framesPerSecond.map { String(format: ", %.5g frames a second", $0) } ?? ""
            let what =
                "\(info.container) with \(info.codec) \(info.displaySize.width)x\(info.displaySize.height)\(rate)"
            guard case .indexLast = try place(ofIndexIn: path) else {
                return [Finding(.fine, topic, "\(what) can be measured, and followed while it is written")]
            }
            return [
                Finding(
                    .warning, topic,
                    "\(what) can be measured once it is finished, but not followed live: its index "
                        + "comes last",
                    remedy: "let the recorder write MKV, MPEG-TS or fragmented (Hybrid) MP4")
            ]
        } catch {
            return [Finding(.problem, topic, CommandError(adopting: error).description)]
        }
    }

    private static func place(ofIndexIn path: String) throws -> BoxSniffer.Verdict {
        let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        defer { try? file.close() }
        var sniffer = BoxSniffer()
        while true {
            try file.seek(toOffset: UInt64(sniffer.offset))
            let bytes = try file.read(upToCount: BoxSniffer.headerLength) ?? Data()
            if let verdict = sniffer.feed([UInt8](bytes)) { return verdict }
        }
    }
}
