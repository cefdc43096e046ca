// Single frames of a finished recording again, without decoding all that lies before them.
import CFFmpeg
package import Frames

/// Decodes frames by their times, jumping to the key frame before each.
///
/// Finds a frame only where the container stamps its pictures, and the clock has run from the first frame without a
/// break: a stamp is then as good as a number. Elsewhere it finds nothing, and the recording must be read from its
/// start. Never gives another frame than the one that was asked for.
package struct FrameFinder: ~Copyable, @unchecked Sendable {
    // SAFETY: the finder is the only owner of everything below and cannot be copied.
    private let container: Container
    private let decoder: OpenDecoder
    private let pool = FramePool()
    private let orientation: Orientation
    /// Stamp of the recording's first picture, once it is known.
    private var origin: Int64?
    private var isDraining = false

    /// How far before the frame a jump aims, in turn: containers without an index may land behind the key frame.
    ///
    /// Nil is the file's first byte, for frames of the first key frame's run, before which there is nothing to aim at.
    private static let approaches: [Int64?] = [0, 2_000_000_000, 12_000_000_000, nil]
    /// So many frames are decoded after a jump before it counts as failed.
    private static let patience = 1500

    /// Opens a recording that is complete.
    package init(path: String, settings: DecodeSettings = DecodeSettings()) throws(DecodeError) {
        var settings = settings
        settings.follow = false
        let source = try ByteSource(path: path, settings: settings, stop: StopFlag(), onState: { _ in })
        let container = try Container(source: source, settings: settings, isSeekable: true)
        let parameters = container.stream.pointee.codecpar!
        try requireSize(parameters.pointee.width, parameters.pointee.height, settings: settings, path: path)
        let decoder = try OpenDecoder(container, settings: settings)
        self.container = container
        self.decoder = decoder
        orientation = Orientation(matrix: rima_stream_display_matrix(container.stream))
    }

    /// Decodes the frame that a `RecordingReader` places at `time` in the first segment.
    /// - Parameter index: its ordinal, which the answer carries.
    /// - Returns: nil when it cannot be found this way.
    package mutating func frame(_ index: Int, at time: StreamTime) throws(DecodeError) -> VideoFrame? {
        guard !container.lacksStamps else { return nil }
        if origin == nil { origin = try firstStamp() }
        guard let origin, let wanted = stamp(of: time, from: origin) else { return nil }
        for approach in Self.approaches {
            guard jump(to: wanted, earlierBy: approach) else { continue }
            guard let raw = try decode(until: wanted) else { continue }
            return present(raw, index: index, time: time)
        }
        return nil
    }

    private func present(_ raw: UnsafeMutablePointer<AVFrame>, index: Int, time: StreamTime) -> VideoFrame {
        let orientation = rima_frame_display_matrix(raw).map { Orientation(matrix: $0) } ?? orientation
        let aspect = av_guess_sample_aspect_ratio(container.context, container.stream, raw)
        let coded = PixelSize(width: Int(raw.pointee.width), height: Int(raw.pointee.height))
        return VideoFrame(
            raw: raw, pool: pool, orientation: orientation,
            displaySize: orientation.displaySize(coded: coded, aspect: aspect), index: index, time: time,
            timeSource: .stamp, segment: 0, isTainted: false)
    }

    /// The stamp that gives exactly this time.
    private func stamp(of time: StreamTime, from origin: Int64) -> Int64? {
        let base = container.stream.pointee.time_base
        guard base.num > 0, base.den > 0 else { return nil }
        let near = (Double(time.nanoseconds) * Double(base.den) / (Double(base.num) * 1e9)).rounded()
        guard near.magnitude < 9e15 else { return nil }
        for ticks in (Int64(near) - 1)...(Int64(near) + 1)
        where StreamTime(ticks: ticks, numerator: Int(base.num), denominator: Int(base.den)) == time {
            return origin &+ ticks
        }
        return nil
    }

    private mutating func firstStamp() throws(DecodeError) -> Int64? {
        guard let raw = pool.take() else { throw memoryError(container.source.path) }
        defer { pool.give(raw) }
        guard try receive(raw), raw.pointee.pts != rima_nopts() else { return nil }
        return raw.pointee.pts
    }

    private mutating func jump(to stamp: Int64, earlierBy approach: Int64?) -> Bool {
        guard let nanoseconds = approach else {
            guard container.context.pointee.iformat.pointee.flags & AVFMT_NO_BYTE_SEEK == 0 else { return false }
            return land(av_seek_frame(container.context, -1, 0, Int32(AVSEEK_FLAG_BYTE)))
        }
        let base = container.stream.pointee.time_base
        let ticks = Int64(Double(nanoseconds) * Double(base.den) / (Double(base.num) * 1e9))
        let target = max(origin ?? stamp, stamp &- ticks)
        return land(
            av_seek_frame(container.context, container.stream.pointee.index, target, Int32(AVSEEK_FLAG_BACKWARD)))
    }

    private mutating func land(_ code: Int32) -> Bool {
        guard code >= 0 else { return false }
        avcodec_flush_buffers(decoder.context)
        isDraining = false
        return true
    }

    /// Decodes on from a jump.
    /// - Returns: the picture with this very stamp, clean; nil when it is passed, damaged, or not reached.
    private mutating func decode(until stamp: Int64) throws(DecodeError) -> UnsafeMutablePointer<AVFrame>? {
        guard let raw = pool.take() else { throw memoryError(container.source.path) }
        var sawKey = false
        var isFound = false
        for _ in 0..<Self.patience {
            av_frame_unref(raw)
            guard try receive(raw), raw.pointee.pts != rima_nopts(), raw.pointee.pts <= stamp else { break }
            let isDamaged = raw.pointee.decode_error_flags != 0 || raw.pointee.flags & AV_FRAME_FLAG_CORRUPT != 0
            if isDamaged { sawKey = false } else if rima_frame_is_key(raw) != 0 { sawKey = true }
            if raw.pointee.pts == stamp {
                isFound = sawKey
                break
            }
        }
        guard isFound else {
            pool.give(raw)
            return nil
        }
        return raw
    }

    /// The decoder's next picture; false at the end or at damage, which ends the attempt.
    private mutating func receive(_ raw: UnsafeMutablePointer<AVFrame>) throws(DecodeError) -> Bool {
        while true {
            let code = avcodec_receive_frame(decoder.context, raw)
            if code >= 0 { return true }
            guard code == rima_averror_eagain(), feed() else { return false }
        }
    }

    private mutating func feed() -> Bool {
        let packet = decoder.packet
        while !isDraining {
            let code = container.read(into: packet)
            if code < 0 {
                isDraining = true
                avcodec_send_packet(decoder.context, nil)
                return true
            }
            defer { av_packet_unref(packet) }
            guard packet.pointee.stream_index == container.stream.pointee.index else { continue }
            return avcodec_send_packet(decoder.context, packet) >= 0
        }
        return false
    }
}
