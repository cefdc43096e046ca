// The frames that prove the numbers: per stage the widest and the narrowest view, pane only.

import Decode
import Encode
import Foundation
import Frames
import Metrics
import Report

/// A kept picture of the pane with what was measured in it.
struct Still: Sendable {
    enum Kind: String, Sendable, CaseIterable { case widest, narrowest }

    var stage: String
    var kind: Kind
    var sample: Sample
    var rings: [[Point]]
    /// The pane, JPEG, without anything drawn on it.
    var jpeg: [UInt8]
}

/// Keeps the best candidate of each kind while a session runs.
struct StillKeeper {
    private let folder: SessionFolder
    private let store: SessionStore
    private let scaler = PictureScaler()
    private var picture = RGBPicture(size: PixelSize(width: 1, height: 1))
    private var areas: [String: [Still.Kind: Double]] = [:]
    private var pending: [String: Still] = [:]

    /// Frames less sure than this are no evidence.
    private static let leastConfidence = 0.6
    /// A candidate must beat the kept one by this share, so that few pictures are encoded.
    private static let improvement = 0.05

    init(folder: SessionFolder, store: SessionStore) throws {
        self.folder = folder
        self.store = store
        for still in try store.stills() {
            areas[still.stage, default: [:]][still.kind] = still.sample.opening?.area ?? 0
        }
    }

    /// Takes the frame if it shows more, or less, opening than those before it in its stage.
    mutating func consider(
        _ sample: Sample, stage: String, of frame: borrowing VideoFrame, pane: Pane, _ result: MeterResult
    ) throws {
        guard let opening = sample.opening, opening.area > 0, (sample.confidence ?? 0) >= Self.leastConfidence
        else { return }
        for kind in Still.Kind.allCases where improves(opening.area, kind, stage) {
            picture.resize(to: pane.rect.size)
            try scaler.rgb(frame, from: pane.rect, into: &picture)
            let rings = result.ringStarts.indices.map { Array(result.ring($0)) }
            areas[stage, default: [:]][kind] = opening.area
            pending[stage + "\u{0}" + kind.rawValue] = Still(
                stage: stage, kind: kind, sample: sample, rings: rings,
                jpeg: try PictureWriter.encodeJPEG(picture, quality: 0.85))
        }
    }

    private func improves(_ area: Double, _ kind: Still.Kind, _ stage: String) -> Bool {
        guard let kept = areas[stage]?[kind] else { return true }
        switch kind {
        case .widest: return area > kept * (1 + Self.improvement)
        case .narrowest: return area < kept * (1 - Self.improvement)
        }
    }

    /// Whether candidates wait for `commit`.
    var isBehind: Bool { !pending.isEmpty }

    /// Makes the candidates since the last commit safe.
    mutating func commit() throws {
        guard !pending.isEmpty else { return }
        try store.commit(Array(pending.values))
        pending.removeAll(keepingCapacity: true)
    }

    /// Writes `still.png`: the session's widest view with its outline.
    func finish() throws {
        guard let still = try store.stills().filter({ $0.kind == .widest }).max(by: { $0.area < $1.area }) else {
            return
        }
        let frame = try PictureFile.frame(encoded: still.jpeg)
        var picture = RGBPicture(size: frame.displaySize)
        try PictureScaler().rgb(frame, from: PixelRect(picture.size), into: &picture)
        OutlineDrawing.draw(rings: still.rings, colour: .outline, width: 2.5, on: &picture)
        try PictureWriter.png(picture, to: folder.still.path)
    }

    /// Writes `pane.png`: the whole frame darkened outside the pane, the field's edge drawn.
    mutating func writeDebugStill(_ frame: borrowing VideoFrame, pane: Pane) throws {
        var whole = RGBPicture(size: frame.displaySize)
        try scaler.rgb(frame, from: PixelRect(frame.displaySize), into: &whole)
        // What lies outside may hold patient data: it is not stored, not even darkened.
        let rect = pane.rect
        for y in 0..<whole.size.height {
            for x in 0..<whole.size.width where !(y >= rect.y && y < rect.maxY && x >= rect.x && x < rect.maxX) {
                let at = (y * whole.size.width + x) * 3
                for channel in 0..<3 { whole.pixels[at + channel] = 48 }
            }
        }
        let ring = OutlineDrawing.ring(of: pane.field).map {
            Point(x: $0.x + Double(rect.x), y: $0.y + Double(rect.y))
        }
        OutlineDrawing.draw(rings: [ring], colour: .field, width: 2, on: &whole)
        try PictureWriter.png(whole, to: folder.debugStill.path)
    }
}

extension Still {
    /// Area of the opening, px^2.
    var area: Double { sample.opening?.area ?? 0 }
}
