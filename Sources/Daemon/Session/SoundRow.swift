// Values out of a store that a bad disk may have changed.

import GRDB

/// A value in a session's store is not what it must be.
struct StoreDamage: Error, CustomStringConvertible {
    let column: String

    var description: String {
        "the store is damaged: a value in the column \(column) is not what it must be; copy the session from a backup"
    }
}

extension Row {
    /// The value of a column that is never empty.
    ///
    /// The library's own subscript ends the program when a value has another type, and with it every other session.
    func sound<Value: DatabaseValueConvertible>(_ column: String) throws -> Value {
        guard let stored: DatabaseValue = self[column], let value = Value.fromDatabaseValue(stored) else {
            throw StoreDamage(column: column)
        }
        return value
    }

    /// The value of a column that may be empty.
    func soundIfAny<Value: DatabaseValueConvertible>(_ column: String) throws -> Value? {
        guard let stored: DatabaseValue = self[column] else { throw StoreDamage(column: column) }
        guard !stored.isNull else { return nil }
        guard let value = Value.fromDatabaseValue(stored) else { throw StoreDamage(column: column) }
        return value
    }

    /// The value of a column that is never empty, by its place: names are slow to look up in tens of thousands of rows.
    func sound<Value: DatabaseValueConvertible>(at place: Int) throws -> Value {
        guard let value: Value = try soundIfAny(at: place) else { throw StoreDamage(column: "\(place)") }
        return value
    }

    /// The value of a column that may be empty, by its place.
    func soundIfAny<Value: DatabaseValueConvertible>(at place: Int) throws -> Value? {
        guard place < count else { throw StoreDamage(column: "\(place)") }
        let stored: DatabaseValue = self[place]
        guard !stored.isNull else { return nil }
        guard let value = Value.fromDatabaseValue(stored) else { throw StoreDamage(column: columnName(place)) }
        return value
    }

    private func columnName(_ place: Int) -> String { Array(columnNames)[place] }
}
