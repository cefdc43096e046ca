// `rima serve`: finds recordings, runs a worker for each, owns the socket. Measures nothing itself.

import Foundation
import Logging
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// What the supervisor's loop reacts to.
enum Occurrence: Sendable {
    case found([FoundRecording], isLast: Bool)
    case ended(session: String, WorkerEnding)
    case retry(SessionFolder)
    case source(SourceRequest, CheckedContinuation<SourceOutcome, Never>)
    /// Time to look after the workers and to tell systemd that all is well.
    case tick
    /// Time to look for sessions that have been kept long enough.
    case housekeeping
    case reload
    /// A configuration file looks different.
    case configurationChanged
    case stop
}

/// Runs sessions until it is stopped.
final class Supervisor: Sendable {
    let configurationPath: String?
    let accepted: AcceptedConfiguration
    let hub: EventHub
    let overview: ServiceWatch
    let commands = WorkerCommands()
    let notifier: ServiceNotifier
    let logger: Logger
    let registry: SessionRegistry
    private let occurrences: AsyncStream<Occurrence>
    let report: AsyncStream<Occurrence>.Continuation

    /// A worker that crashes is started again after this long, and longer each time.
    static let restartDelay = Duration.seconds(1)
    /// A disk that did not take rows is tried again after this long.
    static let storeDelay = Duration.seconds(5)
    /// A worker tells that it lives once a second; one that has been silent for this long hangs.
    private static let silenceLimit = Duration.seconds(15)
    private static let tickInterval = Duration.seconds(2)
    private static let lookInterval = Duration.seconds(1)
    private static let housekeepingInterval = Duration.seconds(600)
    private let isStopping = Atomic<Bool>(false)

    init(
        configuration: Configuration, configurationPath: String?, accepted: AcceptedConfiguration, hub: EventHub,
        overview: ServiceWatch,
        notifier: ServiceNotifier, logger: Logger
    ) {
        self.configurationPath = configurationPath
        self.accepted = accepted
        self.hub = hub
        self.overview = overview
        self.notifier = notifier
        self.logger = logger
        registry = SessionRegistry(stateFolder: configuration.stateFolder)
        (occurrences, report) = AsyncStream.makeStream(of: Occurrence.self)
    }

    /// Asks for a clean end: workers finish the row at hand, all rows are kept.
    ///
    /// The end is bounded: once no worker has been left for a second, or after twelve, the process exits, whatever a
    /// library still waits for. Workers notice, and their rows are in their stores.
    func stop() {
        isStopping.store(true, ordering: .relaxed)
        report.yield(.stop)
        startThread("rima-stop") { [commands, logger] in
            let deadline = ContinuousClock.now + .seconds(12)
            var idle = 0
            while ContinuousClock.now < deadline, idle < 10 {
                Thread.sleep(forTimeInterval: 0.1)
                idle = commands.sessions.isEmpty ? idle + 1 : 0
            }
            logger.notice("stopped; all rows are kept")
            exit(0)
        }
    }

    /// Asks for the configuration to be read again.
    func reload() { report.yield(.reload) }

    /// Runs until `stop`.
    func run(_ configuration: Configuration) async throws {
        guard await hasStateFolder() else { return }
        keepHouse(configuration.retention)
        var state = State(
            configuration: configuration, maximum: configuration.sessions.maxParallel,
            live: LiveSources(configuration.sources))
        for folder in registry.all() {
            guard let origin = SessionOrigin(of: folder) else { continue }
            let key = KnownRecordings.Key(path: origin.source, identity: origin.identity)
            switch registry.standing(of: folder) {
            case .unfinished:
                if let source = origin.live {
                    if !state.live.adopt(folder, of: source) { markFinished(folder) }
                } else {
                    _ = state.known.insert(key)
                }
                state.waiting.append(folder)
            case .complete, .failed:
                if origin.live == nil { state.known.finish(key, session: folder.name) }
            }
        }
        if !state.waiting.isEmpty { logger.notice("resuming \(state.waiting.count) unfinished sessions") }
        startSources(&state)
        var watching = try watch(configuration.watch)
        defer { watching.cancel() }
        await withDiscardingTaskGroup { group in
            startWaiting(&state, in: &group)
            beat(state)
            group.addTask { [report] in
                while (try? await Task.sleep(for: Self.tickInterval)) != nil { report.yield(.tick) }
            }
            group.addTask { [report] in
                while (try? await Task.sleep(for: Self.housekeepingInterval)) != nil { report.yield(.housekeeping) }
            }
            group.addTask { [report, configurationPath] in
                var look = ConfigurationLook(path: configurationPath ?? SharedOptions.defaultConfiguration)
                while (try? await Task.sleep(for: Self.lookInterval)) != nil {
                    if look.hasChanged() { report.yield(.configurationChanged) }
                }
            }
            for await occurrence in occurrences {
                switch occurrence {
                case .found(let recordings, let isLast):
                    admit(recordings, isLast: isLast, &state)
                case .ended(let session, let ending):
                    settle(session, ending, &state)
                case .retry(let folder):
                    state.waiting.append(folder)
                case .source(let request, let reply):
                    reply.resume(returning: answer(request, &state))
                case .tick:
                    commands.endSilent(for: Self.silenceLimit) { session in
                        logger.error(
                            "the worker hangs; it is ended and started again", metadata: ["session": "\(session)"])
                    }
                    commands.endOversized(limitMB: state.configuration.sessions.memoryLimitMB) { session in
                        logger.error(
                            "the worker takes too much memory; it is started again", metadata: ["session": "\(session)"]
                        )
                    }
                    notifier.watchdog()
                    beat(state)
                    startWanted(&state)
                    tellTroubles(&state)
                    guard !state.waiting.isEmpty else { continue }
                case .housekeeping:
                    retryGivenUp(&state)
                    group.addTask { [self, retention = state.configuration.retention] in keepHouse(retention) }
                case .reload:
                    reload(&state, &watching)
                case .configurationChanged:
                    // A file that was only touched, and one that was refused already, are not worth a line.
                    guard let files = try? ConfigurationFiles.forCommand(path: configurationPath),
                        !accepted.holds(files), state.refused != files
                    else { continue }
                    reload(&state, &watching)
                case .stop:
                    notifier.stopping()
                    group.cancelAll()
                    return
                }
                startWaiting(&state, in: &group)
                notifier.status("\(state.running.count) sessions running, \(state.waiting.count) waiting")
            }
        }
    }

    /// Hands a mark to the session that it is meant for, or to the only one.
    func mark(_ label: String, session: String?) async -> MarkOutcome {
        let running = commands.sessions
        guard let target = session ?? (running.count == 1 ? running.first : nil) else {
            return .refused(
                running.isEmpty
                    ? "no session is running" : "several sessions run (\(running.joined(separator: ", "))): name one")
        }
        guard await commands.send(#"{"mark":\#(jsonString(label))}"#, to: target) else {
            return .refused("no session of that name is running")
        }
        return .set(session: target)
    }

    /// The frame that a running session measures next, as the page shows it; nil where none runs.
    func picture(of session: String) async -> String? {
        await overview.pictures.next(of: session) { [commands] in
            await commands.send(#"{"picture":"next"}"#, to: session)
        }
    }

    // MARK: The loop's steps

    struct State {
        var configuration: Configuration
        var maximum: Int
        var live: LiveSources
        var known = KnownRecordings()
        var waiting: [SessionFolder] = []
        var running: [String: SessionFolder] = [:]
        var restarts: [String: Int] = [:]
        /// Frames in the store when the worker last crashed.
        var progress: [String: Int] = [:]
        /// Sessions whose workers fell over too often.
        var givenUp: [String: SessionFolder] = [:]
        /// Why a recording of the present look at the folders got no session.
        var refusal: CommandError?
        /// Live sources that could not be started yet.
        var wanted: Set<String> = []
        /// Troubles that the log has told of, as the overview has them.
        var told: [String: (session: String?, trouble: Trouble)] = [:]
        /// The configuration that was last found unsound.
        var refused: ConfigurationFiles?
    }

    private func startWaiting(_ state: inout State, in group: inout DiscardingTaskGroup) {
        var started = 0
        var hasRoom = true
        while hasRoom, let index = nextWaiting(state) {
            hasRoom = DescriptorRoom.suffices(for: started + 1)
            guard hasRoom else { break }
            started += 1
            let folder = state.waiting.remove(at: index)
            state.running[folder.name] = folder
            hub.sessionStarted(folder.name)
            let worker = WorkerProcess(
                folder: folder, configurationPath: accepted.path, commands: commands,
                onLine: { [overview] sequence, line in
                    overview.event(session: folder.name, sequence: sequence, line: line)
                },
                onWord: { [overview] key, text in overview.word(session: folder.name, key: key, text: text) })
            group.addTask { [report, logger] in
                do {
                    report.yield(.ended(session: folder.name, try await worker.run()))
                } catch {
                    logger.debug("cannot run a worker: \(describe(error))", metadata: ["session": "\(folder.name)"])
                    let reason = CommandError(.unavailable, describe(error)).cause
                    report.yield(.ended(session: folder.name, .notStarted(reason)))
                }
            }
        }
        let lacking = Trouble(kind: .cannotStart, detail: String(cString: strerror(EMFILE)))
        overview.note(hasRoom ? nil : lacking, of: nil, as: "processes")
    }

    /// Where the next session to run waits.
    ///
    /// Live sources do not wait for recordings: what they miss is lost.
    private func nextWaiting(_ state: borrowing State) -> Int? {
        let live = Set(state.live.sessionNames.values)
        if !live.isEmpty, let index = state.waiting.firstIndex(where: { live.contains($0.name) }) { return index }
        let recordings = state.running.keys.count { !live.contains($0) }
        return recordings < state.maximum && !state.waiting.isEmpty ? 0 : nil
    }

    /// Waits for the state folder, which may lie on a disk that is not there yet.
    /// - Returns: false when a stop was asked for meanwhile.
    private func hasStateFolder() async -> Bool {
        var isTold = false
        while !isStopping.load(ordering: .relaxed) {
            do {
                try FileManager.default.createDirectory(at: registry.root, withIntermediateDirectories: true)
                overview.note(nil, of: nil, as: "folder")
                return true
            } catch {
                let trouble = Trouble(kind: .noSession, detail: describe(error))
                overview.note(trouble, of: nil, as: "folder")
                if !isTold {
                    logger.error("the state folder cannot be made: \(trouble.detail); tried again until it can")
                }
                isTold = true
            }
            notifier.watchdog()
            notifier.status("waiting for the state folder")
            overview.beat(running: 0, waiting: 0, sources: [:])
            try? await Task.sleep(for: Self.tickInterval)
        }
        return false
    }

    /// Says that the supervisor stirs, and what runs.
    private func beat(_ state: borrowing State) {
        overview.beat(
            running: state.running.count, waiting: state.waiting.count, sources: state.live.sessionNames)
    }
}
