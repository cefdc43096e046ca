// The comparison with an earlier test, in report.json.
package import Frames

extension ReportRecord {
    /// An earlier test of the same patient beside this one.
    package struct Comparison: Codable, Sendable, Hashable {
        package struct Pair: Codable, Sendable, Hashable {
            package var label: String
            package var closureRatioThen: Double?
            package var closureRatioNow: Double?
            /// Now minus then, with its 95 % interval.
            package var change: Double?
            package var ciLow: Double?
            package var ciHigh: Double?
        }

        package var session: String
        package var date: String?
        package var stages: [Pair]
    }

    /// What every family of numbers is compared with.
    package struct Normalisations: Codable, Sendable, Hashable {
        package var closureRatio: Normalisation
        package var openedPx: Normalisation
        package var openedNorm: Normalisation
        /// Absent without a rest baseline; the times below shares of rest are compared by the same.
        package var openedRestRatio: Normalisation?
    }

    /// What the statistics were asked to use.
    package struct Thresholds: Codable, Sendable, Hashable {
        package var narrowingBands: [Double]
        package var leastBreaths: Int
        package var leastUsableRatio: Double
        package var sustainedBreaths: Int
        package var sustainedClosureRatio: Double
        package var scaleDriftRatio: Double
    }
}

extension ReportRecord.Comparison {
    init(_ earlier: ReportComparison, now: TestSummary) {
        session = earlier.session
        date = earlier.date
        stages = StagePair.all(now, earlier.summary).map { pair in
            let difference = pair.difference
            return Pair(
                label: pair.label, closureRatioThen: pair.then?.closure?.median,
                closureRatioNow: pair.now?.closure?.median, change: difference?.value, ciLow: difference?.low,
                ciHigh: difference?.high)
        }
    }
}

extension ReportRecord.Thresholds {
    init(_ thresholds: ReportThresholds) {
        narrowingBands = thresholds.bands
        leastBreaths = thresholds.leastBreaths
        leastUsableRatio = thresholds.leastUsableShare
        sustainedBreaths = thresholds.sustainedBreaths
        sustainedClosureRatio = thresholds.sustainedClosure
        scaleDriftRatio = thresholds.driftLimit
    }
}
