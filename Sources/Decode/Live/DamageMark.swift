// What a live source's transport said of a packet, kept in the recording of it.
import CFFmpeg

/// The word for a packet that arrived damaged, which Matroska does not have.
///
/// Beside the packet goes a codec-specific addition, which players pass over, so that measuring the recording finds the
/// same damage as measuring live did.
enum DamageMark {
    /// The number of codec-specific additions (1, big-endian, as libav hands it), then our word.
    private static let bytes: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 1] + Array("rima: arrived damaged".utf8)

    /// Marks a packet that is about to be written; without memory it stays unmarked.
    static func put(on packet: UnsafeMutablePointer<AVPacket>) {
        guard let place = av_packet_new_side_data(packet, AV_PKT_DATA_MATROSKA_BLOCKADDITIONAL, bytes.count) else {
            return
        }
        for (index, byte) in bytes.enumerated() { place[index] = byte }
    }

    /// Whether a packet that was read carries the mark.
    static func isOn(_ packet: UnsafePointer<AVPacket>) -> Bool {
        guard packet.pointee.side_data_elems > 0 else { return false }
        var size = 0
        guard let data = av_packet_get_side_data(packet, AV_PKT_DATA_MATROSKA_BLOCKADDITIONAL, &size) else {
            return false
        }
        return UnsafeBufferPointer(start: data, count: size).elementsEqual(bytes)
    }
}
