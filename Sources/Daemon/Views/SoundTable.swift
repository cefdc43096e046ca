// How loud a recording is: read once from its sound, kept with the session as a table. See design/breaths.md.

import Decode
import Foundation
import Frames
import Metrics

/// The session's `sound.csv`: `time_s,level_db`, one row for each 40 ms from the first picture on.
///
/// Levels are dB of the mean square of full scale within 70 to 1900 Hz, to a tenth; empty where there is no sound. What was
/// said cannot be made out from it.
enum SoundTable {
    /// Twelve hours have room.
    private static let largest = 32 << 20
    private static let head = "time_s,level_db"
    /// Nothing is quieter: silence has no level.
    private static let quietest = -120.0

    /// Reads a recording's sound from end to end.
    static func listen(to path: String, settings: DecodeSettings) throws(DecodeError) -> SoundEnvelope {
        var reader = try SoundReader(path: path, settings: settings)
        var envelope = SoundEnvelope(rate: reader.rate)
        while reader.next() { envelope.add(reader.samples, at: reader.time) }
        envelope.finish()
        return envelope
    }

    static func csv(_ envelope: SoundEnvelope) -> String {
        var text = head + "\n"
        for (bin, power) in envelope.powers.enumerated() {
            let seconds = Double(Int64(bin) * SoundEnvelope.step) / 1e9
            let level = power.map { String(format: "%.1f", max(quietest, 10 * log10(Double($0)))) }
            text += String(format: "%.2f,", seconds) + (level ?? "") + "\n"
        }
        return text
    }

    /// - Returns: nil where nothing was heard.
    static func load(_ path: String) throws(CommandError) -> SoundChannel? {
        let text = try CSVText.read(path, what: "table of loudness", largest: largest)
        var powers: [Float?] = []
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
        guard lines.popFirst().map(String.init) == head else {
            throw CommandError(.badData, "\(path):1: the columns are not \(head)", remedy: "remove the file")
        }
        for (number, line) in lines.enumerated() where !line.isEmpty {
            guard let comma = line.firstIndex(of: ",") else {
                throw CommandError(.badData, "\(path):\(number + 2): there is no level", remedy: "remove the file")
            }
            let cell = line[line.index(after: comma)...]
            powers.append(Double(cell).flatMap { $0.isFinite ? Float(pow(10, min(0, $0) / 10)) : nil })
        }
        return SoundChannel(powers: powers)
    }
}
