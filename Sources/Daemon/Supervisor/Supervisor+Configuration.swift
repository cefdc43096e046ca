// Following the configuration as it changes, and keeping house.

import Foundation
import Logging
import Synchronization

extension Supervisor {
    func reload(_ state: inout State, _ watching: inout Watching) {
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
            // Other limits may let them through.
            for folder in state.givenUp.values { again(folder, &state) }
            logger.notice("configuration read again; it holds for sessions that start from now on")
        } catch {
            state.refused = files
            logger.error("the new configuration is not used: \(describe(error))")
        }
    }

    /// Removes sessions that have been kept long enough.
    func keepHouse(_ settings: Configuration.Retention) {
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
    struct Watching {
        fileprivate let flag: WatchFlag
        func cancel() { flag.cancel() }
    }

    fileprivate final class WatchFlag: Sendable {
        private let isCancelled = Atomic<Bool>(false)
        func cancel() { isCancelled.store(true, ordering: .relaxed) }
        var isOn: Bool { !isCancelled.load(ordering: .relaxed) }
    }

    func watch(_ folders: [Configuration.WatchedFolder]) throws -> Watching {
        let flag = WatchFlag()
        guard !folders.isEmpty else {
            logger.info("no folder is watched; `watch` in the configuration names them")
            return Watching(flag: flag)
        }
        let watcher = try FolderWatcher(folders)
        startThread("rima-watch") { [report] in
            while flag.isOn {
                watcher.scan { report.yield(.found($0, isLast: $1)) }
                watcher.wait()
            }
        }
        return Watching(flag: flag)
    }
}
