// Starting and stopping live sources.

import Foundation
import Logging

extension Supervisor {
    /// Does what a client asks of the live sources.
    func source(_ request: SourceRequest) async -> SourceOutcome {
        await withCheckedContinuation { report.yield(.source(request, $0)) }
    }

    /// Begins the sources that begin with the service and have no session from before.
    func startSources(_ state: inout State) {
        for source in state.live.configured where source.autostart && state.live.sessions[source.name] == nil {
            state.wanted.insert(source.name)
        }
        startWanted(&state)
    }

    /// Begins the sources that are wanted and could not be started before.
    func startWanted(_ state: inout State) {
        for name in state.wanted.sorted() {
            guard state.live.isConfigured(name), state.live.sessions[name] == nil else {
                state.wanted.remove(name)
                continue
            }
            guard case .refused(let reason) = start(name, &state) else { continue }
            overview.note(
                Trouble(kind: .noSession, detail: CommandError(.cannotCreate, reason).cause), of: nil, as: "sources")
        }
        if state.wanted.isEmpty { overview.note(nil, of: nil, as: "sources") }
    }

    func answer(_ request: SourceRequest, _ state: inout State) -> SourceOutcome {
        switch request {
        case .start(let name): start(name, &state)
        case .stop(let name): finish(name, &state)
        case .list: .listed(state.live.list())
        }
    }

    /// Follows a changed configuration: what is new begins, what is gone is brought to its end, what is different is
    /// connected to anew within its session.
    func applySources(_ sources: [Configuration.LiveSource], _ state: inout State) {
        let changes = state.live.replace(by: sources)
        for name in changes.stop { _ = finish(name, &state) }
        state.wanted.formUnion(changes.start)
        startWanted(&state)
        for name in changes.restart {
            guard let session = state.live.sessions[name]?.name else { continue }
            logger.notice("the source has other settings: connecting anew", metadata: ["session": "\(session)"])
            commands.terminate(session)
        }
    }

    private func start(_ name: String, _ state: inout State) -> SourceOutcome {
        guard state.live.isConfigured(name) else { return .refused(unknown(state)) }
        if state.live.ending.contains(name) {
            return .refused("the source's last session is being completed; try again in a moment")
        }
        if let folder = state.live.sessions[name] { return .started(session: folder.name) }
        do {
            let folder = try registry.create(live: name)
            state.live.began(folder, of: name)
            state.waiting.append(folder)
            logger.notice("live source started", metadata: ["session": "\(folder.name)", "source": "\(name)"])
            state.wanted.remove(name)
            return .started(session: folder.name)
        } catch {
            if !state.wanted.contains(name) { logger.error("\(error.description)") }
            return .refused("no session could be made: \(error.cause)")
        }
    }

    private func finish(_ name: String, _ state: inout State) -> SourceOutcome {
        guard let folder = state.live.sessions[name] else {
            return .refused(state.live.isConfigured(name) ? "the source is not running" : unknown(state))
        }
        markFinished(folder)
        state.live.isEnding(name)
        logger.notice("live source stopped", metadata: ["session": "\(folder.name)", "source": "\(name)"])
        Task { [commands] in _ = await commands.send(#"{"finish":"true"}"#, to: folder.name) }
        return .stopped(session: folder.name)
    }

    /// Says on disk that a live session's test is over, so that it is over after a crash as well.
    func markFinished(_ folder: SessionFolder) {
        if !FileManager.default.createFile(atPath: folder.finishMark.path, contents: nil) {
            logger.error("cannot write into the session's folder", metadata: ["session": "\(folder.name)"])
        }
    }

    private func unknown(_ state: State) -> String {
        let names = state.live.configured.map(\.name)
        return names.isEmpty
            ? "no live source is configured; see `sources` in rima.yaml"
            : "no source has this name; there are \(names.joined(separator: ", "))"
    }
}
