// "Did you mean …?"

package enum NearestName {
    /// The known name that a mistyped one most likely stands for; nil when none is near.
    package static func suggestion(for name: String, among known: [String]) -> String? {
        let lowered = Array(name.lowercased().utf8.prefix(64))
        let text = name.lowercased()
        // A key without its unit, or with one too much.
        let stems = known.filter { $0.hasPrefix(text + "_") || text.hasPrefix($0 + "_") }
        if stems.count == 1 { return stems[0] }
        var best: (name: String, distance: Int)?
        for candidate in known {
            let distance = distance(lowered, Array(candidate.lowercased().utf8))
            if distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        guard let best, best.distance <= max(2, max(lowered.count, best.name.utf8.count) / 3) else { return nil }
        return best.name
    }

    /// Whether two names differ by a slip of the fingers only.
    static func isSlip(_ a: String, _ b: String) -> Bool { distance(Array(a.utf8.prefix(80)), Array(b.utf8)) <= 2 }

    /// Least number of insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`.
    static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var before: [Int] = []
        var last = Array(0...b.count)
        for (i, x) in a.enumerated() {
            var row = [i + 1]
            row.reserveCapacity(b.count + 1)
            for (j, y) in b.enumerated() {
                var cost = min(last[j] + (x == y ? 0 : 1), last[j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, x == b[j - 1], a[i - 1] == y { cost = min(cost, before[j - 1] + 1) }
                row.append(cost)
            }
            before = last
            last = row
        }
        return last[b.count]
    }
}
