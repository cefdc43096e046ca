// Single pictures over the whole range of patients, views and faults: what the networks learn from.
import Frames
import Glibc

/// Draws independent stills; the same seed and index give the same bytes.
package struct StillMaker: Sendable {
    private let seed: UInt64
    private let grains: Grains

    package init(seed: UInt64) {
        self.seed = seed
        grains = Grains(seed: 0x5241_494D)
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
        return draw(body, posture, view, conditions, shape, side: side, grains: grains, dice: &dice)
    }
}

/// Draws one field and measures its truth.
func draw(
    _ body: Anatomy, _ posture: Posture, _ view: Viewpoint, _ conditions: Conditions, _ shape: FieldShape, side: Int,
    grains: Grains, dice: inout Dice
) -> PhantomFrame {
    let size = PixelSize(width: side, height: side)
    let field = shape.field(size)
    let shapes = Shapes(body, posture, view)
    var truth = PhantomTruth(
        area: 0, coverage: [], labels: [UInt8](repeating: 0, count: size.count), size: size, field: field,
        faults: conditions.faults(centre: view.centre / Float(side)), larynx: !posture.absent)
    var visible: Coverage?
    if !posture.absent {
        let covers = shapes.supraglottic + [shapes.epiglottis] + (shapes.strand.map { [$0] } ?? [])
        let whole = Coverage(shapes.glottis, without: covers, size: size)
        let seen = Coverage(shapes.glottis, without: covers, field: field, size: size)
        visible = seen
        truth.area = seen.area
        truth.coverage = seen.values
        // The field, or the picture's own edge, cuts the opening.
        let outside = whole.area - seen.area
        let box = shapes.glottis.points.contains { $0.x < 0 || $0.y < 0 || $0.x > Float(side) || $0.y > Float(side) }
        if outside > 0.02 * whole.area || box { truth.faults.append(.cutByEdge) }
        label(shapes, seen, field, into: &truth)
    } else {
        truth.faults.append(.noLarynx)
    }
    var painter = Painter(side: side, body: body, grains: grains, view: view)
    var canvas = painter.paint(shapes, posture, visible: visible, light: conditions.light)
    let picture = Finish(conditions: conditions, grains: grains)(&canvas, shape: shape, field: field, dice: &dice)
    return PhantomFrame(picture: picture, truth: truth)
}

private func label(_ shapes: Shapes, _ seen: Coverage, _ field: FieldOfView, into truth: inout PhantomTruth) {
    func put(_ outline: Outline, _ value: PhantomClass) {
        let cover = Coverage(outline, size: truth.size)
        for y in cover.rows {
            for x in field.starts[y]..<max(field.starts[y], field.ends[y]) {
                let i = y * truth.size.width + x
                if cover.values[i] >= 0.5 { truth.labels[i] = value.rawValue }
            }
        }
    }
    put(shapes.foldLeft, .leftFold)
    put(shapes.foldRight, .rightFold)
    for outline in shapes.supraglottic { put(outline, .supraglottic) }
    put(shapes.epiglottis, .epiglottis)
    for i in truth.labels.indices where seen.values[i] >= 0.5 { truth.labels[i] = PhantomClass.opening.rawValue }
}
