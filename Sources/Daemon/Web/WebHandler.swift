// One HTTP connection, on the event loop that also serves the stream.
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix

/// What all connections of the page share.
final class WebSite: Sendable {
    let router: WebRouter
    let guardian: WebGuard
    let threads: NIOThreadPool
    let watch: ServiceWatch
    let logger: Logger

    init(router: WebRouter, guardian: WebGuard, threads: NIOThreadPool, watch: ServiceWatch, logger: Logger) {
        self.router = router
        self.guardian = guardian
        self.threads = threads
        self.watch = watch
        self.logger = logger
    }
}

/// Takes requests one after the other and answers them.
final class WebHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let site: WebSite
    private let core: StreamCore
    private var open: Open?
    /// The rest of the connection's bytes is of no interest.
    private var isDone = false

    /// A request whose body is still coming.
    private struct Open {
        var request: WebRequest
        var route: WebRoute
        var keepsAlive: Bool
    }

    init(site: WebSite, core: StreamCore) {
        self.site = site
        self.core = core
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isDone else { return }
        switch unwrapInboundIn(data) {
        case .head(let head): begin(head, context)
        case .body(var bytes):
            guard var open else { return }
            self.open = nil
            guard open.request.body.count + bytes.readableBytes <= open.route.bodyLimit else {
                refuse(WebError(.payloadTooLarge, "the body may have \(open.route.bodyLimit) bytes"), context)
                return
            }
            open.request.body.append(contentsOf: bytes.readBytes(length: bytes.readableBytes) ?? [])
            self.open = open
        case .end:
            guard let open else { return }
            self.open = nil
            answer(open, context)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // Somebody holds a connection and says nothing.
        if event is IdleStateHandler.IdleStateEvent { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    // MARK: Steps

    private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        guard let request = WebRequest(method: head.method, target: head.uri, headers: head.headers) else {
            return refuse(WebError(.badRequest, "the request's target is not a path"), context)
        }
        let match = site.router.match(head.method, request.path)
        var isPage = false
        if case .found(let route, _) = match { isPage = route.isPage }
        if let refusal = site.guardian.refusal(head.method, head.headers, isPage: isPage) {
            return refuse(refusal, context)
        }
        switch match {
        case .none: refuse(WebError(.notFound, "there is nothing at this path; see /openapi.yaml"), context)
        case .otherMethod(let methods):
            let list = methods.map(\.rawValue).joined(separator: ", ")
            refuse(WebError(.methodNotAllowed, "this path takes \(list)"), context, allow: list)
        case .found(let route, let values):
            let length = head.headers.first(name: "content-length").flatMap(Int.init) ?? 0
            guard length <= route.bodyLimit else {
                return refuse(WebError(.payloadTooLarge, "the body may have \(route.bodyLimit) bytes"), context)
            }
            if head.headers.first(name: "expect")?.lowercased() == "100-continue" {
                context.writeAndFlush(
                    wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .continue))), promise: nil)
            }
            var open = Open(request: request, route: route, keepsAlive: head.isKeepAlive)
            open.request.parameters = values
            self.open = open
        }
    }

    private func answer(_ open: Open, _ context: ChannelHandlerContext) {
        let request = open.request
        switch open.route.answer {
        case .events: stream(open, context)
        case .blocking(let call):
            let done = site.threads.runIfActive(eventLoop: context.eventLoop) { Self.tried { try call(request) } }
            finish(done, open, context)
        case .waiting(let call):
            let done = context.eventLoop.makeFutureWithTask { await Self.tried { try await call(request) } }
            finish(done, open, context)
        }
    }

    private func finish(_ done: EventLoopFuture<WebResponse>, _ open: Open, _ context: ChannelHandlerContext) {
        done.assumeIsolated().whenComplete { result in
            guard context.channel.isActive else { return }
            let fallback = WebError(.serviceUnavailable, "the service stops").response
            self.send((try? result.get()) ?? fallback, open, context)
        }
    }

    /// Any error as an answer.
    private static func tried(_ call: () throws -> WebResponse) -> WebResponse {
        do { return try call() } catch { return response(to: error) }
    }

    private static func tried(_ call: () async throws -> WebResponse) async -> WebResponse {
        do { return try await call() } catch { return response(to: error) }
    }

    private static func response(to error: any Error) -> WebResponse {
        switch error {
        case let error as WebError: return error.response
        case let error as CommandError:
            let status: HTTPResponseStatus =
                switch error.code {
                case .noInput: .notFound
                case .tryAgain: .conflict
                case .usage, .badData: .badRequest
                default: .internalServerError
                }
            return WebError(status, error.description).response
        default: return WebError(.internalServerError, describe(error)).response
        }
    }

    private func stream(_ open: Open, _ context: ChannelHandlerContext) {
        let wish: StreamWish
        do {
            wish = try StreamWish(open.request)
        } catch {
            return send(error.response, open, context)
        }
        isDone = true
        var headers = HTTPHeaders(WebGuard.headers(.data))
        headers.add(name: "Content-Type", value: "text/event-stream; charset=utf-8")
        headers.add(name: "X-Accel-Buffering", value: "no")
        site.watch.requested(status: 200)
        context.write(
            wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .ok, headers: headers))), promise: nil)
        var retry = context.channel.allocator.buffer(capacity: 16)
        retry.writeString("retry: 1000\n\n")
        context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(retry))), promise: nil)
        do {
            try context.pipeline.syncOperations.addHandlers([
                EventStreamFraming(places: wish.from.map { ($0.session, $0.seq - 1) }),
                Subscriber(core: core, wish: wish),
            ])
        } catch {
            context.close(promise: nil)
        }
    }

    private func refuse(_ error: WebError, _ context: ChannelHandlerContext, allow: String? = nil) {
        isDone = true
        var response = error.response
        if let allow { response.headers.append(("Allow", allow)) }
        write(response, keepsAlive: false, isHead: false, context)
    }

    private func send(_ response: WebResponse, _ open: Open, _ context: ChannelHandlerContext) {
        write(response, keepsAlive: open.keepsAlive, isHead: open.request.method == .HEAD, context)
    }

    private func write(_ response: WebResponse, keepsAlive: Bool, isHead: Bool, _ context: ChannelHandlerContext) {
        var headers = HTTPHeaders(WebGuard.headers(response.policy))
        for (name, value) in response.headers { headers.replaceOrAdd(name: name, value: value) }
        headers.add(name: "Content-Type", value: response.type)
        headers.add(name: "Content-Length", value: String(response.body.count))
        if !keepsAlive { headers.add(name: "Connection", value: "close") }
        site.watch.requested(status: Int(response.status.code))
        context.write(
            wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: response.status, headers: headers))),
            promise: nil)
        if !isHead {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: response.body)))), promise: nil)
        }
        let done = context.eventLoop.makePromise(of: Void.self)
        if !keepsAlive { done.futureResult.assumeIsolated().whenComplete { _ in context.close(promise: nil) } }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: done)
    }
}

extension StreamWish {
    /// Reads `session`, `from_seq` and `Last-Event-ID`.
    init(_ request: WebRequest) throws(WebError) {
        let word = request.query["session"] ?? "*"
        guard !word.isEmpty, word.utf8.count <= StreamCommand.maximumSessionBytes else {
            throw WebError(.badRequest, "`session` takes a session's name, `latest` or `*`")
        }
        self.init(scope: StreamScope(word))
        // What a browser says when it comes back counts more than what it asked for at first.
        if let last = request.headers.first(name: "last-event-id") ?? request.query["last_event_id"] {
            guard let places = EventPlaces.read(last) else {
                throw WebError(.badRequest, "`Last-Event-ID` is none of this service's")
            }
            from = places.map { ($0.session, $0.seq + 1) }
        } else if let seq = try request.number("from_seq", in: 0...(1 << 53)) {
            guard case .session(let name) = scope else {
                throw WebError(.badRequest, "`from_seq` goes with the name of one session")
            }
            from = [(name, seq)]
        }
    }
}
