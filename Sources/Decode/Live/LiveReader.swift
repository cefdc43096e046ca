// From a live source to frames: connects, connects again, and never joins what lies on both sides of a loss.
import CFFmpeg
package import Frames
import Glibc
import Synchronization

/// Where a session of a live source goes on.
package struct LiveStart: Sendable, Equatable {
    /// Ordinal of the next frame.
    package var frame: Int
    /// Segment of the next connection.
    package var segment: Int
    /// Time of the last frame; nil before the first.
    package var lastTime: StreamTime?
    /// The machine's monotonic clock at the session's time zero; nil before the first frame, or after a reboot.
    package var clockOrigin: Int64?

    package init(frame: Int = 0, segment: Int = 0, lastTime: StreamTime? = nil, clockOrigin: Int64? = nil) {
        self.frame = frame
        self.segment = segment
        self.lastTime = lastTime
        self.clockOrigin = clockOrigin
    }
}

/// A hole in a live source's time.
package struct LiveGap: Sendable, Equatable {
    /// The segment that begins after it.
    package var segment: Int
    /// Time of the last frame before it; nil when the session has none.
    package var from: StreamTime?
    /// Time of the first frame after it.
    package var to: StreamTime
    /// Why, in words without secrets.
    package var cause: String

    package init(segment: Int, from: StreamTime?, to: StreamTime, cause: String) {
        (self.segment, self.from, self.to, self.cause) = (segment, from, to, cause)
    }
}

/// What a live source tells beside its frames.
package enum LiveEvent: Sendable {
    case state(ReaderState)
    /// Comes before the frame that it belongs to.
    case gap(LiveGap)
    /// The monotonic clock at the session's time zero, once it is known.
    case clockOrigin(Int64)
}

/// Reads a live source for as long as nobody ends it.
///
/// Every connection is read as a recording of its own; its frames are placed behind those before, on the machine's
/// monotonic clock. Blocks; give it a thread of its own.
package final class LiveReader: LiveInputOwner {
    private let settings: LiveSettings
    private let decode: DecodeSettings
    private let stop: StopFlag
    private let finish: StopFlag
    private let recorder: PacketRecorder?
    private let watch: LiveWatch
    private let onEvent: (LiveEvent) -> Void
    private var backOff = BackOff()
    private var connection: Connection?

    private var nextFrame: Int
    private var segment: Int
    private var lastTime: StreamTime?
    private var clockOrigin: Int64?
    private var lossCause = "connecting"
    /// How the connection before was lost; the next attempt waits accordingly.
    private var loss: BackOff.Failure?
    private var lastTold: (found: String, at: Int64) = ("", 0)

    /// An unchanged failure is told again after so long.
    private static let repeatNanoseconds: Int64 = 60_000_000_000

    /// What the present, or else the last, connection says of its pictures.
    package private(set) var info: RecordingInfo?
    /// How reading ended; nil before `next` has returned nil.
    package private(set) var ending: RecordingEnding?

    /// One connection from its first packet to its loss.
    private final class Connection {
        var reader: RecordingReader
        let input: LiveInput?
        /// The session's segment of the connection's segment 0.
        let segment: Int
        /// Session time of the connection's first frame, nanoseconds.
        var base: Int64?
        /// Stamp of the first packet.
        var stampOrigin: Int64?
        /// Monotonic clock at the first frame, for files that are played as if live.
        var paceOrigin: Int64 = 0
        var frames = 0

        init(reader: consuming RecordingReader, input: LiveInput?, segment: Int) {
            self.reader = reader
            self.input = input
            self.segment = segment
        }
    }

    /// - Parameters:
    ///   - stop: ends reading; a later process goes on with the session.
    ///   - finish: ends reading because the test is over.
    ///   - recorder: receives every packet; closed by the caller.
    package init(
        settings: LiveSettings, decode: DecodeSettings, start: LiveStart, recorder: PacketRecorder?, stop: StopFlag,
        finish: StopFlag, watch: LiveWatch, onEvent: @escaping (LiveEvent) -> Void
    ) {
        self.settings = settings
        self.decode = decode
        self.stop = stop
        self.finish = finish
        self.recorder = recorder
        self.watch = watch
        self.onEvent = onEvent
        nextFrame = start.frame
        segment = start.segment
        lastTime = start.lastTime
        clockOrigin = start.clockOrigin
        if start.frame > 0 { lossCause = "the program was started again" }
    }

    /// The next frame; blocks for as long as the source is away.
    /// - Returns: nil when somebody has ended it, or a file that is played once is over.
    package func next() -> VideoFrame? {
        while ending == nil {
            beat()
            guard let connection else {
                if !connect() { end() }
                continue
            }
            if isEnding, connection.input == nil {
                // A file has nothing that would be lost by not waiting for it.
                self.connection = nil
                end()
                continue
            }
            do throws(DecodeError) {
                if let frame = try connection.reader.next() {
                    connection.frames += 1
                    if connection.frames == 1 { backOff.reset() }
                    return place(frame, of: connection)
                }
                lose(connection, nil)
            } catch {
                lose(connection, error.found)
            }
        }
        return nil
    }

    // MARK: Connecting

    /// Connects, however long it takes.
    /// - Returns: false when it was told to end.
    private func connect() -> Bool {
        if let loss {
            self.loss = nil
            wait(after: lossCause, loss)
        }
        onEvent(.state(.connecting))
        while !isEnding {
            var failure = BackOff.Failure.other
            do throws(DecodeError) {
                try open(&failure)
                return true
            } catch {
                if isEnding { return false }
                wait(after: error.found, failure)
            }
        }
        return false
    }

    private func open(_ failure: inout BackOff.Failure) throws(DecodeError) {
        if settings.address.kind == .file, try isRegularFile() {
            let reader = try RecordingReader(path: settings.address.text, settings: decode, stop: stop)
            connection = Connection(reader: reader, input: nil, segment: segment)
        } else {
            let input = LiveInput(settings: settings, owner: self)
            do throws(DecodeError) {
                let container = try Container(live: input, settings: decode)
                let reader = try RecordingReader(container: container, settings: decode)
                connection = Connection(reader: reader, input: input, segment: segment)
            } catch {
                failure = input.failure
                throw error
            }
        }
        info = connection?.reader.info
        onEvent(.state(.reading))
    }

    private func isRegularFile() throws(DecodeError) -> Bool {
        var status = stat()
        guard stat(settings.address.text, &status) == 0 else {
            throw DecodeError(
                .notFound, path: settings.address.description, found: "nothing is there", remedy: "Check the path.")
        }
        switch status.st_mode & S_IFMT {
        case S_IFIFO: return false
        case S_IFREG where settings.isRealTime: return true
        case S_IFREG:
            throw DecodeError(
                .notAFile, path: settings.address.description, found: "a recording is played only with realtime: true",
                remedy: "Set it, or put the recording into a watched folder.")
        default:
            throw DecodeError(
                .notAFile, path: settings.address.description, found: "this is neither a named pipe nor a recording",
                remedy: "Check the path.")
        }
    }

    /// Lets time pass before the next attempt; says so when there is something new to say.
    private func wait(after found: String, _ failure: BackOff.Failure) {
        let delay = backOff.next(failure, chance: Double.random(in: 0..<1))
        let now = monotonicNanoseconds()
        if found != lastTold.found || now - lastTold.at > Self.repeatNanoseconds {
            lastTold = (found, now)
            onEvent(.state(.disconnected(message: "\(found); it is tried again until it is there")))
        }
        while !isEnding, monotonicNanoseconds() < now + delay {
            beat()
            _ = poll(nil, 0, 50)
        }
    }

    // MARK: Losing and ending

    private func lose(_ connection: Connection, _ error: String?) {
        if let last = connection.input, error == nil {
            lossCause = last.isSilent ? "nothing came any more" : LossText.say(last.lossCode)
        } else {
            lossCause = error ?? "the file begins again"
        }
        info = connection.reader.info
        let isFile = connection.input == nil
        let hadFrames = connection.frames > 0
        let failure = connection.input?.failure ?? .other
        lastTold.found = ""
        // A connection may have passed through several segments.
        if hadFrames { segment += 1 }
        recorder?.flush()
        self.connection = nil
        if isEnding || isFile && !settings.loops {
            end()
        } else if !(isFile && hadFrames) {
            // Waited for only once the connection is closed: a named pipe that nobody reads any more, but that is still
            // held open, would swallow its next writer's bytes.
            loss = failure
        }
    }

    private func end() {
        ending = RecordingEnding(reason: stop.isRaised && !finish.isRaised ? .stopped : .finished)
    }

    // MARK: Placing

    private func place(_ taken: consuming VideoFrame, of connection: Connection) -> VideoFrame {
        var frame = taken
        if connection.frames == 1 {
            let base = self.base(of: connection)
            if connection.input == nil { connection.paceOrigin = monotonicNanoseconds() - frame.time.nanoseconds }
            if nextFrame > 0 {
                onEvent(
                    .gap(
                        LiveGap(
                            segment: connection.segment, from: lastTime, to: StreamTime(nanoseconds: base),
                            cause: lossCause)))
            }
        }
        if connection.input == nil { pace(until: connection.paceOrigin + frame.time.nanoseconds) }
        frame.index = nextFrame
        nextFrame += 1
        frame.segment += connection.segment
        segment = max(segment, frame.segment)
        frame.time = StreamTime(nanoseconds: frame.time.nanoseconds + base(of: connection))
        lastTime = frame.time
        info = connection.reader.info
        return frame
    }

    /// Session time at which the connection begins: now, on the monotonic clock, and behind the last frame.
    private func base(of connection: Connection) -> Int64 {
        if let base = connection.base { return base }
        let now = monotonicNanoseconds()
        let behind = lastTime.map { $0.nanoseconds + leastHole(of: connection) } ?? 0
        if clockOrigin == nil {
            clockOrigin = now - behind
            onEvent(.clockOrigin(now - behind))
        }
        let base = max(behind, now - (clockOrigin ?? now))
        connection.base = base
        return base
    }

    /// A hole that shows as one in a recording's stamps as well, so that measuring it again finds the same segments.
    private func leastHole(of connection: Connection) -> Int64 {
        let rate = info?.framesPerSecond ?? 25
        let step = rate > 0 ? Int64(1e9 / rate) : 40_000_000
        return connection.input == nil ? step : max(1_200_000_000, 12 * step)
    }

    /// Waits until a file's frame is due.
    private func pace(until due: Int64) {
        while !isEnding {
            let left = due - monotonicNanoseconds()
            guard left > 0 else { return }
            beat()
            _ = poll(nil, 0, Int32(min(50, left / 1_000_000 + 1)))
        }
    }

    // MARK: What a connection tells

    var isEnding: Bool { stop.isRaised || finish.isRaised }

    func beat() { watch.beat() }

    func stalled(_ isStalled: Bool) {
        onEvent(.state(isStalled ? .stalled(message: "connected, but nothing comes") : .reading))
    }

    func packet(_ packet: UnsafeMutablePointer<AVPacket>, of stream: UnsafeMutablePointer<AVStream>) {
        guard let recorder, let connection else { return }
        let stamp = packet.pointee.pts != rima_nopts() ? packet.pointee.pts : packet.pointee.dts
        if connection.stampOrigin == nil, stamp != rima_nopts() { connection.stampOrigin = stamp }
        recorder.write(
            packet, of: stream, origin: connection.stampOrigin ?? 0, offset: base(of: connection))
    }
}

/// Sees from outside whether a reading thread still comes round.
package final class LiveWatch: Sendable {
    private let last: Atomic<Int64>

    package init() { last = Atomic(monotonicNanoseconds()) }

    func beat() { last.store(monotonicNanoseconds(), ordering: .relaxed) }

    /// How long nothing has been heard, nanoseconds.
    package var silence: Int64 { monotonicNanoseconds() - last.load(ordering: .relaxed) }
}
