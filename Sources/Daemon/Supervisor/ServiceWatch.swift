// What the supervisor lets others see: counters, health, and the pictures that workers send.

import Foundation
import Frames
import Synchronization

/// Hears everything that workers say, from any thread.
///
/// Counters count since the service started; a row that a restarted worker repeats counts once.
final class ServiceWatch: Sendable {
    /// Numbers as they stand.
    struct Counts: Sendable {
        var measured = 0
        var rejected = 0
        var reasons: [String: Int] = [:]
        var breaths = 0
        var marks = 0
        var restarts = 0
        var timing = [Int](repeating: 0, count: FrameTiming.bounds.count + 1)
        var timingNanoseconds = 0
        /// HTTP answers by their status' first digit.
        var requests: [Int: Int] = [:]
        /// Monotonic milliseconds at which each running session last committed, or said that it lives.
        var lastAlive: [String: Int] = [:]
        var lastRow: [String: Int] = [:]
        /// Frames of each running session that wait to be measured.
        var queued: [String: Int] = [:]
        /// Sessions that live sources feed now, by source.
        var sources: [String: String] = [:]
        /// How often each live source was lost and came back.
        var reconnects: [String: Int] = [:]
        /// What cannot go on now, by session, or by who found it where there is none yet.
        var troubles: [String: (session: String?, trouble: Trouble)] = [:]
        var running = 0
        var waiting = 0
        var lastBeat = 0
    }

    let pictures = LivePictures()
    private let counts = Mutex(Counts())
    private let hub: EventHub
    private let started = Date()
    private let now: @Sendable () -> Int

    init(hub: EventHub, now: @escaping @Sendable () -> Int = { MonotonicClock.milliseconds() }) {
        self.hub = hub
        self.now = now
    }

    var snapshot: Counts { counts.withLock { $0 } }
    var startTime: Date { started }
    var milliseconds: Int { now() }

    // MARK: What is heard

    /// An event of a worker, on its way to the stream.
    func event(session: String, sequence: Int?, line: String) {
        guard hub.publish(session: session, seq: sequence, line: line) else { return }
        let time = now()
        counts.withLock { counts in
            if line.hasPrefix(#"{"type":"sample""#) {
                counts.lastRow[session] = time
                counts.lastAlive[session] = time
                let reasons = Self.reasons(in: line)
                if reasons.isEmpty { counts.measured += 1 } else { counts.rejected += 1 }
                for reason in reasons { counts.reasons[reason, default: 0] += 1 }
            } else if line.hasPrefix(#"{"type":"breath""#) {
                counts.breaths += 1
            } else if line.hasPrefix(#"{"type":"mark""#) {
                counts.marks += 1
            } else if line.hasPrefix(#"{"type":"gap""#), line.contains(#""cause":"source_lost""#),
                let source = counts.sources.first(where: { $0.value == session })?.key
            {
                counts.reconnects[source, default: 0] += 1
            }
        }
    }

    /// A worker's other words: `picture`, `timing`, `queue`, `trouble`, or nothing but that it lives.
    func word(session: String, key: String, text: String) {
        switch key {
        case "picture": pictures.arrived(text, from: session)
        case "timing":
            let numbers = text.split(separator: " ").compactMap { Int($0) }
            guard numbers.count == FrameTiming.bounds.count + 2 else { return }
            counts.withLock { counts in
                counts.timingNanoseconds += numbers[0]
                for index in counts.timing.indices { counts.timing[index] += numbers[index + 1] }
            }
        case "trouble":
            let parts = text.split(separator: " ", maxSplits: 1)
            let kind = parts.first.flatMap { Trouble.Kind(rawValue: String($0)) }
            let old = trouble(of: session)
            let trouble = kind.map { Trouble(kind: $0, detail: parts.count > 1 ? String(parts[1]) : "") }
            note(trouble, of: session, as: session)
            if let kind {
                hub.sessionChanged(session, state: kind.rawValue)
            } else if old != nil {
                hub.sessionChanged(session, state: "measuring")
            }
        case "queue":
            guard let waiting = Int(text) else { return }
            counts.withLock { $0.queued[session] = waiting }
        default:
            let time = now()
            counts.withLock { $0.lastAlive[session] = time }
        }
    }

    /// The supervisor stirs; `sources` are the sessions that live sources feed, by source.
    func beat(running: Int, waiting: Int, sources: [String: String]) {
        let time = now()
        counts.withLock { counts in
            counts.sources = sources
            for source in sources.keys where counts.reconnects[source] == nil { counts.reconnects[source] = 0 }
            counts.lastBeat = time
            counts.running = running
            counts.waiting = waiting
        }
    }

    /// Takes note of what keeps something from going on, or that nothing does.
    func note(_ trouble: Trouble?, of session: String?, as key: String) {
        counts.withLock { $0.troubles[key] = trouble.map { (session, $0) } }
    }

    /// What keeps a session from going on.
    func trouble(of session: String) -> Trouble? { counts.withLock { $0.troubles[session]?.trouble } }

    func restarted() { counts.withLock { $0.restarts += 1 } }

    /// A session's worker has gone.
    func gone(_ session: String) {
        counts.withLock { counts in
            counts.lastAlive[session] = nil
            counts.lastRow[session] = nil
            counts.queued[session] = nil
        }
        pictures.forget(session)
    }

    func requested(status: Int) { counts.withLock { $0.requests[status / 100, default: 0] += 1 } }

    /// The reasons in a `sample` line; empty for a measured frame.
    static func reasons(in line: String) -> [String] {
        guard let start = line.range(of: #""reasons":["#), let end = line[start.upperBound...].firstIndex(of: "]")
        else { return [] }
        return line[start.upperBound..<end].split(separator: ",").map { String($0.dropFirst().dropLast()) }
    }
}

/// The newest picture of every running session, sent by its worker when somebody asks.
final class LivePictures: Sendable {
    private struct Track {
        var latest: String?
        var arrived = 0
        var waiters: [Int: CheckedContinuation<String?, Never>] = [:]
    }

    private struct State {
        var tracks: [String: Track] = [:]
        var next = 0
    }

    private let state = Mutex(State())
    /// A picture this young is given again, so that ten viewers cost as much as one.
    /// - **Units** milliseconds.
    private static let freshFor = 60
    private static let patience = Duration.milliseconds(1500)

    func arrived(_ json: String, from session: String) {
        let waiters = state.withLock { state in
            let waiters = state.tracks[session]?.waiters ?? [:]
            state.tracks[session] = Track(latest: json, arrived: MonotonicClock.milliseconds())
            return waiters
        }
        for waiter in waiters.values { waiter.resume(returning: json) }
    }

    func forget(_ session: String) {
        let waiters = state.withLock { $0.tracks.removeValue(forKey: session)?.waiters ?? [:] }
        for waiter in waiters.values { waiter.resume(returning: nil) }
    }

    /// The next picture, or the last one when none comes in time.
    ///
    /// - Parameter ask: tells the worker; returns false where there is none.
    func next(of session: String, ask: @escaping @Sendable () async -> Bool) async -> String? {
        let fresh = state.withLock { state -> String? in
            guard let track = state.tracks[session], MonotonicClock.milliseconds() - track.arrived < Self.freshFor
            else { return nil }
            return track.latest
        }
        if let fresh { return fresh }
        let id = state.withLock { state in
            state.next += 1
            return state.next
        }
        return await withCheckedContinuation { waiter in
            state.withLock { $0.tracks[session, default: Track()].waiters[id] = waiter }
            Task { [self] in
                guard await ask() else { return give(up: id, session) }
                try? await Task.sleep(for: Self.patience)
                give(up: id, session)
            }
        }
    }

    private func give(up id: Int, _ session: String) {
        let (waiter, latest) = state.withLock { state in
            (state.tracks[session]?.waiters.removeValue(forKey: id), state.tracks[session]?.latest)
        }
        waiter?.resume(returning: latest)
    }
}
