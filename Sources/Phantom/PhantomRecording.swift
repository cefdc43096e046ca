// A drawn CLE recording: one patient, one exercise, any frame of it at any time.
package import Frames
import Glibc

/// Draws the frames of one recording; any index, in any order, always the same bytes.
package struct PhantomRecording: Sendable {
    package let settings: PhantomSettings
    package let frameCount: Int
    /// Where the endoscope's picture lies in every frame.
    package let pane: PixelRect
    /// The lit pixels of the pane.
    package let field: FieldOfView

    let film: Film
    private let stage: Backdrop
    private let grains: Grains
    let body: Anatomy
    private let blank: Anatomy
    /// Side of the square in which the field is drawn, and of the square on the frame that it fills.
    private let drawn: Int
    let shown: Int
    private let drawnField: FieldOfView

    package init(_ settings: PhantomSettings) {
        self.settings = settings
        let rate = Double(settings.rateNumerator) / Double(settings.rateDenominator)
        frameCount = Int((settings.seconds * rate).rounded())
        grains = Grains.shared
        var dice = Dice(settings.seed, 0xA0)
        let body = Anatomy(dice: &dice).usual()
        self.body = body
        var wall = body
        wall.hideLarynx(&dice)
        blank = wall
        let stage = Backdrop(settings, &dice)
        self.stage = stage
        pane = stage.pane
        field = stage.field
        shown = max(stage.pane.width, stage.pane.height)
        // Optics and recorders are softer than the pane's pixels; small panes are drawn in full.
        drawn = max(32, min(384, max(160, shown * 3 / 4), shown) / 16 * 16)
        drawnField = stage.shape.field(PixelSize(width: drawn, height: drawn))
        film = Film(settings, body, &dice)
    }

    /// The presentation time of a frame.
    package func time(of index: Int) -> StreamTime {
        let ticks = Int64(index)
        return StreamTime(ticks: ticks, numerator: settings.rateDenominator, denominator: settings.rateNumerator)
            ?? .zero
    }

    /// One whole frame of the recording and its truth.
    ///
    /// - Parameter maps: whether the truth shall hold coverage and labels of the pane, which costs more.
    package func frame(_ index: Int, maps: Bool = false) -> PhantomFrame {
        let moment = film.moment(at: time(of: index).seconds)
        let truth = self.truth(index, moment, maps: maps)
        var picture = stage.picture(second: Int(truth.time.seconds), index: index, settings: settings)
        let canvas = draw(moment, index)
        stage.insert(canvas, shown: shown, into: &picture)
        return PhantomFrame(picture: picture, truth: truth)
    }

    /// The truth alone, without drawing.
    package func truth(of index: Int, maps: Bool = false) -> PhantomTruth {
        truth(index, film.moment(at: time(of: index).seconds), maps: maps)
    }

    private func truth(_ index: Int, _ moment: Film.Moment, maps: Bool) -> PhantomTruth {
        var truth = PhantomTruth(pane: pane, field: field)
        truth.index = index
        truth.time = time(of: index)
        truth.stage = moment.stage
        truth.breath = moment.breath
        truth.swallow = moment.swallow
        truth.cough = moment.cough
        truth.larynx = !moment.posture.absent
        let view = moment.view.scaled(to: Float(shown))
        let origin = SIMD2(Float(shown - pane.width), Float(shown - pane.height)) / 2
        truth.faults = moment.conditions.faults(centre: moment.view.centre)
        if moment.posture.absent {
            truth.faults.append(.noLarynx)
            if maps { truth.labels = [UInt8](repeating: 0, count: pane.size.count) }
        } else {
            let shapes = Shapes(body, moment.posture, view).cropped(at: origin)
            _ = Witness(shapes: shapes, size: pane.size, field: field).testify(into: &truth, maps: maps)
        }
        return truth
    }

    private func draw(_ moment: Film.Moment, _ index: Int) -> Canvas {
        let view = moment.view.scaled(to: Float(drawn))
        let body = moment.posture.absent ? blank : self.body
        let shapes = Shapes(body, moment.posture, view)
        let size = PixelSize(width: drawn, height: drawn)
        let visible = moment.posture.absent ? nil : Coverage(shapes.glottis, without: shapes.covers, size: size)
        let light = moment.conditions.light.reaching(body, from: view)
        var painter = Painter(side: drawn, body: body, grains: grains, view: view)
        var canvas = painter.paint(shapes, moment.posture, visible: visible, light: light)
        var dice = Dice(settings.seed, 0xF0, index)
        // The backdrop cuts the shape at the frame's own resolution.
        var whole = stage.shape
        whole.kind = .full
        let finish = Finish(conditions: moment.conditions, grains: grains, exposed: drawnField)
        finish(&canvas, shape: whole, field: FieldOfView(full: size), dice: &dice)
        return canvas
    }
}

extension Anatomy {
    /// Keeps the patient of a recording within what a usual test shows: a larynx that can be seen.
    func usual() -> Anatomy {
        var out = self
        out.posteriorShare = max(0.5, posteriorShare)
        out.epiglottisEdge = max(1.15, epiglottisEdge)
        out.epiglottisHeight = min(0.9, epiglottisHeight)
        out.bowl = max(0.1, min(0.5, bowl))
        return out
    }
}
