// Limits, users, devices and programs of the machine.

import Foundation

#if canImport(Glibc)
    import Glibc
#endif

enum MachineChecks {
    /// inotify and descriptors.
    static func limits(_ configuration: Configuration) -> [Finding] {
        var findings: [Finding] = []
        let instances = number("/proc/sys/fs/inotify/max_user_instances")
        let watches = number("/proc/sys/fs/inotify/max_user_watches")
        // One for the watched folders and one for each recording that is followed.
        let needed = configuration.sessions.maxParallel + 2
        let probe = inotify_init1(Int32(IN_CLOEXEC))
        if probe < 0 {
            findings.append(
                Finding(
                    .warning, "inotify", "no more notices can be asked for: \(String(cString: strerror(errno)))",
                    remedy: "sysctl fs.inotify.max_user_instances=512; without, files are looked at every 50 ms"))
        } else {
            close(probe)
            let isTight = instances.map { $0 < needed } ?? false
            findings.append(
                Finding(
                    isTight ? .warning : .fine, "inotify",
                    "\(instances.map(String.init) ?? "?") instances and \(watches.map(String.init) ?? "?") watches a user, "
                        + "\(needed) instances are needed",
                    remedy: isTight ? "sysctl fs.inotify.max_user_instances=512" : nil))
        }
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            let needed = 64 + configuration.socket.maxClients + configuration.sessions.maxParallel * 8
            let isTight = limit.rlim_cur < UInt64(needed)
            findings.append(
                Finding(
                    isTight ? .warning : .fine, "descriptors",
                    "\(limit.rlim_cur) files may be open at once, "
                        + "\(needed) are needed at most",
                    remedy: isTight ? "raise it: ulimit -n \(needed), or LimitNOFILE= in a drop-in" : nil))
        }
        let pages = Int64(sysconf(Int32(_SC_PHYS_PAGES))), size = Int64(sysconf(Int32(_SC_PAGESIZE)))
        let wanted = Int64(configuration.sessions.maxParallel * configuration.sessions.memoryLimitMB) << 20
        let memory = pages * size
        findings.append(
            Finding(
                wanted > memory ? .warning : .fine, "memory",
                "\(PlaceChecks.text(memory)); \(configuration.sessions.maxParallel) sessions may take "
                    + "\(PlaceChecks.text(wanted))",
                remedy: wanted > memory ? "lower sessions.max_parallel or sessions.memory_limit_mb" : nil))
        return findings
    }

    /// Capture devices, and whether the service's user may open them.
    static func devices(_ user: MachineUser?) -> [Finding] {
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: "/dev")) ?? []).filter {
            $0.hasPrefix("video") && $0.dropFirst(5).allSatisfy(\.isNumber) && $0.count > 5
        }.sorted()
        guard !names.isEmpty else {
            return [Finding(.note, "capture devices", "there is no /dev/video*: only recordings and network sources")]
        }
        let closed = names.filter { name in
            !(user?.may(.write, "/dev/" + name) ?? (access("/dev/" + name, R_OK | W_OK) == 0))
        }
        guard closed.isEmpty else {
            let who = user?.name ?? "rima"
            return [
                Finding(
                    .warning, "capture devices",
                    "user \(who) may not open \(closed.map { "/dev/" + $0 }.joined(separator: ", "))",
                    remedy:
                        "install the drop-in v4l2.conf, which adds the group video; by hand: usermod -aG video \(who)")
            ]
        }
        return [
            Finding(.fine, "capture devices", names.map { "/dev/" + $0 }.joined(separator: ", ") + " can be opened")
        ]
    }

    /// Programs and fonts that a report as PDF needs.
    static func printing() -> [Finding] {
        let printers = ["chromium", "chromium-browser", "google-chrome", "weasyprint"].filter { Tool.find($0) != nil }
        var findings = [
            printers.isEmpty
                ? Finding(
                    .note, "PDF",
                    "neither chromium nor weasyprint is installed: reports are HTML, which every browser prints",
                    remedy: "apt-get install chromium, or weasyprint")
                : Finding(.fine, "PDF", "\(printers.joined(separator: ", ")) can make PDF files of reports")
        ]
        let places = ["/usr/share/fonts", "/usr/local/share/fonts"]
        let hasFonts = places.contains { place in
            guard let walk = FileManager.default.enumerator(atPath: place) else { return false }
            return walk.contains { name in
                [".ttf", ".otf", ".ttc", ".pfb"].contains { "\(name)".hasSuffix($0) }
            }
        }
        if !printers.isEmpty, !hasFonts {
            findings.append(
                Finding(
                    .warning, "fonts", "no font is installed: PDF reports would show boxes for letters",
                    remedy: "apt-get install fonts-dejavu-core"))
        }
        return findings
    }

    /// systemd, its unit and the service's user.
    static func service(_ user: MachineUser?) async -> [Finding] {
        guard FileManager.default.fileExists(atPath: "/run/systemd/system") else {
            return [
                Finding(
                    .note, "service", "systemd does not run here: nothing starts `rima serve` or restarts it",
                    remedy: "have your supervisor run `rima serve`, and send SIGTERM to stop it")
            ]
        }
        let places = ["/etc/systemd/system/rima.service", "/lib/systemd/system/rima.service"]
        guard places.contains(where: FileManager.default.fileExists) else {
            return [
                Finding(
                    .note, "service", "the unit rima.service is not installed",
                    remedy: "install the Debian package, or copy config/rima.service to /etc/systemd/system")
            ]
        }
        var findings: [Finding] = []
        if user == nil {
            findings.append(
                Finding(
                    .problem, "service", "the user rima is not there",
                    remedy: "systemd-sysusers /usr/lib/sysusers.d/rima.conf"))
        }
        let state = await Tool.run("systemctl", ["is-active", "rima.service"]).text
        let start = await Tool.run("systemctl", ["is-enabled", "rima.service"]).text
        switch state {
        case "active": findings.append(Finding(.fine, "service", "rima.service runs and is \(start)"))
        case "failed":
            findings.append(
                Finding(
                    .problem, "service", "rima.service has failed and is \(start)",
                    remedy: "journalctl -u rima -e; then systemctl reset-failed rima; systemctl start rima"))
        default:
            findings.append(
                Finding(
                    .warning, "service", "rima.service is \(state.isEmpty ? "unknown" : state) and \(start)",
                    remedy: "systemctl enable --now rima"))
        }
        return findings
    }

    private static func number(_ path: String) -> Int? {
        (try? String(contentsOfFile: path, encoding: .utf8)).flatMap {
            Int($0.trimmingCharacters(in: .whitespacesAndNewlines))
        }
    }
}
