"""Light on a sketched surface: heights to shade and wet highlights.

The lamp sits beside the lens, so a surface is bright where it faces the viewer and dark where it turns away. That is
what makes a mound look like a mound, and it is the one cue that a flat sketch lacks.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ..augment import log_uniform, smooth_field


@dataclass
class Relief:
    """The height of a picture's surface, float32 (side, side), in pixels towards the viewer."""

    side: int

    def __post_init__(self) -> None:
        self.height = np.zeros((self.side, self.side), np.float32)

    def raise_dome(self, area: np.ndarray, top: float, round_edge: float = 0.5) -> None:
        """A smooth hill over `area` (0...1), `top` pixels high; `round_edge` 1 ends it steeply, 0 runs it out."""
        distance = cv2.distanceTransform((area > 0.5).astype(np.uint8), cv2.DIST_L2, 3)
        reach = float(distance.max())
        if reach < 1:
            return
        inward = np.clip(distance / reach, 0, 1)
        steep, flat = np.sqrt(np.clip(1 - (1 - inward) ** 2, 0, 1)), 0.5 - 0.5 * np.cos(np.pi * inward)
        self.height += np.float32(top) * (round_edge * steep + (1 - round_edge) * flat).astype(np.float32)

    def sink(self, area: np.ndarray, depth: float) -> None:
        """Lowers the surface where `area` says so."""
        self.height -= np.float32(depth) * area

    def lit(self, image: np.ndarray, inside: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """`image` (float32 RGB) under a lamp; what lies `inside` the opening (0...1) is far away and stays as it is."""
        side = self.side
        bumps = smooth_field(rng, side, 40) * rng.uniform(0, 0.5) + smooth_field(rng, side, 12) * rng.uniform(0, 1.5)
        surface = cv2.GaussianBlur(self.height, (0, 0), log_uniform(rng, 1.5, 6.0)) + bumps
        steep = rng.uniform(0.3, 1.0)
        slope_x = cv2.Sobel(surface, cv2.CV_32F, 1, 0, ksize=3, scale=steep / 8)
        slope_y = cv2.Sobel(surface, cv2.CV_32F, 0, 1, ksize=3, scale=steep / 8)
        # Tissue never stands quite upright: the slope is held below `steepest`.
        steepest = rng.uniform(0.8, 2.0)
        held = 1 / np.sqrt(1 + (slope_x ** 2 + slope_y ** 2) / steepest ** 2)
        slope_x, slope_y = slope_x * held, slope_y * held
        axis = (np.arange(side, dtype=np.float32) + 0.5) / side
        lamp = rng.uniform(0.2, 0.8, 2)
        away = rng.uniform(0.5, 1.6)
        light_x, light_y = lamp[0] - axis[None], lamp[1] - axis[:, None]
        norm = np.sqrt(slope_x ** 2 + slope_y ** 2 + 1) * np.sqrt(light_x ** 2 + light_y ** 2 + away ** 2)
        facing = np.clip((away - slope_x * light_x - slope_y * light_y) / norm, 0, 1)
        depth = rng.uniform(0.5, 1.0) * (1 - inside)
        image = image * (1 - depth + depth * 1.08 * facing ** rng.uniform(0.7, 1.6))[..., None]
        if rng.random() < 0.6:
            wet = bumps + smooth_field(rng, side, 90) * rng.uniform(0.1, 0.6)
            glint_x = slope_x + cv2.Sobel(wet, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 16) - light_x / (2 * away)
            glint_y = slope_y + cv2.Sobel(wet, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 16) - light_y / (2 * away)
            glint = np.exp(-(glint_x ** 2 + glint_y ** 2) / log_uniform(rng, 0.001, 0.02)) * (1 - inside)
            image = image + (255 - image) * (rng.uniform(0.1, 0.8) * glint)[..., None]
        return image.astype(np.float32)
