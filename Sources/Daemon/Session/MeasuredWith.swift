// Which networks a session's rows come from. A session that goes on after an upgrade must not claim that one measured all.

import Decode
import Foundation
import Segment

/// The networks that measured a session's rows from one frame on: in the store, and in session.json.
struct MeasuredWith: Codable, Sendable {
    var name: String
    var version: String
    var sha256: String
    /// Of the gate's network; nil without one, and in records of earlier versions.
    var gateSha256: String?
    /// What computed them; nil in records of earlier versions.
    var engine: String?
    /// The first frame they measured; nil: from the first on.
    var fromFrame: Int?

    /// Whether rows of both may stand in one file without a word.
    func isSame(as other: MeasuredWith) -> Bool { sha256 == other.sha256 && gateSha256 == other.gateSha256 }

    /// For people.
    var title: String { "\(name) \(version) (SHA-256 \(sha256.prefix(12))…)" }
}

/// A network and the bytes that it was read from.
struct LoadedNetwork {
    let model: Model
    let fingerprint: Fingerprint

    fileprivate init(path: String, engine: EngineSettings) throws {
        // At once, not when the session ends: whatever lies there by then, this is what measures.
        fingerprint = try Fingerprint(path: path)
        model = try Model(path: path, engine: engine)
    }
}

extension MeasuringSettings {
    /// Loads the opening network.
    func loadOpening() throws(CommandError) -> LoadedNetwork {
        try adopting { try LoadedNetwork(path: openingPath(), engine: engine) }
    }

    /// Loads the gate's network; nil when the settings do without.
    func loadGate() throws(CommandError) -> LoadedNetwork? {
        try adopting {
            try gateNetwork.path().map { path in
                let loaded = try LoadedNetwork(path: path, engine: engine)
                // Whoever checks the settings is told as well, not only who measures.
                _ = try GateNetwork(model: loaded.model)
                return loaded
            }
        }
    }
}

extension SessionStore {
    private static let networksFact = "networks"

    /// What measured the rows so far, the first network first; empty for rows of versions that did not note it.
    func networks() throws -> [MeasuredWith] {
        guard let text = try facts()[Self.networksFact] else { return [] }
        return try JSONDecoder().decode([MeasuredWith].self, from: Data(text.utf8))
    }

    /// Whether `present` is to be noted with the next row: it is new, and the session may go on with it.
    ///
    /// - Throws: what to do, when the rows come from another network and the job does not allow for that.
    func mayGoOn(with present: MeasuredWith, for job: SessionJob) throws -> Bool {
        guard let last = try networks().last else { return true }
        guard !last.isSame(as: present) else { return false }
        guard job.mayChangeNetwork else {
            throw CommandError(
                .usage, "\(job.folder.root.path) was measured with \(last.title), which is not \(present.title)",
                remedy: last.sha256 == present.sha256
                    ? "the gate's network differs: set model.gate_path to the one it began with, or --again to measure anew"
                    : "--again measures anew; to keep the rows, use the network they began with (--model)")
        }
        Terminal.warn("the session goes on with \(present.title) from frame \(present.fromFrame ?? 0) on")
        return true
    }

    /// Notes what measures from now on.
    func add(_ network: MeasuredWith) throws {
        let all = try networks() + [network]
        try setFacts([Self.networksFact: String(decoding: try JSONEncoder.stable.encode(all), as: UTF8.self)])
    }
}
