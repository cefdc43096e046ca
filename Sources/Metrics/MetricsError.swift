// The module's one error.

/// A stage plan that cannot be followed.
package struct MetricsError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: String, Sendable, Hashable {
        case emptyPlan = "empty_plan"
        case emptyLabel = "empty_label"
        /// A step has neither a start nor a predecessor with a duration.
        case unknownStart = "unknown_start"
        /// A step starts before its predecessor or has no length.
        case outOfOrder = "out_of_order"
    }

    package var code: Code
    /// Which step, from 1; nil for the plan as a whole.
    package var step: Int?
    package var label: String

    package init(code: Code, step: Int?, label: String) {
        self.code = code
        self.step = step
        self.label = label
    }

    package var description: String {
        let place = step.map { "step \($0) (\(label)): " } ?? ""
        switch code {
        case .emptyPlan: return "the plan has no steps; give at least one with a label"
        case .emptyLabel: return "\(place)the label is empty; name the stage"
        case .unknownStart: return "\(place)no start is known; give a start here or a duration to the step before"
        case .outOfOrder: return "\(place)starts before the step before it ends, or has no length; correct the times"
        }
    }
}
