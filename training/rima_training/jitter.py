"""How much the area trembles when nothing moves: the same picture again and again under fresh noise."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .data.pairs import find_pairs
from .predict import Found, find_opening, onnx_predictor


def soft_area(found: Found) -> float:
    """Area in pixels; a subpixel outline would tremble less than this count of whole pixels."""
    return float(found.mask.sum())


def jitter(
    model: Path, folder: Path, noise: float = 4.0, repeats: int = 10, count: int = 30, seed: int = 1
) -> dict[int, tuple[float, float]]:
    """Median and 90th percentile, over pictures, of the area's deviation over its mean; for one look and for two."""
    predict, sides = onnx_predictor(model)
    rng = np.random.default_rng(seed)
    pairs = find_pairs(folder)
    chosen = [pairs[i] for i in rng.permutation(len(pairs))]
    spread: dict[int, list[float]] = {1: [], 2: []}
    for pair in chosen:
        if len(spread[1]) >= count:
            break
        image = pair.image()
        if (pair.mask(image.shape) == 255).mean() < 0.007:
            continue
        noisy = [np.clip(image + rng.normal(0, noise, image.shape), 0, 255).astype(np.uint8) for _ in range(repeats)]
        for looks, values in spread.items():
            areas = np.array([soft_area(find_opening(predict, sides, picture, looks)) for picture in noisy])
            values.append(float(areas.std() / areas.mean()) if areas.mean() > 0 else 1.0)
    figures = {k: (float(np.median(v)), float(np.percentile(v, 90))) for k, v in spread.items() if v}
    for looks, (middle, high) in figures.items():
        print(f"looks {looks}: jitter of the area, median {middle:.4f}, 90th percentile {high:.4f}")
    return figures
