import Decode
import Frames
import Testing

@Suite("The pane")
struct PaneFinderTests {
    private func search(_ layout: PaneLayout, settings: PaneSettings = PaneSettings(frames: 6)) -> Pane? {
        var finder = PaneFinder(frameSize: layout.size, settings: settings)
        for index in 0..<settings.frames { _ = finder.observe(layout.frame(index)) }
        return finder.find()
    }

    static let cases: [(name: String, layout: PaneLayout, form: FieldForm)] = [
        ("A", .a, .octagon),
        ("A in fog", .a.with { $0.fog = 0.9 }, .octagon),
        ("A, half the light", .a.with { $0.light = 0.5 }, .octagon),
        ("A, dark at the right", .a.with { $0.darkSide = 0.5 }, .octagon),
        ("A on brighter ground", .a.with { $0.ground = 24 }, .octagon),
        ("B", .b, .rectangle),
        ("B in fog", .b.with { $0.fog = 0.8 }, .rectangle),
        ("circle that fills the frame", .circle, .circle),
        (
            "circle cut by the frame", .circle.with { $0.pane = PixelRect(x: 20, y: -20, width: 280, height: 280) },
            .circle
        ),
        ("circle, dark at the right", .circle.with { $0.darkSide = 0.5 }, .circle),
        ("ellipse", .circle.with { $0.pane = PixelRect(x: 10, y: 10, width: 290, height: 220) }, .ellipse),
        (
            "full frame",
            .circle.with {
                $0.pane = PixelRect($0.size); $0.form = .full
            }, .rectangle
        ),
        ("octagon that fills the frame", .circle.with { $0.form = .octagon }, .octagon),
    ]

    @Test(
        "is found within 3 px and its field with IoU above 0.98, and its form is recognised", arguments: cases.indices)
    func layouts(index: Int) throws {
        let (name, layout, form) = Self.cases[index]
        let pane = try #require(search(layout), "\(name): found")
        let (edge, iou) = layout.compare(pane)
        #expect(edge <= 3, "\(name): \(pane.rect)")
        #expect(iou >= 0.98, "\(name)")
        #expect(pane.form == form, "\(name)")
        #expect(pane.confidence > 0.5 && pane.confidence <= 1, "\(name)")
    }

    @Test("a panel alone is never taken for the picture")
    func panelOnly() {
        #expect(search(.a.with { $0.light = 0 }) == nil)
        #expect(search(.b.with { $0.light = 0 }) == nil)
    }

    @Test("a dark start is waited for")
    func darkStart() throws {
        let circle = PaneLayout.circle
        var finder = PaneFinder(frameSize: circle.size, settings: PaneSettings(frames: 4))
        let dark = circle.with { $0.light = 0.02 }
        for index in 0..<5 { #expect(finder.observe(dark.frame(index)) == .notUsable) }
        #expect(finder.find() == nil)
        for index in 0..<3 { #expect(finder.observe(circle.frame(index)) == .collecting) }
        #expect(finder.observe(circle.frame(3)) == .ready)
        #expect(circle.compare(try #require(finder.find())).iou >= 0.98)
    }

    @Test("a picture that is dark beside a bright panel is waited for, then found")
    func darkBesidePanel() throws {
        let dark = PaneLayout.a.with { $0.light = 0.02 }
        var finder = PaneFinder(frameSize: dark.size, settings: PaneSettings(frames: 4))
        for index in 0..<4 { _ = finder.observe(dark.frame(index)) }
        #expect(finder.find() == nil)
        for index in 4..<8 { _ = finder.observe(PaneLayout.a.frame(index)) }
        #expect(PaneLayout.a.compare(try #require(finder.find())).iou >= 0.98)
    }

    @Test("one colour from edge to edge is not usable")
    func noSignal() {
        let size = PixelSize(width: 320, height: 240)
        var finder = PaneFinder(frameSize: size)
        var picture = RGBPicture(size: size)
        for i in picture.pixels.indices { picture.pixels[i] = i % 3 == 2 ? 255 : 60 }
        #expect(finder.observe(picture) == .notUsable)
    }

    @Test("the same frames give the same pane")
    func repeatable() {
        #expect(search(.circle) == search(.circle))
    }

    @Test("an explicit rectangle wins, and its field is found inside it")
    func explicit() throws {
        let layout = PaneLayout.a
        let rect = PixelRect(x: 310, y: 30, width: 310, height: 300)
        var finder = try PaneFinder(explicit: rect, frameSize: layout.size, settings: PaneSettings(frames: 4))
        for index in 0..<4 { _ = finder.observe(layout.frame(index)) }
        let pane = try #require(finder.find())
        #expect(pane.rect == rect)
        let lit = layout.truth.lit
        var wrong = 0
        for y in 0..<rect.height {
            for x in 0..<rect.width
            where pane.field.contains(x: x, y: y) != lit[(y + rect.y) * layout.size.width + x + rect.x] {
                wrong += 1
            }
        }
        #expect(wrong * 50 < pane.field.area)
    }

    @Test("a rectangle that cannot be the pane is refused with a sentence")
    func refused() {
        let frame = PixelSize(width: 640, height: 480)
        func code(_ x: Int, _ y: Int, _ w: Int, _ h: Int) -> PaneError.Code? {
            do throws(PaneError) {
                _ = try Pane(explicit: PixelRect(x: x, y: y, width: w, height: h), frameSize: frame)
                return nil
            } catch {
                #expect(error.description.contains("pane \(w)x\(h)"))
                return error.code
            }
        }
        #expect(code(0, 0, 640, 480) == nil)
        #expect(code(0, 0, 0, 480) == .empty)
        #expect(code(0, 0, 640, -1) == .empty)
        #expect(code(1, 0, 640, 480) == .outside)
        #expect(code(-1, 0, 100, 100) == .outside)
        #expect(code(0, 400, 100, 81) == .outside)
        #expect(code(Int.max, 0, Int.max, 10) == .outside)
        #expect(code(0, 0, 15, 100) == .tooSmall)
    }
}
