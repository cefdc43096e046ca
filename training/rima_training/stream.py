"""Batches without end, made beside the training in worker processes."""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Callable, Iterator

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from .augment import IGNORE
from .geometry import Sides
from .mixture import Mixture

# One sample from a generator: a tuple of arrays.
Sampler = Callable[[np.random.Generator], tuple[np.ndarray, ...]]


class EndlessSamples(IterableDataset):
    """Batches of samples; the seed, the start step and the worker's number decide what comes."""

    def __init__(self, sampler: Sampler, batch: int, seed: int, start: int):
        self.sampler, self.batch, self.seed, self.start = sampler, batch, seed, start

    def __iter__(self) -> Iterator[list[torch.Tensor]]:
        cv2.setNumThreads(0)
        info = get_worker_info()
        rank = int(os.environ.get("RANK", "0"))
        rng = np.random.default_rng([self.seed, self.start, info.id if info else 0, rank])
        for turn in itertools.count():
            count = self.batch
            if isinstance(self.sampler, OpeningSampler):
                count = self.sampler.begin(turn, self.batch)
            samples = [self.sampler(rng) for _ in range(count)]
            yield [torch.from_numpy(np.stack(parts)) for parts in zip(*samples, strict=True)]


def batches(sampler: Sampler, batch: int, seed: int, workers: int) -> Callable[[int], Iterator[list[torch.Tensor]]]:
    """What `Trainer` wants: an endless stream that starts at a step."""

    def start_at(step: int) -> Iterator[list[torch.Tensor]]:
        data = EndlessSamples(sampler, batch, seed, step)
        return iter(DataLoader(
            data, batch_size=None, num_workers=workers, prefetch_factor=4 if workers else None))

    return start_at


class OpeningSampler:
    """Samples of a mixture: batches of whole panes at one size and of tracked crops at another, by turns.

    With one size for both, every batch holds both.
    """

    def __init__(self, mixture: Mixture, sides: Sides):
        self.mixture, self.sides = mixture, sides
        self.pane: bool | None = None
        self.size = sides.whole

    def begin(self, turn: int, batch: int) -> int:
        """Chooses what the next batch shows, and how many samples it holds: crops are smaller, so there are more."""
        if self.sides.crop == self.sides.whole:
            return batch
        share = self.mixture.pane_share
        self.pane = math.ceil((turn + 1) * share) > math.ceil(turn * share)
        self.size = self.sides.whole if self.pane else self.sides.crop
        return batch if self.pane else round(batch * min(2.0, (self.sides.whole / self.sides.crop) ** 2))

    def __call__(self, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        image, mask = self.mixture.sample(rng, self.size, self.pane)
        return np.ascontiguousarray(image), np.ascontiguousarray(mask)


def to_tensors(
    images: torch.Tensor, masks: torch.Tensor, device: torch.device, mean: float = 0.5, std: float = 0.25
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Normalised pictures, targets 0 or 1, and which pixels count."""
    values = images.to(device).permute(0, 3, 1, 2).float().div(255).sub(mean).div(std)
    masks = masks.to(device)[:, None]
    return values.contiguous(memory_format=torch.channels_last), (masks == 255).float(), (masks != IGNORE).float()
