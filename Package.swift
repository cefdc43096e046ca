// swift-tools-version: 6.3
// Rima: how far the larynx is open, in every frame of a CLE test.
import PackageDescription

/// One set of rules for every Swift target.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// Modules whose parts have tests of their own; one build then serves users and tests.
let tested = strict + [.unsafeFlags(["-enable-testing"])]

/// The pure modules prove their memory safety to the compiler as well.
let pure = strict + [.strictMemorySafety()]

let package = Package(
    name: "rima",
    products: [.executable(name: "rima", targets: ["rima"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
    ],
    targets: [
        // System libraries and C.
        .systemLibrary(
            name: "CFFmpeg", pkgConfig: "libavformat libavcodec libswscale libavutil",
            providers: [.apt(["libavformat-dev", "libavcodec-dev", "libswscale-dev", "libavutil-dev"])]),
        .target(name: "COnnxRuntime", linkerSettings: [.linkedLibrary("dl")]),
        .target(name: "Kernels", exclude: ["inc"], cSettings: [.unsafeFlags(["-O3"])]),

        // One frame's way: words, picture, mask, opening.
        .target(name: "Frames", swiftSettings: pure),
        .target(name: "Decode", dependencies: ["Frames", "CFFmpeg", "Kernels"], swiftSettings: tested),
        .target(name: "Encode", dependencies: ["Frames", "CFFmpeg"], swiftSettings: strict),
        .target(
            name: "Segment",
            dependencies: [
                "Frames", "Kernels", "COnnxRuntime", .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            exclude: ["Onnx/onnx.proto"],
            swiftSettings: strict),
        .target(name: "Metrics", dependencies: ["Frames"], swiftSettings: pure),
        .target(name: "Report", dependencies: ["Frames"], swiftSettings: tested),
        .target(name: "Phantom", dependencies: ["Frames"], swiftSettings: tested),

        // The command: configuration, sessions, store, socket, views.
        .target(
            name: "Daemon",
            dependencies: [
                "Frames", "Decode", "Encode", "Segment", "Metrics", "Report", "Phantom",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
                .product(name: "Yams", package: "Yams"),
            ],
            exclude: ["Web/Page"], swiftSettings: tested),
        .executableTarget(name: "rima", dependencies: ["Daemon"], swiftSettings: strict),
        .executableTarget(
            name: "bench-engine", dependencies: ["Segment", "Frames"], path: "Benchmarks/bench-engine",
            swiftSettings: strict),
        // Judges breath finding against known truth, for the bench and for the tests.
        .target(
            name: "BreathJudge", dependencies: ["Frames", "Metrics", "Phantom"], path: "Benchmarks/breath-judge",
            swiftSettings: strict),
        .executableTarget(
            name: "bench-breaths", dependencies: ["BreathJudge"], path: "Benchmarks/bench-breaths",
            swiftSettings: strict),

        .target(
            name: "FuzzTargets", dependencies: ["Daemon", "Decode", "Segment", "Frames"], path: "Fuzz/Targets",
            swiftSettings: strict),
        .executableTarget(
            name: "rima-fuzz", dependencies: ["FuzzTargets"], path: "Fuzz/rima-fuzz", swiftSettings: strict),
        // Waits that end and programs that do not outlive their tests.
        .target(name: "TestSupport", path: "Tests/Support", swiftSettings: strict),
        .testTarget(name: "FuzzTests", dependencies: ["FuzzTargets"], swiftSettings: strict),
        .testTarget(name: "KernelsTests", dependencies: ["Kernels"], swiftSettings: strict),
        .testTarget(name: "FramesTests", dependencies: ["Frames"], swiftSettings: strict),
        .testTarget(
            name: "DecodeTests", dependencies: ["Decode", "Encode", "Phantom", "Frames", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "SegmentTests", dependencies: ["Segment", "Frames", "TestSupport"], resources: [.copy("Fixtures")],
            swiftSettings: strict),
        .testTarget(
            name: "MetricsTests", dependencies: ["Metrics", "Frames", "BreathJudge", "Phantom"], swiftSettings: strict),
        .testTarget(
            name: "ReportTests", dependencies: ["Report", "Metrics", "Frames"], exclude: ["Golden"],
            swiftSettings: strict),
        .testTarget(name: "PhantomTests", dependencies: ["Phantom", "Frames"], swiftSettings: strict),
        .testTarget(
            name: "DaemonTests",
            dependencies: [
                "Daemon", "Encode", "Frames", "Metrics", "Segment", "TestSupport", "rima",
                .product(name: "Logging", package: "swift-log"), .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"), .product(name: "Yams", package: "Yams"),
            ],
            exclude: ["Fixtures"], swiftSettings: strict),
    ]
)
