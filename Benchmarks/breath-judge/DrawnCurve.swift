// An area curve with known breaths: a five-minute test with all its stages and faults.
import Foundation
package import Frames

/// SplitMix64: the same numbers on every machine.
package struct TestDice {
    private var state: UInt64
    /// Neighbouring seeds must not give one stream, shifted: the seed itself is mixed first.
    package init(_ seed: UInt64) {
        state = seed
        state = next()
    }
    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
    package mutating func uniform(_ range: ClosedRange<Double>) -> Double {
        range.lowerBound + (range.upperBound - range.lowerBound) * Double(next() >> 11) / 9007199254740992
    }
    package mutating func normal() -> Double {
        (-2 * log(max(uniform(0...1), 1e-12))).squareRoot() * cos(uniform(0...(2 * .pi)))
    }
    package mutating func chance(_ p: Double) -> Bool { uniform(0...1) < p }
}

/// What is drawn.
package struct DrawnSettings {
    package var noise = 0.0
    package var framesPerSecond = 25.0
    package var isVariable = false
    /// Events per minute.
    package var gaps = 3.0
    package var swallows = 1.0
    package var coughs = 0.4
    package var talks = 0.15
    package var drift = 0.15
    package var stageSeconds = 60.0

    package init(noise: Double = 0, framesPerSecond: Double = 25, isVariable: Bool = false) {
        self.noise = noise
        self.framesPerSecond = framesPerSecond
        self.isVariable = isVariable
    }
}

package struct DrawnBreath {
    package var start: Double
    package var end: Double
    package var trough: Double
    package var closure: Double
    package var stage: Int
}

package struct DrawnStage {
    package var label: String
    package var start: Double
    package var end: Double
    package var rate: ClosedRange<Double>
    package var closure: ClosedRange<Double>
}

/// One drawn test.
package struct DrawnCurve {
    package private(set) var samples: [Sample] = []
    package private(set) var breaths: [DrawnBreath] = []
    package private(set) var stages: [DrawnStage] = []
    /// Kind and span in seconds.
    package private(set) var interruptions: [(kind: InterruptionKind, start: Double, end: Double)] = []
    package private(set) var gaps: [ClosedRange<Double>] = []

    package init(seed: UInt64, _ settings: DrawnSettings = DrawnSettings()) {
        var dice = TestDice(seed)
        let severity = dice.uniform(0...1)
        let length = settings.stageSeconds
        let plan: [(String, ClosedRange<Double>, ClosedRange<Double>)] = [
            ("Rest", 10...18, 0.08...0.3), ("Warm-up", 18...28, 0.08...(0.15 + 0.25 * severity)),
            ("Moderate", 26...38, (0.1 + 0.3 * severity)...(0.2 + 0.45 * severity)),
            ("Maximal", 36...58, (0.12 + 0.55 * severity)...(0.25 + 0.7 * severity)),
            ("Recovery", 22...40, 0.1...(0.2 + 0.5 * severity)),
        ]
        for (i, stage) in plan.enumerated() {
            let rate = dice.uniform(stage.1)
            let closure = dice.uniform(stage.2)
            stages.append(
                DrawnStage(
                    label: stage.0, start: Double(i) * length, end: Double(i + 1) * length,
                    rate: rate...(rate * dice.uniform(1...1.15)), closure: closure...min(0.97, closure + 0.08)))
        }
        let total = length * Double(plan.count)
        let shape = Int(dice.next() % 3)
        var cycles: [Cycle] = []
        var time = -dice.uniform(0...3)
        var opened = dice.uniform(4000...9000)
        let base = opened
        while time < total {
            let index = max(0, min(stages.count - 1, Int(time / length)))
            let stage = stages[index]
            let progress = min(1, max(0, (time - stage.start) / length))
            let rate = stage.rate.lowerBound + (stage.rate.upperBound - stage.rate.lowerBound) * progress
            let closure = stage.closure.lowerBound + (stage.closure.upperBound - stage.closure.lowerBound) * progress
            let duration = 60 / rate * (1 + 0.08 * max(-2, min(2, dice.normal())))
            let next = base * (1 + 0.08 * dice.normal())
            cycles.append(
                Cycle(
                    start: time, end: time + duration, from: opened, to: next,
                    closure: max(0.05, min(0.97, closure * (1 + 0.1 * dice.normal()))),
                    shape: shape, skew: dice.uniform(0.38...0.55), stage: index))
            time += duration
            opened = next
        }
        let scaleRate = dice.uniform(0.01...0.03)
        let scalePhase = dice.uniform(0...6)
        let scale: (Double) -> Double = { 1 + settings.drift * sin(2 * .pi * scaleRate * $0 + scalePhase) }
        drawEvents(&dice, settings, total: total)
        drawBreaths(cycles, scale: scale, total: total)
        drawSamples(&dice, settings, cycles, scale: scale, total: total, base: base)
    }

    private struct Cycle {
        var start: Double
        var end: Double
        var from: Double
        var to: Double
        var closure: Double
        var shape: Int
        var skew: Double
        var stage: Int

        func area(_ time: Double) -> Double {
            let phase = (time - start) / (end - start)
            let top = from + (to - from) * phase
            // Time runs faster before or after the trough.
            let warped = phase < skew ? 0.5 * phase / skew : 0.5 + 0.5 * (phase - skew) / (1 - skew)
            var dip = 0.5 - 0.5 * cos(2 * .pi * warped)
            if shape == 1 { dip *= dip }
            if shape == 2 { dip = dip * dip * (3 - 2 * dip) }
            return top * (1 - closure * dip)
        }
    }

    private mutating func drawEvents(_ dice: inout TestDice, _ settings: DrawnSettings, total: Double) {
        var busy: [ClosedRange<Double>] = []
        let minutes = total / 60
        func place(_ dice: inout TestDice, _ seconds: Double) -> Double? {
            for _ in 0..<20 {
                let start = dice.uniform(5...(total - 15))
                if !busy.contains(where: { $0.overlaps((start - 4)...(start + seconds + 4)) }) {
                    busy.append(start...(start + seconds))
                    return start
                }
            }
            return nil
        }
        func count(_ dice: inout TestDice, _ perMinute: Double) -> Int {
            let exact = perMinute * minutes
            return Int(exact) + (dice.chance(exact - exact.rounded(.down)) ? 1 : 0)
        }
        for _ in 0..<count(&dice, settings.talks) {
            let seconds = dice.uniform(2.5...6)
            if let start = place(&dice, seconds) { interruptions.append((.voice, start, start + seconds)) }
        }
        for _ in 0..<count(&dice, settings.swallows) {
            let seconds = dice.uniform(0.7...1.3)
            if let start = place(&dice, seconds) { interruptions.append((.swallow, start, start + seconds)) }
        }
        for _ in 0..<count(&dice, settings.coughs) {
            let seconds = 0.36 * Double(2 + Int(dice.next() % 3))
            if let start = place(&dice, seconds) { interruptions.append((.cough, start, start + seconds)) }
        }
        for _ in 0..<count(&dice, settings.gaps) {
            let seconds = dice.chance(0.3) ? dice.uniform(1...4) : dice.uniform(0.08...0.7)
            if let start = place(&dice, seconds) { gaps.append(start...(start + seconds)) }
        }
    }

    private mutating func drawBreaths(_ cycles: [Cycle], scale: (Double) -> Double, total: Double) {
        for cycle in cycles where cycle.start >= 0 && cycle.end <= total {
            var areas: [Double] = []
            var trough = (Double.infinity, 0.0)
            for step in 0..<400 {
                let time = cycle.start + (cycle.end - cycle.start) * (Double(step) + 0.5) / 400
                let area = cycle.area(time) * scale(time)
                areas.append(area)
                if area < trough.0 { trough = (area, time) }
            }
            areas.sort()
            breaths.append(
                DrawnBreath(
                    start: cycle.start, end: cycle.end, trough: trough.1, closure: 1 - areas[20] / areas[379],
                    stage: cycle.stage))
        }
    }

    private mutating func drawSamples(
        _ dice: inout TestDice, _ settings: DrawnSettings, _ cycles: [Cycle], scale: (Double) -> Double,
        total: Double, base: Double
    ) {
        var time = 0.0
        var frame = 0
        var index = 0
        while time < total {
            while index + 1 < cycles.count, cycles[index].end <= time { index += 1 }
            var area = cycles[index].area(time) * scale(time)
            for event in interruptions where time > event.start && time < event.end {
                let t = time - event.start
                let seconds = event.end - event.start
                switch event.kind {
                case .swallow:
                    let edge = min(1, min(t, seconds - t) / 0.18)
                    area *= 1 - (0.5 - 0.5 * cos(.pi * edge))
                case .cough:
                    let phase = t / 0.36
                    let inner = phase - phase.rounded(.down)
                    area *= inner < 0.55 ? abs(cos(.pi * inner / 0.55)) * 0.98 : 1.1
                case .voice:
                    let edge = min(1, min(t, seconds - t) / 0.25)
                    let voiced = base * (0.2 + 0.12 * sin(2 * .pi * 3.7 * t) + 0.06 * sin(2 * .pi * 2.3 * t + 1))
                    area += (max(0, voiced) - area) * edge
                }
            }
            let nanoseconds = Int64((time * 1e9).rounded())
            var sample = Sample(frame: frame, time: StreamTime(nanoseconds: nanoseconds), segment: 0)
            if gaps.contains(where: { $0.contains(time) }) {
                sample.reasons = [.blurred]
            } else {
                area = max(0, area * (1 + settings.noise * dice.normal()))
                sample.opening = Opening(
                    area: area, length: 100, width: 60, angle: nil, leftArea: area / 2, rightArea: area / 2,
                    center: Point(x: 1, y: 1))
                sample.normalisedArea = area / (100 * 100 * scale(time))
            }
            samples.append(sample)
            let step = 1 / settings.framesPerSecond
            time += settings.isVariable ? step * dice.uniform(0.5...1.8) : step
            frame += 1
        }
    }

    /// Whether a true breath can be found at all: most of it, and its narrowest part, is in view.
    package func isVisible(_ breath: DrawnBreath) -> Bool {
        let duration = breath.end - breath.start
        let hidden = gaps + interruptions.map { ($0.start - 0.1)...($0.end + 0.1) }
        var lost = 0.0
        for span in hidden {
            lost += max(0, min(breath.end, span.upperBound) - max(breath.start, span.lowerBound))
            let reach = 0.2 * duration
            if span.overlaps((breath.trough - reach)...(breath.trough + reach)) { return false }
        }
        return lost < 0.4 * duration
    }
}
