// Pictures: the frame of now, a frame of then, and what somebody brings.
import Decode
import Encode
import Foundation
import Frames
import NIOHTTP1
import Report

extension WebContext {
    /// The newest frame's pane with its outline beside it.
    func picture(_ request: WebRequest) async throws -> WebResponse {
        WebResponse(json: try await liveJSON(request))
    }

    private func liveJSON(_ request: WebRequest) async throws -> String {
        let folder = try folder(request)
        guard let json = await supervisor.picture(of: folder.name) else {
            throw WebError(
                .notFound, "the session shows no picture now: it does not run, or no endoscope picture was found")
        }
        return json
    }

    private struct Picture: Decodable {
        var frame: Int
        var widthPx: Int
        var rings: [[[Double]]]
        var jpeg: Data
    }

    /// The same as one JPEG, with the outline drawn in unless `outline=0`.
    func pictureJPEG(_ request: WebRequest) async throws -> WebResponse {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let picture = try decoder.decode(Picture.self, from: Data(try await liveJSON(request).utf8))
        var response = WebResponse(type: "image/jpeg", body: Array(picture.jpeg))
        response.headers.append(("Rima-Frame", "\(picture.frame)"))
        guard request.query["outline"] != "0", !picture.rings.isEmpty else { return response }
        // The bytes are our own worker's.
        let frame = try PictureFile.frame(encoded: response.body)
        var pixels = RGBPicture(size: frame.displaySize)
        try PictureScaler().rgb(frame, from: PixelRect(pixels.size), into: &pixels)
        let scale = Double(pixels.size.width) / Double(max(1, picture.widthPx))
        let rings = picture.rings.map { ring in ring.map { Point(x: $0[0] * scale, y: $0[1] * scale) } }
        OutlineDrawing.draw(rings: rings, colour: .outline, width: 2, on: &pixels)
        response.body = try PictureWriter.encodeJPEG(pixels, quality: 0.85)
        return response
    }

    /// One frame of a session, read from its recording: pane only.
    func frame(_ request: WebRequest) async throws -> WebResponse {
        let folder = try folder(request)
        guard let frame = request.parameters["frame"].flatMap(Int.init), frame >= 0 else {
            throw WebError(.badRequest, "a frame is a whole number")
        }
        return WebResponse(
            type: "image/jpeg",
            body: try await glances.frame(frame, of: folder, outline: request.query["outline"] != "0"))
    }

    /// What gate and network make of a picture or a clip.
    func trial(_ request: WebRequest) async throws -> WebResponse {
        guard settings.allowTrials else {
            throw WebError(.forbidden, "trials are switched off (`web.allow_trials`)")
        }
        guard !request.body.isEmpty else { throw WebError(.badRequest, "the body is the file's bytes") }
        return WebResponse(json: try await glances.trial(request.body))
    }
}
