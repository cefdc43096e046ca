// One colour component of a decoded picture, brought to the target's rows.
import CFFmpeg
import Frames

/// Where libav keeps one component, and how.
struct Plane {
    let base: UnsafePointer<UInt8>
    /// Bytes from one row to the next; negative for pictures stored upside down.
    let rowBytes: Int
    /// Bytes from one sample to the next.
    let step: Int
    /// Two bytes per sample, low byte first.
    let isWide: Bool
    /// Bits by which a sample is shifted up, and bits that it has.
    let shift: UInt32
    let depth: UInt32
    let width: Int
    let height: Int
}

/// Filters one component of a picture into rows of the target's width.
///
/// Owns its filters and row buffer, which are rebuilt only when the geometry changes.
struct PlaneSampler {
    private var horizontal: AxisFilter?
    private var vertical: AxisFilter?
    /// One row after the vertical filter; value times 64.
    private var row: [UInt16] = []

    mutating func prepare(horizontal h: AxisFilter.Geometry, vertical v: AxisFilter.Geometry, plane: Plane) {
        if horizontal?.geometry != h { horizontal = AxisFilter(h) }
        if vertical?.geometry != v { vertical = AxisFilter(v) }
        let needed =
            (horizontal?.span.count ?? 0) * plane.step / (plane.isWide ? 2 : 1) + 16 + (horizontal?.laneCount ?? 0)
        if row.count < needed { row = [UInt16](repeating: 0, count: needed) }
    }

    /// Row `index` of the target.
    /// - Parameter out: receives one value for every pixel, times 64.
    mutating func sample(_ plane: Plane, row index: Int, into out: UnsafeMutableBufferPointer<UInt16>) {
        guard let horizontal, let vertical else { return }
        let units = plane.isWide ? 2 : 1
        let step = plane.step / units
        let count = (horizontal.span.count - 1) * step + 1
        let top = Int(vertical.starts[index])
        let first = plane.base + horizontal.span.lowerBound * plane.step
        row.withUnsafeMutableBufferPointer { row in
            vertical.weights.withUnsafeBufferPointer { weights in
                let weights = UnsafeBufferPointer(
                    rebasing: weights[(index * vertical.laneCount)...].prefix(vertical.taps))
                if plane.isWide {
                    let down = 14 - 6 + plane.depth - 8
                    blendWide(
                        first + top * plane.rowBytes, rowBytes: plane.rowBytes, weights: weights, count: count,
                        sampleShift: plane.shift, down: down, into: row)
                } else {
                    blend(
                        first + top * plane.rowBytes, rowBytes: plane.rowBytes, weights: weights, count: count,
                        into: row)
                }
            }
            gather(row, filter: horizontal, step: step, into: out)
        }
    }
}

/// Weighted sum of rows of bytes; the result has 6 more bits.
private func blend(
    _ base: UnsafePointer<UInt8>, rowBytes: Int, weights: UnsafeBufferPointer<UInt32>, count: Int,
    into out: UnsafeMutableBufferPointer<UInt16>
) {
    let (base, out) = (UnsafeRawPointer(base), UnsafeMutableRawPointer(out.baseAddress!))
    var x = 0
    while x + 16 <= count {
        var sum = SIMD16<UInt32>(repeating: 128)
        for k in 0..<weights.count where weights[k] != 0 {
            let samples = (base + k * rowBytes + x).loadUnaligned(as: SIMD16<UInt8>.self)
            sum &+= SIMD16<UInt32>(truncatingIfNeeded: samples) &* weights[k]
        }
        out.storeBytes(of: SIMD16<UInt16>(truncatingIfNeeded: sum &>> 8), toByteOffset: x * 2, as: SIMD16<UInt16>.self)
        x += 16
    }
    while x < count {
        var sum: UInt32 = 128
        for k in 0..<weights.count where weights[k] != 0 {
            sum &+= UInt32((base + k * rowBytes + x).load(as: UInt8.self)) &* weights[k]
        }
        out.storeBytes(of: UInt16(truncatingIfNeeded: sum >> 8), toByteOffset: x * 2, as: UInt16.self)
        x += 1
    }
}

/// Weighted sum of rows of two-byte samples, brought to the same scale.
private func blendWide(
    _ base: UnsafePointer<UInt8>, rowBytes: Int, weights: UnsafeBufferPointer<UInt32>, count: Int,
    sampleShift: UInt32, down: UInt32, into out: UnsafeMutableBufferPointer<UInt16>
) {
    let base = UnsafeRawPointer(base)
    for x in 0..<count {
        var sum: UInt32 = 1 << (down - 1)
        for k in 0..<weights.count where weights[k] != 0 {
            let sample = (base + k * rowBytes + x * 2).loadUnaligned(as: UInt16.self)
            sum &+= UInt32(UInt16(littleEndian: sample)) >> sampleShift &* weights[k]
        }
        out[x] = UInt16(truncatingIfNeeded: min(sum >> down, 16_320))
    }
}

/// Weighted sum along the row.
private func gather(
    _ row: UnsafeMutableBufferPointer<UInt16>, filter: AxisFilter, step: Int,
    into out: UnsafeMutableBufferPointer<UInt16>
) {
    let row = UnsafeRawPointer(row.baseAddress!)
    let out = out.baseAddress!
    let origin = filter.span.lowerBound
    filter.starts.withUnsafeBufferPointer { starts in
        filter.weights.withUnsafeBytes { weights in
            let weights = weights.baseAddress!
            // Behind the last sample the row holds numbers that weigh nothing.
            if step != 1 {
                gatherApart(row, filter: filter, step: step, into: out)
            } else if filter.taps <= 4 {
                for x in 0..<starts.count {
                    let at = row + (Int(starts[x]) &- origin) &* 2
                    let samples = SIMD4<UInt32>(truncatingIfNeeded: at.loadUnaligned(as: SIMD4<UInt16>.self))
                    let weight = (weights + x &* 16).loadUnaligned(as: SIMD4<UInt32>.self)
                    out[x] = UInt16(truncatingIfNeeded: ((samples &* weight).wrappedSum() &+ 8192) &>> 14)
                }
            } else {
                let groups = filter.laneCount / 8
                for x in 0..<starts.count {
                    var at = row + (Int(starts[x]) &- origin) &* 2
                    var weight = weights + x &* groups &* 32
                    var sums = SIMD8<UInt32>.zero
                    for _ in 0..<groups {
                        let samples = SIMD8<UInt32>(truncatingIfNeeded: at.loadUnaligned(as: SIMD8<UInt16>.self))
                        sums &+= samples &* weight.loadUnaligned(as: SIMD8<UInt32>.self)
                        at += 16
                        weight += 32
                    }
                    out[x] = UInt16(truncatingIfNeeded: (sums.wrappedSum() &+ 8192) &>> 14)
                }
            }
        }
    }
}

/// The same for samples that do not lie side by side.
private func gatherApart(_ row: UnsafeRawPointer, filter: AxisFilter, step: Int, into out: UnsafeMutablePointer<UInt16>)
{
    let origin = filter.span.lowerBound
    for x in 0..<filter.starts.count {
        var at = (Int(filter.starts[x]) - origin) * step
        var sum: UInt32 = 8192
        for k in 0..<filter.taps {
            sum &+= UInt32((row + at &* 2).load(as: UInt16.self)) &* filter.weights[x * filter.laneCount + k]
            at += step
        }
        out[x] = UInt16(truncatingIfNeeded: sum >> 14)
    }
}
