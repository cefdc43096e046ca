// What is wrong with a configuration: all of it at once, each with its place.

/// A configuration that cannot be used.
package struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
    package struct Problem: Sendable, Equatable, CustomStringConvertible {
        /// The file, or `environment variable NAME`.
        package var source: String
        /// Counted from 1; the column in characters of Unicode (scalars).
        package var line: Int
        package var column: Int
        /// What is wrong and what would be right.
        package var message: String

        package var description: String { "\(source):\(line):\(column): \(message)" }
    }

    /// In the order of the file; at least one.
    package var problems: [Problem]

    /// One line for every problem.
    package var description: String {
        let shown = problems.prefix(Self.shownAtMost).map(\.description)
        let rest = problems.count - shown.count
        return (shown + (rest > 0 ? ["and \(rest) more"] : [])).joined(separator: "\n")
    }

    private static let shownAtMost = 40
}
