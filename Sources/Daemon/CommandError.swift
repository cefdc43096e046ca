// What goes wrong, in one line that says what to do, and the exit code that scripts read.

import Foundation
import GRDB

/// An error as a user meets it.
struct CommandError: Error, CustomStringConvertible {
    /// Exit codes of sysexits(3).
    enum Code: Int32, Sendable {
        case usage = 64
        case badData = 65
        case noInput = 66
        case unavailable = 69
        case software = 70
        case cannotCreate = 73
        case inputOutput = 74
        case tryAgain = 75
        case noPermission = 77
        case configuration = 78
    }

    var code: Code
    /// What happened, naming file and place.
    var message: String
    /// What the user can do about it.
    var remedy: String?

    init(_ code: Code, _ message: String, remedy: String? = nil) {
        self.code = code
        self.message = message
        self.remedy = remedy
    }

    /// Why, in a few words that name no file: names of recordings may name patients.
    var cause: String {
        let last = message.range(of: ": ", options: .backwards).map { message[$0.upperBound...] } ?? message[...]
        let namesFile = last.split(separator: " ").contains { $0.hasPrefix("/") }
        return TextSafety.plain(namesFile ? "see the log" : String(last), limit: 200)
    }

    var description: String {
        let text = remedy.map { "\(message); \($0)" } ?? message
        return TextSafety.plain(text, limit: 4096)
    }
}

/// Gives whatever goes wrong in `body` as a user meets it.
func adopting<Value>(_ body: () throws -> Value) throws(CommandError) -> Value {
    do { return try body() } catch { throw CommandError(adopting: error) }
}

/// A foreign error in few words.
func describe(_ error: any Error) -> String {
    if let error = error as? CommandError { return error.description }
    if let error = error as? DatabaseError { return describe(error) }
    let cocoa = error as NSError
    if let underlying = cocoa.userInfo[NSUnderlyingErrorKey] as? NSError, underlying.domain == NSPOSIXErrorDomain {
        return String(cString: strerror(Int32(underlying.code)))
    }
    if let underlying = cocoa.userInfo[NSUnderlyingErrorKey] as? POSIXError {
        return String(cString: strerror(underlying.code.rawValue))
    }
    if cocoa.domain == NSCocoaErrorDomain, cocoa.code == CocoaError.fileWriteOutOfSpace.rawValue {
        return String(cString: strerror(ENOSPC))
    }
    return "\(error)"
}

/// The disk's faults as the system calls them, whoever met them.
private func describe(_ error: DatabaseError) -> String {
    switch error.resultCode {
    case .SQLITE_FULL: String(cString: strerror(ENOSPC))
    case .SQLITE_IOERR: String(cString: strerror(EIO))
    case .SQLITE_READONLY: String(cString: strerror(EROFS))
    default: error.message ?? "\(error)"
    }
}
