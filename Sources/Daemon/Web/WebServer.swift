// The page's and the API's server: HTTP on the event loop that serves the stream.
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix

#if canImport(Glibc)
    import Glibc
#endif

/// Listens for HTTP.
final class WebServer: Sendable {
    /// Where the page is, for people.
    let address: String
    private let channel: any Channel
    private let threads: NIOThreadPool
    private let connections: NIOLoopBound<ConnectionSet>

    private static let maximumConnections = 256
    private static let idleLimit = TimeAmount.seconds(75)

    private init(
        address: String, channel: any Channel, threads: NIOThreadPool, connections: NIOLoopBound<ConnectionSet>
    ) {
        self.address = address
        self.channel = channel
        self.threads = threads
        self.connections = connections
    }

    /// Begins to serve, beside a running stream.
    ///
    /// - Parameter descriptor: a listening socket that systemd has handed over; nil binds the configured address.
    static func start(
        _ settings: Configuration.Web, descriptor: Int32?, beside stream: StreamServer, router: WebRouter,
        watch: ServiceWatch, logger: Logger
    ) async throws -> WebServer {
        let threads = NIOThreadPool(numberOfThreads: 2)
        threads.start()
        let site = WebSite(
            router: router, guardian: WebGuard(host: settings.host, names: settings.names), threads: threads,
            watch: watch, logger: logger)
        let eventLoop = stream.eventLoop
        let core = stream.core
        do {
            let connections = try await eventLoop.submit {
                NIOLoopBound(ConnectionSet(), eventLoop: eventLoop)
            }.get()
            let bootstrap = ServerBootstrap(group: eventLoop)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.writeBufferWaterMark, value: .init(low: 32 * 1024, high: 64 * 1024))
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let all = connections.value
                        guard all.open.count < maximumConnections else { throw ChannelError.operationUnsupported }
                        all.add(channel)
                        try? channel.syncOptions?.setOption(.tcpOption(.tcp_nodelay), value: 1)
                        let pipeline = channel.pipeline.syncOperations
                        try pipeline.configureHTTPServerPipeline(withErrorHandling: true)
                        try pipeline.addHandler(IdleStateHandler(allTimeout: idleLimit))
                        try pipeline.addHandler(WebHandler(site: site, core: core.value))
                    }
                }
            let channel: any Channel
            if let descriptor {
                channel = try await bootstrap.withBoundSocket(descriptor).get()
            } else {
                channel = try await bootstrap.bind(host: settings.host, port: settings.port).get()
            }
            return WebServer(
                address: Self.describe(channel.localAddress), channel: channel, threads: threads,
                connections: connections)
        } catch {
            try? await threads.shutdownGracefully()
            throw error
        }
    }

    /// Ends all connections; before the stream's end, whose event loop this one uses.
    func shutdown() async {
        try? await channel.close().get()
        let connections = connections
        _ = try? await channel.eventLoop.submit {
            for channel in connections.value.open.values { channel.close(promise: nil) }
        }.get()
        try? await threads.shutdownGracefully()
    }

    private static func describe(_ address: SocketAddress?) -> String {
        guard let address, let port = address.port else { return "the socket handed over by systemd" }
        let host = address.ipAddress ?? "localhost"
        return "http://" + (host.contains(":") ? "[\(host)]" : host) + ":\(port)/"
    }

    /// The page's listening socket among those that systemd hands over: the first that speaks TCP.
    static func activated(environment: [String: String]) -> Int32? {
        guard let count = environment["LISTEN_FDS"].flatMap(Int.init), count > 0,
            environment["LISTEN_PID"].flatMap(Int32.init) == getpid()
        else { return nil }
        for descriptor in 3..<3 + Int32(min(count, 64)) {
            var domain: Int32 = 0
            var length = socklen_t(MemoryLayout<Int32>.size)
            guard getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &domain, &length) == 0,
                domain == AF_INET || domain == AF_INET6
            else { continue }
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            return descriptor
        }
        return nil
    }
}

/// The open connections.
///
/// Confined to the event loop.
private final class ConnectionSet {
    private(set) var open: [ObjectIdentifier: any Channel] = [:]

    func add(_ channel: any Channel) {
        let key = ObjectIdentifier(channel)
        open[key] = channel
        channel.closeFuture.assumeIsolated().whenComplete { _ in self.open[key] = nil }
    }
}
