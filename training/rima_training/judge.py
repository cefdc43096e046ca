"""Scores of an opening network on packs: whole panes and tracked crops, patient by patient."""

from __future__ import annotations

import numpy as np

from .augment import IGNORE
from .data.pack import Pack
from .geometry import Sides
from .metrics import FrameScore, score_frame
from .predict import Predictor, confidence_of, find_opening


def judge_pack(
    predict: Predictor, sides: Sides, pack: Pack, indices: np.ndarray | None = None, looks: int = 1,
    keep: str = "largest"
) -> list[FrameScore]:
    """Every picture of a pack, looked at once or twice, compared at the pack's own size."""
    scores = []
    for i in np.arange(len(pack)) if indices is None else indices:
        image, mask = pack[int(i)]
        found = find_opening(predict, sides, image, looks, keep)
        scores.append(score_frame(
            str(int(i)), pack.groups[int(i)], found.mask, mask == 255, mask != IGNORE, found.confidence))
    return scores


def judge_pack_fast(predict: Predictor, side: int, pack: Pack, indices: np.ndarray | None = None) -> list[FrameScore]:
    """Every picture once, at the network's size, all pixels counted: the quick check while training."""
    import cv2

    chosen = np.arange(len(pack)) if indices is None else indices
    scores = []
    for start in range(0, len(chosen), 32):
        part = [pack[int(i)] for i in chosen[start:start + 32]]
        images = np.stack([cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA) for image, _ in part])
        masks = [cv2.resize(mask, (side, side), interpolation=cv2.INTER_NEAREST) for _, mask in part]
        for k, (probability, mask) in enumerate(zip(predict(images), masks, strict=True)):
            claimed = probability > 0.5
            index = int(chosen[start + k])
            scores.append(score_frame(
                str(index), pack.groups[index], claimed, mask == 255, mask != IGNORE,
                confidence_of(probability, claimed)))
    return scores
