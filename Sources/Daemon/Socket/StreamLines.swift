// The lines that the server itself writes; events of sessions come ready from those who publish them.

enum StreamLines {
    /// Version of the stream's format.
    ///
    /// Fields may be added within a version; none changes its meaning.
    static let schema = 1
    static let notice = "Research use only. Not a medical device."

    /// Units of the fields of `sample`, named as the columns of the CSV.
    private static let units: [(StaticString, String)] = [
        ("t_s", "s"), ("quality", "1"), ("confidence", "1"), ("area_px", "px^2"), ("area_fov_ratio", "1"),
        ("area_norm", "1"), ("length_px", "px"), ("width_px", "px"), ("angle_deg", "deg"), ("left_area_px", "px^2"),
        ("right_area_px", "px^2"), ("center_x_px", "px"), ("center_y_px", "px"), ("inlet_area_px", "px^2"),
    ]

    static func hello(version: String, sessions: [SessionSummary]) -> [UInt8] {
        var line = JSONLine(type: "hello", capacity: 1024)
        line.field("schema", schema)
        line.field("program", "rima")
        line.field("version", version)
        line.field("notice", notice)
        var unitObject = JSONLine()
        for (name, unit) in units { unitObject.field(name, unit) }
        line.field("units", json: unitObject.text())
        line.field("sessions", json: list(sessions))
        return line.bytes()
    }

    /// Rows that this client has missed.
    static func gap(session: String, dropped: Int, fromSeq: Int?, toSeq: Int?) -> [UInt8] {
        var line = JSONLine(type: "gap")
        line.field("session", session)
        line.field("cause", "slow_client")
        line.field("dropped", dropped)
        if let fromSeq, let toSeq, fromSeq <= toSeq {
            line.field("from_seq", fromSeq)
            line.field("to_seq", toSeq)
        }
        return line.bytes()
    }

    static func heartbeat(now: Int, sessions: Int, dropped: Int) -> [UInt8] {
        var line = JSONLine(type: "heartbeat")
        line.field("monotonic_ms", now)
        line.field("sessions", sessions)
        line.field("dropped", dropped)
        return line.bytes()
    }

    static func reply(to command: String, detail: (inout JSONLine) -> Void = { _ in }) -> [UInt8] {
        var line = JSONLine(type: "reply")
        line.field("to", command)
        line.field("ok", true)
        detail(&line)
        return line.bytes()
    }

    static func refusal(to command: String?, _ error: StreamCommandError) -> [UInt8] {
        var line = JSONLine(type: "reply")
        if let command { line.field("to", command) }
        line.field("ok", false)
        line.field("error", error.code.rawValue)
        line.field("message", error.message)
        return line.bytes()
    }

    /// The last line of a connection that the server ends.
    static func bye(reason: String) -> [UInt8] {
        var line = JSONLine(type: "bye")
        line.field("reason", reason)
        return line.bytes()
    }

    static func list(_ sessions: [SessionSummary]) -> String {
        let items = sessions.map { summary in
            var item = JSONLine()
            item.field("session", summary.session)
            item.field("state", summary.state)
            item.field("next_seq", summary.lastSeq + 1)
            item.field("ended", summary.hasEnded)
            return item.text()
        }
        return "[" + items.joined(separator: ",") + "]"
    }
}
