"""Scores of an opening network on packs: whole panes, patient by patient."""

from __future__ import annotations

import numpy as np

from .augment import IGNORE
from .data.pack import Pack
from .metrics import FrameScore, score_frame
from .predict import Predictor, confidence_of


def judge_pack(predict: Predictor, side: int, pack: Pack, indices: np.ndarray | None = None) -> list[FrameScore]:
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
