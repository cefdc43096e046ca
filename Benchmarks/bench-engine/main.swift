// Times the native engine. Without `--serve` it prints rates; with it, it answers one line per request, so that other
// engines can be timed in turn with it:  request "run N SECONDS\n" -> milliseconds of each run, separated by blanks.

import Foundation
import Frames
import Segment

let arguments = CommandLine.arguments
guard arguments.count >= 2 else {
    FileHandle.standardError.write(
        Data("usage: bench-engine MODEL.onnx [--threads N] [--instructions NAME] [--side PIXELS] [--serve | --profile]\n".utf8))
    exit(64)
}

func option(_ name: String) -> String? {
    arguments.firstIndex(of: name).flatMap { $0 + 1 < arguments.count ? arguments[$0 + 1] : nil }
}

func seconds(_ body: () -> Void) -> Double {
    let clock = ContinuousClock()
    let time = clock.measure(body)
    return Double(time.components.seconds) + Double(time.components.attoseconds) * 1e-18
}

func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

do {
    // A file may leave the picture's size open: it is then the one for whole panes, or --side.
    let card = try? ModelCard(path: arguments[1])
    let side = option("--side").flatMap { Int($0) }.map { PixelSize(width: $0, height: $0) }
    let network = try Network(path: arguments[1], picture: side ?? card?.inputSize)
    let instructions = option("--instructions").flatMap(InstructionSet.init(rawValue:)) ?? .best
    let count = network.inputShape.reduce(1, *)
    let input = (0..<count).map { Float(($0 &* 7919) % 255) / 64 - 2 }
    if arguments.contains("--serve") {
        let workspace = try Workspace(
            network: network, threads: option("--threads").flatMap { Int($0) } ?? 1, instructions: instructions)
        _ = workspace.run(input)
        print("ready")
        fflush(nil)
        while let line = readLine() {
            let words = line.split(separator: " ")
            guard words.count == 2, words[0] == "run", let limit = Double(words[1]) else { continue }
            var times: [Double] = []
            var spent = 0.0
            while spent < limit || times.count < 3 {
                let time = seconds { workspace.runOnly() }
                times.append(time * 1e3)
                spent += time
            }
            print(times.map { String(format: "%.4f", $0) }.joined(separator: " "))
            fflush(nil)
        }
        exit(0)
    }
    if let inputPath = option("--input"), let outputPath = option("--output") {
        // Raw little-endian floats in and out, for comparisons.
        let data = try Data(contentsOf: URL(fileURLWithPath: inputPath))
        let input = data.withUnsafeBytes { raw in
            (0..<count).map { raw.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
        }
        let workspace = try Workspace(
            network: network, threads: option("--threads").flatMap { Int($0) } ?? 1, instructions: instructions)
        let output = workspace.run(input)
        try output.withUnsafeBytes { Data($0) }.write(to: URL(fileURLWithPath: outputPath))
        exit(0)
    }
    let isQuantised = arguments.contains("--bytes")
    for threads in option("--threads").flatMap({ Int($0) }).map({ [$0] }) ?? [1, 2] {
        let workspace = try Workspace(network: network, threads: threads, instructions: instructions)
        _ = workspace.run(input)
        var times: [Double] = []
        for _ in 0..<200 { times.append(seconds { workspace.runOnly() }) }
        let gmac = Double(workspace.work) / 1e9
        let peak = Workspace.peak(instructions, bytes: isQuantised) * Double(threads)
        let best = times.min() ?? 0
        print(
            String(
                format:
                    "%@ %d thread(s): %.3f GMAC, fastest %.3f ms, median %.3f ms, %.0f Gop/s, %.0f %% of the peak of %.0f",
                instructions.rawValue, threads, gmac, best * 1e3, median(times) * 1e3, 2 * gmac / best,
                200 * gmac * 1e9 / best / peak, peak / 1e9))
        if arguments.contains("--profile") {
            for step in workspace.profile(runs: 50) {
                print(
                    String(
                        format: "  %8.4f ms %6.0f Gop/s  %@", step.milliseconds,
                        2 * Double(step.work) / 1e6 / max(1e-9, step.milliseconds), step.name))
            }
        }
    }
} catch {
    FileHandle.standardError.write(Data("\(error)\n".utf8))
    exit(65)
}
