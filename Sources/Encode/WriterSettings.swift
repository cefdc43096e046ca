// How pictures become a recording.

/// How a recording is written.
package struct WriterSettings: Sendable {
    /// `h264`, `hevc`, `mjpeg`, `mpeg4`, `mpeg2video`, `ffv1`, `wmv2`, `flv1`, `gif` or `dvvideo`; nil takes what
    /// suits the container.
    package var codec: String?
    /// Bits per second; nil for a fixed quality.
    package var bitRate: Int?
    /// From 0 (worst) to 1 (best), where no bit rate is given.
    package var quality = 0.75
    /// Frames from one key frame to the next.
    package var keyFrameDistance = 25
    /// Most frames in a row that are coded from both sides; nil leaves it to the encoder.
    package var bidirectionalFrames: Int?
    /// MP4 and MOV in fragments, readable while they grow.
    package var isFragmented = false
    /// MP4 and MOV with the index before the pictures.
    package var isFastStart = false
    /// Coded as two fields.
    package var isInterlaced = false
    /// Width over height of a pixel.
    package var pixelAspect = (numerator: 1, denominator: 1)
    /// Quarter turns clockwise by which players are to turn the picture (MP4 and MOV).
    package var quarterTurns = 0
    /// Ticks per second of the stamps given to `write`; nil counts frames.
    package var ticksPerSecond: Int?
    /// Samples per second of a sound track with one channel; nil writes none.
    package var soundRate: Int?

    package init() {}
}
