// Single pictures over the whole range of patients, views and faults: what the networks learn from.
import Frames

/// Draws independent stills; the same seed and index give the same bytes.
package struct StillMaker: Sendable {
    private let seed: UInt64
    private let grains: Grains

    package init(seed: UInt64) {
        self.seed = seed
        grains = Grains.shared
    }

    /// One square field of `side` pixels with its truth.
    package func still(index: Int, side: Int) -> PhantomFrame {
        var dice = Dice(seed, 0x5717, index)
        var body = Anatomy(dice: &dice)
        let posture = Posture(dice: &dice)
        if posture.absent { body.hideLarynx(&dice) }
        let shape = FieldShape(dice: &dice)
        let view = Viewpoint(dice: &dice, side: Float(side))
        let conditions = Conditions(dice: &dice)
        let size = PixelSize(width: side, height: side)
        let field = shape.field(size)
        let shapes = Shapes(body, posture, view)
        var truth = PhantomTruth(pane: PixelRect(size), field: field)
        truth.index = index
        truth.larynx = !posture.absent
        truth.faults = conditions.faults(centre: view.centre / Float(side))
        var visible: Coverage?
        if posture.absent {
            truth.faults.append(.noLarynx)
            truth.labels = [UInt8](repeating: 0, count: size.count)
        } else {
            visible = Witness(shapes: shapes, size: size, field: field).testify(into: &truth, maps: true)
        }
        var painter = Painter(side: side, body: body, grains: grains, view: view)
        var canvas = painter.paint(
            shapes, posture, visible: visible, light: conditions.light.reaching(body, from: view))
        let finish = Finish(conditions: conditions, grains: grains)
        finish(&canvas, shape: shape, field: field, dice: &dice)
        return PhantomFrame(picture: Finish.bytes(canvas), truth: truth)
    }
}
