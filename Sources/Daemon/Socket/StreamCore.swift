// The clients of the stream, on its one event loop.
import Logging
import NIOCore

/// What all clients share.
///
/// Confined to the server's event loop.
final class StreamCore {
    let hub: EventHub
    let handlers: StreamHandlers
    let options: StreamOptions
    let logger: Logger
    private let eventLoop: any EventLoop
    private var clients: [Subscriber] = []
    private var isClosing = false
    private var whenEmpty: EventLoopPromise<Void>?
    private var droppedTotal = 0

    init(hub: EventHub, handlers: StreamHandlers, options: StreamOptions, logger: Logger, eventLoop: any EventLoop) {
        self.hub = hub
        self.handlers = handlers
        self.options = options
        self.logger = logger
        self.eventLoop = eventLoop
    }

    var clientCount: Int { clients.count }
    var liveSessionCount: Int { hub.tracks.count { !$0.hasEnded } }

    /// Rows that clients have missed since the server began, all together.
    var droppedCount: Int { droppedTotal }

    func countDropped(_ count: Int) {
        droppedTotal += count
    }

    /// Begins the ticks that clients hear as heartbeats; they end with `close`.
    func startHeartbeat() {
        let interval = TimeAmount.milliseconds(Int64(options.heartbeatInterval))
        eventLoop.assumeIsolated().scheduleTask(in: interval) {
            guard !self.isClosing else { return }
            let now = self.options.now()
            for client in self.clients { client.tick(now: now) }
            self.startHeartbeat()
        }
    }

    /// Something new was published.
    func pump() {
        hub.wakeTaken()
        for client in clients { client.pumpIfOpen() }
    }

    /// Gives a client a place, if need be that of one that takes nothing any more.
    func admit(_ client: Subscriber) -> Bool {
        guard !isClosing else { return false }
        if clients.count >= options.maximumClients {
            let limit = options.now() - options.stallLimit
            let stalled = clients.filter { $0.stalledSince.map { $0 <= limit } ?? false }
            guard let worst = stalled.min(by: { $0.stalledSince ?? 0 < $1.stalledSince ?? 0 }) else {
                logger.warning(
                    "stream client refused", metadata: ["reason": "all \(options.maximumClients) places are taken"])
                return false
            }
            worst.close(reason: "took nothing for \(options.stallLimit / 1000) s and its place was needed")
            clients.removeAll { $0 === worst }
        }
        clients.append(client)
        return true
    }

    func remove(_ client: Subscriber) {
        clients.removeAll { $0 === client }
        if isClosing, clients.isEmpty { whenEmpty?.succeed() }
    }

    /// Lets every client have what it still lacks, then ends the connections; those that take nothing are cut after
    /// `patience` milliseconds.
    func close(patience: Int) -> EventLoopFuture<Void> {
        let done = eventLoop.makePromise(of: Void.self)
        isClosing = true
        guard !clients.isEmpty else {
            done.succeed()
            return done.futureResult
        }
        whenEmpty = done
        for client in clients { client.finish(reason: "the service stops") }
        eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(Int64(patience))) {
            for client in self.clients { client.close(reason: "the service stops") }
        }
        return done.futureResult
    }
}
