// `rima serve`: the daemon.

import ArgumentParser
import Foundation
import Logging

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Measures recordings as they are written, for as long as it runs.",
        discussion: """
            Watches the folders of the configuration, gives every recording a session with a worker process of its own,
            follows it while it grows, and streams the rows over a Unix socket. Sessions that a crash or a stop has
            interrupted go on where they were.

            SIGTERM or SIGINT ends it with all rows kept; SIGHUP reads the configuration again, as does a change of its
            files. A configuration with faults never replaces the one in use.
            """)

    @Option(help: ArgumentHelp("Configuration file. Default: /etc/rima/rima.yaml where it exists.", valueName: "file"))
    var config: String?

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let files = try ConfigurationFiles.forCommand(path: config)
        let configuration: Configuration
        do {
            configuration = try files.parse(environment: environment)
        } catch {
            throw CommandError(adopting: error)
        }
        let logger = Logger(label: "rima") { label in
            ServiceLogHandler(label: label, level: configuration.log.level.level, environment: environment)
        }
        let notifier = ServiceNotifier(environment: environment)
        let hub = EventHub(historyRows: configuration.socket.historyRows)
        let overview = ServiceWatch(hub: hub)
        let supervisor = Supervisor(
            configuration: configuration, configurationPath: config, accepted: try AcceptedConfiguration(files),
            hub: hub, overview: overview, notifier: notifier, logger: logger)
        let registry = SessionRegistry(stateFolder: configuration.stateFolder)
        // Before anyone can reach the service, so that a stop is clean from its first moment on.
        let signals = ServiceSignals { signal in
            switch signal {
            case .stop: supervisor.stop()
            case .stopNow: Foundation.exit(130)
            case .reload: supervisor.reload()
            }
        }
        defer { signals.cancel() }
        let server = try await openSocket(
            configuration, hub: hub, supervisor: supervisor, registry: registry, logger: logger)
        logger.notice("rima \(rimaVersion) listens on \(configuration.socket.path). \(researchNotice)")
        let page = await openPage(
            configuration, hub: hub, supervisor: supervisor, overview: overview, stream: server, logger: logger)
        notifier.ready()
        try await supervisor.run(configuration)
        await page?.shutdown()
        await server.shutdown()
        logger.notice("stopped; all rows are kept")
    }

    /// Serves the page; measuring does not depend on it, so a page that cannot be had is only logged.
    private func openPage(
        _ configuration: Configuration, hub: EventHub, supervisor: Supervisor, overview: ServiceWatch,
        stream: StreamServer, logger: Logger
    ) async -> WebServer? {
        guard configuration.web.enabled else { return nil }
        let context = WebContext(
            configuration: configuration, configurationPath: config, hub: hub, supervisor: supervisor,
            overview: overview, subscribers: { await stream.statistics() })
        do {
            let server = try await WebServer.start(
                configuration.web, descriptor: WebServer.activated(environment: ProcessInfo.processInfo.environment),
                beside: stream, router: WebRouter(routes: context.routes), watch: overview, logger: logger)
            logger.notice("the page is at \(server.address)")
            return server
        } catch {
            logger.warning(
                "the page cannot be served at \(configuration.web.host) port \(configuration.web.port): \(describe(error))"
            )
            return nil
        }
    }

    private func openSocket(
        _ configuration: Configuration, hub: EventHub, supervisor: Supervisor, registry: SessionRegistry, logger: Logger
    ) async throws -> StreamServer {
        do {
            let environment = ProcessInfo.processInfo.environment
            let socket =
                try ListeningSocket.activated(environment: environment)
                ?? ListeningSocket.bind(path: configuration.socket.path, mode: configuration.socket.mode.bits)
            let replay = StoreReplay(registry: registry)
            let handlers = StreamHandlers(
                replay: { session, from, limit in try replay.events(of: session, from: from, limit: limit) },
                mark: { request in await supervisor.mark(request.label, session: request.session) },
                status: { replay.status() },
                source: { request in await supervisor.source(request) })
            var options = StreamOptions()
            options.maximumClients = configuration.socket.maxClients
            options.allowsMarks = configuration.socket.allowMarks
            options.allowsControl = configuration.socket.allowControl
            options.version = rimaVersion
            return try await StreamServer.start(
                on: socket, hub: hub, handlers: handlers, options: options, logger: logger)
        } catch {
            throw CommandError(
                .unavailable, "cannot listen on \(configuration.socket.path): \(describe(error))",
                remedy: "set socket.path to a place that this user may write to, or stop the other rima serve")
        }
    }
}
