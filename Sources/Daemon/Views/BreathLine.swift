// Breaths and interruptions as JSON, for the stream and the API alike.
import Frames

/// Renders what the breath detector reports.
enum BreathLine {
    /// The event of the stream, without line feed.
    static func event(_ event: BreathEvent, session: String) -> [UInt8] {
        switch event {
        case .breath(let breath):
            var line = JSONLine(type: "breath", capacity: 512)
            line.field("session", session)
            fill(&line, breath)
            return line.text().utf8.map { $0 }
        case .interruption(let interruption):
            var line = JSONLine(type: "interruption")
            line.field("session", session)
            fill(&line, interruption)
            return line.text().utf8.map { $0 }
        }
    }

    static func object(_ breath: Breath) -> String {
        var line = JSONLine()
        fill(&line, breath)
        return line.text()
    }

    static func object(_ interruption: Interruption) -> String {
        var line = JSONLine()
        fill(&line, interruption)
        return line.text()
    }

    /// Named as the columns of breaths.csv.
    private static func fill(_ line: inout JSONLine, _ breath: Breath) {
        line.field("breath", breath.index)
        line.field("segment", breath.segment)
        line.field("start_s", seconds: breath.start)
        line.field("end_s", seconds: breath.end)
        line.field("rate_per_min", breath.isWhole ? breath.rate : nil, places: 2)
        line.field("start_frame", breath.startFrame)
        line.field("end_frame", breath.endFrame)
        line.field("widest_frame", breath.widestFrame)
        line.field("widest_t_s", seconds: breath.widestTime)
        line.field("narrowest_frame", breath.narrowestFrame)
        line.field("narrowest_t_s", seconds: breath.narrowestTime)
        line.field("opened_px", breath.opened, places: 1)
        line.field("narrowed_px", breath.narrowed, places: 1)
        line.field("opened_norm", breath.openedNormalised, places: 6)
        line.field("closure_ratio", breath.closure, places: 4)
        if let levels = breath.levels {
            line.field("glottic_closure_ratio", levels.glottic, places: 4)
            line.field("supraglottic_closure_ratio", levels.supraglottic, places: 4)
        }
        line.field("usable_ratio", breath.usableShare, places: 4)
        line.field("confidence", breath.confidence, places: 3)
        line.field("usable", breath.isUsable)
        line.field("whole", breath.isWhole)
        line.field("phase", breath.phase.rawValue)
        if let source = breath.phaseSource { line.field("phase_source", source.rawValue) }
    }

    private static func fill(_ line: inout JSONLine, _ interruption: Interruption) {
        line.field("kind", interruption.kind.rawValue)
        line.field("segment", interruption.segment)
        line.field("start_s", seconds: interruption.start)
        line.field("end_s", seconds: interruption.end)
        line.field("start_frame", interruption.startFrame)
        line.field("end_frame", interruption.endFrame)
    }
}
