// Who may do what with a file, asked for another user than one's own.

import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// A user of the machine.
struct MachineUser: Sendable {
    var name: String
    var id: uid_t
    var group: gid_t

    /// Looks a user up by name.
    init?(named name: String) {
        guard let entry = getpwnam(name) else { return nil }
        self.name = name
        (id, group) = (entry.pointee.pw_uid, entry.pointee.pw_gid)
    }

    /// The user that this process runs as.
    static var current: MachineUser? {
        guard let entry = getpwuid(geteuid()) else { return nil }
        return MachineUser(named: String(cString: entry.pointee.pw_name))
    }

    /// Groups the user is in, its own among them.
    var groups: Set<gid_t> {
        var count: Int32 = 64
        var list = [gid_t](repeating: 0, count: Int(count))
        guard getgrouplist(name, group, &list, &count) >= 0 else { return [group] }
        return Set(list.prefix(Int(count)))
    }

    func isIn(groupNamed name: String) -> Bool {
        getgrnam(name).map { groups.contains($0.pointee.gr_gid) } ?? false
    }

    enum Wish: UInt32 {
        case read = 4
        case write = 2
        case enter = 1
    }

    /// Whether the permission bits along the whole path grant the wish; access lists are not looked at.
    func may(_ wish: Wish, _ path: String) -> Bool {
        guard id != 0 else { return FileManager.default.fileExists(atPath: path) }
        let groups = groups
        var place = ""
        let parts = URL(fileURLWithPath: path).standardizedFileURL.pathComponents
        for (index, part) in parts.enumerated() {
            place = place.isEmpty || place == "/" ? place + part : place + "/" + part
            guard grants(index == parts.count - 1 ? wish : .enter, place, groups) else { return false }
        }
        return true
    }

    private func grants(_ wish: Wish, _ path: String, _ groups: Set<gid_t>) -> Bool {
        var status = stat()
        guard stat(path, &status) == 0 else { return false }
        let shift: UInt32 = status.st_uid == id ? 6 : groups.contains(status.st_gid) ? 3 : 0
        return (status.st_mode >> shift) & wish.rawValue != 0
    }
}

/// File systems by where they are mounted.
enum MountedFileSystem {
    /// The type of the file system that holds `path`, as `ext4` or `nfs4`; nil when that cannot be told.
    static func type(of path: String) -> String? {
        guard let text = try? String(contentsOfFile: "/proc/self/mounts", encoding: .utf8) else { return nil }
        let real = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        var best: (place: String, type: String)?
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > 2 else { continue }
            let place = String(fields[1])
            guard real == place || real.hasPrefix(place == "/" ? "/" : place + "/"),
                place.utf8.count >= best?.place.utf8.count ?? 0
            else { continue }
            best = (place, String(fields[2]))
        }
        return best?.type
    }

    /// Network file systems, which tell nobody here when another machine writes.
    static func isRemote(_ type: String) -> Bool {
        ["nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs"].contains(type)
            || type.hasPrefix("fuse.")
    }

    /// Bytes that an ordinary user can still write.
    static func freeBytes(at path: String) -> Int64? {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return nil }
        return Int64(status.f_bavail) * Int64(status.f_frsize)
    }
}
