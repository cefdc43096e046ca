import Frames
import Testing

@testable import Phantom

/// The area curve without pictures agrees with the frames' own truth.
struct AreaTruthTests {
    private func settings(irregularity: Double) -> PhantomSettings {
        PhantomSettings(
            seed: 77, seconds: 60, size: PixelSize(width: 256, height: 256), rateNumerator: 10, layout: .full,
            narrowing: .both, irregularity: irregularity)
    }

    @Test("Areas and faults are those of the frames")
    func areas() throws {
        let recording = PhantomRecording(settings(irregularity: 0))
        let truth = recording.areaTruth()
        #expect(truth.points.count == recording.frameCount)
        let widest = truth.points.map(\.area).max() ?? 0
        for index in stride(from: 0, to: recording.frameCount, by: 7) {
            let frame = recording.truth(of: index)
            #expect(abs(truth.points[index].area - frame.area) < 0.005 * widest)
            #expect(truth.points[index].faults == frame.faults)
            #expect(truth.points[index].time == frame.time)
        }
    }

    @Test("Breaths follow each other without a gap and add up to the stages' rates", arguments: [0, 0.08])
    func breaths(irregularity: Double) {
        let recording = PhantomRecording(settings(irregularity: irregularity))
        let truth = recording.areaTruth()
        for (a, b) in zip(truth.breaths, truth.breaths.dropFirst()) {
            #expect(abs(a.end - b.start) < 1e-6 && a.start < a.trough && a.trough < a.end)
        }
        let counted = truth.stages.reduce(0) { $0 + $1.rate * ($1.end - $1.start) / 60 }
        #expect(abs(counted - Double(truth.breaths.count)) < 1.01)
        if irregularity == 0 {
            for (leg, stage) in zip(truth.stages, recording.settings.stages) {
                #expect(abs(leg.rate - stage.breathsPerMinute) < 1e-6)
            }
            // The breath that the recording's end cuts off is numbered, but not whole.
            let last = recording.truth(of: 599).breath
            #expect(last == truth.breaths.count || last == truth.breaths.count + 1)
        } else {
            let lengths = truth.breaths.map { $0.end - $0.start }
            #expect(Set(lengths.map { Int($0 * 1000) }).count > lengths.count / 2)
        }
    }
}
