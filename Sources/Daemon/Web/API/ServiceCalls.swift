// How the service does: health, readiness, counters.
import Foundation
import Glibc
import NIOHTTP1

extension WebContext {
    /// What the page must know to show itself.
    func service(_ request: WebRequest) throws -> WebResponse {
        var line = JSONLine()
        line.field("program", "rima")
        line.field("version", rimaVersion)
        line.field("notice", researchNotice)
        line.field("allow_marks", settings.allowMarks)
        line.field("allow_trials", settings.allowTrials)
        line.field("trial_limit_mb", settings.trialLimitMB)
        let bands = configuration.narrowingBands.map { "\($0)" }
        line.field("narrowing_bands", json: "[" + bands.joined(separator: ",") + "]")
        line.field("stages", json: "[" + Self.usualStages.map { jsonString($0) }.joined(separator: ",") + "]")
        return WebResponse(json: line.text())
    }

    /// Stages of a usual test, in their order.
    static let usualStages = ["Rest", "Warm-up", "Moderate", "Maximal", "Recovery"]

    /// The process answers.
    func health(_ request: WebRequest) throws -> WebResponse { WebResponse(text: "ok\n") }

    /// The supervisor works, its workers live, and there is room for rows.
    func ready(_ request: WebRequest) throws -> WebResponse {
        let counts = overview.snapshot
        let now = overview.milliseconds
        var faults: [String] = []
        if now - counts.lastBeat > Self.beatLimit { faults.append("the supervisor has not stirred for a while") }
        for (session, time) in counts.lastAlive.sorted(by: { $0.key < $1.key }) where now - time > Self.silenceLimit {
            faults.append("the worker of \(session) has been silent for \((now - time) / 1000) s")
        }
        if access(configuration.stateFolder, W_OK) != 0 { faults.append("the state folder cannot be written to") }
        if let free = Self.freeBytes(configuration.stateFolder), free < Self.leastFree {
            faults.append("the state folder has \(free >> 20) MB left")
        }
        for (session, trouble) in counts.troubles.sorted(by: { $0.key < $1.key }).map(\.value)
        where trouble.hindersService {
            faults.append(trouble.sentence(about: session))
        }
        guard faults.isEmpty else {
            var response = WebResponse(text: faults.joined(separator: "\n") + "\n")
            response.status = .serviceUnavailable
            return response
        }
        return WebResponse(text: "ready\n")
    }

    /// - **Units** milliseconds. The supervisor stirs every two seconds; a worker tells every second that it lives.
    private static let beatLimit = 10_000
    private static let silenceLimit = 15_000

    /// Less room than this is told before it is gone.
    private static let leastFree: UInt64 = 64 << 20

    /// Room for this user on a folder's file system; nil where it is not known.
    private static func freeBytes(_ folder: String) -> UInt64? {
        var status = statvfs()
        guard statvfs(folder, &status) == 0, status.f_blocks > 0 else { return nil }
        return UInt64(status.f_bavail) * UInt64(status.f_frsize)
    }

    /// Prometheus' text format.
    func metrics(_ request: WebRequest) async throws -> WebResponse {
        let counts = overview.snapshot
        let clients = await subscribers()
        let now = overview.milliseconds
        var text = MetricsText()
        text.add("rima_build_info", "gauge", "Version of the program.", [("version=\"\(rimaVersion)\"", "1")])
        text.add(
            "rima_frames_total", "counter", "Frames decoded, by what became of them; decoded = measured + rejected.",
            [("state=\"measured\"", "\(counts.measured)"), ("state=\"rejected\"", "\(counts.rejected)")])
        text.add(
            "rima_frames_rejected_total", "counter", "Rejected frames by reason; a frame may have several.",
            counts.reasons.sorted { $0.key < $1.key }.map { ("reason=\"\($0.key)\"", "\($0.value)") })
        text.add("rima_breaths_total", "counter", "Breaths reported.", [("", "\(counts.breaths)")])
        text.add("rima_marks_total", "counter", "Stage marks set.", [("", "\(counts.marks)")])
        text.add(
            "rima_sessions", "gauge", "Sessions now.",
            [("state=\"running\"", "\(counts.running)"), ("state=\"waiting\"", "\(counts.waiting)")])
        text.add(
            "rima_worker_restarts_total", "counter", "Workers started again after a crash.",
            [("", "\(counts.restarts)")])
        text.add(
            "rima_trouble", "gauge",
            "Sessions that cannot go on now, by reason; one for those that have no folder yet.",
            Trouble.Kind.allCases.map { kind in
                let count = counts.troubles.values.count { $0.trouble.kind == kind }
                return (label("reason", kind.rawValue), "\(count)")
            })
        text.add(
            "rima_state_free_bytes", "gauge", "Room on the state folder's file system.",
            Self.freeBytes(configuration.stateFolder).map { [("", "\($0)")] } ?? [])
        text.addHistogram(
            "rima_inference_seconds", "Time to measure one frame, from gate to opening.", bounds: FrameTiming.bounds,
            counts: counts.timing, sum: Double(counts.timingNanoseconds) / 1e9)
        text.add(
            "rima_queue_depth", "gauge", "Frames that are decoded and wait to be measured, all sessions together.",
            [("", "\(counts.queued.values.reduce(0, +))")])
        sources(counts, now, &text)
        text.add(
            "rima_subscribers", "gauge", "Clients of the event stream, the page's among them.",
            [("", "\(clients.clients)")])
        text.add(
            "rima_subscriber_dropped_total", "counter", "Rows that slow clients of the stream have missed.",
            [("", "\(clients.dropped)")])
        let commits = counts.lastAlive.values.map { now - $0 }.max()
        text.add(
            "rima_csv_commit_age_seconds", "gauge",
            "Longest time since a running session stored rows or said it lives.",
            commits.map { [("", MetricsText.seconds($0))] } ?? [])
        let rows = counts.lastRow.values.map { now - $0 }.max()
        text.add(
            "rima_row_age_seconds", "gauge", "Longest time since a running session had a new row.",
            rows.map { [("", MetricsText.seconds($0))] } ?? [])
        text.add(
            "rima_http_requests_total", "counter", "Answers to HTTP requests, by class.",
            counts.requests.sorted { $0.key < $1.key }.map { ("code=\"\($0.key)xx\"", "\($0.value)") })
        text.add(
            "rima_start_time_seconds", "gauge", "When the service started, Unix time.",
            [("", String(Int(overview.startTime.timeIntervalSince1970)))])
        return WebResponse(text: text.text, type: "text/plain; version=0.0.4; charset=utf-8")
    }
}

extension WebContext {
    /// The live sources that are switched on.
    private func sources(_ counts: ServiceWatch.Counts, _ now: Int, _ text: inout MetricsText) {
        let states = Dictionary(hub.sessions.map { ($0.session, $0.state) }) { $1 }
        let sources = counts.sources.sorted { $0.key < $1.key }
        text.add(
            "rima_source_up", "gauge", "Whether pictures of a live source that is switched on come and are measured.",
            sources.map { source, session in
                (label("source", source), Self.measuringStates.contains(states[session] ?? "") ? "1" : "0")
            })
        text.add(
            "rima_source_reconnects_total", "counter", "How often a live source was lost and came back.",
            counts.reconnects.sorted { $0.key < $1.key }.map { (label("source", $0.key), "\($0.value)") })
        text.add(
            "rima_source_lag_seconds", "gauge", "Time since a live source had its newest row.",
            sources.compactMap { source, session in
                counts.lastRow[session].map { (label("source", source), MetricsText.seconds(now - $0)) }
            })
    }

    private static let measuringStates: Set<String> = ["measuring", "recording_paused"]

    private func label(_ name: String, _ value: String) -> String { "\(name)=\(jsonString(value))" }
}

/// Writes Prometheus' text format.
struct MetricsText {
    private(set) var text = ""

    /// - Parameter values: labels without braces, and the value; a family without values is left out.
    mutating func add(_ name: String, _ type: String, _ help: String, _ values: [(labels: String, value: String)]) {
        guard !values.isEmpty else { return }
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
        for (labels, value) in values {
            text += labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n"
        }
    }

    /// - Parameter counts: one for each bound, and one for what lies above.
    mutating func addHistogram(_ name: String, _ help: String, bounds: [Double], counts: [Int], sum: Double) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) histogram\n"
        var total = 0
        for (bound, count) in zip(bounds, counts) {
            total += count
            text += "\(name)_bucket{le=\"\(bound)\"} \(total)\n"
        }
        total += counts.last ?? 0
        text += "\(name)_bucket{le=\"+Inf\"} \(total)\n\(name)_sum \(sum)\n\(name)_count \(total)\n"
    }

    static func seconds(_ milliseconds: Int) -> String { "\(Double(milliseconds) / 1000)" }
}
