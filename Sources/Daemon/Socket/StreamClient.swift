// The other end of the stream: what watch, mark and sessions use.
import Glibc

/// Why a client cannot go on.
package struct StreamClientError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: Sendable, Equatable {
        /// No socket, or nobody behind it: the daemon does not run.
        case notRunning
        /// The socket's mode does not let this user in.
        case notPermitted
        /// The connection broke.
        case lost
        /// Nothing came in time.
        case timedOut
        case badPath
        case system(errno: Int32)
    }

    package var code: Code
    package var path: String
    package var message: String

    package var description: String { "\(path): \(message)" }
}

/// A blocking connection to the daemon's stream.
///
/// Used from one thread.
package final class StreamClient {
    package let path: String
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    /// Where the kernel puts what has come; kept, so that reading a line clears no memory.
    private var chunk = [UInt8](repeating: 0, count: 64 * 1024)
    /// Bytes of `buffer` that have been given out.
    private var consumed = 0
    /// Bytes of `buffer` known to hold no line feed.
    private var searched = 0

    /// A server's line is not longer than this.
    ///
    /// **Units** bytes.
    private static let maximumLineBytes = 1 << 20

    /// Connects.
    ///
    /// The first line to come is `hello`.
    package init(path: String) throws(StreamClientError) {
        self.path = path
        let address: UnixAddress
        do {
            address = try UnixAddress(path: path)
        } catch {
            throw StreamClientError(code: .badPath, path: error.path, message: error.message)
        }
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Self.failure(path, "no socket could be made") }
        var result: Int32
        repeat { result = address.call(descriptor, connect) } while result != 0 && errno == EINTR
        guard result == 0 else {
            let code = errno
            // The class is complete, so `deinit` closes the descriptor.
            switch code {
            case ENOENT, ECONNREFUSED:
                throw StreamClientError(
                    code: .notRunning, path: path,
                    message: "nobody serves this socket; is rima serve running? (systemctl status rima)")
            case EACCES, EPERM:
                throw StreamClientError(
                    code: .notPermitted, path: path,
                    message: "this user may not open the socket; an administrator can add it to the group rima")
            default: throw Self.failure(path, "the connection failed", code)
            }
        }
    }

    deinit { close(descriptor) }

    /// Sends one command, without its line feed.
    package func send(_ command: String) throws(StreamClientError) {
        let bytes = [UInt8](command.utf8) + [UInt8(ascii: "\n")]
        var sent = 0
        while sent < bytes.count {
            // SAFETY: the slice lies within `bytes`, which outlives the call.
            let count = unsafe bytes.withUnsafeBytes { raw in
                unsafe Glibc.send(descriptor, raw.baseAddress! + sent, raw.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw Self.failure(path, "the daemon could not be reached")
            }
            sent += count
        }
    }

    /// Asks for a session's rows (`*`: all sessions, `latest`: the newest), from a number on if one is given.
    package func subscribe(to session: String, fromSeq: Int? = nil) throws(StreamClientError) {
        var name: [UInt8] = []
        JSONLine.append(session, to: &name)
        let from = fromSeq.map { ",\"from_seq\":\($0)" } ?? ""
        try send("{\"subscribe\":\(String(decoding: name, as: UTF8.self))\(from)}")
    }

    /// Asks for a stage mark.
    package func mark(_ label: String, session: String? = nil) throws(StreamClientError) {
        var text: [UInt8] = []
        JSONLine.append(label, to: &text)
        if let session {
            text.append(contentsOf: ",\"session\":".utf8)
            JSONLine.append(session, to: &text)
        }
        try send("{\"mark\":\(String(decoding: text, as: UTF8.self))}")
    }

    /// The next line, without its line feed; nil when the daemon has ended the connection.
    ///
    /// - Parameter timeout: milliseconds to wait at most; nil waits for ever.
    package func nextLine(timeout: Int? = nil) throws(StreamClientError) -> String? {
        let deadline = timeout.map { MonotonicClock.milliseconds() + $0 }
        while true {
            if let line = takeLine() { return line }
            guard buffer.count - consumed <= Self.maximumLineBytes else {
                throw StreamClientError(code: .lost, path: path, message: "the other end does not speak in lines")
            }
            guard try fill(deadline: deadline) else { return nil }
        }
    }

    private func takeLine() -> String? {
        let start = max(searched, consumed)
        // SAFETY: the search stays within the buffer's bytes.
        let found = unsafe buffer.withUnsafeBytes { raw -> Int? in
            guard let base = raw.baseAddress, start < raw.count else { return nil }
            return unsafe memchr(base + start, Int32(UInt8(ascii: "\n")), raw.count - start).map {
                unsafe UnsafeRawPointer($0) - base
            }
        }
        guard let end = found else {
            searched = buffer.count
            return nil
        }
        let line = String(decoding: buffer[consumed..<end], as: UTF8.self)
        consumed = end + 1
        searched = consumed
        if consumed == buffer.count {
            buffer.removeAll(keepingCapacity: true)
            consumed = 0
            searched = 0
        }
        return line
    }

    /// Reads what has come.
    ///
    /// Returns false at the end of the stream.
    private func fill(deadline: Int?) throws(StreamClientError) -> Bool {
        if consumed > 0 {
            buffer.removeSubrange(..<consumed)
            searched -= consumed
            consumed = 0
        }
        if let deadline {
            var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            while true {
                let left = max(0, deadline - MonotonicClock.milliseconds())
                let ready = poll(&wait, 1, Int32(min(left, Int(Int32.max))))
                if ready > 0 { break }
                if ready < 0, errno == EINTR { continue }
                guard ready == 0 else { throw Self.failure(path, "waiting for the daemon failed") }
                throw StreamClientError(code: .timedOut, path: path, message: "the daemon does not answer")
            }
        }
        var count: Int
        repeat {
            // SAFETY: the kernel writes within the chunk's bytes.
            count = unsafe chunk.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
        } while count < 0 && errno == EINTR
        let code = errno
        if count > 0 { buffer.append(contentsOf: chunk[..<count]) }
        guard count >= 0 else {
            if code == ECONNRESET { return false }
            throw Self.failure(path, "the connection to the daemon broke", code)
        }
        return count > 0
    }

    private static func failure(_ path: String, _ what: String, _ code: Int32 = errno) -> StreamClientError {
        let kind: StreamClientError.Code = code == EPIPE || code == ECONNRESET ? .lost : .system(errno: code)
        return StreamClientError(code: kind, path: path, message: "\(what): \(String(cString: strerror(code)))")
    }
}
