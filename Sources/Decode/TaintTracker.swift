// Which frames cannot be trusted after damage.

/// Taints frames from any damage until a clean key frame that was coded after it.
///
/// Pure: packets carry an ordinal in the order in which they were read, frames the ordinal of their packet.
struct TaintTracker {
    /// Every frame stands for itself, so that damage does not spread.
    let isIntraOnly: Bool
    /// A stream that starts in the middle is not trusted before its first key frame.
    private var isTainted = true
    /// A key frame clears the taint only when its packet came after this one.
    private var lastDamage: Int64 = -1
    /// Ordinals of damaged packets whose frame has not come yet, oldest overwritten first.
    private var damagedPackets = [Int64](repeating: -1, count: 64)
    private var nextSlot = 0

    init(isIntraOnly: Bool) {
        self.isIntraOnly = isIntraOnly
    }

    /// Damage in the bytes of one packet.
    mutating func damagedPacket(_ ordinal: Int64) {
        damagedPackets[nextSlot] = ordinal
        nextSlot = (nextSlot + 1) % damagedPackets.count
        damage(near: ordinal)
    }

    /// Damage that no frame may ever show: a packet refused by the decoder, or bytes skipped by the container.
    mutating func damage(near ordinal: Int64) {
        isTainted = true
        lastDamage = max(lastDamage, ordinal)
    }

    /// Judges the next frame in presentation order.
    mutating func judge(packet: Int64, isKey: Bool, isDamaged: Bool) -> Bool {
        let isDamaged = isDamaged || damagedPackets.contains(packet)
        if isIntraOnly { return isDamaged }
        if isDamaged {
            damage(near: packet)
        } else if isKey, packet > lastDamage {
            isTainted = false
        }
        return isTainted
    }
}
