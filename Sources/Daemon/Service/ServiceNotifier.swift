// Words to systemd: sd_notify's protocol over its datagram socket, without its library.
import Glibc

/// Tells the service manager how the service does.
///
/// Outside systemd every call does nothing.
package final class ServiceNotifier: Sendable {
    private let address: UnixAddress?
    /// Open all the time: a service without descriptors left is alive, and its watchdog must hear it.
    private let descriptor: Int32
    /// How often systemd wants to hear `watchdog`; nil when it does not watch.
    /// - **Units** microseconds.
    package let watchdogInterval: Int?

    /// - Parameter environment: normally the process's: `NOTIFY_SOCKET`, `WATCHDOG_USEC`, `WATCHDOG_PID`.
    package init(environment: [String: String], processID: Int32 = getpid()) {
        if let path = environment["NOTIFY_SOCKET"], path.first == "/" || path.first == "@" {
            address = try? UnixAddress(path: path, allowsAbstract: true)
        } else {
            address = nil
        }
        descriptor =
            address == nil
            ? -1 : socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        let isForUs = environment["WATCHDOG_PID"].map { Int32($0) == processID } ?? true
        let interval = environment["WATCHDOG_USEC"].flatMap(Int.init).flatMap { $0 > 0 ? $0 : nil }
        watchdogInterval = isForUs ? interval : nil
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Whether anybody listens.
    package var isActive: Bool { address != nil }

    /// The service has started, or has finished reloading.
    package func ready(status: String? = nil) { send(["READY=1"] + line(status)) }

    /// One line for `systemctl status`.
    package func status(_ text: String) { send(line(text)) }

    /// The service is alive.
    ///
    /// To be called at half of `watchdogInterval`, and only when the work has gone on.
    package func watchdog() { send(["WATCHDOG=1"]) }

    /// The configuration is being read again.
    ///
    /// `ready` ends it. The clock is what newer systemd wants beside it.
    package func reloading() { send(["RELOADING=1", "MONOTONIC_USEC=\(MonotonicClock.microseconds())"]) }

    /// The service is on its way down.
    package func stopping(status: String? = nil) { send(["STOPPING=1"] + line(status)) }

    /// Starting or stopping takes longer: asks for so much more time from now.
    package func extendTimeout(seconds: Int) { send(["EXTEND_TIMEOUT_USEC=\(seconds * 1_000_000)"]) }

    private func line(_ status: String?) -> [String] {
        status.map { ["STATUS=\(TextSafety.plain($0, limit: 400))"] } ?? []
    }

    /// One datagram.
    ///
    /// A manager that does not take it is not waited for.
    private func send(_ lines: [String]) {
        guard let address, descriptor >= 0 else { return }
        let bytes = [UInt8](lines.joined(separator: "\n").utf8)
        // SAFETY: the bytes and the address outlive the call.
        _ = unsafe bytes.withUnsafeBytes { bytes in
            unsafe address.call(descriptor) { descriptor, address, length in
                unsafe Int32(
                    sendto(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL), address, length))
            }
        }
    }
}
