// The pictures that prove a report's numbers: decoded again once it is known which frames those are.

import Decode
import Encode
import Foundation
import Frames

/// A frame that a report shows.
struct EvidenceFrame: Sendable, Hashable {
    var frame: Int
    var time: StreamTime
    var segment: Int
}

/// Fetches pane pictures of single frames from a finished recording.
struct EvidencePictures {
    let path: String
    let settings: DecodeSettings
    /// Where the endoscope picture lies, by the frame from which it holds.
    let panes: [(fromFrame: Int, pane: StoredPane)]

    /// Longer side of a kept picture: enough to see the outline on paper, small enough for one HTML file.
    static let longestSide = 560

    /// Decodes the frames and hands out their panes as JPEG.
    ///
    /// Jumps to each frame where the recording allows it; the others are met on one way through the recording, and only
    /// if `mayReadAll`, since that takes as long as decoding all of it.
    func fetch(
        _ wanted: [EvidenceFrame], mayReadAll: Bool, onPicture: (_ frame: Int, _ jpeg: [UInt8]) throws -> Void
    ) throws {
        var scaler = PaneJPEG()
        var missing: [EvidenceFrame] = []
        do {
            var finder = try FrameFinder(path: path, settings: settings)
            for item in wanted {
                guard item.segment == 0, let frame = try finder.frame(item.frame, at: item.time),
                    let pane = pane(at: item.frame, size: frame.displaySize)
                else {
                    missing.append(item)
                    continue
                }
                try onPicture(item.frame, scaler.encode(frame, pane: pane))
            }
        }
        guard mayReadAll, let last = missing.map(\.frame).max() else { return }
        let frames = Set(missing.map(\.frame))
        var reader = try RecordingReader(path: path, settings: settings)
        while let frame = try reader.next() {
            if frames.contains(frame.index), let pane = pane(at: frame.index, size: frame.displaySize) {
                try onPicture(frame.index, scaler.encode(frame, pane: pane))
            }
            if frame.index >= last { break }
        }
    }

    private func pane(at frame: Int, size: PixelSize) -> Pane? {
        panes.last { $0.fromFrame <= frame && $0.pane.frameSize == size }?.pane.pane
    }
}

/// Panes as JPEG, no larger than `EvidencePictures.longestSide`.
struct PaneJPEG {
    private let scaler = PictureScaler()
    private var picture = RGBPicture(size: PixelSize(width: 1, height: 1))

    mutating func encode(_ frame: borrowing VideoFrame, pane: Pane) throws -> [UInt8] {
        let rect = pane.rect
        let longer = max(rect.width, rect.height)
        let side = min(longer, EvidencePictures.longestSide)
        picture.resize(
            to: PixelSize(width: max(2, rect.width * side / longer), height: max(2, rect.height * side / longer)))
        try scaler.rgb(frame, from: rect, into: &picture)
        return try PictureWriter.encodeJPEG(picture, quality: 0.85)
    }
}

/// Whether a session's recording can be read again, and from where.
struct RecordingPlace: Sendable {
    var path: String

    /// The recording of a finished session, if it still lies where it was measured and is still the same.
    init?(of store: SessionStore, record: SessionRecord) throws {
        let facts = try store.facts()
        guard let source = facts["source"], let identity = RecordingIdentity(path: source),
            facts["source_identity"] == "\(identity.device):\(identity.inode)",
            let bytes = try? FileManager.default.attributesOfItem(atPath: source)[.size] as? Int64,
            bytes == record.source.bytes
        else { return nil }
        path = source
    }

    /// A recording that somebody names: it must be the very one that was measured.
    init(named path: String, record: SessionRecord) throws {
        let fingerprint = try Fingerprint(path: path)
        guard fingerprint.sha256 == record.source.sha256 else {
            throw CommandError(
                .badData, "\(path) is not the recording of this session: its SHA-256 differs",
                remedy: "the session was measured from \(record.source.name), SHA-256 \(record.source.sha256)")
        }
        self.path = path
    }
}
