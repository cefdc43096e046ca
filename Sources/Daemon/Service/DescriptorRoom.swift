// Whether there are descriptors for another process.

#if canImport(Glibc)
    import Glibc
#endif

/// Starting a process takes some descriptors for a moment, and the library that does it ends this program when they run
/// out in between: it is asked first.
enum DescriptorRoom {
    /// More than pipes, standard error's copy and the process's own descriptor take together.
    private static let perProcess = 16
    /// For what else may begin in the same moment: connections, pictures, reading a store.
    private static let spare = 32

    /// Whether so many processes can be started now.
    static func suffices(for processes: Int = 1) -> Bool {
        var probes: [Int32] = []
        defer { for probe in probes { close(probe) } }
        for _ in 0..<(processes * perProcess + spare) {
            let probe = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0)
            guard probe >= 0 else { return false }
            probes.append(probe)
        }
        return true
    }

    /// Refuses where there is no room for another process.
    static func require() throws(CommandError) {
        guard suffices() else {
            throw CommandError(
                .unavailable, "no process can be started: \(String(cString: strerror(EMFILE)))",
                remedy: "raise LimitNOFILE, or close what holds so many files open")
        }
    }
}
