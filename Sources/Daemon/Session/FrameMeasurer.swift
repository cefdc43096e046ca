// One frame's way from picture to opening: gate, look, mask, measures. See design/pipeline.md.

import Decode
import Foundation
import Frames
import Metrics
import Segment

/// What remembers earlier frames, stored with every commit so that a restart goes on identically.
struct TemporalState: Codable, Sendable, Equatable {
    var tracker: CropTracker?
    var reference = ReferenceLength()
    /// The segment the tracker belongs to; the next one starts with a look at the whole pane.
    var segment = 0
    /// Looks at a crop since the whole pane was last looked at.
    var looksSinceWhole = 0
    /// Frames in a row in which neither the whole pane nor a closer look showed an opening.
    var framesWithoutFind = 0
    /// Nil in states of earlier versions, like the next.
    var still: StillWatch?
    var lastFind: LastFind?
}

/// Measures frames of one session, in order.
///
/// Not shared between threads.
struct FrameMeasurer {
    private(set) var state: TemporalState
    /// The last measured outline, pane pixels: for stills and overlays.
    private(set) var result = MeterResult()

    /// So many looks at a crop go before the whole pane is looked at again: half a second at 25 frames a second.
    private static let wholeLookInterval = 12

    /// A find in a closer look must be this sure: a part of the pane shows less of what tells pit from opening.
    private static let searchConfidence = 0.6

    /// Whether the last look found something that lies apart from the last find, and was emptied for it.
    private var isApart = false

    private let confidenceFloor: Double
    private var looker: FrameLooker
    private var meter: OpeningMeter
    private var sight = Sight()
    /// Of the inlet, as the last look showed it; stays empty where the network does not tell levels apart.
    private var inlet = MeterResult()
    /// What was seen of the present frame before its turn.
    private var foresight: Foresight?

    /// - Parameters:
    ///   - gateModel: the gate's network; nil leaves the gate to its plain measures.
    ///   - threads: cores that one run of the opening's network may use; nil takes what the settings say.
    init(settings: MeasuringSettings, model: Model, gate gateModel: Model?, state: TemporalState?, threads: Int? = nil)
        throws
    {
        looker = try FrameLooker(
            settings: settings, model: model, gate: gateModel, threads: threads ?? settings.threads)
        confidenceFloor = settings.confidenceFloor
        meter = OpeningMeter(settings: settings.opening)
        self.state = state ?? TemporalState()
    }

    /// What computes the network.
    var engineName: String { looker.segmenter.engineName }

    /// Measures one frame.
    ///
    /// A frame without a pane, or tainted, is not looked at.
    /// - Parameter foresight: what was seen of this frame before its turn; the rest is looked at now.
    mutating func measure(
        _ frame: borrowing VideoFrame, in pane: Pane?, foreseen foresight: Foresight? = nil
    ) throws -> Sample {
        self.foresight = foresight
        defer { self.foresight = nil }
        var sample = Sample(frame: frame.index, time: frame.time, segment: frame.segment)
        if frame.segment != state.segment {
            state.segment = frame.segment
            state.tracker = nil
            state.lastFind = nil
        }
        guard !frame.isTainted else {
            sample.reasons = [.tainted]
            return sample
        }
        guard let pane else {
            sample.reasons = [.noPane]
            return sample
        }
        let findings = try foresight?.findings ?? looker.examine(frame, pane: pane)
        var still = state.still ?? StillWatch()
        let stands = still.stands(findings.imprint, at: frame.time)
        state.still = still
        sample.quality = findings.quality
        sample.reasons = findings.reasons
        if sample.reasons != [.noSignal] {
            // What a capture card makes up without an input can look good enough to be measured.
            if findings.showsBars {
                sample.reasons = [.noSignal]
            } else if stands {
                sample.reasons = [.frozen]
            }
        }
        guard sample.reasons.isEmpty else {
            sample.quality = min(sample.quality ?? 0, 0.05)
            return sample
        }
        sample.reasons = findings.networkReasons
        guard sample.reasons.isEmpty else { return sample }
        try locateAndLook(frame, pane: pane)
        judge(&sample, pane: pane)
        return sample
    }

    /// Where the next frames will probably be looked at.
    var guess: LookGuess {
        guard let tracker = state.tracker else { return LookGuess() }
        if !tracker.looksAtWholePane {
            return LookGuess(
                crop: tracker.crop, pane: tracker.pane, untilWhole: Self.wholeLookInterval - state.looksSinceWhole)
        }
        guard state.framesWithoutFind > 0 else { return LookGuess() }
        return LookGuess(searching: (state.framesWithoutFind - 1) % SearchParts.count, pane: tracker.pane)
    }

    /// Forgets all earlier frames.
    mutating func forget() { state = TemporalState() }

    /// Makes the mask of a frame whatever the gate says of it; for judging networks.
    mutating func look(at frame: borrowing VideoFrame, pane: Pane) throws { try locateAndLook(frame, pane: pane) }

    /// A first look at the whole pane finds the opening; a tracked crop is then seen at full detail.
    private mutating func locateAndLook(_ frame: borrowing VideoFrame, pane: Pane) throws {
        let whole = PixelRect(pane.rect.size)
        var tracker = state.tracker ?? CropTracker(pane: pane.rect.size)
        if tracker.pane != pane.rect.size {
            tracker = CropTracker(pane: pane.rect.size)
            state.reference = ReferenceLength()
            state.lastFind = nil
        }
        if tracker.looksAtWholePane || state.looksSinceWhole >= Self.wholeLookInterval {
            state.looksSinceWhole = 0
            try see(whole, of: frame, pane: pane)
            if !tracker.looksAtWholePane, isElsewhere(than: tracker.crop) {
                tracker = CropTracker(pane: pane.rect.size)
            }
            if tracker.looksAtWholePane {
                if result.isEmpty { try search(frame, pane: pane) } else { state.framesWithoutFind = 0 }
                note(in: &tracker, atWholePane: true)
            }
        }
        if !tracker.looksAtWholePane {
            state.looksSinceWhole += 1
            let crop = tracker.crop
            try see(crop, of: frame, pane: pane)
            note(in: &tracker, atWholePane: false)
            if result.isCutByCrop, tracker.crop != crop {
                try see(tracker.crop, of: frame, pane: pane)
                note(in: &tracker, atWholePane: tracker.looksAtWholePane)
            }
        }
        state.tracker = tracker
    }

    /// Second chance for a first look that saw nothing: a small or oblique opening is found in a part of the pane.
    ///
    /// All parts at once when the opening has just been lost; then one a frame, in turn, so that a film without a larynx
    /// costs one look more and not five.
    private mutating func search(_ frame: borrowing VideoFrame, pane: Pane) throws {
        let parts = SearchParts(pane: pane.rect.size)
        let lost = state.framesWithoutFind
        let turns =
            lost == 0 ? 0..<SearchParts.count : (lost - 1) % SearchParts.count..<(lost - 1) % SearchParts.count + 1
        let sureness = result.confidence
        var best: PixelRect?
        var surest = Self.searchConfidence
        for turn in turns {
            try see(parts[turn], of: frame, pane: pane)
            if !result.isEmpty, !result.isCutByCrop, result.confidence >= surest {
                (best, surest) = (parts[turn], result.confidence)
            }
        }
        if let best {
            state.framesWithoutFind = 0
            try see(best, of: frame, pane: pane)
        } else {
            state.framesWithoutFind = lost + 1
            result.clear()
            result.confidence = sureness
        }
    }

    /// Whether the whole pane shows the opening outside the crop: a crop alone can settle on a dark pit and stay there.
    private func isElsewhere(than crop: PixelRect) -> Bool {
        guard !result.isEmpty, result.confidence >= confidenceFloor, let center = result.opening.center else {
            return false
        }
        return center.x < Double(crop.x) || center.x > Double(crop.maxX) || center.y < Double(crop.y)
            || center.y > Double(crop.maxY)
    }

    private mutating func see(_ crop: PixelRect, of frame: borrowing VideoFrame, pane: Pane) throws {
        let wasForeseen = foresight?.withSight(of: crop) { measure($0, pane: pane) }
        if wasForeseen != true {
            try looker.see(crop, of: frame, pane: pane, into: &sight)
            measure(sight, pane: pane)
        }
        isApart = !result.isEmpty && state.lastFind?.isApart(result.opening, at: frame.time) == true
        // A pit beside a larynx that has just closed. How sure the network is of it speaks against the closure.
        if isApart {
            let sureness = result.confidence
            result.clear()
            result.confidence = 1 - sureness
        }
    }

    /// The inlet that the crop is to keep in view: a sure one around the opening.
    ///
    /// Of one that the crop cuts nobody knows how large it is, so it asks for the next larger crop.
    private func inletToFollow(in crop: PixelRect) -> Opening? {
        guard !inlet.isEmpty, isInletSure else { return nil }
        var wanted = inlet.opening
        if inlet.isCutByCrop { wanted.length = max(wanted.length, Double(max(crop.width, crop.height))) }
        return wanted
    }

    private mutating func measure(_ sight: Sight, pane: Pane) {
        meter.measure(sight.opening, crop: sight.cover, field: pane.field, into: &result)
        guard let map = sight.inlet else { return }
        meter.measure(map, crop: sight.cover, field: pane.field, into: &inlet)
    }

    /// Nothing open in a crop that held the larynx a moment ago is a closed larynx; in the whole pane it is nothing seen.
    private func note(in tracker: inout CropTracker, atWholePane: Bool) {
        tracker.note(
            result.isEmpty && atWholePane ? nil : result.opening, confidence: isApart ? 1 : result.confidence,
            inlet: inletToFollow(in: tracker.crop))
    }

    private mutating func judge(_ sample: inout Sample, pane: Pane) {
        let sureness = min(max(result.confidence, 0), 1)
        // A curve is learned on outlines; where there is none, the network's own word stands.
        let confidence = result.isEmpty ? sureness : looker.segmenter.card.confidenceCurve?(sureness) ?? sureness
        sample.confidence = confidence
        if result.isEmpty, state.tracker?.looksAtWholePane ?? true {
            sample.reasons = [.noLarynx]
            return
        }
        if result.isCutByField { sample.reasons.append(.cutByEdge) }
        if confidence < confidenceFloor || isApart { sample.reasons.append(.lowConfidence) }
        guard sample.reasons.isEmpty else { return }
        sample.opening = result.opening
        var lastFind = state.lastFind ?? LastFind()
        lastFind.note(result.opening, at: sample.time)
        state.lastFind = lastFind
        sample.fieldShare = result.opening.area / Double(max(1, pane.field.area))
        state.reference.observe(area: result.opening.area, length: result.opening.length)
        sample.normalisedArea = state.reference.normalised(area: result.opening.area)
        if showsInlet { sample.inletArea = inlet.opening.area }
    }

    /// Whether the network tells the inlet, surely, and around the opening where there is one.
    private var isInletSure: Bool {
        looker.segmenter.seesLevels && inlet.confidence >= confidenceFloor
            && result.opening.center.map(inlet.contains) ?? true
    }

    /// Whether the inlet's area is known: seen whole and surely, around the opening where there is one.
    private var showsInlet: Bool {
        isInletSure && !inlet.isCutByEdge && inlet.opening.area >= result.opening.area
    }
}
