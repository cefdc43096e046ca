"""What one training sample is made of: drawn larynges, real close-ups, the one set into the other, and no larynx."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from .augment import (
    IGNORE, cut_field, exchange_colour, faults, log_uniform, soften, wear_texture,
)
from .data.pack import Pack
from .geometry import View, crop_view, look, opening_box, pane_view


@dataclass
class Shares:
    """How often each kind of sample is drawn; the numbers need not sum to one."""

    drawn: float = 0.62
    set_in: float = 0.15
    close_up: float = 0.15
    no_larynx: float = 0.08


@dataclass
class Mixture:
    """Draws samples. `drawn` are packs of phantom stills, `real` close-ups apex up, `other` pictures without larynx."""

    drawn: list[Pack]
    real: Pack | None = None
    other: Pack | None = None
    held_out: set[str] = field(default_factory=set)
    shares: Shares = field(default_factory=Shares)
    drawn_mirror_y: float = 0.08
    pane_share: float = 0.5
    strength: float = 1.0

    def __post_init__(self) -> None:
        self._drawn = [pack.indices(exclude=self.held_out) for pack in self.drawn]
        self._sizes = np.array([len(i) for i in self._drawn], float)
        self._real = self.real.indices(exclude=self.held_out) if self.real else np.array([], int)
        self._with_opening = np.array(
            [i for i in self._real if (self.real.masks[i] == 255).mean() > 0.004], dtype=int)
        self._other = self.other.indices(exclude=self.held_out) if self.other else np.array([], int)
        kinds = {
            "drawn": self.shares.drawn if len(self.drawn) else 0.0,
            "set_in": self.shares.set_in if len(self._with_opening) and len(self.drawn) else 0.0,
            "close_up": self.shares.close_up if len(self._real) else 0.0,
            "no_larynx": self.shares.no_larynx if len(self._other) else 0.0,
        }
        self._kinds = list(kinds)
        weights = np.array(list(kinds.values()))
        self._weights = weights / weights.sum()

    def sample(self, rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
        """One picture and its mask, `size` square, all faults included."""
        kind = self._kinds[rng.choice(len(self._kinds), p=self._weights)]
        image, mask = getattr(self, f"_sample_{kind}")(rng, size)
        image = faults(image, mask, rng, self.strength)
        if rng.random() < (0.12 if kind in ("drawn", "set_in") else 0.5):
            image, mask = cut_field(image, mask, rng)
        return image, mask

    def _drawn_still(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        which = rng.choice(len(self.drawn), p=self._sizes / self._sizes.sum())
        return self.drawn[which][int(rng.choice(self._drawn[which]))]

    def _tissue(self, rng: np.random.Generator) -> np.ndarray | None:
        """A window on a real picture, for its colours and its fine structure."""
        choices = [(self.real, self._real), (self.other, self._other)]
        choices = [(pack, where) for pack, where in choices if len(where)]
        if not choices:
            return None
        pack, where = choices[0] if len(choices) == 1 or rng.random() < 0.6 else choices[1]
        image, _ = pack[int(rng.choice(where))]
        side = image.shape[0]
        extent = int(side * rng.uniform(0.3, 0.9))
        y, x = rng.integers(0, side - extent + 1, 2)
        window = image[y:y + extent, x:x + extent]
        return window[::-1] if rng.random() < 0.5 else window

    def _view(self, image: np.ndarray, mask: np.ndarray, rng: np.random.Generator, mirror_y: float) -> View:
        if rng.random() < self.pane_share:
            return pane_view(image.shape, rng, mirror_y)
        return crop_view(mask, rng, mirror_y, 0.28, 0.75)

    def _sample_drawn(self, rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
        image, mask = self._drawn_still(rng)
        view = self._view(image, mask, rng, self.drawn_mirror_y)
        image, mask = look(image, mask, view, size, border_value=int(rng.integers(0, 20)))
        return self._dress(image, mask, rng), mask

    def _dress(self, image: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        if rng.random() < 0.45 and (tissue := self._tissue(rng)) is not None:
            if rng.random() < 0.5:
                image = wear_texture(image, mask, tissue, rng)
            if rng.random() < 0.8:
                image = exchange_colour(image, tissue, rng.uniform(0.2, 1.0), rng)
        return image

    def _sample_close_up(self, rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
        image, mask = self.real[int(rng.choice(self._real))]
        view = crop_view(mask, rng, 0.65, 0.5, 1.5)
        image, mask = look(image, mask, view, size, border=cv2.BORDER_REFLECT_101)
        if rng.random() < 0.3 and self.drawn:
            other, _ = self._drawn_still(rng)
            image = exchange_colour(image, other, rng.uniform(0.3, 1.0), rng)
        return image, mask

    def _sample_set_in(self, rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
        """A real opening with the tissue around it, in the place of a drawn one."""
        ground, ground_mask = self._drawn_still(rng)
        view = self._view(ground, ground_mask, rng, 0.08)
        ground, ground_mask = look(ground, ground_mask, view, size, border_value=int(rng.integers(0, 20)))
        ground = self._dress(ground, ground_mask, rng)
        real, real_mask = self.real[int(rng.choice(self._with_opening))]
        box = opening_box(real_mask)
        drawn_box = opening_box(ground_mask)
        if drawn_box is None:
            drawn_box = (*rng.uniform(0.3, 0.7, 2) * size, size * rng.uniform(0.1, 0.3))
        extent = drawn_box[2] * log_uniform(rng, 0.9, 1.6)
        scale = extent / box[2]
        window = View(
            box[:2], size / scale, rng.normal(0, 15), log_uniform(rng, 0.75, 1.3), rng.random() < 0.5,
            rng.random() < 0.85)
        matrix = window.matrix(size)
        matrix[:, 2] += np.array(drawn_box[:2]) - size / 2
        patch = cv2.warpAffine(real, matrix, (size, size), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REFLECT_101)
        inside = cv2.warpAffine(np.full(real.shape[:2], 255, np.uint8), matrix, (size, size))
        patch_mask = cv2.warpAffine(real_mask, matrix, (size, size), flags=cv2.INTER_NEAREST)
        axes = (max(3, int(extent * rng.uniform(0.6, 1.1))), max(3, int(extent * rng.uniform(0.6, 1.1))))
        cover = np.zeros((size, size), np.uint8)
        cv2.ellipse(cover, (int(drawn_box[0]), int(drawn_box[1])), axes, rng.uniform(0, 180), 0, 360, 255, -1)
        fade = max(1.0, extent * rng.uniform(0.04, 0.12))
        reach = 2 * int(2 * fade) + 1
        cover = np.minimum(cover, cv2.erode(inside, np.ones((reach, reach), np.uint8), borderValue=255))
        cover = soften(cover, fade)
        cover[ground[..., 0] <= 22] = 0
        cover = cover.astype(np.float32) / 255
        if rng.random() < 0.85:
            patch = exchange_colour(patch, ground, rng.uniform(0.5, 1.0), rng)
        image = cv2.blendLinear(ground, patch, 1 - cover, cover)
        mask = np.where(cover > 0.5, patch_mask, ground_mask)
        mask[(cover > 0.15) & (cover < 0.85) & (patch_mask != ground_mask)] = IGNORE
        return image, mask

    def _sample_no_larynx(self, rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
        image, mask = self.other[int(rng.choice(self._other))]
        view = View(
            tuple(rng.uniform(0.35, 0.65, 2) * image.shape[0]), image.shape[0] * log_uniform(rng, 0.5, 1.1),
            rng.uniform(-180, 180), log_uniform(rng, 0.8, 1.25), rng.random() < 0.5)
        image, mask = look(image, mask, view, size, border_value=int(rng.integers(0, 20)))
        if rng.random() < 0.4 and self.drawn:
            other, _ = self._drawn_still(rng)
            image = exchange_colour(image, other, rng.uniform(0.3, 1.0), rng)
        return image, mask
