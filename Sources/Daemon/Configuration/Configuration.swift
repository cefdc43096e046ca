// The daemon's settings as one value. What each means, and its limits, stands in SettingTable.swift.

/// Everything that can be configured, with its defaults.
package struct Configuration: Sendable, Equatable {
    package var stateFolder = "/var/lib/rima"
    package var watch: [WatchedFolder] = []
    package var sources: [LiveSource] = []
    /// - **Units** seconds.
    package var idleLimitSeconds = 30
    package var pane = PaneSetting.auto
    package var gate = Gate()
    package var opening = Opening()
    package var model = Model()
    package var socket = Socket()
    package var web = Web()
    package var sessions = Sessions()
    package var retention = Retention()
    package var decode = Decode()
    /// Closures at which a narrowing band ends: none, mild, moderate; severe beyond.
    ///
    /// Three, ascending.
    package var narrowingBands = [0.25, 0.5, 0.75]
    package var log = Log()
    /// A protocol's name or file; `none` for none.
    package var stageProtocol = Configuration.noProtocol
    package var report = Report()
    package var phase = Phase()

    package static let noProtocol = "none"

    package init() {}

    /// What the statistics of a report ask for.
    package struct Report: Sendable, Equatable {
        package var leastBreaths = 5
        package var leastUsableRatio = 0.5
        package var sustainedBreaths = 3
        package var sustainedClosureRatio = 0.5
        package var scaleDriftRatio = 0.12
    }

    package enum SoundUse: String, Sendable, CaseIterable { case off, auto }

    /// Who may say which way the air goes.
    package struct Phase: Sendable, Equatable {
        package var sound = SoundUse.off
    }

    package struct WatchedFolder: Sendable, Equatable {
        package var folder: String
        /// Shell pattern (`*`, `?`, `[…]`) for file names.
        package var pattern: String
        package var recursive: Bool

        package init(folder: String, pattern: String = "*", recursive: Bool = false) {
            self.folder = folder
            self.pattern = pattern
            self.recursive = recursive
        }
    }

    package enum Transport: String, Sendable, CaseIterable { case tcp, udp }

    /// A live source; ``address`` may hold a password and is never written anywhere.
    package struct LiveSource: Sendable, Equatable {
        package var name: String
        package var address: String
        package var autostart = true
        package var record = false
        package var realtime = false
        package var loop = false
        package var transport = Transport.tcp
        /// - **Units** seconds.
        package var stallSeconds = 10
        /// For capture devices; nil takes the device's own choice.
        package var inputFormat: String?
        package var videoSize: String?
        package var frameRate: Int?

        package init(name: String, address: String) {
            self.name = name
            self.address = address
        }
    }

    package enum PaneSetting: Sendable, Equatable {
        case auto
        /// - **Units** pixels of the recording as displayed.
        case explicit(x: Int, y: Int, width: Int, height: Int)
    }

    package struct Gate: Sendable, Equatable {
        package var noSignalUniformityRatio = 0.93
        package var noSignalDarkUniformityRatio = 0.995
        package var tooDarkMeanRatio = 0.05
        package var tooDarkBlackShareRatio = 0.85
        package var overexposedShareRatio = 0.35
        package var overexposedMeanRatio = 0.88
        package var flatContrastMinRatio = 0.05
        package var flatRelativeContrastMinRatio = 0.22
        package var blurredSharpnessMin = 0.07
        package var foggyIndexMax = 0.42
        package var poorPictureMax = 0.85
        package var noLarynxMax = 0.98
    }

    package enum Apex: String, Sendable, CaseIterable { case down, up, auto }

    package struct Opening: Sendable, Equatable {
        package var apex = Apex.down
        package var minimumAreaRatio = 0.0002
        package var edgeShareMax = 0.05
    }

    package enum Engine: String, Sendable, CaseIterable { case auto, native, onnxruntime }

    package enum Precision: String, Sendable, CaseIterable { case auto, float, int8 }

    package struct Model: Sendable, Equatable {
        /// An ONNX file, or `bundled`: the model that comes with Rima.
        package var openingPath = Model.bundled
        /// The same for the gate's network; `none` does without.
        package var gatePath = Model.bundled
        package var engine = Engine.auto
        package var precision = Precision.auto
        /// A library, a folder with one in it, or `auto`: wherever it is installed.
        package var onnxruntimeLibrary = Model.searched
        /// 0: as many as there are cores.
        package var threads = 0

        package static let bundled = "bundled"
        package static let absent = "none"
        package static let searched = "auto"
    }

    package enum SocketMode: String, Sendable, CaseIterable {
        case owner = "0600"
        case group = "0660"
        case everyone = "0666"

        package var bits: UInt32 {
            switch self {
            case .owner: 0o600
            case .group: 0o660
            case .everyone: 0o666
            }
        }
    }

    package struct Socket: Sendable, Equatable {
        package var path = "/run/rima/stream.sock"
        package var mode = SocketMode.group
        package var historyRows = 8192
        package var maxClients = 64
        package var allowMarks = true
        package var allowControl = true
    }

    package struct Web: Sendable, Equatable {
        package var enabled = true
        /// An IP address of this machine.
        package var host = "127.0.0.1"
        package var port = 8787
        /// Further names by which the page may be addressed.
        package var names: [String] = []
        package var allowMarks = false
        package var allowTrials = true
        package var trialLimitMB = 64
    }

    package struct Sessions: Sendable, Equatable {
        package var maxParallel = 4
        package var memoryLimitMB = 1024
        package var maxRestarts = 5
    }

    package struct Retention: Sendable, Equatable {
        /// 0: for ever.
        package var days = 0
        /// 0: as many as there is room for.
        package var gigabytes = 0
    }

    package enum HardwareDecoding: String, Sendable, CaseIterable { case off, auto }

    package struct Decode: Sendable, Equatable {
        package var threads = 1
        package var hardwareDecoding = HardwareDecoding.off
        package var maximumPixels = 4096 * 2160
    }

    package enum LogLevel: String, Sendable, CaseIterable { case debug, info, notice, warning, error }

    package struct Log: Sendable, Equatable {
        package var level = LogLevel.info
    }
}
