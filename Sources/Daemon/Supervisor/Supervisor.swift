// `rima serve`: finds recordings, runs a worker for each, owns the socket. Measures nothing itself.

import Foundation
import Logging
import Synchronization

/// What the supervisor's loop reacts to.
enum Occurrence: Sendable {
    case found([FoundRecording])
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
    private let configurationPath: String?
    private let accepted: AcceptedConfiguration
    private let hub: EventHub
    private let overview: ServiceWatch
    let commands = WorkerCommands()
    private let notifier: ServiceNotifier
    let logger: Logger
    let registry: SessionRegistry
    private let occurrences: AsyncStream<Occurrence>
    let report: AsyncStream<Occurrence>.Continuation

    /// A worker that crashes is started again after this long, and longer each time.
    private static let restartDelay = Duration.seconds(1)
    /// A worker tells that it lives once a second; one that has been silent for this long hangs.
    private static let silenceLimit = Duration.seconds(15)
    private static let tickInterval = Duration.seconds(2)
    private static let lookInterval = Duration.seconds(1)
    private static let housekeepingInterval = Duration.seconds(600)

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
        report.yield(.stop)
        let bound = Thread { [commands, logger] in
            let deadline = ContinuousClock.now + .seconds(12)
            var idle = 0
            while ContinuousClock.now < deadline, idle < 10 {
                Thread.sleep(forTimeInterval: 0.1)
                idle = commands.sessions.isEmpty ? idle + 1 : 0
            }
            logger.notice("stopped; all rows are kept")
            exit(0)
        }
        bound.name = "rima-stop"
        bound.start()
    }

    /// Asks for the configuration to be read again.
    func reload() { report.yield(.reload) }

    /// Runs until `stop`.
    func run(_ configuration: Configuration) async throws {
        try FileManager.default.createDirectory(at: registry.root, withIntermediateDirectories: true)
        keepHouse(configuration.retention)
        var state = State(
            configuration: configuration, maximum: configuration.sessions.maxParallel,
            live: LiveSources(configuration.sources))
        for folder in registry.all() {
            guard let origin = SessionOrigin(of: folder) else { continue }
            state.known.insert(KnownRecording(path: origin.source, identity: origin.identity))
            switch registry.standing(of: folder) {
            case .unfinished:
                if let source = origin.live, !state.live.adopt(folder, of: source) { markFinished(folder) }
                state.waiting.append(folder)
            case .complete, .failed:
                state.finished[KnownRecording(path: origin.source, identity: origin.identity)] = folder
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
                case .found(let recordings):
                    for recording in recordings { admit(recording, &state) }
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
                    continue
                case .housekeeping:
                    group.addTask { [self, retention = state.configuration.retention] in keepHouse(retention) }
                    continue
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

    struct KnownRecording: Hashable {
        var path: String
        var identity: RecordingIdentity
    }

    struct State {
        var configuration: Configuration
        var maximum: Int
        var live: LiveSources
        var known: Set<KnownRecording> = []
        var waiting: [SessionFolder] = []
        var running: [String: SessionFolder] = [:]
        var restarts: [String: Int] = [:]
        /// Frames in the store when the worker last crashed.
        var progress: [String: Int] = [:]
        /// Sessions at their end, by their recordings: a recording that grows again is gone on with.
        var finished: [KnownRecording: SessionFolder] = [:]
        /// The configuration that was last found unsound.
        var refused: ConfigurationFiles?
    }

    private func admit(_ recording: FoundRecording, _ state: inout State) {
        let key = KnownRecording(path: recording.path, identity: recording.identity)
        if let folder = state.finished[key], !FileManager.default.fileExists(atPath: folder.root.path) {
            // Its session was deleted: what lies there now is measured only if it is another recording.
            state.finished[key] = nil
            state.known.remove(key)
        }
        if !state.known.contains(key), ForgottenRecordings(in: registry).contains(recording.path) { return }
        if let folder = state.finished[key], let bytes = registry.bytes(of: folder), bytes != recording.bytes {
            state.finished[key] = nil
            if recording.bytes > bytes {
                logger.notice("the recording has grown: its session goes on", metadata: ["session": "\(folder.name)"])
                registry.reopen(folder)
                state.waiting.append(folder)
                return
            }
            // Shorter than what was measured: somebody writes another recording into the file.
            state.known.remove(key)
        }
        guard state.known.insert(key).inserted, !isMoved(recording, state) else { return }
        do {
            let folder = try registry.create(for: recording)
            logger.notice("new recording", metadata: ["session": "\(folder.name)"])
            state.waiting.append(folder)
        } catch {
            logger.error("\(error.description)")
            state.known.remove(KnownRecording(path: recording.path, identity: recording.identity))
        }
    }

    /// Whether a recording that has, or had, a session lies here under a new name.
    private func isMoved(_ recording: FoundRecording, _ state: State) -> Bool {
        state.known.contains { known in
            known.identity == recording.identity && known.path != recording.path
                && RecordingIdentity(path: known.path) != known.identity
                && (state.finished[known].map { registry.bytes(of: $0) == recording.bytes } ?? true)
        }
    }

    private func startWaiting(_ state: inout State, in group: inout DiscardingTaskGroup) {
        while let folder = nextWaiting(&state) {
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
                    logger.error("cannot run a worker: \(describe(error))", metadata: ["session": "\(folder.name)"])
                    report.yield(.ended(session: folder.name, .crashed("not started")))
                }
            }
        }
    }

    /// The next session to run.
    ///
    /// Live sources do not wait for recordings: what they miss is lost.
    private func nextWaiting(_ state: inout State) -> SessionFolder? {
        if let index = state.waiting.firstIndex(where: { SessionOrigin(of: $0)?.live != nil }) {
            return state.waiting.remove(at: index)
        }
        let recordings = state.running.keys.count { state.live.source(of: $0) == nil }
        return recordings < state.maximum && !state.waiting.isEmpty ? state.waiting.removeFirst() : nil
    }

    /// Says that the supervisor stirs, and what runs.
    private func beat(_ state: borrowing State) {
        overview.beat(
            running: state.running.count, waiting: state.waiting.count, sources: state.live.sessionNames)
    }

    private func settle(_ session: String, _ ending: WorkerEnding, _ state: inout State) {
        guard let folder = state.running.removeValue(forKey: session) else { return }
        overview.gone(session)
        let place: Logger.Metadata = ["session": "\(session)"]
        switch ending {
        case .complete:
            logger.notice("session complete", metadata: place)
            state.live.ended(session)
            hub.sessionEnded(session)
            remember(folder, &state)
        case .stopped:
            // Nobody asked for it here: another process still held the session, or the recording is still empty.
            hub.sessionChanged(session, state: "waiting")
            retry(folder, after: Self.restartDelay)
        case .failed(let code) where [.badData, .noInput].contains(CommandError.Code(rawValue: code)):
            logger.error("the recording cannot be read; see failed.json in the session's folder", metadata: place)
            state.live.ended(session)
            hub.sessionEnded(session, state: "failed")
            remember(folder, &state)
        case .failed(let code) where [.inputOutput, .cannotCreate].contains(CommandError.Code(rawValue: code)):
            logger.error("the rows cannot be stored; tried again until they can", metadata: place)
            hub.sessionChanged(session, state: "cannot_store")
            retry(folder, after: Self.restartDelay * 10)
        case .failed, .crashed:
            let frames = (try? SessionStore(readOnly: folder).resumePoint().nextFrame) ?? 0
            // Only crashes that come no farther than the one before count.
            if frames > state.progress[session, default: 0] { state.restarts[session] = 0 }
            state.progress[session] = frames
            let count = state.restarts[session, default: 0] + 1
            state.restarts[session] = count
            guard count <= state.configuration.sessions.maxRestarts || state.live.source(of: session) != nil else {
                logger.error("gave up after \(count - 1) restarts", metadata: place)
                hub.sessionEnded(session, state: "failed")
                return
            }
            logger.warning("worker ended (\(ending)); restart \(count)", metadata: place)
            overview.restarted()
            hub.sessionChanged(session, state: "restarting")
            retry(folder, after: Self.restartDelay * min(count, 10))
        }
    }

    /// Starts a session again after a while.
    ///
    /// Ends by itself; after a stop nobody reads what it reports.
    private func retry(_ folder: SessionFolder, after delay: Duration) {
        Task { [report] in
            try? await Task.sleep(for: delay)
            report.yield(.retry(folder))
        }
    }

    private func remember(_ folder: SessionFolder, _ state: inout State) {
        guard let origin = SessionOrigin(of: folder) else { return }
        state.finished[KnownRecording(path: origin.source, identity: origin.identity)] = folder
    }

    private func reload(_ state: inout State, _ watching: inout Watching) {
        notifier.reloading()
        defer { notifier.ready() }
        var files: ConfigurationFiles?
        do {
            let read = try ConfigurationFiles.forCommand(path: configurationPath)
            files = read
            let configuration = try read.soundConfiguration()
            let next = try watch(configuration.watch)
            do {
                try accepted.accept(read)
            } catch {
                next.cancel()
                throw error
            }
            watching.cancel()
            watching = next
            for name in configuration.settingsForRestart(replacing: state.configuration) {
                logger.warning("a changed setting takes hold only after a restart", metadata: ["setting": "\(name)"])
            }
            (state.configuration, state.refused) = (configuration, nil)
            state.maximum = configuration.sessions.maxParallel
            applySources(configuration.sources, &state)
            logger.notice("configuration read again; it holds for sessions that start from now on")
        } catch {
            state.refused = files
            logger.error("the new configuration is not used: \(describe(error))")
        }
    }

    /// Removes sessions that have been kept long enough.
    private func keepHouse(_ settings: Configuration.Retention) {
        let retention = Retention(registry: registry, settings: settings)
        for removal in retention.sweep() {
            switch removal.outcome {
            case .success:
                logger.notice("session removed by retention", metadata: ["session": "\(removal.session)"])
            case .failure(let error):
                logger.error(
                    "a session could not be removed: \(error.description)", metadata: ["session": "\(removal.session)"])
            }
        }
    }

    // MARK: Watching folders

    /// A thread that looks into folders until it is cancelled.
    private struct Watching {
        let flag: WatchFlag
        func cancel() { flag.cancel() }
    }

    private final class WatchFlag: Sendable {
        private let isCancelled = Atomic<Bool>(false)
        func cancel() { isCancelled.store(true, ordering: .relaxed) }
        var isOn: Bool { !isCancelled.load(ordering: .relaxed) }
    }

    private func watch(_ folders: [Configuration.WatchedFolder]) throws -> Watching {
        let flag = WatchFlag()
        guard !folders.isEmpty else {
            logger.info("no folder is watched; `watch` in the configuration names them")
            return Watching(flag: flag)
        }
        let watcher = try FolderWatcher(folders)
        let thread = Thread { [report] in
            while flag.isOn {
                report.yield(.found(watcher.scan()))
                watcher.wait()
            }
        }
        thread.name = "rima-watch"
        thread.start()
        return Watching(flag: flag)
    }
}
