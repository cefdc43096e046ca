// Where a second look goes when the whole pane showed nothing.

package import Frames

/// Parts of a pane that overlap by half: the middle, then the corners.
package struct SearchParts: Sendable {
    package static let count = 5
    /// A part's side over the pane's shorter side.
    private static let share = 0.62

    private let pane: PixelSize
    private let side: Int

    package init(pane: PixelSize) {
        self.pane = pane
        side = max(2, Int(Self.share * Double(min(pane.width, pane.height))) / 2 * 2)
    }

    /// - **Units** pane pixels; a square with even place and side inside the pane.
    package subscript(turn: Int) -> PixelRect {
        let (right, bottom) = ((pane.width - side) / 2 * 2, (pane.height - side) / 2 * 2)
        let (x, y) =
            switch turn {
            case 0: (right / 4 * 2, bottom / 4 * 2)
            case 1: (0, 0)
            case 2: (right, 0)
            case 3: (0, bottom)
            default: (right, bottom)
            }
        return PixelRect(x: max(0, x), y: max(0, y), width: side, height: side)
    }
}
