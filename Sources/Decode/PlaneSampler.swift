// One colour component of a decoded picture, brought to the target's rows.
import CFFmpeg
import Frames
import Kernels

/// The instruction set that rows are summed with; all give the same bytes.
let rowLevel = rima_best_level()

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
                    // SAFETY: the vertical filter stays within the plane's rows, the horizontal one within its columns.
                    rima_blend_rows(
                        rowLevel, first + top * plane.rowBytes, plane.rowBytes, weights.baseAddress!,
                        Int32(weights.count), Int32(count), row.baseAddress!)
                }
            }
            gather(row, filter: horizontal, step: step, into: out)
        }
    }
}

/// Weighted sum of rows of two-byte samples, brought to the same scale.
private func blendWide(
    _ base: UnsafePointer<UInt8>, rowBytes: Int, weights: UnsafeBufferPointer<Int16>, count: Int,
    sampleShift: UInt32, down: UInt32, into out: UnsafeMutableBufferPointer<UInt16>
) {
    let base = UnsafeRawPointer(base)
    for x in 0..<count {
        var sum: UInt32 = 1 << (down - 1)
        for k in 0..<weights.count where weights[k] != 0 {
            let sample = (base + k * rowBytes + x * 2).loadUnaligned(as: UInt16.self)
            sum &+= UInt32(UInt16(littleEndian: sample)) >> sampleShift &* UInt32(weights[k])
        }
        out[x] = UInt16(truncatingIfNeeded: min(sum >> down, 16_320))
    }
}

/// Weighted sum along the row.
private func gather(
    _ row: UnsafeMutableBufferPointer<UInt16>, filter: AxisFilter, step: Int,
    into out: UnsafeMutableBufferPointer<UInt16>
) {
    guard step == 1 else { return gatherApart(row.baseAddress!, filter: filter, step: step, into: out.baseAddress!) }
    filter.starts.withUnsafeBufferPointer { starts in
        filter.weights.withUnsafeBufferPointer { weights in
            // SAFETY: behind its last sample the row has room for a filter's lanes, see `prepare`.
            rima_gather_row(
                rowLevel, row.baseAddress!, starts.baseAddress!, Int32(filter.span.lowerBound), weights.baseAddress!,
                Int32(filter.laneCount), Int32(starts.count), out.baseAddress!)
        }
    }
}

/// The same for samples that do not lie side by side.
private func gatherApart(
    _ row: UnsafePointer<UInt16>, filter: AxisFilter, step: Int, into out: UnsafeMutablePointer<UInt16>
) {
    let origin = filter.span.lowerBound
    for x in 0..<filter.starts.count {
        var at = (Int(filter.starts[x]) - origin) * step
        var sum: UInt32 = 8192
        for k in 0..<filter.taps {
            sum &+= UInt32(row[at]) &* UInt32(filter.weights[x * filter.laneCount + k])
            at += step
        }
        out[x] = UInt16(truncatingIfNeeded: sum >> 14)
    }
}
