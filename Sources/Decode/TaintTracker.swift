// Which frames cannot be trusted after damage.

/// Taints frames from any damage until a clean key frame that was coded after it; damage in a frame that no other frame
/// refers to stays there.
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
    /// Ordinals of the last packets that no other packet refers to, oldest overwritten first.
    private var disposablePackets = [Int64](repeating: -1, count: 64)
    private var nextDisposable = 0

    init(isIntraOnly: Bool) {
        self.isIntraOnly = isIntraOnly
    }

    /// No other packet refers to this one.
    mutating func disposablePacket(_ ordinal: Int64) {
        disposablePackets[nextDisposable] = ordinal
        nextDisposable = (nextDisposable + 1) % disposablePackets.count
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
    ///
    /// - Parameter isDisposable: what the frame itself says of whether others refer to it.
    mutating func judge(packet: Int64, isKey: Bool, isDamaged: Bool, isDisposable: Bool = false) -> Bool {
        let wasDamaged = damagedPackets.contains(packet)
        if isIntraOnly { return isDamaged || wasDamaged }
        // Of a packet that is known to be damaged, nothing is believed.
        if isDamaged, !wasDamaged, !isKey, isDisposable || disposablePackets.contains(packet) { return true }
        if isDamaged || wasDamaged {
            damage(near: packet)
        } else if isKey, packet > lastDamage {
            isTainted = false
        }
        return isTainted
    }
}
