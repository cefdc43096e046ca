// ONNX Runtime as a library that may or may not be installed.

internal import COnnxRuntime
private import Foundation
private import Synchronization

/// ONNX Runtime, loaded.
///
/// Loaded once and never unloaded.
package struct OnnxRuntimeLibrary: @unchecked Sendable {
    // SAFETY: the C side is written once, before anybody else sees it, and then only read.
    let pointer: OpaquePointer
    package let path: String
    package let version: String

    /// What to do where it is missing.
    package static let installation = """
        ONNX Runtime runs such networks: 'python3 -m pip install --target /opt/onnxruntime --no-deps onnxruntime' puts \
        it where Rima finds it, or name its library in model.onnxruntime_library.
        """

    /// Where it is looked for, in this order; names without a slash are the system's to find.
    static let usualPlaces = [
        "libonnxruntime.so.1", "libonnxruntime.so", "/opt/onnxruntime", "/usr/local/lib", "/usr/lib/rima",
    ]

    private static let loaded = Mutex<[String: OnnxRuntimeLibrary]>([:])

    /// Loads the named library, or the first one that is installed in the usual places.
    /// - Parameter path: a library, or a folder with one in it.
    package static func find(_ path: String? = nil) throws(SegmentError) -> OnnxRuntimeLibrary {
        var refusals: [String] = []
        for place in path.map({ [$0] }) ?? usualPlaces {
            for candidate in candidates(place) {
                do {
                    return try load(candidate)
                } catch {
                    refusals.append(error.message)
                }
            }
        }
        let reason = path == nil || refusals.isEmpty ? "" : ": \(refusals.joined(separator: "; "))"
        throw SegmentError(
            .noLibrary,
            path.map { "ONNX Runtime cannot be loaded from \($0)\(reason)." } ?? "ONNX Runtime is not installed.",
            remedy: installation)
    }

    /// The libraries that a place may mean, newest name first.
    private static func candidates(_ place: String) -> [String] {
        var isFolder: ObjCBool = false
        guard place.contains("/") else { return [place] }
        guard FileManager.default.fileExists(atPath: place, isDirectory: &isFolder), isFolder.boolValue else {
            return [place]
        }
        // Python's package keeps it in a folder of its own.
        return ["", "/onnxruntime/capi", "/lib"].flatMap { inner in
            let names = (try? FileManager.default.contentsOfDirectory(atPath: place + inner)) ?? []
            return names.filter { $0.hasPrefix("libonnxruntime.so") }.sorted(by: >).map { "\(place)\(inner)/\($0)" }
        }
    }

    private static func load(_ path: String) throws(SegmentError) -> OnnxRuntimeLibrary {
        let result: Result<OnnxRuntimeLibrary, SegmentError> = loaded.withLock { loaded in
            if let known = loaded[path] { return .success(known) }
            do throws(SegmentError) {
                let pointer = try withMessage(.noLibrary) { message, size in rima_ort_load(path, message, size) }
                let library = OnnxRuntimeLibrary(
                    pointer: pointer, path: path, version: String(cString: rima_ort_version(pointer)))
                loaded[path] = library
                return .success(library)
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }
}

/// Calls a C function that gives nil and a message when it fails.
func withMessage(
    _ code: SegmentError.Code, _ body: (UnsafeMutablePointer<CChar>, Int) -> OpaquePointer?
) throws(SegmentError) -> OpaquePointer {
    var text = [CChar](repeating: 0, count: 512)
    let value = text.withUnsafeMutableBufferPointer { body($0.baseAddress!, $0.count) }
    guard let value else { throw SegmentError(code, plainText(text)) }
    return value
}

/// The first line of a C string.
func plainText(_ text: [CChar]) -> String {
    let bytes = text.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }
    return String(decoding: bytes, as: UTF8.self)
}
