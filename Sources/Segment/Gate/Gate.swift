// The gate's first form: cheap measures, one pass, no allocation.

package import Frames

/// Judges whether a frame can be measured, from its light, contrast, sharpness and veil.
package struct Gate: Sendable {
    package var settings: GateSettings
    /// Five rows of this many pixels are kept at hand.
    private static let widest = 512

    package init(settings: GateSettings = GateSettings()) {
        self.settings = settings
    }

    /// Measures one picture within its field of view.
    ///
    /// - **Shape** the pane scaled to about 192...256 px in width; `field` has the picture's size. The sharpness depends on
    ///   that scale, the other measures do not.
    package func measure(_ picture: borrowing RGBPicture, field: borrowing FieldOfView) -> GateMeasures {
        precondition(picture.size == field.size, "the field is drawn on the picture's own grid")
        var tally = GateTally()
        let width = picture.size.width
        let height = picture.size.height
        let pixels = picture.pixels.span
        // The brightness of five rows: the present one and the four below, to which differences reach.
        precondition(width <= Self.widest, "the picture is a small one")
        var lumas = InlineArray<2560, Int16>(repeating: 0)
        var known = 0
        for y in 0..<height {
            while known < min(height, y + 5) {
                GateTally.luma(pixels, row: known, into: &lumas, at: known % 5 * width, count: width)
                known += 1
            }
            let start = max(0, field.starts[y])
            let end = min(width, field.ends[y])
            guard end > start else { continue }
            // Differences reach four pixels to the right and below; they count where both ends are lit.
            let below = y + 4 < height ? y + 4 : nil
            let belowStart = below.map { max(start, field.starts[$0], field.starts[y + 1]) } ?? 0
            let belowEnd = below.map { min(end, field.ends[$0], field.ends[y + 1]) } ?? 0
            let (here, next, fourth) = (y % 5 * width, (y + 1) % 5 * width, (y + 4) % 5 * width)
            for x in start..<end {
                let at = (y * width + x) * 3
                let luma = Int(lumas[here + x])
                tally.count(luma, red: pixels[at], green: pixels[at + 1], blue: pixels[at + 2])
                if x + 4 < end { tally.step(luma, Int(lumas[here + x + 1]), Int(lumas[here + x + 4])) }
                if x >= belowStart && x < belowEnd {
                    let under = Int(lumas[next + x])
                    tally.step(luma, under, Int(lumas[fourth + x]))
                    if x + 1 < belowEnd {
                        tally.twist(luma - Int(lumas[here + x + 1]) - under + Int(lumas[next + x + 1]))
                    }
                }
            }
        }
        return tally.measures()
    }

    /// Says what is wrong with a frame, and how good it is.
    ///
    /// `quality` is the geometric mean of five marks, each 0 at its threshold and 1 where nothing is left to wish for:
    /// light, glare, contrast, sharpness, clearness. It never falls when one of them gets better. A usable frame has at
    /// least 0.05 so that it differs from a refused one, which has at most that.
    package func judge(_ measures: GateMeasures) -> (reasons: [Reason], quality: Double) {
        let s = settings
        guard measures.pixels > 0, measures.uniformity < (measures.isDark ? s.darkUniformity : s.uniformity) else {
            return ([.noSignal], 0)
        }
        var reasons: [Reason] = []
        if measures.brightness < s.darkestMean || measures.black > s.mostBlack { reasons.append(.tooDark) }
        if measures.saturated > s.mostSaturated || measures.brightness > s.brightestMean {
            reasons.append(.overexposed)
        }
        if measures.contrast < s.leastContrast || measures.relativeContrast < s.leastRelativeContrast {
            reasons.append(.flat)
        }
        if measures.sharpness < s.leastSharpness { reasons.append(.blurred) }
        if measures.fog > s.mostFog { reasons.append(.foggy) }
        let product =
            ramp(measures.brightness, from: s.darkestMean, to: 0.3)
            * ramp(measures.saturated, from: s.mostSaturated, to: 0.02)
            * ramp(measures.contrast, from: s.leastContrast, to: 0.4)
            * ramp(measures.sharpness, from: s.leastSharpness, to: 0.14)
            * ramp(measures.fog, from: s.mostFog, to: 0.05)
        let mark = fifthRoot(product)
        return (reasons, reasons.isEmpty ? max(0.05, mark) : min(0.05, mark))
    }

    /// 0 at and beyond `from`, 1 at and beyond `to`, straight between.
    private func ramp(_ value: Double, from: Double, to: Double) -> Double {
        guard from != to else { return value >= to ? 1 : 0 }
        return max(0, min(1, (value - from) / (to - from)))
    }

    /// Newton's steps: the fifth root of a number in 0...1, without a mathematics library.
    private func fifthRoot(_ value: Double) -> Double {
        guard value > 0 else { return 0 }
        var root = 1.0
        for _ in 0..<200 {
            let fourth = root * root * root * root
            let next = (4 * root + value / fourth) / 5
            if next >= root { break }
            root = next
        }
        return root
    }
}

extension GateMeasures {
    /// A dark room is nearly one colour as well; only a cut signal is exactly one.
    fileprivate var isDark: Bool { brightness < 0.1 }
    fileprivate var relativeContrast: Double { contrast / max(0.1, brightness) }
}

/// Running sums of one picture.
private struct GateTally {
    private var lumas = InlineArray<256, Int32>(repeating: 0)
    private var reds = InlineArray<256, Int32>(repeating: 0)
    private var greens = InlineArray<256, Int32>(repeating: 0)
    private var blues = InlineArray<256, Int32>(repeating: 0)
    private var leasts = InlineArray<256, Int32>(repeating: 0)
    private var pixels = 0
    private var lumaSum = 0
    /// Colour saturation in 1/255, summed.
    private var colourSum = 0
    private var nearSquares = 0
    private var farSquares = 0
    private var differences = 0
    /// How far squares of four pixels are from a plane: noise, for the most part.
    private var twists = InlineArray<256, Int32>(repeating: 0)
    private var twisted = 0

    /// The brightness of one row of pixels.
    @inline(__always)
    static func luma(
        _ pixels: borrowing Span<UInt8>, row: Int, into lumas: inout InlineArray<2560, Int16>, at start: Int, count: Int
    ) {
        for x in 0..<count {
            let at = (row * count + x) * 3
            lumas[start + x] = Int16(
                (77 * Int32(pixels[at]) + 150 * Int32(pixels[at + 1]) + 29 * Int32(pixels[at + 2]) + 128) >> 8)
        }
    }

    @inline(__always)
    mutating func count(_ luma: Int, red: UInt8, green: UInt8, blue: UInt8) {
        lumas[luma] &+= 1
        reds[Int(red)] &+= 1
        greens[Int(green)] &+= 1
        blues[Int(blue)] &+= 1
        let least = min(red, green, blue)
        let most = max(red, green, blue)
        leasts[Int(least)] &+= 1
        pixels &+= 1
        lumaSum &+= luma
        colourSum &+= saturation(UInt32(most &- least) &* 255, of: most)
    }

    /// `dividend / most` for dividends up to 255 * 255: exact, as the reciprocals are rounded up at 24 bits.
    @inline(__always)
    private func saturation(_ dividend: UInt32, of most: UInt8) -> Int {
        Int((UInt64(dividend) &* UInt64(table[Int(most)])) >> 24)
    }

    /// A copy at hand: the shared one is asked for with every look whether it is there yet.
    private let table = Self.reciprocals
    private static let reciprocals: InlineArray<256, UInt32> = {
        var table = InlineArray<256, UInt32>(repeating: 1 << 24)
        for level in 1..<256 { table[level] = UInt32(((1 << 24) + level - 1) / level) }
        return table
    }()

    @inline(__always)
    mutating func step(_ here: Int, _ near: Int, _ far: Int) {
        nearSquares &+= (near - here) * (near - here)
        farSquares &+= (far - here) * (far - here)
        differences &+= 1
    }

    @inline(__always)
    mutating func twist(_ value: Int) {
        twists[min(255, abs(value))] &+= 1
        twisted &+= 1
    }

    /// The pixel noise's variance, levels squared: from the lower third of the twists, which edges and texture do not
    /// reach.
    ///
    /// Of a normal distribution with twice the noise's deviation, a third lies within 0.43 deviations.
    private var noise: Double {
        guard twisted > 0 else { return 0 }
        let wanted = Double(twisted) / 3
        var sum = 0.0
        for level in 0..<256 {
            let here = Double(twists[level])
            if sum + here >= wanted {
                // Less than a level cannot be told from none; within a level, values are spread evenly.
                guard level > 0 else { return 0 }
                let value = Double(level) - 0.5 + (wanted - sum) / here
                let deviation = value / 0.43 / 2
                return deviation * deviation
            }
            sum += here
        }
        return 0
    }

    func measures() -> GateMeasures {
        guard pixels > 0 else {
            return GateMeasures(
                brightness: 0, saturated: 0, black: 0, contrast: 0, sharpness: 0, fog: 0, uniformity: 1, pixels: 0)
        }
        let count = Double(pixels)
        var saturated = 0
        for level in 250..<256 { saturated += Int(lumas[level]) }
        var black = 0
        for level in 0...16 { black += Int(lumas[level]) }
        let saturation = Double(colourSum) / count / 255
        return GateMeasures(
            brightness: Double(lumaSum) / count / 255, saturated: Double(saturated) / count,
            black: Double(black) / count,
            contrast: Double(level(0.95, of: lumas) - level(0.05, of: lumas)) / 255,
            sharpness: sharpness,
            fog: Double(level(0.1, of: leasts)) / 255 * (1 - saturation),
            uniformity: min(alike(reds), alike(greens), alike(blues)), pixels: pixels)
    }

    /// The ratio of squared differences without the noise's part in both.
    private var sharpness: Double {
        let part = 2 * noise * Double(differences)
        let far = Double(farSquares) - part
        return far > 0 ? max(0, Double(nearSquares) - part) / far : 0
    }

    /// The lowest level that at least `share` of the pixels do not exceed.
    private func level(_ share: Double, of histogram: InlineArray<256, Int32>) -> Int {
        let wanted = Int((share * Double(pixels)).rounded(.up))
        var sum = 0
        for level in 0..<256 {
            sum += Int(histogram[level])
            if sum >= wanted { return level }
        }
        return 255
    }

    /// Share of pixels within ±3 levels of the median.
    private func alike(_ histogram: InlineArray<256, Int32>) -> Double {
        let middle = level(0.5, of: histogram)
        var sum = 0
        for level in max(0, middle - 3)...min(255, middle + 3) { sum += Int(histogram[level]) }
        return Double(sum) / Double(pixels)
    }
}
