import Foundation
import Testing

@testable import Daemon

@Suite("Known recordings")
struct KnownRecordingsTests {
    @Test("tells those whose session runs from those whose session is over, and finds moved ones")
    func standings() throws {
        let scratch = try Scratch()
        let registry = SessionRegistry(stateFolder: scratch.path("state"))
        func key(_ name: String) throws -> KnownRecordings.Key {
            FileManager.default.createFile(atPath: scratch.path(name), contents: Data("x".utf8))
            let identity = try #require(RecordingIdentity(path: scratch.path(name)))
            return KnownRecordings.Key(path: scratch.path(name), identity: identity)
        }
        var known = KnownRecordings()
        let (first, second) = (try key("a.mkv"), try key("b.mkv"))
        let inserted = [known.insert(first), known.insert(first)]
        #expect(inserted == [true, false])
        #expect(known.contains(first) && !known.contains(second))
        #expect(known.session(of: first) == nil)

        known.finish(first, session: "20260101-000000")
        let isNew = known.insert(first)
        #expect(known.contains(first) && !isNew)
        #expect(known.session(of: first) == "20260101-000000")
        let bytes = known.bytes(of: first, in: registry)
        #expect(bytes == nil, "no record says how long it was")
        #expect(!registry.isThere("20260101-000000"))

        var moved = first
        moved.path = scratch.path("c.mkv")
        #expect(known.others(like: moved) == [first])
        #expect(known.others(like: second).isEmpty)

        known.reopen(first)
        #expect(known.session(of: first) == nil && known.contains(first))
        known.remove(first)
        #expect(!known.contains(first))
    }

    @Test("keeps every name that a session may have, and its own kind as one number")
    func names() {
        var names = SessionNames()
        for name in [
            "20261128-031500", "20261128-031500-2", "20261128-031500-9999", "20261128-031500-02",
            "20261128-031500-10000", "20261128-031500-0", "00000001-000000", "a", "20261128", "20261128-0315xx",
        ] {
            let code = names.code(of: name)
            #expect(names.name(of: code) == name && names.code(of: name) == code)
            #expect(code != SessionNames.none)
        }
        #expect(names.code(of: "20261128-031500-2") == 202_611_280_315_000_002)
        #expect(names.name(of: SessionNames.none) == nil)
    }
}
