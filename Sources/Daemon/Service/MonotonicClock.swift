// The machine's monotonic clock.
import Glibc

package enum MonotonicClock {
    /// Time since the machine started.
    /// - **Units** milliseconds.
    package static func milliseconds() -> Int {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return now.tv_sec * 1000 + now.tv_nsec / 1_000_000
    }

    /// The same in microseconds, as systemd wants it.
    package static func microseconds() -> Int {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return now.tv_sec * 1_000_000 + now.tv_nsec / 1000
    }
}
