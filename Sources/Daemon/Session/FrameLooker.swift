// What one frame shows by itself, whatever came before it: the gate's findings and the network's maps.

import Decode
import Frames
import Segment

/// What the gate found in a frame.
struct GateFindings: Sendable {
    /// 0...1, see `Gate.judge`.
    var quality: Double
    /// What is wrong by the plain measures.
    var reasons: [Reason]
    /// Changes when any pixel of the gate's picture does.
    var imprint: UInt64
    /// Whether a capture card has made this up.
    var showsBars: Bool
    /// What the gate's network says is wrong; empty where it was not asked.
    var networkReasons: [Reason] = []
}

/// What the network shows of a part of the pane.
struct Sight {
    /// What the maps cover, pane pixels.
    fileprivate(set) var cover = PixelRect(x: 0, y: 0, width: 0, height: 0)
    /// The opening's logits.
    fileprivate(set) var opening = ValueMap(size: PixelSize(width: 1, height: 1))
    /// The inlet's, opening and vocal folds together; nil where the network does not tell them from the rest.
    fileprivate(set) var inlet: ValueMap?
}

/// Looks at frames one by one and remembers nothing of them.
///
/// Not shared between threads; any number of lookers of the same networks find the same.
struct FrameLooker {
    /// Sees the whole pane.
    let segmenter: OpeningSegmenter
    /// Sees crops; the same one where the network takes both at the same size.
    private let closer: OpeningSegmenter
    private let gate: Gate
    private let gateNetwork: GateNetwork?
    private var gateLook = GateLook()
    private var wholePane: Look
    private var look: Look
    private var closerLook: Look

    /// - Parameters:
    ///   - gateModel: the gate's network; nil leaves the gate to its plain measures.
    ///   - threads: cores that one run of the opening's network may use.
    init(settings: MeasuringSettings, model: Model, gate gateModel: Model?, threads: Int) throws {
        segmenter = try OpeningSegmenter(model: model, threads: threads)
        closer =
            model.size(of: .crop) == segmenter.inputSize
            ? segmenter : try OpeningSegmenter(model: model, for: .crop, threads: threads)
        gate = Gate(settings: settings.gate)
        gateNetwork = try gateModel.map { try GateNetwork(model: $0) }
        wholePane = Look(inputSize: gateNetwork?.inputSize ?? PixelSize(width: 1, height: 1))
        look = Look(inputSize: segmenter.inputSize)
        closerLook = Look(inputSize: closer.inputSize)
    }

    /// What the gate makes of the pane.
    mutating func examine(_ frame: borrowing VideoFrame, pane: Pane) throws -> GateFindings {
        try gateLook.fill(from: frame, pane: pane)
        let verdict = gate.judge(gate.measure(gateLook.picture, field: gateLook.field))
        var findings = GateFindings(
            quality: verdict.quality, reasons: verdict.reasons, imprint: SignalSigns.imprint(gateLook.picture),
            showsBars: verdict.reasons != [.noSignal] && SignalSigns.showsBars(gateLook.picture))
        guard findings.reasons.isEmpty, !findings.showsBars, let gateNetwork else { return findings }
        try wholePane.fill(from: frame, pane: pane, crop: PixelRect(pane.rect.size))
        let answer = try gateNetwork.judge(wholePane.input)
        if let bad = answer.bad, bad > gate.settings.mostBad {
            findings.networkReasons = [.poorPicture]
        } else if let other = answer.other, other > gate.settings.mostOther {
            findings.networkReasons = [.noLarynx]
        }
        return findings
    }

    /// Runs the network on a part of the pane.
    mutating func see(
        _ crop: PixelRect, of frame: borrowing VideoFrame, pane: Pane, into sight: inout Sight
    ) throws {
        if crop == PixelRect(pane.rect.size) {
            try look.fill(from: frame, pane: pane, crop: crop)
            try Self.see(look, with: segmenter, into: &sight)
        } else {
            try closerLook.fill(from: frame, pane: pane, crop: crop)
            try Self.see(closerLook, with: closer, into: &sight)
        }
    }

    private static func see(_ look: Look, with segmenter: OpeningSegmenter, into sight: inout Sight) throws {
        try segmenter.segment(look.input, into: &sight.opening)
        sight.cover = look.cover
        guard segmenter.seesLevels else { return }
        if sight.inlet == nil { sight.inlet = ValueMap(size: segmenter.outputSize) }
        segmenter.inlet(around: sight.opening, into: &sight.inlet!)
    }
}

/// The gate's small picture of the whole pane.
private struct GateLook {
    static let side = 192
    var picture = RGBPicture(size: PixelSize(width: 1, height: 1))
    var field = FieldOfView(full: PixelSize(width: 1, height: 1))
    private var pane: Pane?
    private let scaler = PictureScaler()

    mutating func fill(from frame: borrowing VideoFrame, pane: Pane) throws(DecodeError) {
        if pane != self.pane {
            self.pane = pane
            let longer = max(pane.rect.width, pane.rect.height)
            let size = PixelSize(
                width: max(1, pane.rect.width * Self.side / longer),
                height: max(1, pane.rect.height * Self.side / longer))
            picture.resize(to: size)
            field = pane.field.scaled(to: size)
        }
        try scaler.rgb(frame, from: pane.rect, into: &picture)
    }
}
