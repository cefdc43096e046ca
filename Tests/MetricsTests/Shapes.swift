// Openings with a known area: their logits are a signed distance, or nearly.
import Foundation
import Frames

/// A closed shape given by a function that is positive inside and about as steep as a distance near its edge.
struct Shape {
    var inside: (Double, Double) -> Double

    static func ellipse(_ cx: Double, _ cy: Double, _ a: Double, _ b: Double, degrees: Double = 0) -> Shape {
        let (c, s) = (cos(degrees * .pi / 180), sin(degrees * .pi / 180))
        return Shape { x, y in
            let p = ((x - cx) * c + (y - cy) * s) / a
            let q = (-(x - cx) * s + (y - cy) * c) / b
            let r = (p * p + q * q).squareRoot()
            // First-order distance: value over gradient.
            let g = (p * p / (a * a) + q * q / (b * b)).squareRoot()
            return r == 0 ? min(a, b) : (1 - r) * r / max(g, 1e-9)
        }
    }

    /// Convex polygon, corners clockwise as seen.
    static func polygon(_ corners: [Point]) -> Shape {
        Shape { x, y in
            var least = Double.infinity
            for i in corners.indices {
                let (a, b) = (corners[i], corners[(i + 1) % corners.count])
                let (dx, dy) = (b.x - a.x, b.y - a.y)
                least = min(least, (dx * (y - a.y) - dy * (x - a.x)) / (dx * dx + dy * dy).squareRoot())
            }
            return least
        }
    }

    static func or(_ a: Shape, _ b: Shape) -> Shape { Shape { x, y in max(a.inside(x, y), b.inside(x, y)) } }
    static func without(_ a: Shape, _ b: Shape) -> Shape { Shape { x, y in min(a.inside(x, y), -b.inside(x, y)) } }

    /// The logits a perfect network would give for `crop`.
    func map(_ size: PixelSize, crop: PixelRect, steepness: Double = 2) -> ValueMap {
        var map = ValueMap(size: size)
        for v in 0..<size.height {
            for u in 0..<size.width {
                let x = Double(crop.x) + (Double(u) + 0.5) * Double(crop.width) / Double(size.width)
                let y = Double(crop.y) + (Double(v) + 0.5) * Double(crop.height) / Double(size.height)
                map.values[v * size.width + u] = Float(max(-20, min(20, steepness * inside(x, y))))
            }
        }
        return map
    }
}

/// An isosceles triangle with its apex at the bottom, and its angle there in degrees.
func wedge(apexX: Double, apexY: Double, height: Double, degrees: Double, tilt: Double = 0) -> [Point] {
    let half = height * tan(degrees * .pi / 360)
    let (c, s) = (cos(tilt * .pi / 180), sin(tilt * .pi / 180))
    return [(0.0, 0.0), (-half, -height), (half, -height)].map { x, y in
        Point(x: apexX + x * c - y * s, y: apexY + x * s + y * c)
    }
}
