// One decoded picture, still in the decoder's own pixels.
import CFFmpeg
package import Frames
import Synchronization

/// How the displayed picture lies over the coded one.
struct Orientation: Equatable {
    /// Rows become columns.
    var swapped = false
    /// Mirrored left to right, and top to bottom, after the swap.
    var flippedX = false
    var flippedY = false

    /// Reads the signs of a display matrix; angles between are taken to the nearest quarter turn.
    init(matrix: UnsafePointer<Int32>?) {
        guard let matrix else { return }
        let (a, b, c, d) = (Int64(matrix[0]), Int64(matrix[1]), Int64(matrix[3]), Int64(matrix[4]))
        if abs(a) + abs(d) >= abs(b) + abs(c) {
            (flippedX, flippedY) = (a < 0, d < 0)
        } else {
            (swapped, flippedX, flippedY) = (true, c < 0, b < 0)
        }
    }

    /// Quarter turns clockwise, leaving a mirror aside.
    var quarterTurns: Int {
        switch (swapped, flippedX, flippedY) {
        case (false, true, true): 2
        case (true, true, _): 1
        case (true, false, _): 3
        default: 0
        }
    }

    /// Size as displayed, with square pixels, of a coded picture; the height of the coded picture is kept.
    func displaySize(coded: PixelSize, aspect: AVRational) -> PixelSize {
        var size = coded
        if aspect.num > 0, aspect.den > 0, aspect.num != aspect.den {
            let wide = (Double(coded.width) * Double(aspect.num) / Double(aspect.den)).rounded()
            if wide >= 1, wide <= 65_536 { size.width = Int(wide) }
        }
        return swapped ? PixelSize(width: size.height, height: size.width) : size
    }
}

/// Where a stamp comes from.
package enum TimeSource: String, Sendable, Equatable {
    /// The container's or codec's own presentation stamp.
    case stamp
    /// Counted on from the frame before, at the nominal rate.
    case synthesised
}

/// One decoded picture with its place in the recording.
///
/// Owns the decoder's buffer; letting go of the frame gives it back.
package struct VideoFrame: ~Copyable, @unchecked Sendable {
    // SAFETY: the frame is the only owner of its AVFrame, and nothing writes to a decoded picture.
    let raw: UnsafeMutablePointer<AVFrame>
    private let pool: FramePool
    let orientation: Orientation

    /// Ordinal of the decoded frame in the recording, from 0.
    package internal(set) var index: Int
    package internal(set) var time: StreamTime
    package let timeSource: TimeSource
    /// A run of frames on one timeline and one format.
    package internal(set) var segment: Int
    /// The decoder saw damage here or since the last clean key frame.
    package let isTainted: Bool
    /// Size as displayed: rotated, with square pixels.
    package let displaySize: PixelSize

    /// Takes `raw` over, and gives it back to `pool` in the end.
    init(
        raw: UnsafeMutablePointer<AVFrame>, pool: FramePool, orientation: Orientation, displaySize: PixelSize,
        index: Int, time: StreamTime, timeSource: TimeSource, segment: Int, isTainted: Bool
    ) {
        self.raw = raw
        self.pool = pool
        self.orientation = orientation
        self.displaySize = displaySize
        self.index = index
        self.time = time
        self.timeSource = timeSource
        self.segment = segment
        self.isTainted = isTainted
    }

    deinit { pool.give(raw) }

    /// Whether the two halves of the rows were exposed at different times.
    package var isInterlaced: Bool { rima_frame_is_interlaced(raw) != 0 }
}

/// Empty AVFrames waiting for use, so that decoding allocates none.
final class FramePool: Sendable {
    // SAFETY: pointers in the list have no other owner; the lock hands each to one taker.
    private struct Idle: @unchecked Sendable {
        var frames: [UnsafeMutablePointer<AVFrame>] = []
    }

    private let idle = Mutex(Idle())

    func take() -> UnsafeMutablePointer<AVFrame>? {
        idle.withLock { $0.frames.popLast() } ?? av_frame_alloc()
    }

    func give(_ frame: UnsafeMutablePointer<AVFrame>) {
        av_frame_unref(frame)
        idle.withLock { $0.frames.append(frame) }
    }

    deinit {
        idle.withLock { idle in
            for frame in idle.frames {
                var frame: UnsafeMutablePointer<AVFrame>? = frame
                av_frame_free(&frame)
            }
        }
    }
}
