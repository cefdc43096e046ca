// One JSON object on one line, written field by field in the order given.
package import Frames

/// Writes an event of the stream: a JSON object without line breaks.
///
/// - **Shape** `{"type":"…",…}`; `bytes()` ends it with a line feed.
package struct JSONLine {
    private var buffer: [UInt8]
    private var isEmpty = true

    package init(type: String, capacity: Int = 256) {
        buffer = []
        buffer.reserveCapacity(capacity)
        buffer.append(UInt8(ascii: "{"))
        field("type", type)
    }

    /// An object without a `type`, to stand inside another one.
    package init() {
        buffer = [UInt8(ascii: "{")]
    }

    package mutating func field(_ name: StaticString, _ value: String) {
        key(name)
        Self.append(value, to: &buffer)
    }

    package mutating func field(_ name: StaticString, _ value: Int) {
        key(name)
        buffer.append(contentsOf: String(value).utf8)
    }

    package mutating func field(_ name: StaticString, _ value: Bool) {
        key(name)
        buffer.append(contentsOf: (value ? "true" : "false").utf8)
    }

    /// A number with so many decimals; `null` where there is none.
    package mutating func field(_ name: StaticString, _ value: Double?, places: Int) {
        key(name)
        guard let value, value.isFinite else {
            buffer.append(contentsOf: "null".utf8)
            return
        }
        buffer.append(decimal: value, places: places)
    }

    /// A moment in seconds, from whole nanoseconds.
    package mutating func field(_ name: StaticString, seconds time: StreamTime) {
        key(name)
        buffer.append(seconds: time)
    }

    /// A field whose value is JSON already.
    ///
    /// The caller vouches for it: valid, and without line breaks.
    package mutating func field(_ name: StaticString, json value: String) {
        key(name)
        buffer.append(contentsOf: value.utf8)
    }

    /// The object as text, without a line feed.
    package func text() -> String {
        String(decoding: buffer + [UInt8(ascii: "}")], as: UTF8.self)
    }

    /// The object and a line feed.
    package consuming func bytes() -> [UInt8] {
        buffer.append(UInt8(ascii: "}"))
        buffer.append(UInt8(ascii: "\n"))
        return buffer
    }

    private mutating func key(_ name: StaticString) {
        if !isEmpty { buffer.append(UInt8(ascii: ",")) }
        isEmpty = false
        buffer.append(UInt8(ascii: "\""))
        buffer.append(contentsOf: String(describing: name).utf8)
        buffer.append(UInt8(ascii: "\""))
        buffer.append(UInt8(ascii: ":"))
    }

    /// Appends `text` as a JSON string.
    ///
    /// Control characters, quotes and backslashes are escaped; the rest is UTF-8.
    static func append(_ text: String, to buffer: inout [UInt8]) {
        buffer.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                buffer.append(UInt8(ascii: "\\"))
                buffer.append(byte)
            case 0..<0x20, 0x7F:
                buffer.append(contentsOf: "\\u00".utf8)
                buffer.append(Self.hex[Int(byte >> 4)])
                buffer.append(Self.hex[Int(byte & 15)])
            default:
                buffer.append(byte)
            }
        }
        buffer.append(UInt8(ascii: "\""))
    }

    private static let hex = [UInt8]("0123456789abcdef".utf8)
}
