// The texts that make up a configuration: the file, then the drop-ins beside it, in the order of their names.
package import Foundation

/// What stood in the files when they were read.
///
/// A service keeps the last set that was sound, and hands it to its workers: what stands on the disk by then may be
/// anything.
package struct ConfigurationFiles: Sendable, Equatable, Codable {
    package struct Part: Sendable, Equatable, Codable {
        /// The file's path.
        package var source: String
        package var bytes: Data
    }

    /// In the order in which they are read; later ones win.
    package private(set) var parts: [Part] = []

    /// More drop-ins than this are a mistake.
    private static let mostDropIns = 64

    /// Reads a file, and `conf.d/*.yaml` beside it.
    ///
    /// - Parameter path: nil for the defaults alone.
    package init(path: String?) throws(ConfigurationError) {
        guard let path else { return }
        for file in [path] + Self.dropIns(beside: path) {
            parts.append(Part(source: file, bytes: try Self.read(file)))
        }
    }

    /// Reads what another process has written with `encoded`.
    package init(encoded path: String) throws(ConfigurationError) {
        let bytes = try Self.read(path, limit: Configuration.maximumFileBytes * (Self.mostDropIns + 1) * 2)
        do {
            self = try JSONDecoder().decode(ConfigurationFiles.self, from: bytes)
        } catch {
            throw Self.failure(path, "this is not a configuration that rima serve has written")
        }
    }

    package func encoded() -> Data {
        // Strings and bytes always have a JSON form.
        (try? JSONEncoder().encode(self)) ?? Data()
    }

    /// The value of all parts together, with the overrides in the environment.
    package func parse(environment: [String: String] = [:]) throws(ConfigurationError) -> Configuration {
        var reader = ConfigurationReader()
        for part in parts {
            switch ConfigurationText.decode([UInt8](part.bytes), source: part.source) {
            case .failure(let error): throw error
            case .success(let text): reader.read(text, from: part.source)
            }
        }
        reader.readOverrides(environment)
        return try reader.finished()
    }

    /// Drop-ins of a configuration file, in the order of their names.
    static func dropIns(beside path: String) -> [String] {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().appending(path: "conf.d").path
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasSuffix(".yaml") && !$0.hasPrefix(".") }.sorted().prefix(mostDropIns)
            .map { folder + "/" + $0 }
    }

    private static func read(_ path: String, limit: Int = Configuration.maximumFileBytes) throws(ConfigurationError)
        -> Data
    {
        do {
            let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            defer { try? file.close() }
            return try file.read(upToCount: limit + 1) ?? Data()
        } catch {
            let why = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError ?? error as NSError
            let text = why.domain == NSPOSIXErrorDomain ? String(cString: strerror(Int32(why.code))) : "\(error)"
            throw failure(path, "the file cannot be read: \(text)")
        }
    }

    private static func failure(_ path: String, _ message: String) -> ConfigurationError {
        ConfigurationError(problems: [.init(source: path, line: 1, column: 1, message: message)])
    }
}
