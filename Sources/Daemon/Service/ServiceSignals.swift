// The signals by which a service is told what to do.
import Dispatch
import Glibc
import Synchronization

/// What a signal asks for.
package enum ServiceSignal: Sendable, Equatable {
    /// SIGTERM or SIGINT, for the first time: finish the row at hand, keep everything, stop.
    case stop
    /// SIGTERM or SIGINT, again: stop at once.
    case stopNow
    /// SIGHUP: read the configuration again.
    case reload
}

/// Turns signals into calls, on a queue of its own, for as long as it lives.
package final class ServiceSignals: Sendable {
    // SAFETY: set once; `cancel` is thread-safe by Dispatch's own word, and nothing else is called.
    nonisolated(unsafe) private let sources: [any DispatchSourceSignal]

    /// - Parameter numbers: the signals to take over; the rest keep their meaning.
    /// - Parameter handle: called for each, in order. A second SIGTERM or SIGINT is `stopNow`.
    package init(
        _ numbers: [Int32] = [SIGTERM, SIGINT, SIGHUP], handle: @escaping @Sendable (ServiceSignal) -> Void
    ) {
        let queue = DispatchQueue(label: "signals")
        let memory = StopMemory()
        sources = numbers.map { number in
            // A dispatch source sees a signal only when the default action is out of the way.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                handle(number == SIGHUP ? .reload : memory.isFirst() ? .stop : .stopNow)
            }
            // A signal that came before the source is in place would be lost, so its registration is waited for.
            let isRegistered = DispatchSemaphore(value: 0)
            source.setRegistrationHandler { isRegistered.signal() }
            source.resume()
            isRegistered.wait()
            return source
        }
    }

    deinit { cancel() }

    /// The signals as a sequence, which keeps them taken over until it is dropped.
    package static func stream(_ numbers: [Int32] = [SIGTERM, SIGINT, SIGHUP]) -> AsyncStream<ServiceSignal> {
        AsyncStream(bufferingPolicy: .bufferingOldest(16)) { continuation in
            let signals = ServiceSignals(numbers) { continuation.yield($0) }
            continuation.onTermination = { _ in signals.cancel() }
        }
    }

    /// Ends the calls.
    ///
    /// The signals are then ignored.
    package func cancel() {
        for source in sources { source.cancel() }
    }
}

private final class StopMemory: Sendable {
    private let hasStopped = Atomic<Bool>(false)

    /// True the first time.
    func isFirst() -> Bool { !hasStopped.exchange(true, ordering: .relaxed) }
}
