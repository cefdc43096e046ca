// Tables for statistics packages: RFC 4180, UTF-8, LF, decimal point; an empty cell means not known.
import Frames

/// Grows one table row by row; every row must have the header's count of cells.
struct TableText: Sendable {
    private(set) var text: String
    private let columns: Int

    init(_ names: [String]) {
        columns = names.count
        text = names.map(Self.quoted).joined(separator: ",") + "\n"
    }

    mutating func add(_ cells: [String]) {
        precondition(cells.count == columns, "a row has one cell for each column")
        text += cells.map(Self.quoted).joined(separator: ",") + "\n"
    }

    static func quoted(_ cell: String) -> String {
        guard cell.unicodeScalars.contains(where: { $0 == "," || $0 == "\"" || $0 == "\n" || $0 == "\r" }) else {
            return cell
        }
        return "\"" + cell.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}

/// A label as people wrote it, safe to open in a spreadsheet: what would start a formula gets an apostrophe.
func labelCell(_ label: String) -> String {
    guard let first = label.unicodeScalars.first, "=+-@\t\r".unicodeScalars.contains(first) else { return label }
    return "'" + label
}

func cell(_ value: Double?, _ places: Int) -> String {
    guard let value, value.isFinite else { return "" }
    return fixed(value, places)
}

func cell(_ value: Int?) -> String { value.map(String.init) ?? "" }

/// Seconds with six decimals, exact from whole nanoseconds up to the rounding.
func cell(_ time: StreamTime?) -> String {
    guard let time else { return "" }
    let micro = (abs(time.nanoseconds) + 500) / 1000
    let fraction = String(micro % 1_000_000)
    return (time.nanoseconds < 0 && micro > 0 ? "-" : "") + String(micro / 1_000_000) + "."
        + String(repeating: "0", count: 6 - fraction.count) + fraction
}

/// The columns of a spread, and their cells.
enum SpreadColumns {
    static func names(_ stem: String) -> [String] {
        ["median", "q1", "q3", "ci95_low", "ci95_high"].map { stem + "_" + $0 }
    }

    static func cells(_ spread: Spread?, _ places: Int) -> [String] {
        guard let spread else { return [String](repeating: "", count: 5) }
        return [spread.median, spread.lowerQuartile, spread.upperQuartile, spread.low, spread.high].map {
            cell($0, places)
        }
    }
}
