// What a worker may take of the machine, set by itself before it opens anything from outside.

import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// Limits of the kernel on one worker process.
///
/// The supervisor looks at the resident memory every two seconds; the kernel's limit stops what grows faster than that.
enum WorkerLimits {
    /// Descriptors: the recording, the store, libraries; a session needs about 30.
    private static let descriptors: UInt64 = 256
    /// Beside the session's own memory: stacks and what is reserved and never touched.
    private static let reservedMB: UInt64 = 1024
    /// A recording that takes longer has a decoder that turns in circles.
    private static let recordingHours: UInt64 = 24

    static func take(_ configuration: Configuration, isLive: Bool) {
        set(RLIMIT_NOFILE, descriptors)
        // Memory of the process's own; the libraries' code is not counted.
        set(RLIMIT_DATA, (UInt64(configuration.sessions.memoryLimitMB) + reservedMB) << 20)
        set(RLIMIT_CORE, 0)
        if !isLive {
            set(RLIMIT_CPU, recordingHours * 3600)
            // A live source's pictures do not wait; a recording's do.
            setpriority(Int32(PRIO_PROCESS.rawValue), 0, 5)
        }
    }

    private static func set(_ resource: __rlimit_resource, _ value: UInt64) {
        var limit = rlimit()
        let which = Int32(resource.rawValue)
        guard getrlimit(which, &limit) == 0 else { return }
        limit.rlim_cur = min(limit.rlim_max, rlim_t(value))
        limit.rlim_max = limit.rlim_cur
        setrlimit(which, &limit)
    }
}
