"""Views of a picture: the whole pane, or a crop around the opening, seen straight, turned or mirrored."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .augment import IGNORE, log_uniform


@dataclass(frozen=True)
class Sides:
    """Sides of a network's input, in pixels: for the whole pane, and for a tracked crop, which needs fewer."""

    whole: int
    crop: int


@dataclass
class View:
    """A square window on a picture. `center` and `side` are in the picture's pixels, `turn` in degrees."""

    center: tuple[float, float]
    side: float
    turn: float = 0.0
    aspect: float = 1.0
    mirror_x: bool = False
    mirror_y: bool = False

    def matrix(self, size: int) -> np.ndarray:
        """The affine map from picture pixels to the pixels of a window `size` wide."""
        scale = size / self.side
        angle = np.deg2rad(self.turn)
        stretch = np.sqrt(self.aspect)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        flip = np.diag([-1.0 if self.mirror_x else 1.0, -1.0 if self.mirror_y else 1.0])
        linear = flip @ np.diag([scale * stretch, scale / stretch]) @ turn
        middle = np.array([size / 2 - 0.5, size / 2 - 0.5])
        return np.c_[linear, middle - linear @ np.asarray(self.center)]


def look(
    image: np.ndarray, mask: np.ndarray, view: View, size: int, border: int = cv2.BORDER_CONSTANT,
    border_value: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """The view as a square of `size`. Beyond the picture the mask is `IGNORE` where the border is a reflection."""
    matrix = view.matrix(size)
    shrink = view.side / size
    source, labels = image, mask
    if shrink > 1.6:
        wide = (max(8, round(image.shape[1] / shrink)), max(8, round(image.shape[0] / shrink)))
        source = cv2.resize(image, wide, interpolation=cv2.INTER_AREA)
        ratio = np.array([image.shape[1] / wide[0], image.shape[0] / wide[1]])
        small = matrix.copy()
        small[:, :2] = matrix[:, :2] * ratio
        small[:, 2] += matrix[:, :2] @ (0.5 * ratio - 0.5)
    else:
        small = matrix
    seen = cv2.warpAffine(
        source, small, (size, size), flags=cv2.INTER_LINEAR, borderMode=border, borderValue=(border_value,) * 3)
    outside = IGNORE if border != cv2.BORDER_CONSTANT else 0
    known = cv2.warpAffine(
        labels, matrix, (size, size), flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT, borderValue=outside)
    return seen, known


def opening_box(mask: np.ndarray) -> tuple[float, float, float] | None:
    """Centre x, centre y and longer side of the opening's bounding box; None when there is none."""
    rows = np.flatnonzero((mask == 255).any(1))
    if len(rows) == 0:
        return None
    columns = np.flatnonzero((mask == 255).any(0))
    height, width = rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1
    return (columns[0] + columns[-1]) / 2, (rows[0] + rows[-1]) / 2, float(max(height, width))


def pane_view(shape: tuple[int, ...], rng: np.random.Generator, mirror_y: float) -> View:
    """The whole pane, a little off, as the pane finder may leave it."""
    height, width = shape[:2]
    side = max(height, width) * log_uniform(rng, 0.85, 1.12)
    shift = rng.normal(0, 0.03, 2) * side
    turn = rng.normal(0, 5) if rng.random() < 0.7 else rng.uniform(-30, 30)
    return View(
        (width / 2 + shift[0], height / 2 + shift[1]), side, turn, log_uniform(rng, 0.87, 1.15),
        rng.random() < 0.5, rng.random() < mirror_y)


def crop_view(mask: np.ndarray, rng: np.random.Generator, mirror_y: float, low: float, high: float) -> View:
    """A tracked crop: `low`...`high` of the pane's side, the opening inside but seldom in the middle."""
    height, width = mask.shape
    side = max(height, width) * log_uniform(rng, low, high)
    box = opening_box(mask)
    if box is None or rng.random() < 0.08:
        place = rng.uniform(0.2, 0.8, 2) * [width, height]
    else:
        close = rng.random() < 0.08
        side = box[2] * rng.uniform(0.5, 1.1) if close else max(side, box[2] * rng.uniform(1.2, 1.8))
        slack = max(0.3 * box[2] if close else 0.0, side - box[2]) / 2
        place = np.array(box[:2]) + np.clip(rng.normal(0, 0.45, 2), -1.0, 1.0) * slack
    turn = rng.normal(0, 10) if rng.random() < 0.7 else rng.uniform(-40, 40)
    return View(
        (float(place[0]), float(place[1])), side, turn, log_uniform(rng, 0.82, 1.22), rng.random() < 0.5,
        rng.random() < mirror_y)
