// What Label Studio reads: pictures, tasks with predictions, and the labelling interface.

import Decode
import Encode
import Foundation
import Frames
import Metrics
import Segment

/// A folder of pictures to label; `write` puts the tasks beside them.
///
/// The format is Label Studio's JSON import: outlines are `polygonlabels` in percent of the picture.
struct LabelTasks {
    let folder: URL
    private let model: String
    private var tasks: [Task] = []
    private(set) var outlined = 0
    private let scaler = PictureScaler()

    var count: Int { tasks.count }
    var tasksFile: URL { folder.appending(path: "tasks.json") }

    /// - Parameter model: name and version of the network that made the outlines.
    init(folder: URL, model: String) throws {
        self.folder = folder
        self.model = model
        do {
            try FileManager.default.createDirectory(
                at: folder.appending(path: "pictures"), withIntermediateDirectories: true)
        } catch {
            throw CommandError(.cannotCreate, "cannot make the folder \(folder.path): \(describe(error))")
        }
    }

    /// A name without anything that a path, a URL or a spreadsheet reads as more than a name.
    static func fileName(_ text: String) -> String {
        let allowed = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")
        let name = String(text.map { allowed.contains($0) ? $0 : "_" })
        return name.hasPrefix(".") ? "_" + name.dropFirst() : name
    }

    /// Writes one frame's pane as a picture, and notes its outline.
    mutating func add(
        _ frame: borrowing VideoFrame, pane: Pane, name: String, sample: Sample, measurer: FrameMeasurer
    ) throws {
        var picture = RGBPicture(size: pane.rect.size)
        try scaler.rgb(frame, from: pane.rect, into: &picture)
        let number = String(frame.index)
        let zeros = String(repeating: "0", count: max(0, 7 - number.count))
        let file = "\(name)_\(zeros)\(number).png"
        try PictureWriter.png(picture, to: folder.appending(path: "pictures/" + file).path)
        let size = picture.size
        var results: [Prediction.Result] = []
        if sample.opening != nil {
            for ring in measurer.result.ringStarts.indices {
                let points = measurer.result.ring(ring).map { point in
                    [
                        min(max(point.x / Double(size.width) * 100, 0), 100),
                        min(max(point.y / Double(size.height) * 100, 0), 100),
                    ]
                }
                results.append(Prediction.Result(size: size, points: thinned(points)))
            }
        }
        if !results.isEmpty { outlined += 1 }
        tasks.append(
            Task(
                data: Task.Picture(
                    image: "/data/local-files/?d=\(folder.lastPathComponent)/pictures/\(file)", patient: name,
                    frame: frame.index, timeSeconds: frame.time.seconds, state: sample.state.rawValue,
                    reasons: sample.reasons.map(\.rawValue).joined(separator: " ")),
                predictions: [Prediction(modelVersion: model, score: sample.confidence ?? 0, result: results)]))
    }

    /// Writes tasks.json and labels.xml.
    func write() throws {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        do {
            try encoder.encode(tasks).write(to: tasksFile, options: .atomic)
            try Data(Self.interface.utf8).write(to: folder.appending(path: "labels.xml"), options: .atomic)
        } catch {
            throw CommandError(.cannotCreate, "cannot write in \(folder.path): \(describe(error))")
        }
    }

    /// An outline has a point for every map pixel it crosses; a person can move only so many.
    private func thinned(_ points: [[Double]]) -> [[Double]] {
        let most = 48
        guard points.count > most else { return points }
        return (0..<most).map { points[$0 * points.count / most] }
    }

    private static let interface = """
        <View>
          <Image name="image" value="$image" zoom="true" zoomControl="true" brightnessControl="true" contrastControl="true"/>
          <PolygonLabels name="label" toName="image" strokeWidth="2" pointSize="small" opacity="0.2">
            <Label value="opening" background="#00b4d8"/>
            <Label value="vocal_fold_left" background="#e9c46a"/>
            <Label value="vocal_fold_right" background="#f4a261"/>
            <Label value="supraglottic" background="#9b5de5"/>
            <Label value="epiglottis" background="#8d99ae"/>
          </PolygonLabels>
          <Choices name="quality" toName="image" choice="single" showInline="true">
            <Choice value="good"/><Choice value="bad"/>
          </Choices>
          <Choices name="view" toName="image" choice="single" showInline="true">
            <Choice value="larynx"/><Choice value="other"/>
          </Choices>
        </View>

        """

    private struct Task: Encodable {
        struct Picture: Encodable {
            var image: String
            var patient: String
            var frame: Int
            var timeSeconds: Double
            var state: String
            var reasons: String
        }
        var data: Picture
        var predictions: [Prediction]
    }

    private struct Prediction: Encodable {
        struct Result: Encodable {
            struct Value: Encodable {
                var points: [[Double]]
                var polygonlabels = ["opening"]
                var closed = true
            }
            var type = "polygonlabels"
            var fromName = "label"
            var toName = "image"
            var originalWidth: Int
            var originalHeight: Int
            var imageRotation = 0
            var value: Value

            init(size: PixelSize, points: [[Double]]) {
                (originalWidth, originalHeight) = (size.width, size.height)
                value = Value(points: points)
            }
        }
        var modelVersion: String
        var score: Double
        var result: [Result]
    }
}
