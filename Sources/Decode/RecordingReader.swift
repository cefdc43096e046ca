// From a path to frames in presentation order.
import CFFmpeg
import Frames

/// Reads a recording, finished or still being written, frame by frame.
///
/// One way of reading for both, so that the same bytes give the same frames, times and taint. Blocks while it waits;
/// give it a thread of its own.
package struct RecordingReader: ~Copyable, @unchecked Sendable {
    // SAFETY: the reader is the only owner of everything below and cannot be copied.
    private let container: Container
    private let settings: DecodeSettings
    private let decoder: OpenDecoder
    /// The graphics card that decodes; nil where the processor does.
    private let device: HardwareDevice?
    private let pool = FramePool()
    private let streamOrientation: Orientation
    private let lacksStamps: Bool

    private var timeline: TimelineBuilder
    private var taint: TaintTracker
    private let references: ReferenceCheck?
    private var scan = JPEGScan()
    private var packetOrdinal: Int64 = 0
    private var frameIndex = 0
    private var segment = 0
    private var format: Format?
    private var isDraining = false
    private var lastPacketIncomplete = false
    private var readErrors = 0

    /// What the container says, completed by the first frame.
    package private(set) var info: RecordingInfo
    /// How the recording ended; nil before `next` has returned nil.
    package private(set) var ending: RecordingEnding?

    /// What must stay the same within a segment.
    private struct Format: Equatable {
        var width: Int32
        var height: Int32
        var pixels: Int32
        var displaySize: PixelSize
        var orientation: Orientation
    }

    /// Codecs in which no picture refers to a B picture.
    private static let plainCodecs = [AV_CODEC_ID_MPEG1VIDEO, AV_CODEC_ID_MPEG2VIDEO, AV_CODEC_ID_MPEG4]
    /// Damage in the container is skipped this many times in a row before the recording counts as unreadable.
    private static let maximumReadErrors = 200

    /// Opens `path`; with `settings.follow`, waits until there is enough to know what it is.
    package init(
        path: String, settings: DecodeSettings = DecodeSettings(), stop: StopFlag = StopFlag(),
        onState: @escaping @Sendable (ReaderState) -> Void = { _ in }
    ) throws(DecodeError) {
        let source = try ByteSource(path: path, settings: settings, stop: stop, onState: onState)
        let isSeekable = try needsSeeking(source, onState: onState)
        let container = try Container(source: source, settings: settings, isSeekable: isSeekable)
        try self.init(container: container, settings: settings)
    }

    /// Reads what an opened container holds.
    init(container: Container, settings: DecodeSettings) throws(DecodeError) {
        let path = container.source.path
        let stream = container.stream
        let parameters = stream.pointee.codecpar!
        try requireSize(parameters.pointee.width, parameters.pointee.height, settings: settings, path: path)

        let device = settings.usesHardware ? HardwareDevice(for: container.codec) : nil
        let decoder = try OpenDecoder(container, settings: settings, device: device)
        self.container = container
        self.settings = settings
        self.decoder = decoder
        self.device = device
        lacksStamps = container.lacksStamps
        streamOrientation = Orientation(matrix: rima_stream_display_matrix(stream))

        let rate = av_guess_frame_rate(container.context, stream, nil)
        let isKnownRate = rate.num > 0 && rate.den > 0
        timeline = TimelineBuilder(
            timeBaseNumerator: Int(stream.pointee.time_base.num),
            timeBaseDenominator: Int(stream.pointee.time_base.den),
            nominalStep: isKnownRate ? 1_000_000_000 * Int64(rate.den) / Int64(rate.num) : nil,
            stampBits: Int(stream.pointee.pts_wrap_bits))
        let properties = avcodec_descriptor_get(parameters.pointee.codec_id)?.pointee.props ?? 0
        taint = TaintTracker(isIntraOnly: properties & AV_CODEC_PROP_INTRA_ONLY != 0)
        references = ReferenceCheck(parameters)

        let aspect = av_guess_sample_aspect_ratio(container.context, stream, nil)
        let coded = PixelSize(width: Int(parameters.pointee.width), height: Int(parameters.pointee.height))
        info = RecordingInfo(
            container: container.formatName, codec: String(cString: avcodec_get_name(parameters.pointee.codec_id)),
            codedSize: coded, displaySize: streamOrientation.displaySize(coded: coded, aspect: aspect),
            rateNumerator: isKnownRate ? Int(rate.num) : nil, rateDenominator: isKnownRate ? Int(rate.den) : nil,
            quarterTurns: streamOrientation.quarterTurns, pixelAspectNumerator: aspect.num > 0 ? Int(aspect.num) : 1,
            pixelAspectDenominator: aspect.num > 0 ? Int(aspect.den) : 1, isInterlaced: nil,
            estimatedFrameCount: nil, estimatedDuration: nil)
        estimateLength(rate: isKnownRate ? rate : nil)
    }

    /// Bytes read so far and bytes there are, for progress.
    package var progress: (read: Int64, total: Int64) { (container.source.position, container.source.size) }

    /// Decodes the next frame; blocks while a growing recording has none.
    /// - Returns: nil at the end; `ending` then says which.
    package mutating func next() throws(DecodeError) -> VideoFrame? {
        if ending != nil { return nil }
        guard let raw = pool.take() else { throw memoryError(container.source.path) }
        while true {
            let code = avcodec_receive_frame(decoder.context, raw)
            // A stop cuts the bytes off anywhere. What the decoder makes of that is not what the recording holds.
            if container.source.ending == .stopped {
                pool.give(raw)
                ending = RecordingEnding(reason: .stopped)
                return nil
            }
            do {
                if code >= 0 { return try present(raw) }
                if code == rima_averror_eagain() {
                    try feed()
                } else if code == rima_averror_eof() {
                    pool.give(raw)
                    ending = RecordingEnding(
                        reason: endingReason, lastPacketIncomplete: lastPacketIncomplete)
                    return nil
                } else {
                    try noteDamage(code)
                }
            } catch {
                pool.give(raw)
                throw error
            }
        }
    }

    private var endingReason: RecordingEnding.Reason {
        container.source.ending ?? (readErrors > 0 ? .failed : .finished)
    }

    // MARK: - Packets

    /// Gives the decoder the next packet of the video stream, or tells it that none will come.
    private mutating func feed() throws(DecodeError) {
        let packet = decoder.packet
        while !isDraining {
            let code = container.read(into: packet)
            if code < 0 {
                if code != rima_averror_eof() { try leaveHardware("the container is damaged") }
                if code != rima_averror_eof(), container.source.ending == nil, readErrors < Self.maximumReadErrors {
                    readErrors += 1
                    taint.damage(near: packetOrdinal)
                    continue
                }
                if code != rima_averror_eof() { lastPacketIncomplete = true }
                isDraining = true
                avcodec_send_packet(decoder.context, nil)
                return
            }
            readErrors = 0
            defer { av_packet_unref(packet) }
            guard packet.pointee.stream_index == container.stream.pointee.index else { continue }
            let ordinal = packetOrdinal
            packetOrdinal += 1
            rima_tag_packet(decoder.context, packet, ordinal)
            lastPacketIncomplete = packet.pointee.flags & AV_PKT_FLAG_CORRUPT != 0 || DamageMark.isOn(packet)
            if lastPacketIncomplete || !isWhole(packet) {
                try leaveHardware("a packet is damaged")
                taint.damagedPacket(ordinal)
            }
            let bytes = UnsafeBufferPointer(
                start: packet.pointee.data, count: packet.pointee.data == nil ? 0 : Int(max(0, packet.pointee.size)))
            if references?.isDisposable(bytes) == true { taint.disposablePacket(ordinal) }
            let sent = avcodec_send_packet(decoder.context, packet)
            if sent < 0, sent != rima_averror_eagain() { try noteDamage(sent) }
            return
        }
    }

    /// Whether a picture begins and ends as it must, for the codecs whose broken pictures libav decodes without a word.
    private mutating func isWhole(_ packet: UnsafeMutablePointer<AVPacket>) -> Bool {
        let codec = decoder.context.pointee.codec_id
        guard codec == AV_CODEC_ID_MJPEG || codec == AV_CODEC_ID_GIF else { return true }
        guard let data = packet.pointee.data, packet.pointee.size > 4 else { return false }
        let bytes = UnsafeBufferPointer(start: data, count: Int(packet.pointee.size))
        if codec == AV_CODEC_ID_MJPEG { return JPEGCheck.isWhole(bytes) && scan.fits(bytes) }
        // A GIF frame ends with an empty block, the last one with the trailer.
        return bytes.last == 0 || bytes.last == 0x3B
    }

    /// The decoder refused a packet: everything is doubtful until a key frame that was coded later.
    private mutating func noteDamage(_ code: Int32) throws(DecodeError) {
        try leaveHardware("the decoder refused a packet")
        if code == rima_averror(ENOMEM) { throw memoryError(container.source.path) }
        let context = decoder.context.pointee
        if context.coded_width == 0, context.width == 0, frameIndex > 0 || packetOrdinal > 1 {
            throw sizeError(
                "its pictures become larger than the limit", settings: settings, path: container.source.path)
        }
        let isFrameThreaded = context.active_thread_type & FF_THREAD_FRAME != 0
        let delay = isFrameThreaded ? Int64(max(1, context.thread_count)) : 1
        taint.damage(near: max(0, packetOrdinal - delay))
    }

    /// Ends decoding on a graphics card: what it makes of damage is its own, and rows must not depend on it.
    private func leaveHardware(_ reason: String) throws(DecodeError) {
        guard let device else { return }
        throw DecodeError(
            .hardware, path: container.source.path, found: "decoding with \(device.name) ended: \(reason)",
            remedy: "Read it again without the card.")
    }

    // MARK: - Frames

    /// The picture in memory; `raw` itself, unless it lies on a graphics card.
    private func fetched(_ raw: UnsafeMutablePointer<AVFrame>) throws(DecodeError) -> UnsafeMutablePointer<AVFrame> {
        guard let device, raw.pointee.format == device.format.rawValue else { return raw }
        guard let plain = pool.take() else { throw memoryError(container.source.path) }
        guard device.fetch(raw, into: plain) else {
            pool.give(plain)
            try leaveHardware("the card did not give a picture")
            return raw
        }
        return plain
    }

    /// Gives a decoded picture its place.
    private mutating func present(_ decoded: UnsafeMutablePointer<AVFrame>) throws(DecodeError) -> VideoFrame {
        let raw = try fetched(decoded)
        let stream = container.stream
        let hasStamp = raw.pointee.best_effort_timestamp != rima_nopts() && !lacksStamps
        let placement = timeline.place(stamp: hasStamp ? raw.pointee.best_effort_timestamp : nil)
        let isDamaged = raw.pointee.decode_error_flags != 0 || raw.pointee.flags & AV_FRAME_FLAG_CORRUPT != 0
        let isTainted = taint.judge(
            packet: rima_frame_tag(raw), isKey: rima_frame_is_key(raw) != 0, isDamaged: isDamaged,
            isDisposable: raw.pointee.pict_type == AV_PICTURE_TYPE_B
                && Self.plainCodecs.contains(decoder.context.pointee.codec_id))
        if isTainted, device != nil {
            // The caller gives back what it handed in; a fetched picture is ours.
            if raw != decoded { pool.give(raw) }
            try leaveHardware("a picture is damaged")
        }
        if raw != decoded { pool.give(decoded) }

        let orientation =
            rima_frame_display_matrix(raw).map { Orientation(matrix: $0) } ?? streamOrientation
        let aspect = av_guess_sample_aspect_ratio(container.context, stream, raw)
        let coded = PixelSize(width: Int(raw.pointee.width), height: Int(raw.pointee.height))
        let format = Format(
            width: raw.pointee.width, height: raw.pointee.height, pixels: raw.pointee.format,
            displaySize: orientation.displaySize(coded: coded, aspect: aspect), orientation: orientation)
        if let last = self.format {
            if placement.startsRun || last != format { segment += 1 }
        } else {
            info.isInterlaced = rima_frame_is_interlaced(raw) != 0
        }
        if self.format != format {
            self.format = format
            info.codedSize = coded
            info.displaySize = format.displaySize
            info.quarterTurns = orientation.quarterTurns
        }
        let index = frameIndex
        frameIndex += 1
        return VideoFrame(
            raw: raw, pool: pool, orientation: orientation, displaySize: format.displaySize, index: index,
            time: placement.time, timeSource: placement.source, segment: segment, isTainted: isTainted)
    }

    private mutating func estimateLength(rate: AVRational?) {
        let stream = container.stream
        if stream.pointee.nb_frames > 0 { info.estimatedFrameCount = Int(stream.pointee.nb_frames) }
        let duration = container.context.pointee.duration
        guard duration != rima_nopts(), duration > 0 else { return }
        info.estimatedDuration = duration &* 1000
        if info.estimatedFrameCount == nil, let rate {
            let frames = Double(duration) / 1e6 * Double(rate.num) / Double(rate.den)
            if frames < 1e9 { info.estimatedFrameCount = Int(frames.rounded()) }
        }
    }
}

// MARK: - Opening

/// Finds out whether libav must jump about in the file to read it; if so, waits until the file is complete.
func needsSeeking(_ source: ByteSource, onState: (ReaderState) -> Void) throws(DecodeError) -> Bool {
    let message: String
    if source.peek(at: 0, count: 4) == Array("GIF8".utf8) {
        guard source.isFollowing else { return true }
        message =
            "A GIF can be read only when it is finished. To measure while recording, record MKV, MPEG-TS, fragmented "
            + "or Hybrid MP4."
    } else {
        switch sniffBoxes(source) {
        case .otherFormat, .sequential: return false
        case .indexLast:
            source.stopFollowing()
            return true
        case .indexMissing:
            guard source.isFollowing else { throw notFinalisedError(source.path) }
        }
        message =
            "This recorder writes the index of its MP4 or MOV last, so the recording can be read only when it is "
            + "finished. To measure while recording, record MKV, MPEG-TS, fragmented or Hybrid MP4."
    }
    onState(.waitingForIndex(message: message))
    source.waitForEnd()
    if source.ending == .stopped { throw stoppedError(source.path) }
    source.stopFollowing()
    onState(.reading)
    switch sniffBoxes(source) {
    case .otherFormat, .sequential: return source.present(at: 0, count: 4) == Array("GIF8".utf8)
    case .indexLast: return true
    case .indexMissing: throw notFinalisedError(source.path)
    }
}

private func sniffBoxes(_ source: ByteSource) -> BoxSniffer.Verdict {
    var sniffer = BoxSniffer()
    while true {
        // What lies behind the pictures comes only at the end: never waited for here.
        let bytes =
            (sniffer.sawMediaData ? nil : source.peek(at: sniffer.offset, count: BoxSniffer.headerLength))
            ?? source.present(at: sniffer.offset, count: BoxSniffer.headerLength)
        if let verdict = sniffer.feed(bytes) { return verdict }
    }
}

private func notFinalisedError(_ path: String) -> DecodeError {
    DecodeError(
        .notFinalised, path: path, found: "an MP4 or MOV without its index: the recording was not finalised",
        remedy: "Repair it with the recorder's own tool, and record MKV, MPEG-TS or fragmented MP4 next time.")
}

func requireSize(_ width: Int32, _ height: Int32, settings: DecodeSettings, path: String)
    throws(DecodeError)
{
    guard Int(width) * Int(height) > settings.maximumPixels else { return }
    throw sizeError("its pictures are \(width)x\(height)", settings: settings, path: path)
}

private func sizeError(_ what: String, settings: DecodeSettings, path: String) -> DecodeError {
    DecodeError(
        .tooLarge, path: path, found: "\(what); the limit is \(settings.maximumPixels) pixels",
        remedy: "Record at 3840x2160 or less, or raise the limit.")
}
