// How long to wait before a lost source is tried again, and a cheap way to see that it is back.
import Glibc

/// Doubling waits from 1 to 30 s, with a little chance in them so that many sources do not come at once.
///
/// Pure: chance comes from outside.
struct BackOff {
    private var failures = 0

    static let least: Int64 = 1_000_000_000
    static let most: Int64 = 30_000_000_000

    /// The next wait.
    /// - Parameters:
    ///   - waited: the attempt itself has waited long for an answer: a silent peer is tried again soon, because that is
    ///     where it will answer first when it wakes.
    ///   - chance: 0 to less than 1.
    /// - Returns: nanoseconds.
    mutating func next(waited: Bool, chance: Double) -> Int64 {
        let step = waited ? Self.least : min(Self.most, Self.least << Int64(min(failures, 10)))
        failures += 1
        // Never below the least, never above the most.
        let spread = Double(step) * (waited ? 0.2 : 0.4)
        return min(Self.most, step + Int64(spread * chance))
    }

    /// It worked: the next loss begins anew.
    mutating func reset() { failures = 0 }
}

/// Whether anything accepts connections at a place.
///
/// Opens a TCP connection and closes it again; sends nothing.
func isAnswering(host: String, port: UInt16, within milliseconds: Int32) -> Bool {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = AI_NUMERICSERV
    var list: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, String(port), &hints, &list) == 0 else { return false }
    defer { freeaddrinfo(list) }
    var entry = list
    while let place = entry {
        entry = place.pointee.ai_next
        let descriptor = socket(
            place.pointee.ai_family,
            place.pointee.ai_socktype | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue),
            place.pointee.ai_protocol)
        guard descriptor >= 0 else { continue }
        defer { close(descriptor) }
        if connect(descriptor, place.pointee.ai_addr, place.pointee.ai_addrlen) == 0 { return true }
        guard errno == EINPROGRESS else { continue }
        var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard poll(&wait, 1, milliseconds) > 0 else { continue }
        var error: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        if getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length) == 0, error == 0 { return true }
    }
    return false
}
