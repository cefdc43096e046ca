// Every setting: its key, its limits, its meaning. Parsing, rima.yaml, ref/config.md and the schema are made of this.

/// A group of settings.
struct SettingSection: Sendable {
    /// Nil for the settings at the top.
    let name: String?
    let explanation: String
    let settings: [Setting]
}

enum SettingTable {
    static let sections: [SettingSection] = [
        SettingSection(
            name: nil, explanation: "What is watched, and where results go.",
            settings: [
                .path(
                    "state_folder", \.stateFolder, limit: 3000,
                    """
                    Where sessions are kept: one folder for each, with its store, its tables and its report. \
                    It must exist and be writable for the service; systemd makes the default one.
                    """),
                .shaped(
                    "watch", .folders, defaultText: "[]",
                    """
                    Folders in which recordings appear. Each entry has `folder` (absolute path), `pattern` (shell \
                    pattern for file names; default `*`, every file that is a recording by its content) and \
                    `recursive` (whether folders inside count as well; default false). A recording that is still \
                    being written is measured as it grows.
                    """, read: SettingReaders.folders),
                .shaped(
                    "sources", .sources, defaultText: "[]",
                    """
                    Live sources; see guide/live-sources.md. Each entry has `name` (letters, digits, `-`, `_`; by which \
                    `rima source` starts and stops it) and `address`: rtsp, rtsps, rtmp, rtmps, srt, udp (MPEG-TS), \
                    http or https (HLS where it ends in .m3u8), or the absolute path of a capture device, a named pipe \
                    or a recording. And where wanted: `autostart` (begin with the service; default true), `record` \
                    (keep what is seen as recording.mkv, the whole picture; default false), `transport` (of RTSP, `tcp` \
                    or `udp`; default tcp), `stall_seconds` (connected to again after so long without a picture, 2 to \
                    600; default 10), `realtime` (a recording is played at its own pace; default false), `loop` (it \
                    begins again at its end; default false), and for capture devices `input_format`, `video_size` (as \
                    1920x1080) and `frame_rate`. Passwords in an address are never logged; keep this file at mode 0640.
                    """, read: SettingReaders.sources),
                .integer(
                    "idle_limit_seconds", \.idleLimitSeconds, 1...86_400, unit: "seconds",
                    """
                    A recording that is being written counts as over when its writer closes it, or when nothing has \
                    come for this long. Raise it where recorders pause.
                    """),
                .shaped(
                    "pane", .pane, unit: "pixels", defaultText: "auto",
                    """
                    Where the endoscope picture lies in the recording: `auto` finds it and keeps it; a mapping of \
                    `x_px`, `y_px` (its top left corner), `width_px` and `height_px` says it, in pixels of the \
                    recording as displayed. Nothing outside is ever read or stored.
                    """, read: SettingReaders.pane),
                .shaped(
                    "narrowing_bands", .bands, unit: "closure, 0 open to 1 closed", defaultText: "[0.25, 0.5, 0.75]",
                    """
                    Closures at which the bands of narrowing end: below the first none, then mild, moderate, and \
                    severe above the last. These describe a curve; they are not a clinical grade.
                    """, read: SettingReaders.bands),
                .path(
                    "protocol", \.stageProtocol, orWords: [Configuration.noProtocol] + StageProtocol.bundled,
                    """
                    The exercise protocol whose stages are set by time: one that comes with Rima, or a file by its \
                    absolute path; see guide/stages.md. A table of stages beside a recording counts more than this, \
                    and an operator's first mark ends it.
                    """),
            ]),
        SettingSection(
            name: "report",
            explanation: "What the statistics of a report ask for. Changing these needs no new analysis.",
            settings: [
                .integer(
                    "report.least_breaths", \.report.leastBreaths, 3...1000, unit: "breaths",
                    "A stage with fewer usable breaths gets no statistic, and the report says so."),
                .number(
                    "report.least_usable_ratio", \.report.leastUsableRatio, 0...1, unit: "share of the stage's time",
                    "A stage of which less could be used gets no statistic."),
                .integer(
                    "report.sustained_breaths", \.report.sustainedBreaths, 1...100, unit: "breaths",
                    "Narrowing counts as sustained from so many usable breaths in a row."),
                .number(
                    "report.sustained_closure_ratio", \.report.sustainedClosureRatio, 0...1,
                    unit: "closure, 0 open to 1 closed", "How far each of them closes at least."),
                .number(
                    "report.scale_drift_ratio", \.report.scaleDriftRatio, 0.01...1, unit: "change against rest",
                    """
                    When the reference length differs more than this from rest, the scope has moved, and the report \
                    says so.
                    """),
            ]),
        SettingSection(
            name: "phase",
            explanation: "Who may say whether air goes in or out. A flow channel beside the recording always may.",
            settings: [
                .choice(
                    "phase.sound", \.phase.sound,
                    """
                    `auto` listens to the recording's own sound where there is no flow channel: breaths that close by \
                    half and are plainly louder while they are narrow count as stridor, and stridor as inspiration. \
                    Everything else stays unknown. Not proven on real tests, therefore `off` unless asked for; see \
                    design/breaths.md. Only how loud it is 25 times a second is kept, and nothing that was said.
                    """)
            ]),
        SettingSection(
            name: "gate",
            explanation:
                "When a frame is refused rather than measured. All measures are taken within the lit field only.",
            settings: gate),
        SettingSection(
            name: "opening", explanation: "How the opening is measured.",
            settings: [
                .choice(
                    "opening.apex", \.opening.apex,
                    """
                    Where the anterior commissure, the tip of the opening, lies in the picture: `down`, `up`, or \
                    `auto` to take the narrower end. A scope through the nose shows it below, unless the camera is turned.
                    """),
                .number(
                    "opening.minimum_area_ratio", \.opening.minimumAreaRatio, 0...0.1,
                    unit: "share of the field of view",
                    "A smaller opening counts as closed, with area 0."),
                .number(
                    "opening.edge_share_max", \.opening.edgeShareMax, 0...1, unit: "share of the outline",
                    """
                    When more of the outline than this runs along the edge of the field of view, the opening is cut: \
                    its area is not known, and the frame is refused with the reason `cut_by_edge`.
                    """),
            ]),
        SettingSection(
            name: "model", explanation: "The network that finds the opening, and what runs it.",
            settings: [
                .path(
                    "model.opening_path", \.model.openingPath, orWords: [Configuration.Model.bundled],
                    """
                    The ONNX file of the opening network, by absolute path, or `bundled` for the one that comes with \
                    Rima. `rima model show FILE` says whether a file can be used.
                    """),
                .path(
                    "model.gate_path", \.model.gatePath,
                    orWords: [Configuration.Model.bundled, Configuration.Model.absent],
                    """
                    The ONNX file of the gate's network, which refuses poor pictures and those without a larynx, by \
                    absolute path; `bundled` for the one that comes with Rima, `none` for the plain measures alone.
                    """),
                .choice(
                    "model.engine", \.model.engine,
                    """
                    What computes the network: `native` is Rima's own engine, `onnxruntime` the library of that name, \
                    and `auto` takes the native one where it knows all of the network's layers, else the library.
                    """),
                .choice(
                    "model.precision", \.model.precision,
                    """
                    For the network that comes with Rima: `int8` computes with 8-bit numbers, `float` with 32-bit \
                    ones, and `auto` takes 8 bits where the processor has instructions for them (AVX-512 VNNI): the same \
                    accuracy in three fifths of the time. Without such instructions 8 bits are slower.
                    """),
                .path(
                    "model.onnxruntime_library", \.model.onnxruntimeLibrary, orWords: [Configuration.Model.searched],
                    """
                    ONNX Runtime's library (libonnxruntime.so…), or a folder that holds it, by absolute path; `auto` \
                    looks where the system keeps libraries and in /opt/onnxruntime. It is loaded only when it is needed.
                    """),
                .integer(
                    "model.threads", \.model.threads, 0...256, unit: "threads for each session",
                    """
                    Threads for the network; 0 takes as many as there are cores. A recording is looked at in as many \
                    frames at once, a live source's frame is computed by all of them together.
                    """),
            ]),
        SettingSection(
            name: "socket", explanation: "The event stream for other programs; see ref/socket.md.",
            settings: [
                .path(
                    "socket.path", \.socket.path, limit: 107,
                    """
                    The Unix socket. Its folder is made (mode 0750) if only that is missing. Not used when systemd \
                    hands the socket over (rima.socket).
                    """),
                .choice(
                    "socket.mode", \.socket.mode,
                    """
                    Who may connect: `0600` the service's own user, `0660` its group as well, `0666` everybody on \
                    the machine.
                    """),
                .integer(
                    "socket.history_rows", \.socket.historyRows, 16...1_048_576, unit: "rows for each session",
                    """
                    Rows kept in memory. A client that falls farther behind loses its oldest rows and is told so; \
                    8192 rows are five minutes at 25 frames per second and take about 3 MB.
                    """),
                .integer(
                    "socket.max_clients", \.socket.maxClients, 1...1024, unit: "connections",
                    "Clients served at the same time."),
                .flag(
                    "socket.allow_marks", \.socket.allowMarks,
                    "Whether clients may set stage marks. Everybody who may connect may then mark."),
                .flag(
                    "socket.allow_control", \.socket.allowControl,
                    "Whether clients may start and stop live sources. Everybody who may connect may then do so."),
            ]),
        SettingSection(
            name: "web", explanation: "The live page and the JSON API; see guide/page.md and ref/openapi.yaml.",
            settings: [
                .flag(
                    "web.enabled", \.web.enabled,
                    """
                    Whether the page is served. Where it cannot listen, that is logged and everything else goes on.
                    """),
                .address(
                    "web.host", \.web.host,
                    """
                    The address to listen on. `127.0.0.1` is this machine only: whoever has an account on it can then \
                    see what is measured. Any other address opens the page, without a password and without \
                    encryption, to the network behind it; put a proxy that asks who comes in front of it instead. \
                    Not used when systemd hands the socket over (rima-web.socket).
                    """),
                .integer("web.port", \.web.port, 1...65_535, "The TCP port to listen on."),
                .shaped(
                    "web.names", .names, defaultText: "[]",
                    """
                    Further host names by which browsers may address the page, as behind a proxy. Requests that name \
                    another host are refused, so that no foreign page can read this one through its reader's browser.
                    """, read: SettingReaders.names),
                .flag(
                    "web.allow_marks", \.web.allowMarks,
                    """
                    Whether the page may set stage marks and edit stages. Off, the page only shows.
                    """),
                .flag(
                    "web.allow_trials", \.web.allowTrials,
                    """
                    Whether a picture or a clip may be dropped on the page to see what the network makes of it. It is \
                    measured by a process of its own and not kept.
                    """),
                .integer(
                    "web.trial_limit_mb", \.web.trialLimitMB, 1...1024, unit: "megabytes",
                    "The largest file that may be dropped on the page."),
            ]),
        SettingSection(
            name: "sessions", explanation: "Each recording is measured by a process of its own.",
            settings: [
                .integer(
                    "sessions.max_parallel", \.sessions.maxParallel, 1...64, unit: "sessions",
                    "Recordings measured at the same time; others wait their turn."),
                .integer(
                    "sessions.memory_limit_mb", \.sessions.memoryLimitMB, 256...65_536,
                    unit: "megabytes for each session",
                    "A session that needs more is ended and begun again from its last stored row."),
                .integer(
                    "sessions.max_restarts", \.sessions.maxRestarts, 0...100, unit: "restarts",
                    """
                    How often in a row a session is begun again without having come any farther, before it is given \
                    up. Its rows stay.
                    """),
            ]),
        SettingSection(
            name: "retention",
            explanation: """
                How long finished sessions are kept. A session that is running, or that `rima sessions keep` protects \
                because it is under review, is never removed. Recordings are never touched.
                """,
            settings: [
                .integer(
                    "retention.days", \.retention.days, 0...36_500, unit: "days",
                    "Sessions are removed so long after they ended or were last edited; 0 keeps them for ever."),
                .integer(
                    "retention.gigabytes", \.retention.gigabytes, 0...1_000_000, unit: "gigabytes (10^9 bytes)",
                    """
                    When all sessions together take more, the oldest finished ones are removed until they do not; 0 \
                    sets no limit.
                    """),
            ]),
        SettingSection(
            name: "decode", explanation: "Limits on recordings.",
            settings: [
                .integer(
                    "decode.threads", \.decode.threads, 1...16, unit: "threads for each session",
                    "Threads for decoding."),
                .choice(
                    "decode.hardware_decoding", \.decode.hardwareDecoding,
                    """
                    `auto` decodes H.264, HEVC, VP9 and AV1 on a graphics card (VAAPI or CUDA) where there is one, and \
                    goes back to the processor, without losing a row, when the card gives up or the recording is \
                    damaged. `off` never asks for one.
                    """),
                .integer(
                    "decode.maximum_pixels", \.decode.maximumPixels, 4096...67_108_864,
                    unit: "pixels (width times height)",
                    "Larger pictures are refused, since a small file can ask for a very large one. Default: 4096 x 2160."
                ),
            ]),
        SettingSection(
            name: "log", explanation: "What the service writes to the journal, or to standard error.",
            settings: [
                .choice("log.level", \.log.level, "The least level that is written.")
            ]),
    ]

    private static let gate: [Setting] = [
        .number(
            "gate.no_signal_uniformity_ratio", \.gate.noSignalUniformityRatio, 0...1, unit: "share of the field",
            """
            `no_signal` when at least this share of the pixels has one colour, within 3 of 255 levels, as the blue or \
            black picture of a capture card without input.
            """),
        .number(
            "gate.no_signal_dark_uniformity_ratio", \.gate.noSignalDarkUniformityRatio, 0...1,
            unit: "share of the field",
            "The same for pictures with a mean brightness below 0.1, where a camera without light looks almost alike."),
        .number(
            "gate.too_dark_mean_ratio", \.gate.tooDarkMeanRatio, 0...1, unit: "mean brightness, 0 black to 1 white",
            "`too_dark` when the mean brightness is below this."),
        .number(
            "gate.too_dark_black_share_ratio", \.gate.tooDarkBlackShareRatio, 0...1, unit: "share of the field",
            "`too_dark` also when more than this share is near black (16 of 255 or below)."),
        .number(
            "gate.overexposed_share_ratio", \.gate.overexposedShareRatio, 0...1, unit: "share of the field",
            "`overexposed` when more than this share is burnt out (250 of 255 or above)."),
        .number(
            "gate.overexposed_mean_ratio", \.gate.overexposedMeanRatio, 0...1,
            unit: "mean brightness, 0 black to 1 white",
            "`overexposed` also when the mean brightness is above this."),
        .number(
            "gate.blurred_sharpness_min", \.gate.blurredSharpnessMin, 0...1,
            unit: "ratio; 0.0625 a smooth ramp, 0.25 a hard edge, 1 noise",
            """
            `blurred` when the sharpness is below this: the mean squared difference of neighbouring pixels over that \
            of pixels four apart, in the picture scaled to the gate's grid.
            """),
        .number(
            "gate.foggy_index_max", \.gate.foggyIndexMax, 0...1, unit: "0 clear to 1 a white wall",
            """
            `foggy` when the fog index is above this: how bright and colourless even the darkest parts are (10th \
            percentile of the least of red, green and blue, times one minus the mean saturation).
            """),
        .number(
            "gate.poor_picture_max", \.gate.poorPictureMax, 0...1, unit: "probability",
            "`poor_picture` when the gate's network is surer than this that the picture cannot be measured; 1 never."),
        .number(
            "gate.no_larynx_max", \.gate.noLarynxMax, 0...1, unit: "probability",
            "`no_larynx` when the gate's network is surer than this that something else is in view; 1 never."),
        .number(
            "gate.flat_contrast_min_ratio", \.gate.flatContrastMinRatio, 0...1, unit: "share of full range",
            "`flat` when the contrast (95th minus 5th percentile of brightness) is below this: the scope touches tissue."
        ),
        .number(
            "gate.flat_relative_contrast_min_ratio", \.gate.flatRelativeContrastMinRatio, 0...4, unit: "ratio",
            "`flat` also when the contrast over the mean brightness (taken as at least 0.1) is below this."
        ),
    ]

    /// All of them, in the order of the file.
    static let all: [Setting] = sections.flatMap(\.settings)
    static let byPath: [String: Setting] = Dictionary(uniqueKeysWithValues: all.map { ($0.path, $0) })
    static let sectionNames: [String] = sections.compactMap(\.name)
    /// What may stand at the top of the file.
    static let topKeys: [String] = (sections.first?.settings.map(\.key) ?? []) + sectionNames
}
