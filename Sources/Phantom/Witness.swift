// Measures the truth of a drawn larynx: what of the opening is seen, and how large it is.
import Frames
import Glibc

/// The truth of one set of outlines on a pixel grid.
struct Witness {
    let shapes: Shapes
    let size: PixelSize
    let field: FieldOfView

    /// Fills in area, extents, edge fault and, on request, coverage and labels.
    /// - Returns: what each pixel shows of the opening.
    func testify(into truth: inout PhantomTruth, maps: Bool) -> Coverage {
        let covers = shapes.covers
        let seen = Coverage(shapes.glottis, without: covers, field: field, size: size)
        truth.area = seen.area
        (truth.length, truth.width) = extents(seen)
        if isCut(seen.area, covers) { truth.faults.append(.cutByEdge) }
        if maps {
            truth.coverage = seen.values
            truth.labels = labels(seen)
        }
        return seen
    }

    /// Whether the field's edge or the picture's own hides some of what tissue leaves free.
    private func isCut(_ seen: Double, _ covers: [Outline]) -> Bool {
        let inside = shapes.glottis.points.allSatisfy { p in
            let (x, y) = (Int(p.x.rounded(.down)), Int(p.y.rounded(.down)))
            return field.contains(x: x, y: y)
        }
        if inside { return false }
        // The grid is shifted so that nothing is lost at its border.
        let pad = Float(max(size.width, size.height))
        func shifted(_ outline: Outline) -> Outline { Outline(outline.points.map { $0 / 2 + pad / 4 }) }
        let whole = Coverage(shifted(shapes.glottis), without: covers.map(shifted), size: size)
        return seen < 0.98 * whole.area * 4
    }

    private func extents(_ seen: Coverage) -> (Double, Double) {
        guard let front = shapes.seam.first, let back = shapes.seam.last else { return (0, 0) }
        var along = back - front
        along /= max(1e-3, sqrtf((along * along).sum()))
        var low = SIMD2<Float>(repeating: .greatestFiniteMagnitude)
        var high = -low
        for y in seen.rows {
            for x in seen.columns where seen.values[y * size.width + x] >= 0.5 {
                let p = SIMD2(Float(x) + 0.5, Float(y) + 0.5)
                let q = SIMD2((p * along).sum(), p.y * along.x - p.x * along.y)
                low = pointwiseMin(low, q)
                high = pointwiseMax(high, q)
            }
        }
        guard high.x >= low.x else { return (0, 0) }
        return (Double(high.x - low.x + 1), Double(high.y - low.y + 1))
    }

    private func labels(_ seen: Coverage) -> [UInt8] {
        var labels = [UInt8](repeating: 0, count: size.count)
        func put(_ outline: Outline, _ value: PhantomClass) {
            let cover = Coverage(outline, size: size)
            for y in cover.rows {
                for x in cover.columns where field.contains(x: x, y: y) {
                    let i = y * size.width + x
                    if cover.values[i] >= 0.5 { labels[i] = value.rawValue }
                }
            }
        }
        put(shapes.foldLeft, .leftFold)
        put(shapes.foldRight, .rightFold)
        for outline in shapes.supraglottic { put(outline, .supraglottic) }
        put(shapes.epiglottis, .epiglottis)
        for i in labels.indices where seen.values[i] >= 0.5 { labels[i] = PhantomClass.opening.rawValue }
        return labels
    }
}
