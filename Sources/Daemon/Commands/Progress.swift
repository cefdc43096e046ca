// The line that tells how far a long job is.

import Foundation

/// Redraws one line on a terminal a few times a second; silent elsewhere.
struct ProgressLine {
    private let isShown: Bool
    private let started = ContinuousClock.now
    private var lastDrawn: ContinuousClock.Instant?

    /// - Parameter isQuiet: true keeps even a terminal silent.
    init(isQuiet: Bool) {
        isShown = !isQuiet && Terminal.isInteractive
    }

    /// Shows how far it is.
    /// - Parameters:
    ///   - done: frames done.
    ///   - total: frames in all, where known.
    ///   - mediaSeconds: how much of the recording is done.
    ///   - usable: share of the frames measured, 0...1.
    mutating func show(done: Int, total: Int?, mediaSeconds: Double, usable: Double?) {
        guard isShown, isDue else { return }
        show(
            total.map { "frame \(grouped(done))/\(grouped($0))" } ?? "frame \(grouped(done))",
            share: total.map { $0 > 0 ? Double(done) / Double($0) : 0 } ?? 0, mediaSeconds: mediaSeconds,
            usable: usable)
    }

    /// Shows how far it is, in words and as a share of the whole; 0 where that is not known.
    mutating func show(_ words: String, share: Double, mediaSeconds: Double, usable: Double?) {
        guard isShown, isDue else { return }
        let now = ContinuousClock.now
        lastDrawn = now
        let elapsed = (now - started) / .seconds(1)
        var parts = [words]
        if elapsed > 0.5 {
            parts.append(String(format: "%.1fx real time", mediaSeconds / elapsed))
            if let usable { parts.append(String(format: "%.0f %% usable", usable * 100)) }
            if share > 0, share < 1, elapsed > 1 {
                let rest = Int(elapsed * (1 - share) / share)
                parts.append(String(format: "ETA %02d:%02d", rest / 60, rest % 60))
            }
        }
        FileHandle.standardError.write(Data("\r\u{1B}[2K\(parts.joined(separator: " · "))".utf8))
    }

    /// Shows how many of some things are done.
    mutating func count(done: Int, total: Int, what: String) {
        guard isShown, isDue else { return }
        lastDrawn = .now
        FileHandle.standardError.write(Data("\r\u{1B}[2K\(grouped(done))/\(grouped(total)) \(what)".utf8))
    }

    /// Whether the line is old enough to be drawn again.
    private var isDue: Bool { lastDrawn.map { .now - $0 >= .milliseconds(200) } ?? true }

    /// Clears the line, so that what follows starts on an empty one.
    mutating func finish() {
        guard isShown, lastDrawn != nil else { return }
        lastDrawn = nil
        FileHandle.standardError.write(Data("\r\u{1B}[2K".utf8))
    }
}

/// A count with narrow spaces between thousands.
func grouped(_ value: Int) -> String {
    var digits = Array(String(value))
    var index = digits.count - 3
    while index > 0 {
        digits.insert(" ", at: index)
        index -= 3
    }
    return String(digits)
}
