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
}
