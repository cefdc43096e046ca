// Packed weights and tables: written once, read by every run.

/// Memory that lives as long as a plan, for C to read.
final class ConstantPool: @unchecked Sendable {
    // SAFETY: written only while a plan is made, by one task, before anybody else knows the pool; then only read.
    private var blocks: [UnsafeMutableRawPointer] = []
    private(set) var bytes = 0

    deinit {
        for block in blocks { block.deallocate() }
    }

    /// Zeroed memory with room after its end for reads of whole vectors.
    func allocate(bytes count: Int) -> UnsafeMutableRawPointer {
        let size = count + 256
        let block = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64)
        block.initializeMemory(as: UInt8.self, repeating: 0, count: size)
        blocks.append(block)
        bytes += size
        return block
    }

    func store<T: BitwiseCopyable>(_ values: [T]) -> UnsafePointer<T> {
        let block = allocate(bytes: values.count * MemoryLayout<T>.stride)
        values.withUnsafeBytes { source in
            if let base = source.baseAddress { block.copyMemory(from: base, byteCount: source.count) }
        }
        return UnsafePointer(block.assumingMemoryBound(to: T.self))
    }
}
