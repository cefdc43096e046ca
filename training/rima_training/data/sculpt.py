"""A third hand: larynges modelled as solids, seen from a lens in the pharynx and lit by the lamp beside it.

The two other hands draw flat shapes. Here light falls off with the square of the distance, near folds hide what lies
behind them, and a view from the side is one: what a network needs to tell a cleft between two mounds from the way to
the trachea. The opening is exact by its definition: where a ray passes between the vocal folds into the airway.

Unit: half a glottis length; x across, y from -1 (arytenoids) to +1 (anterior commissure), z up towards the lens, 0 at
the vocal folds.
"""

from __future__ import annotations

import cv2
import numpy as np

from ..augment import field_of_view, log_uniform, smooth_field, soften
from .solids import Body, Distance, Points, Scene, ellipsoid, length, soft_most
from .structures import EPIGLOTTIS, FOLD, PIT, SUPRAGLOTTIC

_WALL = 0
_FAR = 16.0


class Larynx:
    """The solids of one larynx, drawn by chance: how wide it opens, what narrows it, what lies about."""

    def __init__(self, rng: np.random.Generator, typical: bool, collapsing: bool = False) -> None:
        """`collapsing` draws the supraglottic structures in over the glottis."""
        self.rng = rng
        kind = rng.uniform(0.3, 1.0) if typical else rng.random()
        self.width = 0.0 if kind < 0.15 else log_uniform(rng, 0.03, 0.16) if kind < 0.36 else rng.uniform(0.16, 0.62)
        self.across, self.along = rng.uniform(0.62, 0.95), rng.uniform(1.05, 1.25)
        self.flare = rng.normal(0.12, 0.16)
        self.drift = rng.normal(0.0, 0.12, 2)
        self.rim = rng.uniform(0.7, 1.8)
        self.rise = rng.uniform(0.15, 0.7)
        self.thick = log_uniform(rng, 0.12, 0.45)
        self.ring = (rng.uniform(7, 12), rng.uniform(0.0, 0.05), rng.uniform(0, 6))
        self.trachea = rng.uniform(0.62, 0.95)
        self._glottis()
        self.scene = Scene(self._bodies() + (self._collapse() if collapsing else []))

    def chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def _glottis(self) -> None:
        """Half widths of the glottis, from back to front, and its midline."""
        rng = self.rng
        along = np.linspace(-1, 1, 33).astype(np.float32)
        shoulder = rng.uniform(-0.85, -0.1)
        behind = rng.uniform(0.1, 0.9) if self.chance(0.8) else 0.0
        bow = rng.uniform(-0.12, 0.3)
        front = (along - shoulder) / (1 - shoulder)
        back = np.clip((shoulder - along) / (shoulder + 1), 0, 1)
        half = np.where(along > shoulder, 1 - front + bow * 4 * front * (1 - front), 1 - (1 - behind) * back ** 2)
        self.stations = along
        self.half = (half * self.width * (1 + 0.06 * rng.standard_normal(33))).astype(np.float32)
        self.half[0] = self.half[-1] = -0.02
        self.half = np.convolve(np.pad(self.half, 1, "edge"), [0.25, 0.5, 0.25], "valid").astype(np.float32)
        if self.width == 0.0:
            self.half[:] = -0.03
        self.middle = (rng.normal(0, 0.05) * (1 - along ** 2)).astype(np.float32)

    def beside(self, p: Points, more: float = 0.0) -> np.ndarray:
        """How far a point lies outside the glottis in its plane, shape (n,): negative between the folds."""
        half = np.interp(p[1], self.stations, self.half).astype(np.float32)
        middle = np.interp(p[1], self.stations, self.middle).astype(np.float32)
        return soft_most(np.abs(p[0] - middle) - half - np.float32(more), np.abs(p[1]) - np.float32(1.02 + more), 0.05)

    def _around(self, p: Points) -> np.ndarray:
        """Distance from the tube's axis as a share of its wall's, times its narrower radius."""
        x = (p[0] - np.float32(self.drift[0]) * p[2] * 0.3) / np.float32(self.across)
        y = (p[1] - np.float32(self.drift[1]) * p[2]) / np.float32(self.along)
        return np.sqrt(x * x + y * y) * np.float32(min(self.across, self.along))

    def _inner(self, z: np.ndarray) -> np.ndarray:
        """The tube's inner radius: the vestibule above the folds, the trachea with its rings below."""
        base = np.float32(min(self.across, self.along))
        above = base * (1 + np.float32(self.flare) * np.clip(z, 0, 2.5))
        rings = np.float32(self.ring[1]) * np.sin(np.float32(self.ring[0]) * z + np.float32(self.ring[2]))
        below = base * np.float32(self.trachea) * (1 + rings)
        return np.where(z > 0, above, below).astype(np.float32)

    def inside_tube(self, p: Points) -> np.ndarray:
        """Whether points lie in the airway, above or below the folds."""
        return self._around(p) < self._inner(p[2]) * 1.15

    def _plate(self, level: float, half_thick: float, more: float, dip: float) -> Distance:
        """A pair of folds: a plate across the tube with a slit in it."""
        def distance(p: Points) -> np.ndarray:
            off = self.beside(p, more)
            height = np.abs(p[2] - np.float32(level) - np.float32(dip) * np.clip(off, 0, 0.6)) - np.float32(half_thick)
            return soft_most(soft_most(-off, height, 0.08), self._around(p) - self._inner(p[2]) - 0.1, 0.02) * 0.9
        return distance

    def _bodies(self) -> list[Body]:
        rng = self.rng
        uniform = rng.uniform
        wide, deep = uniform(1.7, 3.6), uniform(2.0, 3.4)
        front = uniform(-0.2, 1.0)
        floor, tilt = uniform(-1.6, 0.5), rng.normal(0.1, 0.25)
        waves = rng.normal(0, 1, (3, 3)).astype(np.float32), uniform(0, 6, 3), uniform(0.0, 0.18)

        def lumps(p: Points) -> np.ndarray:
            total = np.zeros(p.shape[1], np.float32)
            for way, phase in zip(waves[0], waves[1], strict=True):
                total += np.sin(way @ p + np.float32(phase))
            return total * np.float32(waves[2])

        def pharynx(p: Points) -> np.ndarray:
            return (1 - np.sqrt((p[0] / wide) ** 2 + ((p[1] - front) / deep) ** 2)) * min(wide, deep) + lumps(p)

        def ground(p: Points) -> np.ndarray:
            return soft_most((p[2] - floor - tilt * p[1] - lumps(p)) * 0.9, self._inner(p[2]) - self._around(p), 0.1)

        def vestibule(p: Points) -> np.ndarray:
            around, inner = self._around(p), self._inner(p[2])
            height = p[2] - np.float32(self.rim) - np.float32(self.rise) * p[1]
            shell = soft_most(inner - around, around - inner - np.float32(self.thick) * (1.4 - 0.2 * p[2]), 0.12)
            return soft_most(shell, height * 0.85, 0.25)

        bodies = [Body(pharynx, _WALL), Body(ground, _WALL, 0.3), Body(vestibule, SUPRAGLOTTIC, 0.25)]
        bodies.append(Body(self._plate(0.0, uniform(0.06, 0.18), 0.0, uniform(-0.1, 0.35)), FOLD, 0.03))
        if self.chance(0.85):
            more = log_uniform(rng, 0.08, 0.5) if self.chance(0.85) else -self.width * uniform(0.0, 0.6)
            bodies.append(Body(self._plate(uniform(0.35, 0.7), uniform(0.08, 0.22), more, uniform(0, 0.5)),
                               SUPRAGLOTTIC, uniform(0.05, 0.2)))
        bodies += self._arytenoids()
        if self.chance(0.9):
            lean, tall = np.deg2rad(rng.normal(22, 22)), uniform(0.7, 1.5)
            base = np.array([0.0, uniform(0.95, 1.35), uniform(0.3, 0.9)])
            center = base + tall * np.array([0, np.sin(lean), np.cos(lean)])
            bodies.append(Body(ellipsoid(center, (uniform(0.7, 1.5), uniform(0.1, 0.25), tall * 1.15), lean,
                                         -uniform(0.0, 0.45)), EPIGLOTTIS, uniform(0.05, 0.25)))
        if self.chance(0.7):
            bodies.append(Body(ellipsoid((rng.normal(0, 0.4), uniform(2.6, 4.2), uniform(1.0, 4.0)),
                                         uniform(1.0, 2.2, 3)), _WALL, 0.2))
        for _ in range(int(rng.integers(0, 5))):
            turn, far = uniform(0, 2 * np.pi), uniform(1.7, max(wide, deep))
            bodies.append(Body(ellipsoid((far * np.cos(turn), far * np.sin(turn), uniform(-0.5, 3.0)),
                                         np.exp(rng.normal(np.log(0.8), 0.4, 3))), SUPRAGLOTTIC, uniform(0.1, 0.8)))
        return bodies

    def _arytenoids(self) -> list[Body]:
        """The mounds at the back and the tubercles on the aryepiglottic folds; drawn in, they hide the back."""
        rng, bodies = self.rng, []
        apart = rng.uniform(0.15, 0.3) + self.width * rng.uniform(0.2, 0.9)
        back, top = -rng.uniform(0.8, 1.35), rng.uniform(0.25, 1.3)
        radii = np.array([rng.uniform(0.2, 0.5), rng.uniform(0.22, 0.5), rng.uniform(0.3, 0.8)])
        for sign in (-1, 1):
            where = np.array([sign * apart, back, top]) + rng.normal(0, 0.05, 3)
            bodies.append(Body(ellipsoid(where, radii * rng.uniform(0.85, 1.15, 3), rng.normal(0.2, 0.3)),
                               SUPRAGLOTTIC, rng.uniform(0.05, 0.3)))
            if self.chance(0.5):
                bodies.append(Body(ellipsoid(where + [sign * rng.uniform(0.1, 0.5), rng.uniform(0.1, 0.6), 0.2],
                                             np.full(3, rng.uniform(0.12, 0.32))), SUPRAGLOTTIC, 0.15))
        return bodies

    def _collapse(self) -> list[Body]:
        """Narrowing above the folds: arytenoids tilted forward over the back, aryepiglottic folds leaning in."""
        rng, bodies = self.rng, []
        sides = (-1, 1) if self.chance(0.7) else (int(rng.choice((-1, 1))),)
        swelling = log_uniform(rng, 0.3, 0.95)
        for sign in sides:
            if self.chance(0.8):
                radii = swelling * np.exp(rng.normal(0, 0.2, 3))
                where = (sign * (radii[0] * rng.uniform(0.75, 1.15) + self.width * rng.uniform(0, 0.5)),
                         rng.uniform(-1.25, -0.35), rng.uniform(0.7, 1.7))
                bodies.append(Body(ellipsoid(where, radii, rng.normal(0.5, 0.3)), SUPRAGLOTTIC,
                                   rng.uniform(0.03, 0.2)))
            if self.chance(0.6):
                radii = (rng.uniform(0.15, 0.5), rng.uniform(0.6, 1.2), rng.uniform(0.2, 0.6))
                where = (sign * (radii[0] * rng.uniform(0.7, 1.2) + self.width * rng.uniform(0, 0.8)),
                         rng.uniform(-0.5, 0.5), rng.uniform(0.7, 1.6))
                bodies.append(Body(ellipsoid(where, radii, rng.normal(0.1, 0.2)), SUPRAGLOTTIC,
                                   rng.uniform(0.03, 0.25)))
        return bodies


def without_specks(area: np.ndarray, least: int = 6, holes: bool = False) -> np.ndarray:
    """`area`, bool, without parts (or holes) of less than `least` pixels: rays along an edge end on either side of it."""
    count, parts, facts, _ = cv2.connectedComponentsWithStats((area != holes).astype(np.uint8), connectivity=8)
    small = [part for part in range(1, count) if facts[part, cv2.CC_STAT_AREA] < least]
    return np.where(np.isin(parts, small), holes, area) if small else area


class View:
    """One picture of a larynx: a lens, its lamp, and what they see."""

    def __init__(self, rng: np.random.Generator, side: int, typical: bool, collapsing: bool = False) -> None:
        self.rng, self.side, self.typical = rng, side, typical
        self.larynx = Larynx(rng, typical, collapsing)
        self._aim()
        scene = self.larynx.scene
        self.far = scene.depth(self.origin, self.ways, _FAR)
        flat = self.ways.reshape(3, -1)
        self.points = self.origin[:, None] + flat * self.far.reshape(-1)
        self.normal = scene.normals(self.points)
        self.kinds = scene.kinds(self.points).reshape(side, side)
        self.mask = self._opening()

    @property
    def is_free(self) -> bool:
        """Whether the lens is out of the tissue, so that it sees a larynx."""
        return bool(self.larynx.scene.distance(self.origin[:, None])[0] > 0)

    def uniform(self, low: float, high: float) -> float:
        return float(self.rng.uniform(low, high))

    def _aim(self) -> None:
        """Places the lens above the larynx, out of the tissue, and turns it towards the glottis."""
        rng, side = self.rng, self.side
        oblique = not self.typical and rng.random() < 0.4
        for attempt in range(40):
            scale = log_uniform(rng, 0.09, 0.24) if self.typical else log_uniform(rng, 0.07, 0.34)
            lens = rng.uniform(0.5, 1.1)
            away = np.clip(lens / scale, 1.8, 9.0)
            spread = (0.55 if oblique else 0.25) * (0.97 ** attempt)
            tip = np.array([rng.normal(0, spread), rng.normal(-0.12, spread), 1.0])
            target = np.array([rng.normal(0, 0.15), rng.normal(0, 0.2), 0.0])
            origin = target + away * tip / np.linalg.norm(tip)
            if self._clear(origin, target):
                break
        forward = (target - origin) / np.linalg.norm(target - origin)
        right = np.cross([0.0, 1.0, 0.0], forward)
        right /= np.linalg.norm(right)
        down = np.cross(forward, right)
        if down[1] < 0:
            right, down = -right, -down
        roll = rng.normal(0, 11) if self.typical or rng.random() < 0.9 else rng.uniform(0, 360)
        if not self.typical and rng.random() < 0.12:
            roll += 180
        cos, sin = np.cos(np.deg2rad(roll)), np.sin(np.deg2rad(roll))
        right, down = cos * right + sin * down, -sin * right + cos * down
        where = rng.normal([0.41, 0.47], [0.07, 0.09]) if self.typical else rng.normal(0.46, 0.1, 2)
        where = np.clip(where, 0.22, 0.78)
        axis = (np.arange(side) + 0.5) / side
        x, y = np.meshgrid((axis - where[0]) / lens, (axis - where[1]) / lens)
        ways = forward[:, None, None] + right[:, None, None] * x + down[:, None, None] * y
        self.ways = (ways / np.linalg.norm(ways, axis=0)).astype(np.float32)
        self.origin = origin.astype(np.float32)
        self.lamp = (origin + right * rng.normal(0, 0.12) + down * rng.normal(0, 0.12)).astype(np.float32)

    def _clear(self, origin: np.ndarray, target: np.ndarray) -> bool:
        """Whether the lens is out of the tissue and nothing large hides the glottis from it."""
        scene, start = self.larynx.scene, origin.astype(np.float32)
        if scene.distance(start[:, None])[0] < 0.25:
            return False
        way = target - origin
        away = np.linalg.norm(way)
        gone = scene.trace(start, (way / away).astype(np.float32)[:, None], np.zeros(1), _FAR, 60)[0]
        return bool(gone > 0.8 * away)

    def _opening(self) -> np.ndarray:
        """Where a ray crosses the folds' plane between them and lands in the airway below, bool (side, side)."""
        if self.larynx.width == 0.0:
            return np.zeros((self.side, self.side), bool)
        flat = self.ways.reshape(3, -1)
        gone = -self.origin[2] / np.minimum(flat[2], np.float32(-1e-3))
        crossing = self.origin[:, None] + flat * gone
        below = (flat[2] < 0) & (self.points[2] < -0.05) & (self.far.reshape(-1) > gone)
        seen = below & (self.larynx.beside(crossing) < 0) & self.larynx.inside_tube(self.points)
        seen = seen.reshape(self.side, self.side) & (self.kinds != FOLD)
        return without_specks(without_specks(seen), holes=True)

    def picture(self) -> np.ndarray:
        """The picture, uint8 RGB."""
        rng, side = self.rng, self.side
        colours = self._colours()
        toward = self.lamp[:, None] - self.points
        distance = length(toward)
        toward /= distance
        wet = np.stack([smooth_field(rng, side, grain) for grain in (70, 70, 70)]).reshape(3, -1)
        normal = self.normal + wet * np.float32(log_uniform(rng, 0.004, 0.06))
        normal /= length(normal)
        facing = np.clip((normal * toward).sum(0), 0, 1)
        fall = (distance / np.median(distance)) ** np.float32(-self.uniform(1.2, 2.2))
        hollow = np.clip(self.larynx.scene.distance(self.points + self.normal * np.float32(0.3)) / 0.3, 0, 1)
        bounce = self.uniform(0.02, 0.22)
        light = fall * ((1 - bounce) * facing ** np.float32(self.uniform(0.8, 1.5)) + bounce)
        light *= 1 - self.uniform(0.2, 0.8) * (1 - hollow)
        seen = colours * light.reshape(side, side, 1)
        # Light that has met tissue several times is redder.
        seen *= np.array([1.0, 1.0, 1.0], np.float32) - np.float32(self.uniform(0, 0.35)) * (
            1 - hollow.reshape(side, side, 1)) * np.array([0.0, 0.7, 1.0], np.float32)
        half = toward - self.ways.reshape(3, -1)
        half /= length(half)
        glint = np.clip((normal * half).sum(0), 0, 1) ** np.float32(log_uniform(rng, 40, 900))
        seen += (np.float32(log_uniform(rng, 0.05, 1.5)) * glint * fall).reshape(side, side, 1)
        return self._exposed(seen)

    def _colours(self) -> np.ndarray:
        """What share of the light each point gives back, float32 (side, side, 3)."""
        rng, side = self.rng, self.side
        red = self.uniform(0.45, 0.9)
        green = red * self.uniform(0.22, 0.6)
        tissue = np.array([red, green, green * self.uniform(0.6, 1.15)])
        if rng.random() < 0.12:
            tissue = red * np.array([1.0, self.uniform(0.7, 1.0), self.uniform(0.5, 0.9)])
        colours = np.empty((side, side, 3), np.float32)
        colours[:] = tissue
        pale = np.array([1.0, self.uniform(0.75, 1.0), self.uniform(0.6, 0.95)]) * self.uniform(0.6, 1.0)
        for kind, most in ((FOLD, 0.95), (EPIGLOTTIS, 0.7), (SUPRAGLOTTIC, 0.15)):
            shade = tissue + (pale - tissue) * self.uniform(0, most)
            colours[self.kinds == kind] = np.clip(shade * self.uniform(0.85, 1.25), 0.02, 1.0)
        below = (self.points[2].reshape(side, side) < -0.25) & self.larynx.inside_tube(self.points).reshape(side, side)
        colours[below] = np.clip(
            tissue * np.array([1.0, self.uniform(0.7, 1.1), self.uniform(0.6, 1.2)]) * self.uniform(0.5, 1.2), 0.02, 1)
        colours = soften(colours, log_uniform(rng, 0.6, 3.0))
        blood = smooth_field(rng, side, 5) * self.uniform(0, 0.12) + smooth_field(rng, side, 22) * self.uniform(0, 0.1)
        colours *= 1 + np.stack([0.2 * blood, -blood, -0.8 * blood], -1)
        colours *= 1 + (smooth_field(rng, side, 90) * self.uniform(0, 0.03))[..., None]
        if rng.random() < 0.5:
            lines = np.abs(smooth_field(rng, side, int(self.uniform(6, 16))))
            vessels = np.exp(-(lines / np.float32(self.uniform(0.03, 0.09))) ** 2)
            colours *= 1 - (vessels * self.uniform(0.05, 0.3))[..., None] * np.array([0.25, 1.0, 0.9], np.float32)
        return np.clip(colours, 0.01, 1.2).astype(np.float32)

    def _exposed(self, seen: np.ndarray) -> np.ndarray:
        """Light to eight bits, as a camera that sets its own exposure does."""
        level = np.percentile(seen.max(-1), self.uniform(60, 97)) + 1e-6
        bright = seen / level * log_uniform(self.rng, 0.35, 1.05)
        bright = np.where(bright > 0.7, 0.7 + 0.3 * np.tanh((bright - 0.7) / 0.3), bright)
        shown = 255 * np.clip(bright, 0, 1) ** np.float32(1 / self.uniform(1.6, 2.4))
        haze = self.uniform(0, 25) if self.rng.random() < 0.4 else 0.0
        return np.clip(shown * (1 - haze / 255) + haze, 0, 255).astype(np.uint8)

    def labels(self) -> np.ndarray:
        """What lies around the opening, codes of `structures`, uint8 (side, side)."""
        labels = np.where(self.mask, 0, self.kinds).astype(np.uint8)
        deep = (self.points[2].reshape(self.side, self.side) < -0.15) & ~self.mask & (self.kinds == _WALL)
        labels[deep] = PIT
        return labels


def sculpt(
    seed: int, index: int, side: int = 320, typical: float = 0.0, collapse: float = 0.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray, bool]:
    """One sculpted picture: picture, mask, label map, and that it shows a larynx. The same numbers, the same bytes.

    `typical` is the share seen as in an exercise test, `collapse` the share narrowed above the folds.
    """
    rng = np.random.default_rng([0x5C0197, seed, index])
    seen_as_usual = bool(rng.random() < typical)
    view = View(rng, side, seen_as_usual, collapse > 0 and bool(rng.random() < collapse))
    image, labels = view.picture(), view.labels()
    mask = np.where(view.mask, 255, 0).astype(np.uint8)
    if rng.random() < 0.8:
        lit = field_of_view(side, rng)
        image = np.where(lit[..., None] > 0, image, np.uint8(rng.uniform(0, 20)))
        mask, labels = mask * lit, labels * lit
    return image, mask, labels, view.is_free
