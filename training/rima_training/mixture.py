"""What one training sample is made of: drawn larynges, real close-ups, the one set into the other, and no larynx."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from .augment import (
    IGNORE, cut_field, exchange_colour, faults, log_uniform, soft_shape, soften, tissue_window, wear_texture,
)
from .data.pack import Pack, require_groups
from .data.structures import coded, is_opening
from .geometry import View, crop_view, look, opening_box, pane_view
from .spoil import lit_field


@dataclass
class Shares:
    """How often each kind of sample is drawn; the numbers need not sum to one."""

    drawn: float = 0.55
    set_in: float = 0.27
    close_up: float = 0.15
    no_larynx: float = 0.03


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
        require_groups([*self.drawn, *filter(None, (self.real, self.other))], self.held_out)
        self._drawn = [pack.indices(exclude=self.held_out) for pack in self.drawn]
        self._sizes = np.array([len(i) for i in self._drawn], float)
        self._real = self.real.indices(exclude=self.held_out) if self.real else np.array([], int)
        self._with_opening = np.array(
            [i for i in self._real if (self.real.masks[i] == 255).mean() > 0.004], dtype=int)
        self._other = self.other.indices(exclude=self.held_out) if self.other else np.array([], int)
        kinds = {
            "drawn": self.shares.drawn if len(self.drawn) else 0.0,
            "set_in": self.shares.set_in if len(self.drawn) and (len(self._with_opening) or len(self._other)) else 0.0,
            "close_up": self.shares.close_up if len(self._real) else 0.0,
            "no_larynx": self.shares.no_larynx if len(self._other) else 0.0,
        }
        self._kinds = list(kinds)
        weights = np.array(list(kinds.values()))
        self._weights = weights / weights.sum()

    def sample(
        self, rng: np.random.Generator, size: int, pane: bool | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """One picture and its mask, `size` square, all faults included.

        `pane` asks for a whole pane or for a tracked crop; None leaves it to `pane_share`.
        """
        kind = self._kinds[rng.choice(len(self._kinds), p=self._weights)]
        pane = bool(rng.random() < self.pane_share) if pane is None else pane
        image, mask = getattr(self, f"_sample_{kind}")(rng, size, pane)
        if kind != "no_larynx" and rng.random() < 0.3 * self.strength:
            image, mask = self._occlude(image, mask, rng)
        image, mask = faults(image, mask, rng, self.strength)
        if rng.random() < (0.12 if kind in ("drawn", "set_in") else 0.5):
            image, mask = cut_field(image, mask, rng)
        return image, mask

    def _drawn_still(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        which = rng.choice(len(self.drawn), p=self._sizes / self._sizes.sum())
        return self._picture(self.drawn[which], int(rng.choice(self._drawn[which])))

    @staticmethod
    def _picture(pack: Pack, index: int) -> tuple[np.ndarray, np.ndarray]:
        """A picture and its mask, with codes for what lies around the opening where the pack says what its labels mean."""
        image, mask = pack[index]
        if pack.labels is None or pack.scheme is None:
            return image, mask
        return image, coded(mask, np.asarray(pack.labels[index]), pack.scheme)

    def _tissue(self, rng: np.random.Generator) -> np.ndarray | None:
        """A window on a real picture, for its colours and its fine structure."""
        choices = [(self.real, self._real), (self.other, self._other)]
        choices = [(pack, where) for pack, where in choices if len(where)]
        if not choices:
            return None
        pack, where = choices[0] if len(choices) == 1 or rng.random() < 0.6 else choices[1]
        return tissue_window(pack[int(rng.choice(where))][0], rng)

    @staticmethod
    def _view(image: np.ndarray, mask: np.ndarray, rng: np.random.Generator, mirror_y: float, pane: bool) -> View:
        if pane:
            return pane_view(image.shape, rng, mirror_y)
        return crop_view(mask, rng, mirror_y, 0.28, 0.75)

    def _sample_drawn(
        self, rng: np.random.Generator, size: int, pane: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        image, mask = self._drawn_still(rng)
        view = self._view(image, mask, rng, self.drawn_mirror_y, pane)
        image, mask = look(image, mask, view, size, border_value=int(rng.integers(0, 20)))
        return self._dress(image, mask, rng), mask

    def _dress(self, image: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        if rng.random() < 0.2:
            image = self._light_lumen(image, mask, rng)
        if rng.random() < 0.45 and (tissue := self._tissue(rng)) is not None:
            if rng.random() < 0.5:
                image = wear_texture(image, mask, tissue, rng)
            if rng.random() < 0.8:
                image = exchange_colour(image, tissue, rng.uniform(0.2, 1.0), rng)
        return image

    def _light_lumen(self, image: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """A lit trachea: the opening filled with real tissue, darker than its rim, fading with depth."""
        size = image.shape[0]
        tissue, box = self._tissue(rng), opening_box(mask)
        if tissue is None or box is None:
            return image
        skin = cv2.resize(tissue, (size, size), interpolation=cv2.INTER_LINEAR)
        if rng.random() < 0.8:
            skin = exchange_colour(skin, image, rng.uniform(0.3, 1.0), rng)
        axis = np.arange(size, dtype=np.float32)
        deep = np.array(box[:2]) + rng.normal(0, 0.3, 2) * box[2]
        distance = np.hypot(axis[None, :] - deep[0], axis[:, None] - deep[1]) / max(box[2], 1.0)
        shade = np.clip(rng.uniform(0.1, 0.7) + rng.uniform(0.0, 0.9) * distance, 0.05, 0.95).astype(np.float32)
        skin = cv2.multiply(skin, cv2.merge([shade] * 3), dtype=cv2.CV_8U)
        weight = cv2.GaussianBlur((mask == 255).astype(np.float32), (0, 0), rng.uniform(0.6, 2.0))
        weight *= np.float32(rng.uniform(0.5, 1.0))
        return cv2.blendLinear(image, skin, 1 - weight, weight)

    def _sample_close_up(
        self, rng: np.random.Generator, size: int, pane: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        image, mask = self._picture(self.real, int(rng.choice(self._real)))
        view = crop_view(mask, rng, 0.65, 0.5, 1.5)
        image, mask = look(image, mask, view, size, border=cv2.BORDER_REFLECT_101)
        if rng.random() < 0.3 and self.drawn:
            other, _ = self._drawn_still(rng)
            image = exchange_colour(image, other, rng.uniform(0.3, 1.0), rng)
        return image, mask

    def _sample_set_in(
        self, rng: np.random.Generator, size: int, pane: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        """A larynx in the place of another, or in tissue where none is: the look of the ground decides nothing."""
        if rng.random() < 0.5 or len(self._other) == 0:
            ground, ground_mask = self._drawn_still(rng)
            view = self._view(ground, ground_mask, rng, self.drawn_mirror_y, pane)
            ground, ground_mask = look(ground, ground_mask, view, size, border_value=int(rng.integers(0, 20)))
            ground = self._dress(ground, ground_mask, rng)
            take_real = True
        else:
            ground, ground_mask = self._bare_tissue(rng, size)
            take_real = len(self._with_opening) > 0 and rng.random() < 0.4
        if take_real and len(self._with_opening):
            inner, inner_mask = self._picture(self.real, int(rng.choice(self._with_opening)))
            inside, flipped = np.full(inner.shape[:2], 255, np.uint8), 0.85
        else:
            inner, inner_mask = self._drawn_still(rng)
            inside, flipped = lit_field(inner).astype(np.uint8) * 255, self.drawn_mirror_y
        box, place = opening_box(inner_mask), opening_box(ground_mask)
        if box is None:
            return ground, ground_mask
        if place is None:
            place = (*rng.uniform(0.25, 0.75, 2) * size, size * log_uniform(rng, 0.12, 0.4))
        extent = max(0.06 * size, place[2] * log_uniform(rng, 0.9, 1.6))
        window = View(
            box[:2], size * box[2] / extent, rng.normal(0, 15), log_uniform(rng, 0.75, 1.3), rng.random() < 0.5,
            rng.random() < flipped)
        matrix = window.matrix(size)
        matrix[:, 2] += np.array(place[:2]) - size / 2
        patch = cv2.warpAffine(inner, matrix, (size, size), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REFLECT_101)
        inside = cv2.warpAffine(inside, matrix, (size, size))
        patch_mask = cv2.warpAffine(inner_mask, matrix, (size, size), flags=cv2.INTER_NEAREST)
        reach = (0.8, 1.5) if take_real else (0.9, 2.5)
        axes = tuple(max(3, int(extent * log_uniform(rng, *reach))) for _ in range(2))
        cover = np.zeros((size, size), np.uint8)
        cv2.ellipse(cover, (int(place[0]), int(place[1])), axes, rng.uniform(0, 180), 0, 360, 255, -1)
        fade = max(1.0, extent * rng.uniform(0.04, 0.15))
        edge = 2 * int(2 * fade) + 1
        cover = np.minimum(cover, cv2.erode(inside, np.ones((edge, edge), np.uint8), borderValue=255))
        cover = soften(cover, fade)
        cover[ground[..., 0] <= 22] = 0
        cover = cover.astype(np.float32) / 255
        if rng.random() < 0.85:
            patch = exchange_colour(patch, ground, rng.uniform(0.5, 1.0), rng)
        image = cv2.blendLinear(ground, patch, 1 - cover, cover)
        mask = np.where(cover > 0.5, patch_mask, ground_mask)
        doubtful = is_opening(patch_mask) != is_opening(ground_mask)
        mask[(cover > 0.15) & (cover < 0.85) & doubtful] = IGNORE
        return image, mask

    def _bare_tissue(self, rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
        """A view of tissue without larynx."""
        image, mask = self.other[int(rng.choice(self._other))]
        view = View(
            tuple(rng.uniform(0.35, 0.65, 2) * image.shape[0]), image.shape[0] * log_uniform(rng, 0.5, 1.1),
            rng.uniform(-180, 180), log_uniform(rng, 0.8, 1.25), rng.random() < 0.5)
        return look(image, mask, view, size, border_value=int(rng.integers(0, 20)))

    def _occlude(
        self, image: np.ndarray, mask: np.ndarray, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Mounds of tissue over the picture, as arytenoids, epiglottis and false folds hang into it."""
        size = image.shape[0]
        tissue = self._tissue(rng)
        if tissue is None or rng.random() < 0.3:
            tissue = np.roll(image, size // 2, axis=int(rng.integers(2)))
        box = opening_box(mask)
        visible = int((mask == 255).sum())
        for _ in range(int(rng.integers(1, 4))):
            extent = size * log_uniform(rng, 0.08, 0.4)
            center = rng.uniform(0, size, 2)
            if box is not None and rng.random() < 0.7:
                angle = rng.uniform(0, 2 * np.pi)
                away = extent * rng.uniform(0.4, 1.1) + box[2] * rng.uniform(0.0, 0.5)
                center = np.array(box[:2]) + away * np.array([np.cos(angle), np.sin(angle)])
            shape = soft_shape(rng, size, center, extent)
            covered = mask.copy()
            covered[shape > 0.5] = 0
            if box is not None and (covered == 255).sum() < 0.35 * visible:
                continue
            skin = exchange_colour(
                cv2.resize(tissue, (size, size), interpolation=cv2.INTER_LINEAR), image, rng.uniform(0.5, 1.0), rng)
            hill = soften(shape, max(1.0, extent * 0.3))
            relief = np.clip(0.55 + 0.6 * hill + rng.uniform(-0.15, 0.25), 0.3, 1.5).astype(np.float32)
            skin = cv2.multiply(skin, cv2.merge([relief] * 3), dtype=cv2.CV_8U)
            shape[image[..., 0] <= 12] *= is_opening(mask[image[..., 0] <= 12])
            image = cv2.blendLinear(image, skin, 1 - shape, shape)
            doubtful = (shape > 0.25) & (shape < 0.75) & (mask == 255)
            mask = covered
            mask[doubtful] = IGNORE
        return image, mask

    def _sample_no_larynx(
        self, rng: np.random.Generator, size: int, pane: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        image, mask = self._bare_tissue(rng, size)
        if rng.random() < 0.4 and self.drawn:
            other, _ = self._drawn_still(rng)
            image = exchange_colour(image, other, rng.uniform(0.3, 1.0), rng)
        return image, mask
