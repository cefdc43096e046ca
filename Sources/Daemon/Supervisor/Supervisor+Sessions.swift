// The life of a session, from the recording that is found to the end of its last worker.

import Foundation
import Logging

extension Supervisor {
    /// Gives all recordings that are new a session.
    /// - Parameter isLast: whether these end a look at the folders.
    func admit(_ recordings: [FoundRecording], isLast: Bool, _ state: inout State) {
        for recording in recordings {
            do throws(CommandError) { try admit(recording, &state) } catch { state.refusal = error }
        }
        guard isLast else { return }
        // Tried again at the next look, which comes within a second.
        let trouble = state.refusal.map { Trouble(kind: .noSession, detail: $0.cause) }
        overview.note(trouble, of: nil, as: "recordings")
        state.refusal = nil
    }

    private func admit(_ recording: FoundRecording, _ state: inout State) throws(CommandError) {
        let key = KnownRecordings.Key(path: recording.path, identity: recording.identity)
        if let session = state.known.session(of: key), !registry.isThere(session) {
            // Its session was deleted: what lies there now is measured only if it is another recording.
            state.known.remove(key)
        }
        if !state.known.contains(key), ForgottenRecordings(in: registry).contains(recording.path) { return }
        if let bytes = state.known.bytes(of: key, in: registry), bytes != recording.bytes,
            let session = state.known.session(of: key)
        {
            if recording.bytes > bytes {
                logger.notice("the recording has grown: its session goes on", metadata: ["session": "\(session)"])
                let folder = SessionFolder(root: registry.root.appending(path: session))
                registry.reopen(folder)
                state.known.reopen(key)
                state.waiting.append(folder)
                return
            }
            // Shorter than what was measured: somebody writes another recording into the file.
            state.known.remove(key)
        }
        guard state.known.insert(key), !isMoved(recording, key, &state) else { return }
        do throws(CommandError) {
            let folder = try registry.create(for: recording)
            logger.notice("new recording", metadata: ["session": "\(folder.name)"])
            state.waiting.append(folder)
        } catch {
            state.known.remove(key)
            throw error
        }
    }

    /// Whether a recording that has, or had, a session lies here under a new name.
    private func isMoved(_ recording: FoundRecording, _ key: KnownRecordings.Key, _ state: inout State) -> Bool {
        for known in state.known.others(like: key) where RecordingIdentity(path: known.path) != known.identity {
            guard let bytes = state.known.bytes(of: known, in: registry) else { return true }
            if bytes == recording.bytes { return true }
        }
        return false
    }

    /// Writes into the log what has begun to keep sessions from going on, and what is over.
    func tellTroubles(_ state: inout State) {
        let troubles = overview.snapshot.troubles
        for key in state.told.keys where troubles[key] == nil {
            let session = state.told.removeValue(forKey: key)?.session
            logger.notice("goes on again", metadata: session.map { ["session": "\($0)"] } ?? [:])
        }
        for (key, entry) in troubles where entry.trouble.hindersService && state.told[key]?.trouble != entry.trouble {
            state.told[key] = entry
            logger.error("\(entry.trouble.sentence(about: entry.session)); tried again until it works")
        }
    }

    /// Follows up a worker's end.
    func settle(_ session: String, _ ending: WorkerEnding, _ state: inout State) {
        guard let folder = state.running.removeValue(forKey: session) else { return }
        overview.gone(session)
        let place: Logger.Metadata = ["session": "\(session)"]
        switch ending {
        case .complete:
            logger.notice("session complete", metadata: place)
            state.live.ended(session)
            forget(session, &state)
            hub.sessionEnded(session)
            remember(folder, &state)
        case .stopped:
            // Nobody asked for it here: another process still held the session, or the recording is still empty.
            hub.sessionChanged(session, state: "waiting")
            retry(folder, after: Self.restartDelay)
        case .failed(let code) where [.badData, .noInput].contains(CommandError.Code(rawValue: code)):
            logger.error("the recording cannot be read; see failed.json in the session's folder", metadata: place)
            state.live.ended(session)
            forget(session, &state)
            hub.sessionEnded(session, state: "failed")
            remember(folder, &state)
        case .failed(let code) where [.inputOutput, .cannotCreate].contains(CommandError.Code(rawValue: code)):
            // The worker has said what it is before it ended.
            let trouble = overview.trouble(of: session) ?? Trouble(kind: .cannotStore, detail: "")
            overview.note(trouble, of: session, as: session)
            hub.sessionChanged(session, state: trouble.kind.rawValue)
            retry(folder, after: Self.storeDelay)
        case .notStarted(let reason):
            overview.note(Trouble(kind: .cannotStart, detail: reason), of: session, as: session)
            hub.sessionChanged(session, state: Trouble.Kind.cannotStart.rawValue)
            retry(folder, after: Self.restartDelay * 3)
        case .failed, .crashed:
            restart(folder, ending, &state)
        }
    }

    /// Starts a session whose worker fell over again, unless it does so always at the same place.
    private func restart(_ folder: SessionFolder, _ ending: WorkerEnding, _ state: inout State) {
        let session = folder.name
        let place: Logger.Metadata = ["session": "\(session)"]
        let frames = (try? SessionStore(readOnly: folder).resumePoint().nextFrame) ?? 0
        // Only crashes that come no farther than the one before count.
        if frames > state.progress[session, default: 0] { state.restarts[session] = 0 }
        state.progress[session] = frames
        let count = state.restarts[session, default: 0] + 1
        state.restarts[session] = count
        guard count <= state.configuration.sessions.maxRestarts || state.live.source(of: session) != nil else {
            if state.givenUp[session] == nil {
                logger.error(
                    "gave up after \(count - 1) restarts; tried once more every ten minutes, and when the configuration changes",
                    metadata: place)
            }
            state.givenUp[session] = folder
            overview.note(Trouble(kind: .gaveUp, detail: "\(ending)"), of: session, as: session)
            hub.sessionEnded(session, state: "failed")
            return
        }
        logger.warning("worker ended (\(ending)); restart \(count)", metadata: place)
        overview.restarted()
        hub.sessionChanged(session, state: "restarting")
        retry(folder, after: Self.restartDelay * min(count, 10))
    }

    /// Gives a session that was given up another chance.
    func again(_ folder: SessionFolder, _ state: inout State) {
        guard state.givenUp.removeValue(forKey: folder.name) != nil else { return }
        state.restarts[folder.name] = nil
        state.waiting.append(folder)
    }

    /// Sessions that were given up, once more: what was wrong may have been the machine.
    func retryGivenUp(_ state: inout State) {
        for folder in state.givenUp.values {
            let isUnderWay = state.running[folder.name] != nil || state.waiting.contains { $0.name == folder.name }
            if !isUnderWay, registry.isThere(folder.name) { state.waiting.append(folder) }
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

    private func forget(_ session: String, _ state: inout State) {
        state.restarts[session] = nil
        state.progress[session] = nil
        state.givenUp[session] = nil
        overview.note(nil, of: session, as: session)
    }

    private func remember(_ folder: SessionFolder, _ state: inout State) {
        guard let origin = SessionOrigin(of: folder), origin.live == nil else { return }
        state.known.finish(
            KnownRecordings.Key(path: origin.source, identity: origin.identity), session: folder.name)
    }
}
