// Rows go into the store twenty-five times a second and more: many with one statement, their values not boxed.

import GRDB
import GRDBSQLite

/// How rows get into one table: statements for 32, 16, 8, 4, 2 and 1 of them.
///
/// SQLite allocates for every run of a statement, GRDB for every bound value and for every statement that it does not
/// know yet: so there are few of them, and they take many rows.
struct InsertForm {
    private let statements: [(rows: Int, sql: String)]

    /// - Parameter start: SQL up to and with the word VALUES.
    init(_ start: String, columns: Int) {
        let row = "(" + repeatElement("?", count: columns).joined(separator: ",") + ")"
        statements = [32, 16, 8, 4, 2, 1].map { rows in
            (rows, start + " " + repeatElement(row, count: rows).joined(separator: ","))
        }
    }

    /// Inserts one row for each element; `bind` binds its values in the order of the columns.
    func insert<Elements: RandomAccessCollection>(
        _ elements: Elements, into db: Database, bind: (Elements.Element, inout DirectInsert) -> Void
    ) throws {
        var rest = elements[...]
        for (rows, sql) in statements where rest.count >= rows {
            var insert = try DirectInsert(sql, into: db)
            while rest.count >= rows {
                for element in rest.prefix(rows) { bind(element, &insert) }
                rest = rest.dropFirst(rows)
                try insert.run()
            }
        }
    }
}

/// One statement whose values are bound one after the other.
///
/// Borrowed from the connection's cache: only for use within one access to the database.
struct DirectInsert {
    private let statement: OpaquePointer
    private let connection: OpaquePointer?
    private var place: Int32 = 0

    fileprivate init(_ sql: String, into db: Database) throws {
        statement = try db.cachedStatement(sql: sql).sqliteStatement
        connection = db.sqliteConnection
    }

    mutating func bind(_ value: some BinaryInteger) {
        place += 1
        sqlite3_bind_int64(statement, place, Int64(value))
    }

    /// Binds a number, or NULL for none.
    mutating func bind(_ value: Double?) {
        place += 1
        if let value { sqlite3_bind_double(statement, place, value) } else { sqlite3_bind_null(statement, place) }
    }

    mutating func bind(_ text: String) {
        place += 1
        guard !text.isEmpty else {
            // SAFETY: a literal stays where it is.
            StaticString("").withUTF8Buffer { empty in
                empty.withMemoryRebound(to: CChar.self) {
                    _ = sqlite3_bind_text(statement, place, $0.baseAddress, 0, nil)
                }
            }
            return
        }
        // SAFETY: -1 has SQLite copy the bytes before the call returns.
        sqlite3_bind_text(statement, place, text, -1, unsafeBitCast(-1, to: sqlite3_destructor_type.self))
    }

    /// Binds bytes that must stay where they are until the row is inserted.
    mutating func bind(lasting bytes: UnsafeRawBufferPointer) {
        place += 1
        sqlite3_bind_blob(statement, place, bytes.baseAddress, Int32(bytes.count), nil)
    }

    /// Inserts what was bound, and begins anew.
    fileprivate mutating func run() throws {
        place = 0
        let code = sqlite3_step(statement)
        let message = code == SQLITE_DONE ? nil : connection.map { String(cString: sqlite3_errmsg($0)) }
        sqlite3_reset(statement)
        // Lets go of bytes that the caller lends only until now.
        sqlite3_clear_bindings(statement)
        guard code == SQLITE_DONE else { throw DatabaseError(resultCode: ResultCode(rawValue: code), message: message) }
    }
}
