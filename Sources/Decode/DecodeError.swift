// What can go wrong between a path and a picture, said once and in full.

/// Why a recording or picture cannot be read.
package struct DecodeError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable, CaseIterable {
        /// No file of that name, or a part of its path is missing.
        case notFound
        /// The file exists, but this user may not read it.
        case notPermitted
        /// A directory, pipe, socket or device.
        case notAFile
        /// The file ends before its first picture.
        case empty
        /// The bytes are something else than a recording, or a kind of list that points to other files.
        case notARecording
        /// An MP4 or MOV without its index: the recording was not finalised.
        case notFinalised
        /// A recording without a video stream.
        case noVideo
        /// A recording without a sound that can be used.
        case noSound
        /// A codec that this system's FFmpeg cannot decode.
        case noDecoder
        /// Pictures larger, or streams more, than the settings allow.
        case tooLarge
        /// The operating system reported an error while reading.
        case readFailed
        /// Memory ran out, or the library refused to start.
        case library
        /// The graphics card gave up, or the recording is damaged: read it again without the card.
        case hardware
        /// The caller asked to stop before the first picture.
        case stopped
    }

    package var code: Code
    package var path: String
    /// What was found there, a clause without a full stop.
    package var found: String
    /// What the user can do about it, a sentence.
    package var remedy: String

    package init(_ code: Code, path: String, found: String, remedy: String) {
        self.code = code
        self.path = path
        self.found = found
        self.remedy = remedy
    }

    package var description: String { "\(path): \(found). \(remedy)" }
}
