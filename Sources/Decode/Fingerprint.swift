// Which bytes a result belongs to.
import CFFmpeg
import Glibc

/// Size and SHA-256 of a file.
package struct Fingerprint: Sendable, Hashable {
    package var bytes: Int64
    /// 64 lower-case hexadecimal digits.
    package var sha256: String

    package init(bytes: Int64, sha256: String) {
        self.bytes = bytes
        self.sha256 = sha256
    }

    /// Reads the whole file.
    /// - Parameter onProgress: called now and then, since large files take a while.
    package init(path: String, onProgress: () -> Void = {}) throws(DecodeError) {
        let (descriptor, _) = try openRegularFile(path, followsSymbolicLinks: true)
        defer { close(descriptor) }
        guard let hash = av_sha_alloc() else { throw memoryError(path) }
        defer { av_free(UnsafeMutableRawPointer(hash)) }
        av_sha_init(hash, 256)
        var total: Int64 = 0
        var failed = false
        withUnsafeTemporaryAllocation(byteCount: 1 << 18, alignment: 64) { buffer in
            guard let base = buffer.baseAddress else { return }
            while true {
                let count = read(descriptor, base, buffer.count)
                if count < 0, errno == EINTR { continue }
                failed = count < 0
                guard count > 0 else { break }
                av_sha_update(hash, base.assumingMemoryBound(to: UInt8.self), count)
                total += Int64(count)
                if total >> 24 != (total - Int64(count)) >> 24 { onProgress() }
            }
        }
        guard !failed else {
            throw DecodeError(
                .readFailed, path: path, found: "reading broke off", remedy: "Check the disk, then try again.")
        }
        var digest = [UInt8](repeating: 0, count: 32)
        av_sha_final(hash, &digest)
        bytes = total
        sha256 = digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
