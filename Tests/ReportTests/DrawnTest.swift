// A drawn test with all stages, gaps and a swallow, summarised as a real one would be.
import Foundation
import Frames
import Metrics
import Report

/// Makes report contents whose truth is known.
enum DrawnTest {
    /// A 1 x 1 pixel JPEG.
    static let pixel: [UInt8] = Array(
        Data(
            base64Encoded: "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAAMCAgICAgMCAgIDAwMDBAYEBAQEBAgGBgUGCQgKCgkICQkKDA8MCgsO"
                + "CwkJDRENDg8QEBEQCgwSExIQEw8QEBD/yQALCAABAAEBAREA/8wABgAQEAX/2gAIAQEAAD8A0s8g/9k=") ?? Data())

    static let labels = ["Rest", "Warm-up", "Moderate", "Maximal", "Recovery"]
    private static let rates = [14.0, 22, 31, 46, 30]
    private static let closures = [0.14, 0.18, 0.38, 0.71, 0.4]

    /// - Parameters:
    ///   - seconds: length of each of five stages.
    ///   - lost: spans of seconds in which every frame is rejected.
    static func content(
        seconds: Double, framesPerSecond: Double = 25, lost: [Range<Double>] = [], labels: [String] = labels,
        swallowAt: Double? = nil
    ) -> ReportContent {
        var samples: [Sample] = []
        let total = seconds * 5
        var phase = 0.0
        for frame in 0..<Int(total * framesPerSecond) {
            let at = Double(frame) / framesPerSecond
            let stage = min(4, Int(at / seconds))
            phase += rates[stage] / 60 / framesPerSecond
            let wobble = 1 + 0.06 * sin(Double(frame) * 0.0131) + 0.04 * sin(Double(frame) * 0.0413)
            let dip = closures[stage] * wobble * (0.5 - 0.5 * cos(2 * .pi * phase))
            var area = 6200 * (1 + 0.05 * sin(at * 0.03)) * (1 - dip)
            if let swallowAt, at >= swallowAt, at < swallowAt + 1, abs(cos(.pi * (at - swallowAt))) < 0.7 { area = 0 }
            var sample = Sample(frame: frame, time: StreamTime(nanoseconds: Int64((at * 1e9).rounded())), segment: 0)
            sample.quality = 0.9
            if lost.contains(where: { $0.contains(at) }) {
                sample.reasons = [frame % 3 == 0 ? .foggy : .blurred]
            } else {
                sample.opening = Opening(
                    area: max(0, area), length: 120, width: 60, angle: 40, leftArea: area / 2, rightArea: area / 2,
                    center: Point(x: 200, y: 200))
                sample.confidence = 0.93
                sample.normalisedArea = max(0, area) / (120 * 120)
            }
            samples.append(sample)
        }
        let marks = labels.enumerated().map {
            StageMark(
                label: $1, time: StreamTime(nanoseconds: Int64(Double($0) * seconds * 1e9)),
                source: $0 == 2 ? .edit : .plan)
        }
        return content(samples, marks: marks, end: StreamTime(nanoseconds: Int64(total * 1e9)))
    }

    static func content(_ samples: [Sample], marks: [StageMark], end: StreamTime) -> ReportContent {
        var detector = BreathDetector()
        var breaths: [Breath] = []
        var interruptions: [Interruption] = []
        func take(_ events: [BreathEvent]) {
            for event in events {
                switch event {
                case .breath(let breath): breaths.append(breath)
                case .interruption(let interruption): interruptions.append(interruption)
                }
            }
        }
        for sample in samples { take(detector.observe(sample)) }
        take(detector.finish())
        let schedule = StageSchedule(marks: marks, end: end)
        let summary = StageAggregator().summarise(
            samples: samples, breaths: breaths, interruptions: interruptions, schedule: schedule)
        var reasons: [Reason: Int] = [:]
        for sample in samples { for reason in sample.reasons { reasons[reason, default: 0] += 1 } }
        let measured = samples.filter { $0.state == .measured }.count
        return ReportContent(
            session: "drawn-01", pseudonym: "P-017", date: "3 March 2026", plan: "modified Bruce, treadmill",
            recording: ReportRecording(
                name: "cle.mkv", sha256: String(repeating: "ab", count: 32), codec: "h264",
                size: PixelSize(width: 1280, height: 720), framesPerSecond: 25, duration: end,
                pane: PixelRect(x: 40, y: 60, width: 400, height: 400)),
            parts: [
                ReportPart(role: "Program", name: "Rima", version: "0.1.0"),
                ReportPart(
                    role: "Opening network", name: "opening", version: "1", sha256: String(repeating: "cd", count: 32)),
            ],
            accounting: ReportAccounting(
                decoded: samples.count, measured: measured, rejected: samples.count - measured, reasons: reasons),
            samples: samples, breaths: breaths, interruptions: interruptions, marks: marks, summary: summary,
            stills: stills(summary), paneSize: PixelSize(width: 400, height: 400))
    }

    /// Two stills for every stage that has numbers, with a round outline.
    static func stills(_ summary: TestSummary, jpeg: [UInt8] = pixel) -> [ReportStill] {
        summary.stages.flatMap { stage -> [ReportStill] in
            guard let worst = stage.worst, let widest = stage.widest else { return [] }
            let narrow = 44 * (1 - worst.value).squareRoot()
            return [(ReportStill.Kind.widest, widest, 44.0), (.narrowest, worst, narrow)].map {
                kind, evidence, radius in
                ReportStill(
                    stage: stage.span.label, kind: kind, frame: evidence.frame, time: evidence.time,
                    area: .pi * radius * radius, jpeg: jpeg,
                    rings: [
                        (0..<48).map {
                            let angle = Double($0) / 48 * 2 * .pi
                            return Point(x: 200 + radius * cos(angle) * 0.8, y: 200 + radius * sin(angle) * 1.25)
                        }
                    ])
            }
        }
    }
}
