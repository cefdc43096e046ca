// The stream's lines as server-sent events, for browsers.
import NIOCore
import NIOHTTP1

/// Puts the lines that a `Subscriber` writes into the body of an HTTP response, one event each.
///
/// A numbered event carries an `id` that names the newest number of every session so far (`a:12;b:40`), so that a
/// browser that has lost the connection says by itself, in `Last-Event-ID`, where it was.
final class EventStreamFraming: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = HTTPServerResponsePart

    private var places: [(session: String, seq: Int)]
    private var hasEnded = false

    /// - Parameter places: what the client has already.
    init(places: [(session: String, seq: Int)]) {
        self.places = places
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let lines = unwrapOutboundIn(data)
        var framed = context.channel.allocator.buffer(capacity: lines.readableBytes * 5 / 4 + 64)
        for line in lines.readableBytesView.split(separator: UInt8(ascii: "\n")) {
            if let place = Self.place(of: line) {
                note(place)
                framed.writeString("id: \(EventPlaces.text(places))\n")
            }
            framed.writeString("data: ")
            framed.writeBytes(line)
            framed.writeString("\n\n")
        }
        context.write(wrapOutboundOut(.body(.byteBuffer(framed))), promise: promise)
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        if !hasEnded, mode == .all {
            hasEnded = true
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
        context.close(mode: mode, promise: promise)
    }

    private func note(_ place: (session: String, seq: Int)) {
        if let index = places.firstIndex(where: { $0.session == place.session }) {
            places[index].seq = max(places[index].seq, place.seq)
        } else {
            places.append(place)
            // A browser sends it back in one header line: only the sessions heard of last are worth it.
            if places.count > EventPlaces.limit { places.removeFirst() }
        }
    }

    /// Session and number of a line, read off its first fields; nil for lines without a number.
    ///
    /// Every line of a session begins `{"type":"…","session":"…"`, and a numbered one goes on `,"seq":N`.
    static func place(of line: some BidirectionalCollection<UInt8>) -> (session: String, seq: Int)? {
        var rest = line[...]
        guard skip(#"{"type":""#, &rest), let end = rest.firstIndex(of: UInt8(ascii: "\"")) else { return nil }
        rest = rest[end...]
        guard skip(#"","session":""#, &rest), let close = rest.firstIndex(of: UInt8(ascii: "\"")) else { return nil }
        let session = String(decoding: rest[..<close], as: UTF8.self)
        rest = rest[close...]
        guard !session.contains("\\"), skip(#"","seq":"#, &rest) else { return nil }
        let digits = rest.prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
        return Int(String(decoding: digits, as: UTF8.self)).map { (session, $0) }
    }

    private static func skip<Rest: BidirectionalCollection<UInt8>>(_ text: StaticString, _ rest: inout Rest) -> Bool
    where Rest.SubSequence == Rest {
        var bytes = rest
        for byte in String(describing: text).utf8 {
            guard bytes.first == byte else { return false }
            bytes.removeFirst()
        }
        rest = bytes
        return true
    }
}

/// What stands in `id:` and comes back in `Last-Event-ID`.
enum EventPlaces {
    static let limit = 32

    static func text(_ places: [(session: String, seq: Int)]) -> String {
        places.map { "\($0.session):\($0.seq)" }.joined(separator: ";")
    }

    /// - Returns: nil for what no server of ours has written.
    static func read(_ text: String) -> [(session: String, seq: Int)]? {
        var places: [(session: String, seq: Int)] = []
        for part in text.split(separator: ";") {
            guard places.count < limit, let colon = part.lastIndex(of: ":"), colon > part.startIndex,
                let seq = Int(part[part.index(after: colon)...]), seq >= 0, seq <= 1 << 53
            else { return nil }
            places.append((String(part[..<colon]), seq))
        }
        return places.isEmpty ? nil : places
    }
}
