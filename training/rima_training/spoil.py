"""Good pictures spoiled on purpose, so that the gate learns what is too bad to measure.

Each fault has a mild range, in which the picture stays good, and a ruinous one, in which nobody can place the outline
of the opening any more. What lies between is not shown: there experts differ.
"""

from __future__ import annotations

import cv2
import numpy as np

from . import augment


def lit_field(image: np.ndarray) -> np.ndarray:
    """The field of view as a boolean mask: the convex hull of what is lit."""
    side = image.shape[0]
    small = cv2.resize(image, (64, 64), interpolation=cv2.INTER_AREA).max(2) > 26
    points = np.argwhere(small)[:, ::-1].astype(np.int32)
    field = np.zeros((64, 64), np.uint8)
    if len(points) > 2:
        cv2.fillConvexPoly(field, cv2.convexHull(points), 1)
    return cv2.resize(field, (side, side), interpolation=cv2.INTER_NEAREST) > 0


def _blurred(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    size = image.shape[0]
    if rng.random() < 0.6:
        return augment.soften(image, size * rng.uniform(0.028, 0.08))
    length = int(size * rng.uniform(0.11, 0.25))
    kernel = np.zeros((length, length), np.float32)
    angle = rng.uniform(0, np.pi)
    middle = (length - 1) / 2
    dx, dy = np.cos(angle) * middle, np.sin(angle) * middle
    cv2.line(kernel, (round(middle - dx), round(middle - dy)), (round(middle + dx), round(middle + dy)), 1.0)
    return cv2.filter2D(image, -1, kernel / kernel.sum())


def _dark(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    lit = image[image.max(2) > 30]
    level = float(lit.mean()) if len(lit) else 60.0
    factor = rng.uniform(5, 20) / max(level, 1.0)
    return augment.noise(cv2.convertScaleAbs(image, alpha=min(1.0, factor)), rng)


def _overexposed(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    lit = lit_field(image)
    bright = cv2.convertScaleAbs(image, alpha=rng.uniform(1.6, 3.0), beta=rng.uniform(90, 170))
    return np.where(lit[..., None], bright, image)


def _foggy(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    size = image.shape[0]
    lit = lit_field(image).astype(np.float32)
    amount = np.clip(rng.uniform(0.86, 0.97) + 0.03 * augment.smooth_field(rng, size, 4), 0, 1) * lit
    colour = rng.uniform(110, 225) + rng.uniform(-15, 20, 3)
    return augment.veil(augment.soften(image, size * rng.uniform(0.005, 0.03)), amount, colour)


def _glaring(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    size = image.shape[0]
    patch = augment.soft_shape(rng, size, size * rng.uniform(0.35, 0.65, 2), size * rng.uniform(0.5, 0.8))
    return augment.veil(image, np.clip(patch * 1.6, 0, 1), np.full(3, rng.uniform(225, 255)))


def _dark_and_blurred(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return _dark(_blurred(image, rng), rng)


SPOILERS = {
    "blur": _blurred, "dark": _dark, "overexposed": _overexposed, "fog": _foggy, "glare": _glaring,
    "dark_and_blurred": _dark_and_blurred,
}


def spoil(image: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, str]:
    """A picture that nobody can measure, and the name of its fault."""
    name = list(SPOILERS)[int(rng.integers(len(SPOILERS)))]
    return SPOILERS[name](image, rng), name


def mild(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A picture with the everyday faults that leave it measurable."""
    image = augment.jitter_colour(image, rng)
    if rng.random() < 0.4:
        image = augment.gamma(image, rng)
    if rng.random() < 0.3:
        image = augment.glare(image, rng)
    if rng.random() < 0.3:
        image = augment.fog(image, rng, strength=rng.uniform(0.05, 0.35))
    if rng.random() < 0.4:
        image = augment.soften(image, image.shape[0] * rng.uniform(0.001, 0.007))
    if rng.random() < 0.5:
        image = augment.noise(image, rng)
    if rng.random() < 0.1:
        image = augment.salt_and_pepper(image, rng)
    if rng.random() < 0.4:
        image = augment.compression(image, rng)
    return image
