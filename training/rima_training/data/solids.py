"""Solids by their distance functions, and rays that find their surface.

Points are float32 arrays of shape (3, n): x across, y from the back to the front, z up towards the lens. A distance is
negative inside a solid. Bodies are joined softly, as mucosa joins what lies below it (sphere tracing: Hart 1996).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

Points = np.ndarray
Distance = Callable[[Points], np.ndarray]


@dataclass(frozen=True)
class Body:
    """One solid: `distance` in scene units, the `kind` of its surface, and how softly it joins those before it."""

    distance: Distance
    kind: int
    soft: float = 0.1


def length(p: Points) -> np.ndarray:
    """The length of each column, never 0, shape (n,)."""
    return np.sqrt(p[0] * p[0] + p[1] * p[1] + p[2] * p[2]) + np.float32(1e-6)


def ellipsoid(center: Sequence[float], radii: Sequence[float], lean: float = 0.0, bend: float = 0.0) -> Distance:
    """An ellipsoid leaning by `lean` radians from z towards y; `bend` curves its sides back into a leaf."""
    middle = np.asarray(center, np.float32)[:, None]
    size = np.asarray(radii, np.float32)[:, None]
    cos, sin = np.float32(np.cos(lean)), np.float32(np.sin(lean))

    def distance(p: Points) -> np.ndarray:
        q = p - middle
        if lean or bend:
            across = cos * q[1] - sin * q[2] - np.float32(bend) * q[0] ** 2
            q = np.stack([q[0], across, sin * q[1] + cos * q[2]])
        q /= size
        near = length(q)
        q /= size
        return near * (near - 1) / length(q)

    return distance


def soft_least(a: np.ndarray, b: np.ndarray, soft: float) -> np.ndarray:
    """The lesser of both, rounded where they are within `soft` of each other."""
    if soft <= 0:
        return np.minimum(a, b)
    share = np.clip(np.float32(soft) - np.abs(a - b), 0, None)
    return np.minimum(a, b) - share * share * np.float32(0.25 / soft)


def soft_most(a: np.ndarray, b: np.ndarray, soft: float) -> np.ndarray:
    """The greater of both, rounded likewise."""
    return -soft_least(-a, -b, soft)


@dataclass
class Scene:
    """Solids joined in the order given."""

    bodies: list[Body]

    def distance(self, p: Points) -> np.ndarray:
        """Distance to the joined surface, shape (n,)."""
        joined = self.bodies[0].distance(p)
        for body in self.bodies[1:]:
            joined = soft_least(joined, body.distance(p), body.soft)
        return joined

    def kinds(self, p: Points) -> np.ndarray:
        """The kind of the body nearest to each point, shape (n,) uint8."""
        every = np.stack([body.distance(p) for body in self.bodies])
        return np.array([body.kind for body in self.bodies], np.uint8)[every.argmin(0)]

    def normals(self, p: Points, step: float = 0.01) -> np.ndarray:
        """Unit vectors out of the surface, shape (3, n), from four distances each."""
        total = np.zeros_like(p)
        for corner in ((1, -1, -1), (-1, -1, 1), (-1, 1, -1), (1, 1, 1)):
            way = np.asarray(corner, np.float32)[:, None]
            total += way * self.distance(p + np.float32(step) * way)
        return total / length(total)

    def trace(self, origin: np.ndarray, ways: np.ndarray, start: np.ndarray, far: float, steps: int) -> np.ndarray:
        """How far each ray goes to the surface, from `start` on, at most `far`; shapes (3,), (3, n), (n,) -> (n,)."""
        gone = start.astype(np.float32).copy()
        live = np.arange(gone.size)
        for _ in range(steps):
            ahead = self.distance(origin[:, None] + ways[:, live] * gone[live])
            # A lens inside a solid touches it: nothing lies behind the lens.
            gone[live] = np.maximum(gone[live] + np.float32(0.8) * ahead, 0)
            live = live[(np.abs(ahead) > 0.002 * gone[live]) & (gone[live] < far)]
            if live.size == 0:
                break
        return np.minimum(gone, np.float32(far))

    def depth(self, origin: np.ndarray, ways: np.ndarray, far: float) -> np.ndarray:
        """How far the surface is in each pixel; `ways` (3, side, side), unit vectors. First coarsely, then finely."""
        side, coarse = ways.shape[1], 4
        few = np.ascontiguousarray(ways[:, coarse // 2::coarse, coarse // 2::coarse])
        size = few.shape[1]
        near = self.trace(origin, few.reshape(3, -1), np.full(size * size, 0.05), far, 70).reshape(size, size)
        # A finer ray may meet something nearer than its coarse neighbours did, so it begins well before them.
        begin = cv2.erode(near, np.ones((3, 3), np.uint8)) * np.float32(0.9)
        begin = cv2.resize(begin, (side, side), interpolation=cv2.INTER_NEAREST)
        return self.trace(origin, ways.reshape(3, -1), begin.reshape(-1), far, 40).reshape(side, side)
