// The stream's socket: made here, or handed over by systemd.
import Glibc

/// Why the stream's socket could not be had.
package struct SocketError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: Sendable, Equatable {
        /// Another daemon serves it.
        case inUse
        /// Something that is not a socket stands there.
        case notASocket
        case badPath
        case system(errno: Int32)
    }

    package var code: Code
    package var path: String
    /// A sentence: what is wrong, and what helps.
    package var message: String

    package var description: String { "\(path): \(message)" }
}

/// A listening Unix stream socket and its file.
package struct ListeningSocket: Sendable {
    package let descriptor: Int32
    /// For the log: the path, or how the socket came here.
    package let name: String
    /// Nil when the file belongs to systemd.
    private let file: (path: String, device: UInt64, inode: UInt64, lock: Int32)?

    private static let backlog: Int32 = 64

    /// Makes the socket.
    ///
    /// The socket's own mode is set before it is bound, so that the file never has a wider one, whatever the process's
    /// mask. A lock beside the socket (`PATH.lock`) is held as long as the process lives, so that two daemons that
    /// start at once cannot remove each other's socket. A file left behind by a dead daemon is removed, but only if it
    /// is a socket and refuses a connection. The folder is made (0750) if it is missing.
    package static func bind(path: String, mode: UInt32 = 0o660) throws(SocketError) -> ListeningSocket {
        let address = try UnixAddress(path: path)
        try makeParent(of: path)
        let lock = try takeLock(path: path)
        do throws(SocketError) {
            try removeStale(path: path, address: address)
            let descriptor = socket(AF_UNIX, streamType | Int32(SOCK_CLOEXEC.rawValue), 0)
            guard descriptor >= 0 else { throw .system("no socket could be made", path: path) }
            do throws(SocketError) {
                guard fchmod(descriptor, mode) == 0 else { throw .system("its mode could not be set", path: path) }
                guard address.call(descriptor, Glibc.bind) == 0 else {
                    throw .system("it could not be bound", path: path)
                }
                // Binding applies the process's mask; what it took away is given back.
                var status = stat()
                guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else {
                    throw .system("it vanished while it was made", path: path)
                }
                if status.st_mode & 0o777 != mode, chmod(path, mode) != 0 {
                    throw .system("its mode could not be set", path: path)
                }
                guard listen(descriptor, backlog) == 0 else { throw .system("it does not listen", path: path) }
                return ListeningSocket(
                    descriptor: descriptor, name: path,
                    file: (path, UInt64(status.st_dev), UInt64(status.st_ino), lock))
            } catch {
                close(descriptor)
                throw error
            }
        } catch {
            close(lock)
            throw error
        }
    }

    /// The socket that systemd hands over (`rima.socket`), if it does: the first Unix socket of `LISTEN_FDS`.
    ///
    /// TCP sockets among them are the page's; where there are only those, the stream's socket is made as usual.
    /// - Parameter environment: normally the process's. The variables count only when `LISTEN_PID` is this process.
    package static func activated(
        environment: [String: String], processID: Int32 = getpid(), firstDescriptor: Int32 = 3
    ) throws(SocketError) -> ListeningSocket? {
        guard let count = environment["LISTEN_FDS"].flatMap(Int.init), count > 0,
            environment["LISTEN_PID"].flatMap(Int32.init) == processID
        else { return nil }
        var isForPage = false
        for descriptor in firstDescriptor..<firstDescriptor + Int32(min(count, 64)) {
            var isListening: Int32 = 0
            var domain: Int32 = 0
            guard option(SO_ACCEPTCONN, of: descriptor, into: &isListening),
                option(SO_DOMAIN, of: descriptor, into: &domain), isListening == 1
            else { continue }
            if domain == AF_INET || domain == AF_INET6 { isForPage = true }
            guard domain == AF_UNIX else { continue }
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            return ListeningSocket(descriptor: descriptor, name: "handed over by systemd", file: nil)
        }
        guard !isForPage else { return nil }
        throw SocketError(
            code: .badPath, path: "LISTEN_FDS",
            message: "none of the \(count) descriptors handed over is a listening Unix stream socket; "
                + "see ListenStream= in rima.socket")
    }

    /// Removes the socket's file if it is still the one made here.
    func removeFile() {
        guard let file else { return }
        var status = stat()
        guard lstat(file.path, &status) == 0, UInt64(status.st_dev) == file.device, UInt64(status.st_ino) == file.inode
        else { return }
        unlink(file.path)
    }

    /// Lets another daemon have the path.
    ///
    /// The descriptor has been closed by the server.
    func unlock() {
        guard let file else { return }
        close(file.lock)
    }

    // MARK: Steps

    private static let streamType = Int32(SOCK_STREAM.rawValue)

    private static func makeParent(of path: String) throws(SocketError) {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return }
        let parent = String(path[..<slash])
        if mkdir(parent, 0o750) == 0 || errno == EEXIST { return }
        throw .system("its folder could not be made", path: parent)
    }

    private static func takeLock(path: String) throws(SocketError) -> Int32 {
        let lockPath = path + ".lock"
        let lock = open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard lock >= 0 else { throw .system("the lock beside the socket could not be opened", path: lockPath) }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            let isHeld = errno == EWOULDBLOCK
            close(lock)
            guard isHeld else { throw .system("the lock beside the socket could not be taken", path: lockPath) }
            throw SocketError(
                code: .inUse, path: path,
                message: "another rima serve has it; stop that one (systemctl stop rima), "
                    + "or give this one another socket.path")
        }
        return lock
    }

    private static func removeStale(path: String, address: UnixAddress) throws(SocketError) {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT { return }
            throw .system("it could not be looked at", path: path)
        }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw SocketError(
                code: .notASocket, path: path,
                message: "is not a socket and is left alone; move it away, or set socket.path to another place")
        }
        let probe = socket(AF_UNIX, streamType | Int32(SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard probe >= 0 else { throw .system("no socket could be made", path: path) }
        defer { close(probe) }
        let result = address.call(probe, connect)
        guard result != 0, errno == ECONNREFUSED else {
            // Connected, or its queue is full: somebody listens.
            if result == 0 || errno == EAGAIN {
                throw SocketError(
                    code: .inUse, path: path, message: "another program listens on it; is rima serve running already?")
            }
            throw .system("whether somebody listens on it could not be learnt", path: path)
        }
        guard unlink(path) == 0 else { throw .system("the stale socket could not be removed", path: path) }
    }

    private static func option(_ name: Int32, of descriptor: Int32, into value: inout Int32) -> Bool {
        var length = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, name, &value, &length) == 0
    }
}

extension SocketError {
    /// An error with the system's own words.
    static func system(_ what: String, path: String) -> SocketError {
        let code = errno
        return SocketError(
            code: .system(errno: code), path: path, message: "\(what): \(String(cString: strerror(code)))")
    }
}

/// A Unix socket's address, by path or in the abstract name space (`@name`).
struct UnixAddress: Sendable {
    private var storage = sockaddr_un()
    private var length: socklen_t

    /// - Parameter allowsAbstract: whether a leading `@` means the abstract name space, as systemd writes it.
    init(path: String, allowsAbstract: Bool = false) throws(SocketError) {
        var bytes = [UInt8](path.utf8)
        let isAbstract = allowsAbstract && bytes.first == UInt8(ascii: "@")
        let room = MemoryLayout.size(ofValue: storage.sun_path)
        guard !bytes.isEmpty, !bytes.contains(0), bytes.count < room else {
            throw SocketError(
                code: .badPath, path: TextSafety.plain(path, limit: 200),
                message: "a socket's path has 1 to \(room - 1) bytes, this one \(bytes.count); choose a shorter one")
        }
        if isAbstract { bytes[0] = 0 }
        storage.sun_family = sa_family_t(AF_UNIX)
        // SAFETY: the tuple is `room` bytes of plain storage, and `bytes` is shorter.
        unsafe withUnsafeMutableBytes(of: &storage.sun_path) { unsafe $0.copyBytes(from: bytes) }
        let offset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
        length = socklen_t(offset + bytes.count + (isAbstract ? 0 : 1))
    }

    /// Calls `bind` or `connect` with this address.
    func call(_ descriptor: Int32, _ function: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        // SAFETY: `sockaddr_un` begins as every `sockaddr` does, and `length` is within it.
        unsafe withUnsafePointer(to: storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe function(descriptor, $0, length)
            }
        }
    }
}
