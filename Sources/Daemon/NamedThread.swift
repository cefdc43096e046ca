// Threads that `top -H`, `perf` and crash reports show by name.

import Foundation

/// Starts a thread.
/// - Parameter name: at most 15 characters.
func startThread(_ name: String, stackSize: Int = 4 << 20, _ body: @escaping @Sendable () -> Void) {
    let thread = Thread {
        nameThread(name)
        body()
    }
    thread.stackSize = stackSize
    thread.start()
}

/// Names the calling thread; a name that Foundation is told before the thread runs does not reach the system.
func nameThread(_ name: String) { Thread.current.name = name }
