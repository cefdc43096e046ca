// Addresses of live sources: which are let through to libav, and what of them may be shown.

/// The address of a live source, checked against the schemes and devices that are let through.
///
/// Its description leaves out everything that can be a secret: user, password, path and query.
package struct LiveAddress: Sendable, Equatable, CustomStringConvertible {
    package enum Kind: String, Sendable, CaseIterable {
        case rtsp, rtmp, srt, udp, http, hls
        /// A capture device of the kernel, /dev/video0 or /dev/v4l/by-id/….
        case v4l2
        /// A named pipe, or a file that is played as if it were live.
        case file
    }

    package let kind: Kind
    /// With everything that is needed to connect.
    ///
    /// Never to be written anywhere.
    let text: String
    /// Where a knock can tell whether anybody is there; nil for sources without a connection.
    let host: String?
    let port: UInt16?
    /// Whether the connection is encrypted.
    let isEncrypted: Bool

    package let description: String

    /// Why a text is no address of a live source, without repeating it: it may hold a password.
    package struct Refusal: Error, Sendable, Equatable, CustomStringConvertible {
        package let description: String
    }

    /// Longest address, bytes of UTF-8.
    package static let maximumBytes = 2048

    /// What may stand before `://`, with the port that is taken where none is named.
    private static let schemes: [(name: String, kind: Kind, port: UInt16?, isEncrypted: Bool)] = [
        ("rtsp", .rtsp, 554, false), ("rtsps", .rtsp, 322, true), ("rtmp", .rtmp, 1935, false),
        ("rtmps", .rtmp, 443, true), ("srt", .srt, nil, false), ("udp", .udp, nil, false), ("http", .http, 80, false),
        ("https", .http, 443, true),
    ]

    /// For people.
    package static let expectation =
        "an address that begins with \(schemes.map { $0.name + "://" }.joined(separator: ", ")), or the absolute path of "
        + "a capture device (/dev/video0), a named pipe or a recording"

    package init(_ text: String) throws(Refusal) {
        let bytes = Array(text.utf8)
        guard !bytes.isEmpty, bytes.count <= Self.maximumBytes, bytes.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            throw Refusal(
                description: "an address has 1 to \(Self.maximumBytes) bytes without spaces or control characters")
        }
        self.text = text
        if bytes[0] == UInt8(ascii: "/") {
            let isDevice = text.hasPrefix("/dev/video") || text.hasPrefix("/dev/v4l/")
            guard isDevice || !text.hasPrefix("/dev/"), !text.hasPrefix("/proc/"), !text.hasPrefix("/sys/") else {
                throw Refusal(description: "of the devices only /dev/video… and /dev/v4l/… can be live sources")
            }
            kind = isDevice ? .v4l2 : .file
            (host, port, isEncrypted) = (nil, nil, false)
            description = text
            return
        }
        guard let colon = text.firstRange(of: "://") else {
            throw Refusal(description: "this is not \(Self.expectation)")
        }
        let name = text[..<colon.lowerBound].lowercased()
        guard let scheme = Self.schemes.first(where: { $0.name == name }) else {
            throw Refusal(description: "this scheme is not let through; a live source is \(Self.expectation)")
        }
        let rest = text[colon.upperBound...]
        let authority = rest.prefix { !"/?#".contains($0) }
        let place = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
        guard let (host, port) = Self.split(place), !host.isEmpty || scheme.kind == .udp || scheme.kind == .srt else {
            throw Refusal(description: "an address of this kind is \(name)://HOST:PORT/…")
        }
        guard port != nil || scheme.port != nil else { throw Refusal(description: "\(name):// needs a port") }
        let path = rest.dropFirst(authority.count).prefix { !"?#".contains($0) }.lowercased()
        let isPlaylist = path.hasSuffix(".m3u8") || path.hasSuffix(".m3u")
        kind = scheme.kind == .http && isPlaylist ? .hls : scheme.kind
        isEncrypted = scheme.isEncrypted
        let isConnected = scheme.port != nil
        self.host = isConnected ? host : nil
        self.port = isConnected ? port ?? scheme.port : nil
        let shownHost = host.contains(":") ? "[\(host)]" : host
        description = "\(name)://\(shownHost)\(port.map { ":\($0)" } ?? "")/…"
    }

    /// Host and port; nil when the port is no port.
    private static func split(_ place: Substring) -> (host: String, port: UInt16?)? {
        var host = place
        var port: Substring?
        if place.first == "[" {
            guard let end = place.firstIndex(of: "]") else { return nil }
            host = place[place.index(after: place.startIndex)..<end]
            let tail = place[place.index(after: end)...]
            guard tail.isEmpty || tail.first == ":" else { return nil }
            port = tail.isEmpty ? nil : tail.dropFirst()
        } else if let colon = place.lastIndex(of: ":") {
            host = place[..<colon]
            port = place[place.index(after: colon)...]
        }
        guard
            host.utf8.allSatisfy({
                ($0 >= 0x30 && $0 <= 0x39) || ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A) || ".-_:%".utf8.contains($0)
            })
        else { return nil }
        guard let port, !port.isEmpty else { return port == nil ? (String(host), nil) : nil }
        guard let number = UInt16(port), number > 0 else { return nil }
        return (String(host), number)
    }
}

/// How a live source is read.
package struct LiveSettings: Sendable, Equatable {
    package enum Transport: String, Sendable, CaseIterable { case tcp, udp }

    package var address: LiveAddress
    /// RTSP's way of carrying pictures.
    package var transport = Transport.tcp
    /// A file is played at its own pace.
    ///
    /// Regular files are refused without it.
    package var isRealTime = false
    /// A file begins again at its end.
    package var loops = false
    /// Nothing for this long is a lost source: it is connected to again.
    package var stallNanoseconds: Int64 = 10_000_000_000
    /// What a capture device is asked for: `mjpeg`, `h264`, `yuyv422`, …; nil takes its own choice.
    package var deviceFormat: String?
    /// As 1920x1080.
    package var deviceSize: String?
    package var deviceRate: Int?

    package init(address: LiveAddress) { self.address = address }
}
