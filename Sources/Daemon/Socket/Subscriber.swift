// One connected client, on the server's event loop.
import Glibc
import Logging
import NIOCore

/// Serves a client from the histories as fast as it reads, and answers its commands.
///
/// Nothing waits in here for the client but what its channel holds, some 100 KiB at most: rows are fetched only while
/// the channel takes them, and commands are read only while replies can leave.
final class Subscriber: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Rows of one session fetched at once.
    ///
    /// **Units** bytes.
    private static let batchBytes = 32 * 1024
    /// Batches after which other clients come first.
    private static let batchesPerTurn = 16
    private static let replayRows = 256
    private static let replayAttempts = 5
    /// Sessions that a client may be behind in; beyond, those that are over are summed up in one gap.
    private static let followLimit = 64
    private static let repliesInFlight = 20

    private let core: StreamCore
    private var context: ChannelHandlerContext?
    private var splitter = LineSplitter(limit: StreamCommand.maximumLineBytes)
    private var rate: RateLimit
    private var scope = StreamScope.all
    private var follows: [Follow] = []
    private var seenVersion = -1
    /// Tracks made up to this count have been looked at.
    private var seenTracks = 0
    private var isHeld = true
    private var isPumping = false
    private var isReadPending = false
    private var inFlight = 0
    private var dropped = 0
    private var droppedElsewhere = 0
    private var closingReason: String?
    private var isClosed = false
    private var blockedSince: Int?
    private(set) var userID: UInt32?
    /// What a client that cannot speak is given; nil for one that says itself what it wants.
    private let wish: StreamWish?

    /// - Parameter wish: for server-sent events, whose clients only listen.
    init(core: StreamCore, wish: StreamWish? = nil) {
        self.core = core
        self.wish = wish
        rate = RateLimit(perSecond: core.options.commandsPerSecond, now: core.options.now())
    }

    // MARK: Channel

    func handlerAdded(context: ChannelHandlerContext) {
        // A client of the page's comes over a connection that is open already.
        if wish != nil, context.channel.isActive { begin(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        begin(context)
        context.fireChannelActive()
    }

    private func begin(_ context: ChannelHandlerContext) {
        self.context = context
        guard core.admit(self) else {
            isClosed = true
            sayBye("too many clients")
            return
        }
        // Before the greeting leaves: whoever has read it gets all that is published from then on.
        if let wish { grant(wish) } else { followNews() }
        write(StreamLines.hello(version: core.options.version, sessions: core.hub.sessions))
        context.flush()
        guard wish == nil else { return release() }
        learnPeer(context)
        context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(Int64(core.options.grace))) {
            self.release()
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        isClosed = true
        follows = []
        self.context = nil
        core.remove(self)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        core.logger.debug("stream client lost", metadata: ["error": "\(error)"])
        context.close(promise: nil)
    }

    /// Commands are read only while their replies can leave.
    func read(context: ChannelHandlerContext) {
        if context.channel.isWritable { context.read() } else { isReadPending = true }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            blockedSince = nil
            if isReadPending {
                isReadPending = false
                context.read()
            }
            pump()
        } else {
            blockedSince = core.options.now()
        }
        context.fireChannelWritabilityChanged()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        splitter.take(unwrapInboundIn(data).readableBytesView) { piece in
            guard !isClosed, closingReason == nil else { return }
            switch rate.take(now: core.options.now()) {
            case .refused: return
            case .firstRefusal:
                refuse(
                    nil, .tooManyCommands,
                    "more than \(core.options.commandsPerSecond) commands in a second; the rest is ignored")
                return
            case .allowed: break
            }
            switch piece {
            case .line([]): return
            case .line(let line): handle(line)
            case .tooLong: refuse(nil, .tooLong, "a command is at most \(StreamCommand.maximumLineBytes) bytes")
            }
        }
        context.flush()
        release()
    }

    // MARK: The server's calls

    func pumpIfOpen() { pump() }

    /// Once a second: a heartbeat for those who read, another try where the store had nothing yet.
    func tick(now: Int) {
        guard let context, !isClosed else { return }
        for follow in follows where follow.source == .waiting { follow.source = .store }
        pump()
        guard context.channel.isWritable else { return }
        write(StreamLines.heartbeat(now: now, sessions: core.liveSessionCount, dropped: dropped))
        context.flush()
    }

    /// Since when the client has taken nothing, while rows wait for it.
    ///
    /// **Units** monotonic milliseconds.
    var stalledSince: Int? { blockedSince }

    /// Ends the connection when everything has been delivered.
    func finish(reason: String) {
        guard !isClosed else { return }
        closingReason = reason
        isHeld = false
        pump()
    }

    /// Ends the connection now.
    func close(reason: String) {
        guard !isClosed else { return }
        isClosed = true
        core.logger.notice(
            "stream client disconnected", metadata: ["uid": "\(userID.map(String.init) ?? "?")", "reason": "\(reason)"])
        sayBye(reason)
    }

    // MARK: Commands

    private func handle(_ line: [UInt8]) {
        let command: StreamCommand
        do {
            command = try StreamCommand.parse(line)
        } catch {
            write(StreamLines.refusal(to: nil, error))
            return
        }
        switch command {
        case .subscribe(let scope, let fromSeq): subscribe(scope, fromSeq: fromSeq)
        case .mark(let label, let session): mark(label: label, session: session)
        case .status: status()
        case .source(let request): source(request, named: command.name)
        }
    }

    private func subscribe(_ wanted: StreamScope, fromSeq: Int?) {
        let census = core.hub.census(after: .max)
        let tracks = census.tracks
        seenTracks = census.made
        var tracksWanted: [SessionTrack]
        switch wanted {
        case .all: tracksWanted = tracks
        case .latest: tracksWanted = tracks.suffix(1)
        case .session(let name):
            tracksWanted = tracks.filter { $0.session == name }
            guard !tracksWanted.isEmpty || fromSeq != nil else {
                refuse("subscribe", .unknownSession, "no session of this name is being served")
                return
            }
        }
        let before = follows
        scope = wanted
        seenVersion = -1
        if let fromSeq {
            follows = tracksWanted.map { Follow(session: $0.session, track: $0, from: fromSeq) }
            if follows.isEmpty, case .session(let name) = wanted {
                // Only the store can tell whether there is such a session, so the reply waits for its answer.
                let follow = Follow(session: name, track: nil, from: fromSeq)
                follow.owesReply = true
                follows = [follow]
                return
            }
        } else {
            follows = tracksWanted.map { track in
                before.first { $0.track === track } ?? Follow(newsOf: track)
            }
        }
        if case .latest = wanted, let only = tracksWanted.first { scope = .session(only.session) }
        replySubscribed(fromSeq: fromSeq)
    }

    /// Gives a listener the rows after those that it names, and the news of the rest.
    private func grant(_ wish: StreamWish) {
        followNews()
        scope = wish.scope
        switch wish.scope {
        case .all: break
        case .latest:
            follows = Array(follows.suffix(1))
            if let only = follows.first { scope = .session(only.session) }
        case .session(let name):
            follows = follows.filter { $0.session == name }
        }
        for (session, seq) in wish.from {
            if case .session(let name) = scope, name != session { continue }
            follows.removeAll { $0.session == session }
            follows.append(Follow(session: session, track: core.hub.existingTrack(session), from: seq))
        }
    }

    private func replySubscribed(fromSeq: Int?) {
        write(
            StreamLines.reply(to: "subscribe") { line in
                line.field("session", scope.word)
                if let fromSeq { line.field("from_seq", fromSeq) }
            })
    }

    private func mark(label: String, session: String?) {
        guard core.options.allowsMarks else {
            refuse("mark", .notAllowed, "marks over the socket are switched off (socket.allow_marks)")
            return
        }
        let request = MarkRequest(label: label, session: session, userID: userID)
        let handler = core.handlers.mark
        later("mark", { await handler(request) }) { outcome in
            switch outcome {
            case .set(let session):
                StreamLines.reply(to: "mark") { line in
                    line.field("session", session)
                    line.field("label", label)
                }
            case .refused(let why): StreamLines.refusal(to: "mark", StreamCommandError(code: .failed, message: why))
            }
        }
    }

    private func status() {
        let handler = core.handlers.status
        later("status", { await handler() }) { [core] detail in
            StreamLines.reply(to: "status") { line in
                line.field("version", core.options.version)
                line.field("monotonic_ms", core.options.now())
                line.field("clients", core.clientCount)
                line.field("dropped", self.dropped)
                line.field("sessions", json: StreamLines.list(core.hub.sessions))
                line.field("service", json: detail)
            }
        }
    }

    private func source(_ request: SourceRequest, named name: String) {
        guard core.options.allowsControl || request == .list else {
            refuse(name, .notAllowed, "starting and stopping over the socket is switched off (socket.allow_control)")
            return
        }
        let handler = core.handlers.source
        later(name, { await handler(request) }) { outcome in
            switch outcome {
            case .started(let session), .stopped(let session):
                StreamLines.reply(to: name) { $0.field("session", session) }
            case .listed(let list): StreamLines.reply(to: name) { $0.field("sources", json: list) }
            case .refused(let why): StreamLines.refusal(to: name, StreamCommandError(code: .failed, message: why))
            }
        }
    }

    /// Runs a call of the daemon's and replies when it returns.
    private func later<Answer: Sendable>(
        _ name: String, _ call: @escaping @Sendable () async -> Answer, reply: @escaping (Answer) -> [UInt8]
    ) {
        guard let context else { return }
        guard inFlight < Self.repliesInFlight else {
            refuse(name, .tooManyCommands, "\(Self.repliesInFlight) commands are still being worked on")
            return
        }
        inFlight += 1
        let answer = context.eventLoop.makeFutureWithTask { await call() }
        answer.assumeIsolated().whenSuccess { answer in
            self.inFlight -= 1
            guard !self.isClosed else { return }
            self.write(reply(answer))
            self.context?.flush()
        }
    }

    private func refuse(_ command: String?, _ code: StreamCommandError.Code, _ message: String) {
        write(StreamLines.refusal(to: command, StreamCommandError(code: code, message: message)))
    }

    // MARK: Rows

    /// Ends the time in which the client may say what it wants.
    private func release() {
        isHeld = false
        pump()
    }

    private func followNews() {
        let census = core.hub.census(after: .max)
        seenTracks = census.made
        follows = census.tracks.map { Follow(newsOf: $0) }
    }

    private func pump() {
        guard let context, !isPumping, !isClosed else { return }
        isPumping = true
        defer { isPumping = false }
        refreshFollows()
        guard !isHeld else { return }
        if droppedElsewhere > 0, context.channel.isWritable {
            write(StreamLines.gap(session: "*", dropped: droppedElsewhere, fromSeq: nil, toSeq: nil))
            dropped += droppedElsewhere
            core.countDropped(droppedElsewhere)
            droppedElsewhere = 0
        }
        for _ in 0..<Self.batchesPerTurn {
            var hasProgressed = false
            for follow in follows where context.channel.isWritable {
                if advance(follow) { hasProgressed = true }
            }
            context.flush()
            guard hasProgressed else {
                if let closingReason, context.channel.isWritable, follows.allSatisfy(\.isDrained) {
                    close(reason: closingReason)
                }
                return
            }
            guard context.channel.isWritable else { return }
        }
        context.eventLoop.assumeIsolated().execute { self.pump() }
    }

    /// Gives the client its next rows of a session.
    ///
    /// Returns whether there were any.
    private func advance(_ follow: Follow) -> Bool {
        switch follow.source {
        case .asked, .waiting, .idle: return false
        case .store:
            ask(follow)
            return false
        case .ring: break
        }
        guard let context, let track = follow.track else { return false }
        var rows: ByteBuffer?
        let reading = track.read(from: follow.cursor, maximumBytes: Self.batchBytes) { line in
            if rows == nil { rows = context.channel.allocator.buffer(capacity: Self.batchBytes) }
            rows?.writeBytes(line)
        }
        if reading.dropped > 0 {
            if follow.isLossless {
                follow.source = .store
                return true
            }
            let last = reading.firstSeq.map { $0 - 1 } ?? track.end.lastSeq
            reportGap(follow, dropped: reading.dropped, upTo: last)
        }
        if let rows { context.write(wrapOutboundOut(rows), promise: nil) }
        follow.cursor = reading.next
        if let seq = reading.lastSeq { follow.lastSeq = max(seq, follow.lastSeq) }
        return reading.dropped > 0 || rows != nil
    }

    private func reportGap(_ follow: Follow, dropped count: Int, upTo last: Int) {
        dropped += count
        write(
            StreamLines.gap(session: follow.session, dropped: count, fromSeq: follow.lastSeq + 1, toSeq: last))
        follow.lastSeq = max(follow.lastSeq, last)
        core.countDropped(count)
    }

    /// Asks the store for a session's next rows.
    private func ask(_ follow: Follow) {
        guard let context else { return }
        follow.source = .asked
        let (session, from, replay) = (follow.session, follow.lastSeq + 1, core.handlers.replay)
        let answer = context.eventLoop.makeFutureWithTask { try await replay(session, from, Self.replayRows) }
        answer.assumeIsolated().whenComplete { answer in
            guard !self.isClosed, self.follows.contains(where: { $0 === follow }) else { return }
            self.take(answer, for: follow)
            self.pump()
        }
    }

    private func take(_ answer: Result<[StoredEvent], any Error>, for follow: Follow) {
        guard let context else { return }
        var rows: [StoredEvent] = []
        switch answer {
        case .success(let events): rows = events.filter { $0.seq > follow.lastSeq }
        case .failure(let error):
            core.logger.warning(
                "stored rows could not be read",
                metadata: ["session": "\(follow.session)", "error": "\(TextSafety.plain("\(error)"))"])
            if follow.owesReply {
                follows = []
                refuse("subscribe", .unknownSession, "there is no session of this name")
                return
            }
        }
        if follow.owesReply {
            follow.owesReply = false
            replySubscribed(fromSeq: follow.lastSeq + 1)
        }
        if let last = rows.last {
            var buffer = context.channel.allocator.buffer(capacity: Self.batchBytes)
            for row in rows {
                buffer.writeString(row.line)
                if row.line.utf8.last != UInt8(ascii: "\n") { buffer.writeInteger(UInt8(ascii: "\n")) }
            }
            context.write(wrapOutboundOut(buffer), promise: nil)
            follow.lastSeq = last.seq
        }
        switch follow.decide(storeIsExhausted: rows.isEmpty, attemptLimit: Self.replayAttempts) {
        case .goOn: break
        case .missing(let last): reportGap(follow, dropped: last - follow.lastSeq, upTo: last)
        }
    }

    /// Takes up sessions that have started and lets go of those that are over.
    private func refreshFollows() {
        let version = core.hub.version
        guard version != seenVersion else { return }
        seenVersion = version
        follows.removeAll { $0.isOver }
        switch scope {
        case .all:
            let census = core.hub.census(after: seenTracks)
            for track in census.tracks where track.index > seenTracks {
                follows.append(Follow(startOf: track))
            }
            droppedElsewhere += census.missed
            seenTracks = census.made
        case .latest:
            guard let track = core.hub.tracks.last else { break }
            scope = .session(track.session)
            follows = [Follow(startOf: track)]
        case .session(let name):
            guard let track = core.hub.existingTrack(name), !follows.contains(where: { $0.track === track }) else {
                break
            }
            if let follow = follows.last, follow.isLossless {
                follow.track = track
                if follow.source == .idle || follow.source == .ring { follow.source = .store }
            } else {
                follows.append(Follow(startOf: track))
            }
        }
        while follows.count > Self.followLimit, let index = follows.firstIndex(where: { $0.track?.isEvicted == true }) {
            let follow = follows.remove(at: index)
            droppedElsewhere += (follow.track?.end.ordinal ?? follow.cursor) - follow.cursor
        }
    }

    // MARK: Writing

    private func write(_ line: [UInt8]) {
        guard let context else { return }
        var buffer = context.channel.allocator.buffer(capacity: line.count)
        buffer.writeBytes(line)
        context.write(wrapOutboundOut(buffer), promise: nil)
    }

    private func sayBye(_ reason: String) {
        guard let context else { return }
        let done = context.eventLoop.makePromise(of: Void.self)
        var buffer = context.channel.allocator.buffer(capacity: 64)
        buffer.writeBytes(StreamLines.bye(reason: reason))
        done.futureResult.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
        context.writeAndFlush(wrapOutboundOut(buffer), promise: done)
        // A client that takes nothing would keep its last line, and its place, for ever.
        if !context.channel.isWritable { context.close(promise: nil) }
    }

    private func learnPeer(_ context: ChannelHandlerContext) {
        PeerCredentials.read(of: context.channel)?.assumeIsolated().whenComplete { result in
            if case .success(let peer) = result { self.userID = peer.userID }
            self.core.logger.info(
                "stream client connected", metadata: ["uid": "\(self.userID.map(String.init) ?? "?")"])
        }
    }
}
