// The event stream over a Unix socket. See ref/socket.md.
package import Logging
import NIOCore
import NIOPosix

/// Serves the events of a hub to any number of clients, on a thread of its own.
package final class StreamServer: Sendable {
    private let group: MultiThreadedEventLoopGroup
    /// Also serves the page, whose event streams are clients like any other.
    let eventLoop: any EventLoop
    let core: NIOLoopBound<StreamCore>
    private let channel: any Channel
    private let hub: EventHub
    private let socket: ListeningSocket

    private init(
        group: MultiThreadedEventLoopGroup, eventLoop: any EventLoop, core: NIOLoopBound<StreamCore>,
        channel: any Channel, hub: EventHub, socket: ListeningSocket
    ) {
        self.group = group
        self.eventLoop = eventLoop
        self.core = core
        self.channel = channel
        self.hub = hub
        self.socket = socket
    }

    /// Begins to serve.
    ///
    /// The server owns the socket from now on.
    package static func start(
        on socket: ListeningSocket, hub: EventHub, handlers: StreamHandlers, options: StreamOptions = StreamOptions(),
        logger: Logger
    ) async throws -> StreamServer {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let eventLoop = group.next()
        do {
            let core = try await eventLoop.submit {
                NIOLoopBound(
                    StreamCore(hub: hub, handlers: handlers, options: options, logger: logger, eventLoop: eventLoop),
                    eventLoop: eventLoop)
            }.get()
            let channel = try await ServerBootstrap(group: group)
                .childChannelOption(.writeBufferWaterMark, value: .init(low: 32 * 1024, high: 64 * 1024))
                .childChannelOption(.allowRemoteHalfClosure, value: true)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(Subscriber(core: core.value))
                    }
                }
                .withBoundSocket(socket.descriptor)
                .get()
            let server = StreamServer(
                group: group, eventLoop: eventLoop, core: core, channel: channel, hub: hub, socket: socket)
            hub.onWake { eventLoop.execute { core.value.pump() } }
            try await eventLoop.submit {
                core.value.startHeartbeat()
                core.value.pump()
            }.get()
            logger.info("stream served", metadata: ["socket": "\(socket.name)"])
            return server
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
    }

    /// How many clients are connected, and how many rows they have missed since the start, all together.
    package func statistics() async -> (clients: Int, dropped: Int) {
        let core = core
        return (try? await eventLoop.submit { (core.value.clientCount, core.value.droppedCount) }.get()) ?? (0, 0)
    }

    /// Stops: no new clients, the rest of the rows for those that read, then the end of all connections.
    ///
    /// - Parameter patience: how long to wait for clients that do not read. **Units** milliseconds.
    package func shutdown(patience: Int = 500) async {
        socket.removeFile()
        try? await channel.close().get()
        let core = core
        _ = try? await eventLoop.flatSubmit { core.value.close(patience: patience) }.get()
        hub.onWake(nil)
        try? await group.shutdownGracefully()
        socket.unlock()
    }
}
