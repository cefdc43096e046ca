// `rima phantom`: drawn larynges with known truth.

import ArgumentParser
import Encode
import Foundation
import Frames
import Phantom

struct PhantomCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "phantom", abstract: "Draws a CLE recording, or still frames, with exact truth.")

    @Option(name: .shortAndLong, help: ArgumentHelp("The recording, or with --stills the folder.", valueName: "path"))
    var output: String

    @Option(help: ArgumentHelp("Draw this many stills with masks instead of a recording.", valueName: "n"))
    var stills: Int?

    @Option(help: ArgumentHelp("Side of the stills, pixels.", valueName: "px"))
    var side = 256

    @Option(help: "The same seed gives the same bytes.")
    var seed: UInt64 = 1

    mutating func run() throws {
        guard let stills else { throw ValidationError("--stills is missing") }
        try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
        let maker = StillMaker(seed: seed)
        for index in 0..<stills {
            let frame = maker.still(index: index, side: side)
            let stem = output + "/" + String(format: "%06d", index)
            try PictureWriter.png(frame.picture, to: stem + ".png")
            var mask = LumaPicture(size: frame.truth.size)
            mask.pixels = frame.truth.opening.pixels
            try PictureWriter.png(mask, to: stem + ".mask.png")
        }
    }
}
