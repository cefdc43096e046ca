import Foundation
import Frames
import Metrics
import Testing

@testable import Daemon

@Suite("Session records") struct SessionRecordTests {
    @Test("of earlier and later versions can be read: settings that came or went are no obstacle")
    func otherVersions() throws {
        let folder = SessionFolder(
            root: FileManager.default.temporaryDirectory.appending(path: "rima-record-\(UUID().uuidString)"))
        try folder.create()
        defer { try? FileManager.default.removeItem(at: folder.root) }
        let text = """
            {"schema": 1, "notice": "", "session": "s", "rima_version": "0.0.1", "complete": true, "confidence_floor": 0.3,
             "source": {"name": "a.mkv", "bytes": 1, "sha256": "ab", "container": "matroska", "codec": "h264", "width": 4,
                        "height": 4, "ending": "finished", "last_packet_incomplete": false},
             "model": {"name": "m", "version": "1", "sha256": "cd"}, "panes": [], "marks": [],
             "frames": {"decoded": 1, "measured": 1, "rejected": 0, "reasons": {}},
             "thresholds": {"most_fog": 0.4, "of_another_version": 1}}
            """
        try Data(text.utf8).write(to: folder.summary)
        let record = try SessionRecord(of: folder)
        #expect(record.thresholds == ["most_fog": 0.4, "of_another_version": 1])
        #expect(record.subject == nil)
        try record.write(to: folder)
        #expect(try SessionRecord(of: folder).thresholds == record.thresholds)
    }
}

@Suite("Stored outlines") struct OutlineCodeTests {
    private func ellipse(_ count: Int, x: Double, y: Double, a: Double, b: Double) -> [Point] {
        (0..<count).map {
            let angle = 2 * .pi * Double($0) / Double(count)
            return Point(x: x + a * cos(angle), y: y + b * sin(angle))
        }
    }

    private func result(_ rings: [[Point]]) -> MeterResult {
        var result = MeterResult()
        for ring in rings {
            result.ringStarts.append(result.outline.count)
            result.outline += ring
        }
        return result
    }

    private func area(_ ring: [Point]) -> Double {
        ring.indices.reduce(0) { sum, i in
            let (p, q) = (ring[i], ring[(i + 1) % ring.count])
            return sum + (p.x * q.y - q.x * p.y) / 2
        }
    }

    @Test("give the same area within a fiftieth, from a slit to a large opening", arguments: [3.0, 12, 60, 300])
    func keepsArea(radius: Double) throws {
        let rings = [
            ellipse(240, x: 400, y: 380, a: radius, b: radius * 2), ellipse(90, x: 420, y: 900, a: radius / 2, b: 4),
        ]
        var bytes: [UInt8] = []
        OutlineCode.append(result(rings), to: &bytes)
        let back = try #require(OutlineCode.rings(bytes))
        #expect(back.count == 2)
        for (before, after) in zip(rings, back) {
            #expect(after.count <= before.count)
            // A border of a fifth of a pixel is what rounding and thinning may cost.
            let border = 0.2 * 2 * .pi * radius * 2 + 1
            #expect(abs(area(after) - area(before)) < max(0.02 * area(before), border))
        }
        #expect(bytes.count < 2 * 330, "thinned outlines stay small")
    }

    @Test("keep every corner")
    func corners() throws {
        let square = [Point(x: 10, y: 10), Point(x: 50, y: 10), Point(x: 50, y: 50), Point(x: 10, y: 50)]
        var dense: [Point] = []
        for i in square.indices {
            let (a, b) = (square[i], square[(i + 1) % 4])
            for step in 0..<20 {
                let t = Double(step) / 20
                dense.append(Point(x: a.x + (b.x - a.x) * t, y: a.y + (b.y - a.y) * t))
            }
        }
        var bytes: [UInt8] = []
        OutlineCode.append(result([dense]), to: &bytes)
        let back = try #require(OutlineCode.rings(bytes)?.first)
        for corner in square { #expect(back.contains(corner)) }
        #expect(abs(area(back) - 1600) < 0.01)
    }

    @Test("hold no outline as no ring, and refuse what is none")
    func strange() {
        var bytes: [UInt8] = []
        OutlineCode.append(MeterResult(), to: &bytes)
        #expect(OutlineCode.rings(bytes) == [])
        for bad in [[], [1], [1, 0x83, 0], [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [0, 0], [2, 0x80, 0]] as [[UInt8]] {
            #expect(OutlineCode.rings(bad) == nil, "\(bad)")
        }
        // Whatever a damaged store holds, reading it ends.
        var state: UInt64 = 7
        for _ in 0..<2000 {
            let noise = (0..<24).map { _ -> UInt8 in
                state = state &* 6_364_136_223_846_793_005 &+ 1
                return UInt8(truncatingIfNeeded: state >> 33)
            }
            _ = OutlineCode.rings(noise)
        }
    }
}
