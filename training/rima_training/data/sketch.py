"""A second hand: larynges sketched in a few bold strokes, each structure drawn or left out by chance.

`rima phantom` draws one consistent anatomy, and a network that has seen nothing else leans on all of it: rim, bowl,
epiglottis. Here only one thing always holds, the definition of the opening itself. Everything around it comes and
goes, so that what is learned is the lumen between its folds, whatever lies about it.

Coordinates are those of the phantom: half glottis lengths, v from -1 (posterior) to +1 (anterior commissure, below).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ..augment import field_of_view, log_uniform, smooth_field, soften
from .relief import Relief
from .structures import EPIGLOTTIS, FOLD, PIT, SUPRAGLOTTIC

Points = np.ndarray
_SUBPIXEL = 4


def curve(start: Points, bend: Points, end: Points, count: int = 16) -> Points:
    """A quadratic Bezier curve, shape (count, 2)."""
    t = np.linspace(0, 1, count)[:, None]
    return (1 - t) ** 2 * np.asarray(start) + 2 * t * (1 - t) * np.asarray(bend) + t ** 2 * np.asarray(end)


def ellipse(center: tuple[float, float], radii: tuple[float, float], turn: float = 0.0, bend: float = 0.0) -> Points:
    """An ellipse, bent into a bean or a crescent by `bend`."""
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    u, v = radii[0] * np.cos(angle), radii[1] * np.sin(angle)
    v = v + bend * u ** 2 / max(radii[0], 1e-3)
    return np.c_[u * np.cos(turn) - v * np.sin(turn), u * np.sin(turn) + v * np.cos(turn)] + center


@dataclass
class Sketch:
    """One picture while it is being drawn: `image` float32 RGB, `mask` 0...1, `labels` uint8 as in `structures`.

    A `typical` one is what an exercise test mostly shows: apex down, the opening 0.7 to 5 % of the field of view, left
    of the middle, pale folds as a V around it, mounds above and the epiglottis below.
    """

    rng: np.random.Generator
    side: int
    typical: bool = False

    def __post_init__(self) -> None:
        rng, side = self.rng, self.side
        if self.typical:
            self.scale = side * log_uniform(rng, 0.1, 0.24)
            self.center = np.clip(rng.normal([0.41, 0.47], [0.07, 0.09]), 0.2, 0.8) * side
            turn = rng.normal(0, 10)
        else:
            self.scale = side * (log_uniform(rng, 0.04, 0.09) if rng.random() < 0.12 else log_uniform(rng, 0.09, 0.3))
            self.center = np.clip(rng.normal([0.45, 0.47], 0.11, 2), 0.2, 0.8) * side
            turn = rng.normal(0, 14) if rng.random() < 0.9 else rng.uniform(0, 360)
            if rng.random() < 0.12:
                turn += 180
        angle = np.deg2rad(turn)
        rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        self.relief = Relief(side) if self.chance(0.75) else None
        # Past a large arytenoid or from far to one side, the glottis is seen as a narrow, slanting slip.
        self.oblique = self.chance(0.0 if self.typical else 0.25)
        squeeze = np.diag([
            log_uniform(rng, 0.3, 0.7) if self.oblique else log_uniform(rng, 0.65, 1.3), log_uniform(rng, 0.7, 1.15)])
        slant = 0.4 if self.oblique else 0.15
        shear = np.array([[1.0, rng.normal(0, slant)], [rng.normal(0, 0.1), 1.0]])
        self.linear = rotation @ shear @ squeeze
        self.taper = rng.normal(0, 0.1, 2)
        self.tissue = self.colour()
        self.grain = (
            smooth_field(rng, side, 4) * rng.uniform(3, 18) + smooth_field(rng, side, 14) * rng.uniform(1, 8)
            + smooth_field(rng, side, 60) * rng.uniform(0.5, 5))
        tint = smooth_field(rng, side, 4) * rng.uniform(1, 12)
        self.image = self.tissue + self.grain[..., None] + np.stack([0.3 * tint, -tint, -0.6 * tint], -1)
        self.image = self.image.astype(np.float32)
        self.mask = np.zeros((side, side), np.float32)
        self.labels = np.zeros((side, side), np.uint8)

    def uniform(self, low: float, high: float) -> float:
        return float(self.rng.uniform(low, high))

    def chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def colour(self) -> np.ndarray:
        """Tissue between salmon, brown, grey and a greenish cast; red is its strongest part."""
        red = self.uniform(95, 225)
        green = red * self.uniform(0.45, 0.85)
        blue = green * self.uniform(0.7, 1.12)
        if self.chance(0.12):
            green, blue = red * self.uniform(0.8, 1.0), red * self.uniform(0.6, 0.95)
        return np.array([red, green, blue], np.float32)

    def pale(self, low: float, high: float) -> np.ndarray:
        """Tissue with less blood in it: brighter, and nearer to white or yellow."""
        light = self.tissue * self.uniform(low, high)
        white = light.max() * np.array([1.0, self.uniform(0.8, 1.0), self.uniform(0.65, 0.97)])
        return np.clip(light + (white - light) * self.uniform(0.0, 0.9), 0, 252)

    def place(self, points: Points) -> Points:
        """Picture coordinates of points of the larynx."""
        points = np.asarray(points, float)
        nearer = 1 + points @ self.taper * 0.3
        return (points @ self.linear.T) * nearer[:, None] * self.scale + self.center

    def fill(self, points: Points, soft: float = 0.0) -> np.ndarray:
        """The area inside a closed outline of the larynx, 0...1; `soft` in half glottis lengths."""
        area = np.zeros((self.side, self.side), np.uint8)
        fixed = np.round(self.place(points) * 2 ** _SUBPIXEL).astype(np.int32)
        cv2.fillPoly(area, [fixed], 255, cv2.LINE_AA, _SUBPIXEL)
        blur = soft * self.scale
        return (soften(area, blur) if blur > 0.4 else area).astype(np.float32) / 255

    def stroke(self, points: Points, width: float, soft: float) -> np.ndarray:
        """A line of the larynx, 0...1."""
        area = np.zeros((self.side, self.side), np.uint8)
        fixed = np.round(self.place(points) * 2 ** _SUBPIXEL).astype(np.int32)
        thick = max(1, int(round(width * self.scale)))
        cv2.polylines(area, [fixed], False, 255, thick, cv2.LINE_AA, _SUBPIXEL)
        return soften(area, max(0.5, soft * self.scale)).astype(np.float32) / 255

    def lay(self, area: np.ndarray, colour: np.ndarray, grainy: float = 0.6) -> None:
        """Covers the picture with a colour where `area` says so."""
        over = np.asarray(colour, np.float32) + (grainy * self.grain)[..., None]
        self.image = self.image + (over.astype(np.float32) - self.image) * area[..., None]

    def darken(self, area: np.ndarray, tone: np.ndarray) -> None:
        """Multiplies by a colour (0...1 each) where `area` says so."""
        self.image = self.image * (1 - area[..., None] * (1 - np.asarray(tone, np.float32)))

    # What may lie about

    def pharynx(self) -> None:
        """Soft bands and hills of the walls, anywhere."""
        side = self.side
        for _ in range(int(self.rng.integers(0, 8))):
            line = curve(*(self.rng.uniform(-0.1, 1.1, (3, 2)) * side), 24)
            area = np.zeros((side, side), np.uint8)
            cv2.polylines(area, [line.astype(np.int32)], False, 255, int(self.uniform(0.01, 0.1) * side) + 1)
            area = soften(area, self.uniform(0.008, 0.05) * side).astype(np.float32) / 255
            self.lay(area * self.uniform(0.1, 0.6), self.tissue * self.uniform(0.4, 1.3))
        axis = (np.arange(side, dtype=np.float32) + 0.5) / side
        for _ in range(int(self.rng.integers(0, 5))):
            x, y = self.uniform(0, 1), self.uniform(0, 1)
            radius = log_uniform(self.rng, 0.08, 0.45)
            hill = np.exp(-((axis[None] - x) ** 2 + ((axis[:, None] - y) * self.uniform(0.6, 1.6)) ** 2) / radius ** 2)
            lamp = 1 + self.uniform(-0.5, 0.5) * hill
            self.image = self.image * lamp[..., None].astype(np.float32)
            if self.relief:
                self.relief.height += (hill * radius * side * self.uniform(-0.5, 0.7)).astype(np.float32)

    def pits(self, reach: float) -> None:
        """Piriform sinuses, valleculae, crevices: dark, and never the opening."""
        for _ in range(int(self.rng.integers(0, 6))):
            turn = self.uniform(0, 2 * np.pi)
            far = reach + self.uniform(0.1, 1.4)
            radii = (log_uniform(self.rng, 0.08, 0.7), log_uniform(self.rng, 0.06, 0.4))
            self.pit((far * np.cos(turn), 1.2 * far * np.sin(turn)), radii, turn + self.uniform(0.5, 2.6),
                     self.uniform(0.4, 1.0), self.uniform(0.08, 0.6))

    def piriform_sinuses(self, reach: float) -> None:
        """The pair of pits beside a larynx, as deep and as dark as an open glottis; one may be out of sight."""
        across, along = self.uniform(0.1, 0.7), -self.uniform(-0.4, 1.2)
        radii = (log_uniform(self.rng, 0.07, 0.35), log_uniform(self.rng, 0.15, 0.7))
        for sign in (-1, 1):
            if self.chance(0.85):
                self.pit((sign * (reach + across), along + self.uniform(-0.1, 0.1)), radii,
                         -sign * self.uniform(-0.3, 0.9), self.uniform(0.8, 1.0), log_uniform(self.rng, 0.02, 0.3))

    def pit(self, center: tuple[float, float], radii: tuple[float, float], turn: float, depth: float,
            tone: float) -> None:
        """One dark hollow; `tone` is the light left at its bottom."""
        area = self.fill(ellipse(center, radii, turn, self.uniform(-0.8, 0.8)), self.uniform(0.02, 0.2))
        self.darken(area * depth, np.clip(tone * np.array([1.1, 0.9, 0.85]), 0, 1))
        self.labels[area > 0.5] = PIT
        if self.relief:
            self.relief.sink(area, min(radii) * self.scale * self.uniform(0.1, 0.8))

    def mound(self, center: tuple[float, float], radii: tuple[float, float], covers: bool) -> None:
        """A smooth hill of mucosa, lit from somewhere; where it covers, the opening is not seen."""
        shape = ellipse(center, radii, self.uniform(-0.6, 0.6), self.uniform(-0.3, 0.3))
        area = self.fill(shape, self.uniform(0.02, 0.08))
        inner = self.fill(ellipse(
            (center[0] + self.uniform(-0.3, 0.3) * radii[0], center[1] + self.uniform(-0.3, 0.3) * radii[1]),
            (radii[0] * 0.6, radii[1] * 0.6)), max(radii) * self.uniform(0.2, 0.45))
        if self.chance(0.6):
            self.darken(self.fill(shape, self.uniform(0.08, 0.25)) * self.uniform(0.1, 0.6), [0.6, 0.5, 0.5])
        tone = np.clip(self.tissue * self.uniform(0.7, 1.25), 0, 250)
        self.lay(area * self.uniform(0.75, 1.0), tone, self.uniform(0.3, 1.0))
        self.labels[area > 0.5] = SUPRAGLOTTIC
        if self.relief:
            self.relief.height *= 1 - area * self.uniform(0.5, 1.0)
            self.relief.raise_dome(area, min(radii) * self.scale * self.uniform(0.3, 0.9), self.uniform(0.1, 0.8))
        else:
            self.image = self.image * (1 + (area * inner * self.uniform(0.0, 0.45))[..., None])
        if covers:
            self.mask = self.mask * (1 - self.fill(shape, 0.015))

    # The larynx

    def larynx(self) -> None:
        """Bowl, pits, folds, the opening and what hangs over it."""
        rng = self.rng
        kind = rng.uniform(0.3, 1.0) if self.typical else rng.random()
        width = 0.0 if kind < 0.18 else log_uniform(rng, 0.025, 0.16) if kind < 0.37 else self.uniform(0.16, 0.95)
        reach = max(width, 0.45) + self.uniform(0.15, 1.0)
        if self.chance(0.65):
            bowl = ellipse((0, self.uniform(-0.3, 0.2)), (reach * self.uniform(0.9, 1.5), self.uniform(1.2, 2.0)))
            area = self.fill(bowl, self.uniform(0.05, 0.5))
            self.darken(area * self.uniform(0.2, 1.0),
                        [self.uniform(0.5, 1), self.uniform(0.45, 0.95), self.uniform(0.4, 0.9)])
            if self.relief:
                self.relief.sink(area, self.scale * self.uniform(0.1, 0.6))
        self.pits(reach)
        if self.chance(0.7 if width == 0.0 else 0.3):
            self.piriform_sinuses(reach)
        if self.chance(0.85 if self.typical else 0.55):
            for sign in (-1, 1):
                self.mound((sign * self.uniform(0.1, 0.8), -self.uniform(1.0, 1.6)),
                           (self.uniform(0.2, 0.55), self.uniform(0.2, 0.5)), covers=False)
        if self.chance(0.5):
            rim = ellipse((0, 0), (reach * self.uniform(0.9, 1.3), self.uniform(1.2, 1.7)))
            part = np.roll(rim, int(rng.integers(40)), 0)[: int(rng.integers(12, 40))]
            area = self.stroke(part, self.uniform(0.1, 0.4), self.uniform(0.05, 0.15))
            self.lay(area * self.uniform(0.2, 0.9), np.clip(self.tissue * self.uniform(0.8, 1.3), 0, 250))
            self.labels[area > 0.5] = SUPRAGLOTTIC
        sides = self.edges(width)
        self.folds(sides, width)
        self.lumen(sides, width)
        if width == 0.0 and self.chance(0.5):
            self.adducted()
        self.covers(sides, width)

    def adducted(self) -> None:
        """Arytenoids that meet in the midline, with a dark crease between them: a closed larynx."""
        radii = (self.uniform(0.2, 0.55), self.uniform(0.25, 0.7))
        along = -self.uniform(0.2, 1.1)
        crease = ellipse((0, along), (self.uniform(0.03, 0.12), radii[1]))
        self.darken(self.fill(crease, 0.04), np.full(3, self.uniform(0.1, 0.6)))
        for sign in (-1, 1):
            self.mound((sign * radii[0] * self.uniform(0.9, 1.1), along), radii, covers=True)

    def edges(self, width: float) -> tuple[Points, Points]:
        """The medial edges of the two folds, from the posterior end to the anterior commissure."""
        bow, top = self.uniform(-0.25, 0.35), self.uniform(-1.1, -0.7)
        apex = np.array([self.uniform(-0.05, 0.05), 1.0])
        blunt = self.uniform(0.0, 0.25) * width if self.chance(0.4) else 0.0
        lines = []
        for sign in (-1, 1):
            wide = sign * width * self.uniform(0.75, 1.2)
            shoulder = self.uniform(-0.75, 0.0)
            post = np.array([sign * width * self.uniform(0.0, 0.7), top + self.uniform(-0.08, 0.08)])
            knee = np.array([wide, shoulder])
            upper = curve(post, [wide * self.uniform(0.9, 1.2), top + 0.05], knee, 10)
            lower = curve(knee, [wide * (self.uniform(0.45, 0.8) + bow), self.uniform(0.1, 0.6)],
                          apex + [sign * blunt, 0.0], 16)
            line = np.r_[upper, lower[1:]]
            wave = np.interp(np.linspace(0, 1, len(line)), np.linspace(0, 1, 7), self.rng.normal(0, 0.02, 7))
            lines.append(line + np.c_[wave * min(1.0, 4 * width), np.zeros(len(line))])
        return lines[0], lines[1]

    def folds(self, sides: tuple[Points, Points], width: float) -> None:
        """Vocal folds, the grooves outside them, and the vestibular folds outside those."""
        closed = width == 0.0
        shown = self.uniform(0.15 if closed else 0.08, 0.5)
        colour = self.pale(0.85, 1.35) if closed or self.chance(0.9 if self.typical else 0.8) else self.tissue
        groove, wide = self.uniform(0.0, 0.95) if self.chance(0.75) else 0.0, self.uniform(0.05, 0.28)
        if closed:
            # A dark groove beside a single fold would look like an opening, and nobody could tell that it is none.
            groove *= 0.7
        for sign, line in zip((-1, 1), sides, strict=True):
            if self.chance(0.0 if closed or self.typical else 0.2 if self.oblique else 0.06):
                continue
            # A fold is broadest in the middle and behind, and runs out at the commissure.
            taper = np.interp(np.linspace(0, 1, len(line)), [0, 0.4, 1], [self.uniform(0.5, 1.1), 1, 0.2])[:, None]
            outer = line + [sign * shown, 0] * taper
            beyond = outer + [sign * wide, 0] * taper
            if groove and self.chance(0.9):
                band = np.r_[outer, beyond[::-1]]
                area = self.fill(band, self.uniform(0.015, 0.08))
                self.darken(area * groove, np.array([1.2, 0.9, 0.85]) * self.uniform(0.05, 0.45))
                if groove > 0.3:
                    self.labels[area > 0.5] = PIT
            if self.chance(0.5):
                false = np.r_[beyond, (beyond + [sign * self.uniform(0.15, 0.6), 0])[::-1]]
                area = self.fill(false, self.uniform(0.04, 0.12))
                self.lay(area * self.uniform(0.3, 1.0), np.clip(self.tissue * self.uniform(0.75, 1.25), 0, 250))
                self.labels[area > 0.5] = SUPRAGLOTTIC
                if self.relief:
                    self.relief.raise_dome(area, self.scale * self.uniform(0.05, 0.3), self.uniform(0, 0.5))
            band = np.r_[line, outer[::-1]]
            area = self.fill(band, self.uniform(0.015, 0.06))
            self.lay(area * self.uniform(0.45, 1.0), np.clip(colour * self.uniform(0.85, 1.1), 0, 250), 0.5)
            self.labels[area > 0.5] = FOLD
            if self.relief:
                self.relief.raise_dome(area, self.scale * shown * self.uniform(0.1, 0.6), self.uniform(0, 0.5))
            if self.chance(0.4):
                self.lay(self.stroke(line, 0.05, 0.03) * self.uniform(0.1, 0.5), np.clip(colour * 1.2, 0, 255))

    def lumen(self, sides: tuple[Points, Points], width: float) -> None:
        """The airway between the folds, dark or lit, with or without rings; closed folds leave a crease."""
        left, right = sides
        if width == 0.0:
            if self.chance(0.7):
                self.darken(self.stroke(left, self.uniform(0.01, 0.05), 0.015) * self.uniform(0.2, 0.8), [0.4] * 3)
            return
        outline = np.r_[left, right[::-1]]
        self.mask = self.fill(outline)
        side = self.side
        bright = self.uniform(0.02, 0.25) if self.chance(0.6) else self.uniform(0.2, 0.75)
        tone = self.tissue * np.array([self.uniform(0.9, 1.2), self.uniform(0.7, 1.05), self.uniform(0.6, 1.1)])
        if self.chance(0.25):
            tone = np.full(3, self.tissue.mean()) * self.rng.uniform(0.85, 1.1, 3)
        inverse = np.linalg.inv(self.linear * self.scale).astype(np.float32)
        x = np.arange(side, dtype=np.float32)[None] - np.float32(self.center[0])
        y = np.arange(side, dtype=np.float32)[:, None] - np.float32(self.center[1])
        u, v = inverse[0, 0] * x + inverse[0, 1] * y, inverse[1, 0] * x + inverse[1, 1] * y
        deep_u, deep_v = self.rng.normal(0, 0.35), self.rng.normal(-0.1, 0.5)
        depth = np.hypot(u - deep_u, (v - deep_v) * self.uniform(0.5, 1.0))
        shade = bright * (0.35 + self.uniform(0.0, 1.6) * np.clip(depth, 0, 1.2))
        if self.chance(0.55):
            rings = np.sin(depth * self.uniform(6, 22) + self.uniform(0, 6) + 0.6 * smooth_field(self.rng, side, 5))
            shade = shade * (1 + self.uniform(0.05, 0.45) * rings)
        inside = np.clip(tone * shade[..., None], 2, 235) + self.grain[..., None] * self.uniform(0.05, 0.5)
        if self.chance(0.3):
            patch = np.exp(-((u - deep_u - self.rng.normal(0, 0.3)) ** 2 + (v - self.rng.normal(0, 0.5)) ** 2) / 0.08)
            inside = inside * (1 + self.uniform(0.2, 1.5) * patch[..., None])
        soft = cv2.GaussianBlur(self.mask, (0, 0), max(0.5, self.uniform(0.01, 0.05) * self.scale))[..., None]
        self.image = self.image + (inside.astype(np.float32) - self.image) * soft
        if self.chance(0.35):
            # The folds' edges throw light or shadow a little way down the wall below them.
            edge = cv2.GaussianBlur(1 - self.mask, (0, 0), 0.08 * self.scale + 0.5) * self.mask
            self.image = self.image * (1 + (self.uniform(-0.6, 1.2) * edge)[..., None])

    def covers(self, sides: tuple[Points, Points], width: float) -> None:
        """Arytenoids, folds and epiglottis that hang over the opening, and strands of saliva across it."""
        before = self.mask.copy()
        if self.chance(0.3):
            for sign in (-1, 1):
                self.mound((sign * self.uniform(0.0, 0.6) * (width + 0.2), -self.uniform(0.6, 1.2)),
                           (self.uniform(0.2, 0.5), self.uniform(0.2, 0.5)), covers=True)
        if self.chance(0.7 if self.oblique else 0.15):
            self.loom(width)
        if self.chance(0.2):
            sign = -1 if self.chance(0.5) else 1
            radii = (self.uniform(0.4, 1.1), self.uniform(0.6, 1.5))
            reach = radii[0] + width * self.uniform(-0.3, 0.9)
            self.mound((sign * reach, self.uniform(-0.6, 0.5)), radii, covers=True)
        if self.chance(0.85 if self.typical else 0.6):
            half, thick, edge = self.uniform(0.8, 2.2), self.uniform(0.3, 1.0), self.uniform(0.75, 1.7)
            arch = self.uniform(-0.3, 0.9)
            t = np.linspace(-1, 1, 24)
            upper = np.c_[t * half, edge - arch * 0.5 * t ** 2]
            lower = np.c_[t[::-1] * half, edge + thick * np.sqrt(np.clip(1 - t ** 2, 0, 1)) - arch * 0.5 * t ** 2]
            shape = np.r_[upper, lower]
            area = self.fill(shape, self.uniform(0.02, 0.1))
            self.lay(area, self.pale(0.9, 1.8))
            self.labels[area > 0.5] = EPIGLOTTIS
            if self.relief:
                self.relief.height *= 1 - area
                self.relief.raise_dome(area, self.scale * thick * self.uniform(0.1, 0.6), self.uniform(0, 0.6))
            self.mask = self.mask * (1 - self.fill(shape, 0.015))
        if self.chance(0.05) and width > 0.1:
            ends = self.uniform(-0.7, 0.7), self.uniform(-0.7, 0.7)
            strand = curve([-width, ends[0]], [0, np.mean(ends) + 0.1], [width, ends[1]])
            self.lay(self.stroke(strand, 0.03, 0.01) * 0.8, np.clip(self.tissue * 1.5, 0, 255))
        if self.mask.sum() < 0.3 * before.sum():
            # Hardly anything is left to be seen: whoever looks would not call it an opening for certain.
            self.mask = np.where(self.mask > 0.5, self.mask, 0.0)

    def loom(self, width: float) -> None:
        """One or two large smooth mounds near the lens, whose edge cuts the opening from any side."""
        before = self.mask.copy()
        for _ in range(int(self.rng.integers(1, 3))):
            turn = self.uniform(0, 2 * np.pi)
            radii = (self.uniform(0.7, 2.6), self.uniform(0.7, 2.2))
            edge = self.uniform(-0.3, 0.9) * (width if abs(np.cos(turn)) > 0.7 else 1.0)
            far = edge + np.hypot(radii[0] * np.cos(turn), radii[1] * np.sin(turn))
            kept = (self.image.copy(), self.mask.copy(), self.labels.copy(),
                    self.relief.height.copy() if self.relief else None)
            self.mound((far * np.cos(turn), far * np.sin(turn)), radii, covers=True)
            if self.mask.sum() < 0.35 * before.sum():
                self.image, self.mask, self.labels = kept[:3]
                if self.relief:
                    self.relief.height = kept[3]

    def light(self) -> None:
        """Relief, fall-off of the lamp, highlights, and the field of view."""
        side = self.side
        if self.relief:
            self.image = self.relief.lit(self.image, self.mask, self.rng)
        axis = (np.arange(side, dtype=np.float32) + 0.5) / side
        x, y = self.uniform(0.2, 0.8), self.uniform(0.3, 1.0)
        fall = 1.15 - self.uniform(0, 1.1) * ((axis[None] - x) ** 2 + (axis[:, None] - y) ** 2)
        self.image = self.image * np.clip(fall, 0.05, 1.3)[..., None]
        spots = np.zeros((side, side), np.uint8)
        for _ in range(int(self.rng.integers(0, 22))):
            where = tuple(int(q) for q in self.rng.integers(0, side, 2))
            axes = (int(log_uniform(self.rng, 1, 6)), int(log_uniform(self.rng, 1, 4)))
            cv2.ellipse(spots, where, axes, self.uniform(0, 180), 0, 360, 255, -1, cv2.LINE_AA)
        self.lay(soften(spots, self.uniform(0.4, 1.5)).astype(np.float32) / 255 * self.uniform(0.4, 1), [255] * 3, 0)

    def finished(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The picture, uint8 RGB, its mask, 0 or 255, and its label map."""
        image = np.clip(self.image, 0, 255).astype(np.uint8)
        mask = np.where(self.mask > 0.5, 255, 0).astype(np.uint8)
        if self.chance(0.8):
            lit = field_of_view(self.side, self.rng)
            image = np.where(lit[..., None] > 0, image, np.uint8(self.uniform(0, 20)))
            mask, self.labels = mask * lit, self.labels * lit
        return image, mask, self.labels


def sketch(
    seed: int, index: int, side: int = 320, typical: float = 0.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray, bool]:
    """One sketch: picture, mask, label map, and whether it shows a larynx at all. The same numbers give the same bytes.

    `typical` is the chance that it shows what an exercise test mostly does.
    """
    rng = np.random.default_rng([0x5CE7C4, seed, index])
    drawing = Sketch(rng, side, typical > 0 and bool(rng.random() < typical))
    drawing.pharynx()
    larynx = not drawing.chance(0.0 if drawing.typical else 0.06)
    if larynx:
        drawing.larynx()
    else:
        drawing.pits(drawing.uniform(0.0, 1.0))
    drawing.light()
    return *drawing.finished(), larynx
