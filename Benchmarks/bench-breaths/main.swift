// Judges breath finding against known truth and prints every row of the table of targets.
//
//   bench-breaths [--seeds 1001-1040] [--source phantom|drawn] [--areas true|measured] [--log] [--dump FILE with one seed]
//   bench-breaths --samples SESSION/samples.csv --truth RECORDING.truth.csv [--log]
//   bench-breaths --painted FOLDER [--log]
//
// The second form judges a recording that was really painted and measured, the third all of a folder: NAME.mkv.truth.csv
// with NAME/samples.csv, as scripts/painted-breaths makes them.

import BreathJudge
import Foundation

func option(_ name: String) -> String? {
    CommandLine.arguments.firstIndex(of: name)
        .flatMap { $0 + 1 < CommandLine.arguments.count ? CommandLine.arguments[$0 + 1] : nil }
}

func test(_ seed: UInt64) -> TrueTest {
    var result =
        option("--source") == "drawn"
        ? TrueTest(DrawnCurve(seed: seed), seed: seed) : TrueTest.phantom(seed: seed)
    if option("--areas") == "measured" { result = MeasurementError().applied(to: result, seed: seed) }
    return result
}

if let path = option("--dump"), let seed = option("--seeds").flatMap({ UInt64($0) }) {
    // The curve itself, for eyes.
    do {
        try Data(test(seed).csv.utf8).write(to: URL(fileURLWithPath: path))
    } catch {
        FileHandle.standardError.write(Data("\(error)\n".utf8))
        exit(73)
    }
}

let wantsLog = CommandLine.arguments.contains("--log")
var verdict = Verdict()
if let samples = option("--samples") {
    guard let truth = option("--truth") else {
        FileHandle.standardError.write(Data("--samples needs --truth\n".utf8))
        exit(64)
    }
    do {
        verdict = Judge().judge(try TrueTest(samples: samples, truth: truth))
    } catch {
        FileHandle.standardError.write(Data("\(error)\n".utf8))
        exit(66)
    }
} else if let folder = option("--painted") {
    do {
        let ending = ".mkv.truth.csv"
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(ending) }
        for name in names.sorted() {
            let samples = "\(folder)/\(name.dropLast(ending.count))/samples.csv"
            verdict.add(Judge().judge(try TrueTest(samples: samples, truth: "\(folder)/\(name)")))
        }
    } catch {
        FileHandle.standardError.write(Data("\(error)\n".utf8))
        exit(66)
    }
} else {
    let bounds = (option("--seeds") ?? "1001-1040").split(separator: "-").compactMap { UInt64($0) }
    guard let low = bounds.first, let high = bounds.last, low <= high else {
        FileHandle.standardError.write(Data("--seeds is LOW-HIGH\n".utf8))
        exit(64)
    }
    verdict = await Judge().judge(seeds: low...high, test)
}
if wantsLog { print(verdict.log.joined(separator: "\n")) }
print(verdict.table)
