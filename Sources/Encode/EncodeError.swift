// What can go wrong between a picture and a file.

/// Why a recording or picture cannot be written.
package struct EncodeError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable, CaseIterable {
        /// No container of that file extension.
        case unknownContainer
        /// This system's FFmpeg has no such encoder.
        case noEncoder
        /// The container or encoder refuses this size, rate or codec.
        case refused
        /// The operating system reported an error while writing.
        case writeFailed
        /// Memory ran out, or the library failed.
        case library
    }

    package var code: Code
    package var path: String
    /// What happened, a clause without a full stop.
    package var found: String
    /// What the user can do about it, a sentence.
    package var remedy: String

    package init(_ code: Code, path: String, found: String, remedy: String) {
        self.code = code
        self.path = path
        self.found = found
        self.remedy = remedy
    }

    package var description: String { path.isEmpty ? "\(found). \(remedy)" : "\(path): \(found). \(remedy)" }
}
