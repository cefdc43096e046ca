// What `rima doctor` has found, in plain words.

/// One thing that was looked at.
struct Finding: Sendable, Equatable, Codable {
    /// From good to bad.
    enum Level: String, Sendable, Codable, CaseIterable {
        case fine
        /// Nothing is wrong, but somebody may want to know.
        case note
        /// Something will go wrong under circumstances that the text names.
        case warning
        /// Something does not work.
        case problem
    }

    var level: Level
    /// What was looked at, in one or two words.
    var topic: String
    var text: String
    /// What to do about it.
    var remedy: String?

    init(_ level: Level, _ topic: String, _ text: String, remedy: String? = nil) {
        self.level = level
        self.topic = topic
        self.text = TextSafety.plain(text, limit: 2000)
        self.remedy = remedy.map { TextSafety.plain($0, limit: 2000) }
    }
}
