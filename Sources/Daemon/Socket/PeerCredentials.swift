// Who is at the other end of a Unix socket, by the kernel's word.
import Glibc
import NIOCore

/// The kernel's `struct ucred`.
struct PeerCredentials: Sendable {
    /// May have been given to another process since: not to be relied on.
    var processID: Int32 = 0
    var userID: UInt32 = .max
    var groupID: UInt32 = .max

    static func read(of channel: any Channel) -> EventLoopFuture<PeerCredentials>? {
        guard let provider = channel as? any SocketOptionProvider else { return nil }
        // SAFETY: SO_PEERCRED fills a `struct ucred` of three 32-bit integers, whose layout this type has.
        return provider.unsafeGetSocketOption(
            level: .socket, name: NIOBSDSocket.Option(rawValue: SO_PEERCRED))
    }
}
