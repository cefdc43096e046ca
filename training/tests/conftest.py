"""Tiny data that every test can make: dark ellipses on pink ground."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

# One thread: tests often share their machine, and waiting for a second core costs more than it gives.
torch.set_num_threads(1)


def tiny_still(rng: np.random.Generator, side: int = 96, opening: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """A pink picture with a dark ellipse, and its mask."""
    image = np.full((side, side, 3), (190, 130, 120), np.uint8)
    image = np.clip(image + rng.normal(0, 6, image.shape), 0, 255).astype(np.uint8)
    mask = np.zeros((side, side), np.uint8)
    if opening:
        place = rng.integers(side // 3, 2 * side // 3, 2)
        axes = rng.integers(side // 12, side // 5, 2)
        cv2.ellipse(mask, tuple(map(int, place)), tuple(map(int, axes)), 0, 0, 360, 255, -1)
        image[mask > 0] = (40, 25, 22)
    return image, mask


def write_stills(folder: Path, count: int, seed: int, closed_every: int = 5) -> Path:
    """`count` pictures with `.mask.png` beside them."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    for i in range(count):
        image, mask = tiny_still(rng, opening=i % closed_every != closed_every - 1)
        cv2.imwrite(str(folder / f"{i:03d}.png"), image[..., ::-1])
        cv2.imwrite(str(folder / f"{i:03d}.mask.png"), mask)
    return folder


@pytest.fixture(scope="session")
def stills(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two groups of twenty pictures each."""
    root = tmp_path_factory.mktemp("stills")
    write_stills(root / "seed1", 20, 1)
    write_stills(root / "seed2", 20, 2)
    return root


@pytest.fixture(scope="session")
def pack(stills: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same as a pack."""
    from rima_training.data.pack import write_pack
    from rima_training.data.pairs import find_pairs

    folder = tmp_path_factory.mktemp("pack")
    write_pack(find_pairs(stills), folder, 96)
    return folder
