// Where the opening was last found: what tells it from a dark pit beside a closed larynx.

package import Frames
private import Glibc

/// The place and extent of the last opening that counted.
///
/// A larynx that closes leaves the piriform sinuses as the darkest places of a picture. Within a moment the opening
/// cannot have gone to where its last outline did not reach, but a pit lies just there. A value, stored with the rest
/// of what remembers earlier frames.
package struct LastFind: Codable, Sendable, Equatable {
    private var center = Point(x: 0, y: 0)
    private var length = 0.0
    private var time: StreamTime?

    /// How long a find says where the next one may be.
    private static let memory = StreamTime(nanoseconds: 1_000_000_000)

    package init() {}

    /// Takes in an opening that counts.
    ///
    /// The length is held while the opening narrows and forgotten by half in a second: what closes from there is
    /// judged by how large it was.
    package mutating func note(_ opening: Opening, at time: StreamTime) {
        guard let center = opening.center else { return }
        let held = self.time.map { length * exp2(($0 - time).seconds) } ?? 0
        (self.center, length, self.time) = (center, max(opening.length, held), time)
    }

    /// Whether an opening is smaller than the last one and lies where the two cannot touch.
    package func isApart(_ opening: Opening, at time: StreamTime) -> Bool {
        guard let last = self.time, time - last <= Self.memory, let place = opening.center else { return false }
        let (dx, dy) = (place.x - center.x, place.y - center.y)
        return opening.length < length && (dx * dx + dy * dy).squareRoot() > (length + opening.length) / 2
    }
}
