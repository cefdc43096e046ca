import Foundation
import Testing

@testable import Decode

@Suite("Addresses of live sources") struct LiveAddressTests {
    @Test(
        "are taken apart, and shown without their secrets",
        arguments: [
            ("rtsp://10.0.0.5/stream", LiveAddress.Kind.rtsp, "10.0.0.5", UInt16(554), "rtsp://10.0.0.5/…"),
            ("rtsp://me:pa@ss@host:8554/a?token=1", .rtsp, "host", 8554, "rtsp://host:8554/…"),
            ("RTMPS://host/app/secretkey", .rtmp, "host", 443, "rtmps://host/…"),
            ("http://[fd00::2]:81/a.ts", .http, "fd00::2", 81, "http://[fd00::2]:81/…"),
            ("https://host/live/index.m3u8?key=7", .hls, "host", 443, "https://host/…"),
        ])
    func connected(text: String, kind: LiveAddress.Kind, host: String, port: UInt16, shown: String) throws {
        let address = try LiveAddress(text)
        #expect(address.kind == kind)
        #expect(address.host == host)
        #expect(address.port == port)
        #expect(address.description == shown)
        #expect(address.text == text)
    }

    @Test("without a connection, and of devices and files")
    func others() throws {
        #expect(try LiveAddress("udp://@:5000").kind == .udp)
        #expect(try LiveAddress("udp://239.0.0.1:5000").host == nil)
        #expect(try LiveAddress("srt://host:9000?passphrase=secret&mode=caller").description == "srt://host:9000/…")
        #expect(try LiveAddress("/dev/video0").kind == .v4l2)
        #expect(try LiveAddress("/dev/v4l/by-id/usb-x-index0").kind == .v4l2)
        #expect(try LiveAddress("/run/scope.fifo").kind == .file)
    }

    @Test(
        "of anything else are refused, in words that do not repeat them",
        arguments: [
            "", "secret", "file:///etc/passwd", "concat:/etc/passwd|secret", "data://secret", "ffrtmphttp://secret/",
            "subfile,,start,0,end,9,,:/secret", "ftp://me:secret@host/x", "gopher://secret", "pipe:0",
            "crypto://secret",
            "rtsp:secret", "rtsp:///secret", "rtsp://host:0/secret", "rtsp://host:70000/secret", "rtsp://ho st/secret",
            "rtsp://host:port/secret", "udp://host/secret", "srt://host", "rtsp://[fd00::2/secret",
            "rtsp://host\n/secret", "/dev/sda", "/dev/video0\u{7}secret", "/proc/self/environ", "/sys/secret",
            "rtsp://host,b/secret", "tcp://secret:1", "rtsp://" + String(repeating: "x", count: 2048),
        ])
    func refused(text: String) {
        let refusal = #expect(throws: LiveAddress.Refusal.self) { _ = try LiveAddress(text) }
        #expect(refusal?.description.contains("secret") != true)
    }
}

@Suite("The wait before a lost source is tried again") struct BackOffTests {
    @Test("doubles from 1 s to 30 s, with some chance, for ever")
    func doubles() {
        for chance in [0.0, 0.5, 0.999] {
            var backOff = BackOff()
            let waits = (0..<200).map { _ in backOff.next(.other, chance: chance) }
            for (index, wait) in waits.enumerated() {
                let step = min(30.0, Double(1 << min(index, 10)))
                let seconds = Double(wait) / 1e9
                #expect(seconds >= step && seconds <= min(30, step * 1.2))
            }
            backOff.reset()
            #expect(backOff.next(.other, chance: 0) == BackOff.least)
        }
    }

    @Test("is at most 2 s where nobody listens")
    func refused() {
        var backOff = BackOff()
        let waits = (0..<50).map { _ in backOff.next(.refused, chance: 0.9) }
        #expect(waits.first.map { $0 < 1_200_000_000 } == true)
        #expect(waits.dropFirst().allSatisfy { $0 == BackOff.mostRefused })
    }

    @Test("stays short where the attempt itself has waited for a silent peer")
    func silent() {
        var backOff = BackOff()
        for _ in 0..<50 { #expect(backOff.next(.silent, chance: 0.9) < 1_200_000_000) }
    }
}
