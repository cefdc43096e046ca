// The sound beside the pictures, as one channel of numbers.
import CFFmpeg
package import Frames

/// Reads the sound of a finished recording, block by block.
///
/// A pass of its own over the file with libav contexts of its own: whatever the sound holds, the pictures do not notice.
/// Holds one decoded block. Blocks while it reads; give it a thread of its own.
package struct SoundReader: ~Copyable, @unchecked Sendable {
    // SAFETY: the reader is the only owner of everything below and cannot be copied.
    private let container: Container
    private let decoder: OpenDecoder
    private let frame: UnsafeMutablePointer<AVFrame>
    /// When the first picture is shown, in nanoseconds of the container's clock.
    private let pictureStart: Int64
    private var nextTime: Int64?
    private var errorsInARow = 0
    private var isDraining = false

    /// Samples a second.
    package let rate: Int
    /// The block that `next` has read: the mean of all channels, -1...1.
    package private(set) var samples: [Float] = []
    /// When its first sample is heard, from the first picture; below zero where the sound begins earlier.
    package private(set) var time = StreamTime.zero

    /// What a sound may be; anything else is damage or malice.
    private static let rates = 4000...384_000
    private static let channels: ClosedRange<Int32> = 1...64
    private static let longestBlock: Int32 = 1 << 20
    private static let latest: Int64 = 30 * 86_400 * 1_000_000_000
    /// Damage is skipped this many times in a row before the sound counts as unreadable.
    private static let maximumErrors = 200

    /// Opens `path`, a recording that nobody writes any more.
    ///
    /// - Throws: `noSound` for a recording without sound, and whatever `RecordingReader` throws.
    package init(
        path: String, settings: DecodeSettings = DecodeSettings(), stop: StopFlag = StopFlag()
    ) throws(DecodeError) {
        var settings = settings
        settings.follow = false
        settings.threads = 1
        let source = try ByteSource(path: path, settings: settings, stop: stop, onState: { _ in })
        let isSeekable = try needsSeeking(source, onState: { _ in })
        let container = try Container(soundOf: source, settings: settings, isSeekable: isSeekable)
        let rate = Int(container.stream.pointee.codecpar.pointee.sample_rate)
        guard Self.rates.contains(rate) else {
            throw DecodeError(
                .noSound, path: path, found: "its sound has \(rate) samples a second",
                remedy: "Record sound with \(Self.rates.lowerBound) to \(Self.rates.upperBound) samples a second.")
        }
        let decoder = try OpenDecoder(container, settings: settings)
        guard let frame = av_frame_alloc() else { throw memoryError(path) }
        self.container = container
        self.decoder = decoder
        self.frame = frame
        self.rate = rate
        pictureStart = container.pictureStart ?? 0
    }

    deinit {
        var frame: UnsafeMutablePointer<AVFrame>? = frame
        av_frame_free(&frame)
    }

    /// Decodes the next block into `samples`; damaged ones are left out.
    ///
    /// - Returns: false at the end.
    package mutating func next() -> Bool {
        while true {
            let code = avcodec_receive_frame(decoder.context, frame)
            if code >= 0 {
                defer { av_frame_unref(frame) }
                errorsInARow = 0
                if take() { return true }
            } else if code == rima_averror_eagain() {
                feed()
            } else if code == rima_averror_eof() || !skipsError() {
                return false
            }
        }
    }

    private mutating func skipsError() -> Bool {
        errorsInARow += 1
        return errorsInARow < Self.maximumErrors
    }

    /// Gives the decoder the next packet, or tells it that none will come.
    private mutating func feed() {
        let packet = decoder.packet
        while !isDraining {
            let code = container.read(into: packet)
            guard code >= 0 else {
                if code != rima_averror_eof(), container.source.ending == nil, skipsError() { continue }
                isDraining = true
                avcodec_send_packet(decoder.context, nil)
                return
            }
            defer { av_packet_unref(packet) }
            guard packet.pointee.stream_index == container.stream.pointee.index else { continue }
            guard avcodec_send_packet(decoder.context, packet) < 0, !skipsError() else { return }
            isDraining = true
            avcodec_send_packet(decoder.context, nil)
        }
    }

    /// Mixes the decoded block.
    /// - Returns: false where it is none that the header has announced.
    private mutating func take() -> Bool {
        let block = frame.pointee
        let channels = block.ch_layout.nb_channels
        guard Int(block.sample_rate) == rate, Self.channels.contains(channels),
            (1...Self.longestBlock).contains(block.nb_samples), let planes = block.extended_data
        else { return false }
        let stamp = block.best_effort_timestamp
        var start = nextTime
        if stamp != rima_nopts() {
            let base = container.stream.pointee.time_base
            let at = av_rescale_q(stamp, base, AVRational(num: 1, den: 1_000_000_000))
            let (distance, isBeyond) = at.subtractingReportingOverflow(pictureStart)
            if !isBeyond, distance.magnitude < UInt64(Self.latest) { start = distance }
        }
        guard let start else { return false }
        let count = Int(block.nb_samples)
        nextTime = start + Int64(count) * 1_000_000_000 / Int64(rate)
        time = StreamTime(nanoseconds: start)
        let shape = BlockShape(planes: planes, channels: Int(channels), count: count)
        switch AVSampleFormat(rawValue: block.format) {
        case AV_SAMPLE_FMT_U8: shape.mix(packed: UInt8.self, into: &samples) { (Float($0) - 128) / 128 }
        case AV_SAMPLE_FMT_S16: shape.mix(packed: Int16.self, into: &samples) { Float($0) / 32_768 }
        case AV_SAMPLE_FMT_S32: shape.mix(packed: Int32.self, into: &samples) { Float($0) / 2_147_483_648 }
        case AV_SAMPLE_FMT_FLT: shape.mix(packed: Float.self, into: &samples) { $0 }
        case AV_SAMPLE_FMT_DBL: shape.mix(packed: Double.self, into: &samples) { Float($0) }
        case AV_SAMPLE_FMT_U8P: shape.mix(planar: UInt8.self, into: &samples) { (Float($0) - 128) / 128 }
        case AV_SAMPLE_FMT_S16P: shape.mix(planar: Int16.self, into: &samples) { Float($0) / 32_768 }
        case AV_SAMPLE_FMT_S32P: shape.mix(planar: Int32.self, into: &samples) { Float($0) / 2_147_483_648 }
        case AV_SAMPLE_FMT_FLTP: shape.mix(planar: Float.self, into: &samples) { $0 }
        case AV_SAMPLE_FMT_DBLP: shape.mix(planar: Double.self, into: &samples) { Float($0) }
        default: return false
        }
        return true
    }
}

/// Where a decoded block's samples lie: `count` in each of `channels`, in one plane or in one for each channel.
private struct BlockShape {
    let planes: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>
    let channels: Int
    let count: Int

    // SAFETY: libav has filled the planes with `count` samples of the frame's format for each channel.
    func mix<Value>(packed: Value.Type, into mixed: inout [Float], _ number: (Value) -> Float) {
        mixed.removeAll(keepingCapacity: true)
        guard let plane = planes[0] else { return }
        let values = UnsafeRawPointer(plane).assumingMemoryBound(to: Value.self)
        for place in 0..<count {
            var sum: Float = 0
            for channel in 0..<channels { sum += bounded(number(values[place * channels + channel])) }
            mixed.append(sum / Float(channels))
        }
    }

    func mix<Value>(planar: Value.Type, into mixed: inout [Float], _ number: (Value) -> Float) {
        mixed.removeAll(keepingCapacity: true)
        mixed.append(contentsOf: repeatElement(0, count: count))
        for channel in 0..<channels {
            guard let plane = planes[channel] else { continue }
            let values = UnsafeRawPointer(plane).assumingMemoryBound(to: Value.self)
            for place in 0..<count { mixed[place] += bounded(number(values[place])) / Float(channels) }
        }
    }

    /// Floating-point sound may hold anything.
    private func bounded(_ value: Float) -> Float { value.isFinite ? min(1, max(-1, value)) : 0 }
}
