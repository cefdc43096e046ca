// What the rest of Rima knows of an inference engine.

package import Frames

/// A network ready to run, with the memory for one run at a time.
///
/// Owned by one task; make one for each.
package protocol Engine: AnyObject {
    /// The one picture size it takes.
    var inputSize: PixelSize { get }
    /// **Shape** of the answer: (channels, height, width), or (numbers) for a classifier.
    var outputShape: [Int] { get }
    /// Runs the network on one picture of `inputSize`.
    ///
    /// - **Shape** `output` is row-major in `outputShape`; it is resized once and then reused.
    func run(_ picture: borrowing RGBPicture, into output: inout [Float]) throws(SegmentError)
}
