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

/// Names the calling thread.
///
/// Foundation's own name reaches the system only sometimes: its thread may run before it knows itself.
func nameThread(_ name: String) {
    try? Data(name.utf8).write(to: URL(fileURLWithPath: "/proc/thread-self/comm"))
}
