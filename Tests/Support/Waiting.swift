// Every wait in a test ends. What does not come about within a generous limit fails the test that waits for it, by name,
// instead of stopping the run.
package import Dispatch
import Foundation

/// What a test waited for did not come about.
package struct WaitedInVain: Error, Sendable, CustomStringConvertible {
    package var what: String
    package var seconds: Double
    /// What is known of why.
    package var detail: String

    package init(for what: String, seconds: Double, detail: String = "") {
        (self.what, self.seconds, self.detail) = (what, seconds, detail)
    }

    package var description: String {
        "waited \(Int(seconds.rounded(.up))) s in vain for \(what)" + (detail.isEmpty ? "" : ": \(detail)")
    }
}

/// How long tests wait for what takes a moment on a quiet machine: long enough for the busiest.
///
/// **Units** seconds.
package let patience = 90.0

/// Waits for a condition that another thread or process brings about.
/// - Returns: whether it came about in time.
package func eventually(within seconds: Double = 30, _ condition: () throws -> Bool) rethrows -> Bool {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < deadline {
        if try condition() { return true }
        usleep(5_000)
    }
    return try condition()
}

/// Waits for a condition without which the test cannot go on.
package func waitUntil(_ what: String, upTo seconds: Double = patience, _ condition: () throws -> Bool) throws {
    guard try eventually(within: seconds, condition) else { throw WaitedInVain(for: what, seconds: seconds) }
}

extension DispatchSemaphore {
    /// Waits for a signal, but not for ever.
    package func wait(for what: String, upTo seconds: Double = patience) throws {
        guard wait(timeout: .now() + seconds) == .success else { throw WaitedInVain(for: what, seconds: seconds) }
    }
}

/// Does something when a test has taken too long: what it does ends a wait that the test cannot limit itself.
///
/// It is off when nobody holds it any more.
package final class Alarm: Sendable {
    // SAFETY: used when the alarm is made and when it goes; neither overlaps with anything.
    private nonisolated(unsafe) let timer: any DispatchSourceTimer

    package init(after seconds: Double = patience, _ action: @escaping @Sendable () -> Void) {
        timer = DispatchSource.makeTimerSource(queue: .global())
        timer.schedule(deadline: .now() + seconds)
        timer.setEventHandler(handler: action)
        timer.activate()
    }

    deinit { timer.cancel() }
}
