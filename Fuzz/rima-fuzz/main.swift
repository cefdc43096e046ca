// rima-fuzz: attacks one parser for a while. `make fuzz` builds it with AddressSanitizer and libFuzzer's feedback.
//
//   rima-fuzz TARGET SECONDS [FIRST]    mutate the seeds, beginning with input number FIRST
//   rima-fuzz TARGET FILE               feed one file, to see a finding again
//   rima-fuzz TARGET -OPTION ...        libFuzzer's own options, where it is linked in
//   rima-fuzz list                      the targets

import Foundation
import FuzzTargets

func fail(_ text: String) -> Never {
    FileHandle.standardError.write(Data((text + "\n").utf8))
    exit(64)
}

let arguments = Array(CommandLine.arguments.dropFirst())
if arguments == ["list"] {
    for target in FuzzTarget.allCases { print(target.rawValue) }
    exit(0)
}
guard arguments.count >= 2, let target = FuzzTarget(rawValue: arguments[0]) else {
    fail("usage: rima-fuzz TARGET SECONDS|FILE; targets: \(FuzzTarget.allCases.map(\.rawValue).joined(separator: " "))")
}

#if LIBFUZZER
    @_silgen_name("LLVMFuzzerRunDriver")
    func runDriver(
        _ count: UnsafeMutablePointer<CInt>,
        _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
        _ feed: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
    ) -> CInt

    if arguments[1].hasPrefix("-") {
        nonisolated(unsafe) let attacked = target
        let corpus = FileManager.default.temporaryDirectory.appending(path: "rima-corpus-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: corpus, withIntermediateDirectories: true)
        for (number, seed) in target.seeds.enumerated() {
            try Data(seed).write(to: corpus.appending(path: "seed-\(number)"))
        }
        let words = [CommandLine.arguments[0], corpus.path] + arguments.dropFirst()
        var pointers = words.map { strdup($0) } + [nil]
        var count = CInt(words.count)
        let status = pointers.withUnsafeMutableBufferPointer { buffer in
            var base = buffer.baseAddress!
            return runDriver(&count, &base) { bytes, length in
                Attack.target.feed(Array(UnsafeBufferPointer(start: bytes, count: length)))
                return 0
            }
        }
        try? FileManager.default.removeItem(at: corpus)
        exit(status)
    }

    /// A C function pointer carries nothing with it.
    enum Attack { static let target = FuzzTarget(rawValue: CommandLine.arguments[1])! }
#endif

guard let seconds = Double(arguments[1]) else {
    guard let data = FileManager.default.contents(atPath: arguments[1]) else { fail("cannot read \(arguments[1])") }
    target.feed([UInt8](data))
    print("\(target.rawValue): fed \(data.count) bytes")
    exit(0)
}

// Whatever ends the program, the input at fault lies here afterwards.
let evidence = "fuzz-\(target.rawValue).input"
let descriptor = open(evidence, O_RDWR | O_CREAT | O_TRUNC, 0o644)
let capacity = target.mostBytes + 8
guard descriptor >= 0, ftruncate(descriptor, capacity) == 0,
    let memory = mmap(nil, capacity, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), memory != MAP_FAILED
else { fail("cannot keep the evidence in \(evidence)") }

let mutator = Mutator(seeds: target.seeds, most: target.mostBytes)
var number = arguments.count > 2 ? UInt64(arguments[2]) ?? 0 : 0
let first = number
let start = ContinuousClock.now
while ContinuousClock.now - start < .seconds(seconds) {
    let input = mutator.input(number)
    memory.storeBytes(of: number, as: UInt64.self)
    input.withUnsafeBytes { bytes in
        if let base = bytes.baseAddress { memcpy(memory + 8, base, bytes.count) }
    }
    ftruncate(descriptor, capacity)
    // An input that takes longer than this is a finding, too.
    alarm(20)
    target.feed(input)
    number += 1
}
alarm(0)
unlink(evidence)
print("\(target.rawValue): \(number - first) inputs from number \(first) in \(Int(seconds)) s, no finding")
