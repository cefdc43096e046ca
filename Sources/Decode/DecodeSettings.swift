// How to read a recording, and what there is to know of it besides its pictures.
package import Frames
import Synchronization

/// How a recording is read.
package struct DecodeSettings: Sendable {
    /// Wait at the end of the data for more, as long as somebody writes.
    package var follow = false
    /// With `follow`: how long nothing may come before the recording counts as over.
    package var idleLimitNanoseconds: Int64 = 30_000_000_000
    /// Decoder threads.
    package var threads = 2
    /// Decode on a graphics card where there is one, until it gives up; see `DecodeError.Code.hardware`.
    package var usesHardware = false
    /// Larger pictures are refused.
    package var maximumPixels = 4096 * 2160
    package var maximumStreams = 8
    /// Whether the path's last component may be a symbolic link.
    package var followsSymbolicLinks = true
    /// Whether to ask the kernel for notice of changes; without it the end is polled.
    package var usesNotifications = true

    package init() {}
}

/// Ends reading from outside: any blocked read returns soon after `raise`.
package final class StopFlag: Sendable {
    private let flag = Atomic<Bool>(false)

    package init() {}

    package var isRaised: Bool { flag.load(ordering: .acquiring) }

    package func raise() { flag.store(true, ordering: .releasing) }
}

/// What a reader waits for.
package enum ReaderState: Sendable, Equatable {
    /// Reading, or reading again.
    case reading
    /// At the end of what has been written so far.
    case waitingForData
    /// An MP4 or MOV whose index comes last cannot be read before it is finished; the message says what to do.
    case waitingForIndex(message: String)
    /// A live source is being connected to.
    case connecting
    /// A live source is connected, but nothing has come for a while.
    case stalled(message: String)
    /// A live source cannot be had, or is lost; it is tried again, for ever.
    case disconnected(message: String)
    /// What a live source sends cannot be recorded for the time being; measuring goes on.
    case recordingTrouble(message: String)
}

/// How reading came to its end.
package struct RecordingEnding: Sendable, Equatable {
    package enum Reason: String, Sendable {
        /// The end of a file that nobody writes any more.
        case finished
        /// Nothing came for as long as the idle limit.
        case idle
        /// The file became shorter than what had been read.
        case truncated
        /// Another file took the path.
        case replaced
        /// The file was removed.
        case deleted
        /// The stop flag was raised.
        case stopped
        /// The operating system or the container's structure allowed no further reading.
        case failed
    }

    package var reason: Reason
    /// The last packet was cut short.
    package var lastPacketIncomplete: Bool

    package init(reason: Reason, lastPacketIncomplete: Bool = false) {
        self.reason = reason
        self.lastPacketIncomplete = lastPacketIncomplete
    }
}

/// What the container and the first picture say of a recording.
package struct RecordingInfo: Sendable, Equatable {
    /// Short name of the container, as libav calls it.
    package var container: String
    /// Short name of the codec, as libav calls it.
    package var codec: String
    /// Size of the pictures as coded.
    package var codedSize: PixelSize
    /// Size as displayed: rotated, with square pixels.
    package var displaySize: PixelSize
    /// Frames per second as a fraction; nil where the container does not say.
    package var rateNumerator: Int?
    package var rateDenominator: Int?
    /// Quarter turns clockwise from coded to displayed, 0...3.
    package var quarterTurns: Int
    /// Width over height of a coded pixel.
    package var pixelAspectNumerator: Int
    package var pixelAspectDenominator: Int
    /// Nil until the first frame has been decoded.
    package var isInterlaced: Bool?
    /// Frames that the recording should have, from its header or from duration and rate; nil where unknown.
    package var estimatedFrameCount: Int?
    /// Duration by the container's header, nanoseconds; nil where unknown.
    package var estimatedDuration: Int64?

    /// Nothing has been seen.
    package static let unknown = RecordingInfo(
        container: "", codec: "", codedSize: PixelSize(width: 0, height: 0),
        displaySize: PixelSize(width: 0, height: 0), quarterTurns: 0, pixelAspectNumerator: 1,
        pixelAspectDenominator: 1)

    /// Frames per second, for plots and rates only.
    package var framesPerSecond: Double? {
        guard let n = rateNumerator, let d = rateDenominator, d > 0 else { return nil }
        return Double(n) / Double(d)
    }
}
