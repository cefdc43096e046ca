// The endoscope picture is found once and locked.

import Decode
import Foundation
import Frames
import Segment

/// Finds the pane on a recording's first usable frames and holds on to it until the picture's size changes.
struct PaneLock {
    /// What to do with the frame that was shown.
    enum Step {
        /// The pane is known, or this frame can tell nothing of it.
        case settled
        /// Keep the frame back: the next ones may find the pane that it shows, too.
        case holdBack
    }

    private(set) var pane: Pane?
    /// The first frame for which the pane holds.
    private(set) var fromFrame = 0
    private let explicit: PixelRect?
    private var finder: PaneFinder?
    private var picture: RGBPicture
    private var signs = RGBPicture(size: PixelSize(width: 1, height: 1))
    private var frameSize = PixelSize(width: 0, height: 0)
    private var firstCollected: StreamTime?
    private var unusable = 0
    private let scaler = PictureScaler()

    /// At most this much of the recording is collected before the finder is asked, however slow the frames come.
    private static let patience = StreamTime(nanoseconds: 500_000_000)

    init(explicit: PixelRect?) {
        self.explicit = explicit
        picture = RGBPicture(size: PixelSize(width: 1, height: 1))
    }

    /// Puts a pane back that an earlier run of this session has found.
    mutating func restore(_ pane: Pane, fromFrame: Int, frameSize: PixelSize) {
        self.pane = pane
        self.fromFrame = fromFrame
        self.frameSize = frameSize
    }

    private static let signWidth = 192
    /// No more frames than this are kept back, however few of them can be used.
    private static let mostHeld = 32
    /// After so many frames that tell nothing in a row, only every tenth is looked at.
    private static let darkRun = 50

    /// Shows the lock a frame, in order.
    mutating func observe(_ frame: borrowing VideoFrame, holding held: Int) throws -> Step {
        if frame.displaySize != frameSize { try begin(frame.displaySize) }
        guard pane == nil, var finder else { return .settled }
        let isLate = held >= Self.mostHeld || firstCollected.map { frame.time - $0 >= Self.patience } ?? false
        if frame.isTainted || unusable > Self.darkRun && frame.index % 10 != 0 {
            return giveUpOrHold(isLate: isLate, held: held, frame)
        }
        picture.resize(to: frame.displaySize)
        try scaler.rgb(frame, from: PixelRect(frame.displaySize), into: &picture)
        let observation: PaneObservation = showsBars() ? .notUsable : finder.observe(picture)
        self.finder = finder
        if observation == .notUsable {
            unusable += 1
            return giveUpOrHold(isLate: isLate, held: held, frame)
        }
        unusable = 0
        let first = firstCollected ?? frame.time
        firstCollected = first
        if observation == .collecting, frame.time - first < Self.patience, held < Self.mostHeld { return .holdBack }
        decide(frame.index - held)
        return .settled
    }

    /// Whether the frame is a capture card's colour bars, in which a pane would be found that is none.
    private mutating func showsBars() -> Bool {
        let size = picture.size
        guard size.width > Self.signWidth else { return SignalSigns.showsBars(picture) }
        // Rows and columns picked out are enough: bars have no detail.
        let height = max(1, size.height * Self.signWidth / size.width)
        signs.resize(to: PixelSize(width: Self.signWidth, height: height))
        for y in 0..<height {
            let row = y * size.height / height * size.width
            for x in 0..<Self.signWidth {
                let from = (row + x * size.width / Self.signWidth) * 3
                let to = (y * Self.signWidth + x) * 3
                for channel in 0..<3 { signs.pixels[to + channel] = picture.pixels[from + channel] }
            }
        }
        return SignalSigns.showsBars(signs)
    }

    /// A frame that tells nothing is kept back only as long as others wait for the decision.
    private mutating func giveUpOrHold(isLate: Bool, held: Int, _ frame: borrowing VideoFrame) -> Step {
        guard held > 0 else { return .settled }
        guard isLate else { return .holdBack }
        decide(frame.index - held)
        return .settled
    }

    private mutating func decide(_ firstHeld: Int) {
        firstCollected = nil
        pane = finder?.find()
        guard pane != nil else { return }
        fromFrame = firstHeld
        finder = nil
        picture.resize(to: PixelSize(width: 1, height: 1))
    }

    /// No more frames of this size will come: what has been collected must do.
    mutating func settle(firstHeld: Int) {
        if pane == nil { decide(firstHeld) }
    }

    private mutating func begin(_ size: PixelSize) throws {
        frameSize = size
        pane = nil
        firstCollected = nil
        unusable = 0
        if let explicit {
            do {
                finder = try PaneFinder(explicit: explicit, frameSize: size)
            } catch {
                throw CommandError(.configuration, error.description, remedy: "correct `pane` in the configuration")
            }
        } else {
            finder = PaneFinder(frameSize: size)
        }
    }
}

/// A pane with the picture size for which it holds.
struct StoredPane: Codable, Sendable, Equatable {
    var pane: Pane
    var frameSize: PixelSize
}
