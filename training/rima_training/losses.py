"""Dice and cross-entropy, with pixels that nobody labelled left out."""

from __future__ import annotations

import torch
from torch.nn import functional

from .augment import IGNORE
from .data.structures import BARE_BUT_FOR_PITS, PIT, STRUCTURES, UNKNOWN


def dice_and_cross_entropy(
    logits: torch.Tensor, target: torch.Tensor, known: torch.Tensor, smooth: float = 30.0, dice_weight: float = 1.0
) -> torch.Tensor:
    """Mean over the batch of (1 - soft Dice) plus binary cross-entropy.

    All are (batch, classes, height, width); `known` is 0 where a pixel does not count. `smooth` is in pixels: a
    picture without opening costs nothing while fewer pixels than that are claimed, and more and more beyond.
    """
    logits = logits.float()
    entropy = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    entropy = (entropy * known).sum((1, 2, 3)) / known.sum((1, 2, 3)).clamp(min=1.0)
    probability = torch.sigmoid(logits) * known
    wanted = target * known
    overlap = (probability * wanted).sum((2, 3))
    total = probability.sum((2, 3)) + wanted.sum((2, 3))
    dice = (2 * overlap + smooth) / (total + smooth)
    return (entropy * 4.0 + dice_weight * (1 - dice).mean(1)).mean()


def segmentation_loss(
    output: torch.Tensor | tuple[torch.Tensor, torch.Tensor], target: torch.Tensor, known: torch.Tensor
) -> torch.Tensor:
    """The loss of the full output, and a third of the same on the coarse side output where there is one."""
    if isinstance(output, torch.Tensor):
        return dice_and_cross_entropy(output, target, known)
    full, side = output
    side = side[:, :target.shape[1]]
    factor = target.shape[-1] // side.shape[-1]
    coarse = functional.avg_pool2d(target, factor)
    coarse_known = (functional.avg_pool2d(known, factor) > 0.5).float()
    smooth = 30.0 / factor**2
    return dice_and_cross_entropy(full, target, known) + 0.35 * dice_and_cross_entropy(
        side, coarse, coarse_known, smooth)


def structure_loss(side: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
    """Binary cross-entropy of the side head's last channels, one for each of `STRUCTURES`.

    `side` is (batch, channels, height / n, width / n) logits, `masks` (batch, height, width) uint8 with codes. A
    coarse pixel is wanted in the share of its area that the structure takes.
    """
    factor = masks.shape[-1] // side.shape[-1]
    told = (masks != UNKNOWN) & (masks != IGNORE)
    wanted = torch.stack([masks == code for code in STRUCTURES], 1).float()
    known = torch.stack([told & (masks != BARE_BUT_FOR_PITS) if code == PIT else told for code in STRUCTURES], 1)
    share = functional.avg_pool2d(known.float(), factor)
    wanted = functional.avg_pool2d(wanted * known, factor) / share.clamp(min=1e-6)
    known = (share > 0.5).float()
    logits = side[:, -len(STRUCTURES):].float()
    entropy = functional.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
    return (entropy * known).sum() / known.sum().clamp(min=1.0)


def class_loss(logits: torch.Tensor, target: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    """Dice and cross-entropy over exclusive classes; `target` and `known` are (batch, height, width)."""
    logits = logits.float()
    entropy = functional.cross_entropy(logits, target, reduction="none")
    entropy = (entropy * known).sum() / known.sum().clamp(min=1.0)
    probability = torch.softmax(logits, 1) * known[:, None]
    wanted = functional.one_hot(target, logits.shape[1]).permute(0, 3, 1, 2).float() * known[:, None]
    overlap = (probability * wanted).sum((0, 2, 3))
    total = probability.sum((0, 2, 3)) + wanted.sum((0, 2, 3))
    present = (wanted.sum((0, 2, 3)) > 0).float()
    dice = (2 * overlap + 1.0) / (total + 1.0)
    return entropy + ((1 - dice) * present).sum() / present.sum().clamp(min=1.0)
