"""What a network's sureness is worth: a curve from its confidence to the share of outlines that are right."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx

from .data.pairs import DataError
from .export import read_facts, write_atomically

# An outline counts as right from this Dice on.
RIGHT = 0.75


def read_results(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Confidence and rightness of every outline in the output of `rima evaluate DIR --json`."""
    images = json.loads(Path(path).read_text())["images"]
    found = [i for i in images if i["predicted_px"] > 0 and i.get("confidence") is not None]
    right = [i["truth_px"] > 0 and i["dice"] >= RIGHT for i in found]
    return np.array([i["confidence"] for i in found], float), np.array(right, float)


def isotonic(sureness: np.ndarray, right: np.ndarray, least: int = 20) -> list[tuple[float, float]]:
    """The rising steps that fit best (pool adjacent violators), as (mean sureness, share right) of each step.

    Pictures are pooled into groups of `least` first, so that no step rests on a handful.
    """
    order = np.argsort(sureness, kind="stable")
    groups = np.array_split(order, max(1, len(order) // least))
    steps: list[list[float]] = []
    for group in groups:
        steps.append([float(sureness[group].mean()), float(right[group].mean()), float(len(group))])
        while len(steps) > 1 and steps[-2][1] >= steps[-1][1]:
            x, y, n = steps.pop()
            a, b, m = steps[-1]
            steps[-1] = [(a * m + x * n) / (m + n), (b * m + y * n) / (m + n), m + n]
    return [(x, y) for x, y, _ in steps]


def expected_error(sureness: np.ndarray, right: np.ndarray, bins: int = 10) -> float:
    """Expected calibration error: mean distance between confidence and share right, over bins of equal width."""
    place = np.minimum((sureness * bins).astype(int), bins - 1)
    return float(sum(
        abs(sureness[place == k].mean() - right[place == k].mean()) * (place == k).mean()
        for k in range(bins) if (place == k).any()))


def calibrate(model: Path, results: list[Path], output: Path) -> dict[str, float]:
    """Writes the curve into the model's metadata, and says what it gained, each half judged by the other's curve."""
    facts = read_facts(model)
    if "rima.confidence_curve" in facts:
        raise DataError(f"{model} has a curve already; judge and calibrate the file as it was exported")
    parts = [read_results(path) for path in results]
    sureness, right = (np.concatenate(values) for values in zip(*parts, strict=True))
    if len(sureness) < 100:
        raise DataError(f"only {len(sureness)} outlines to learn from; at least 100 are needed")

    def line(steps: list[tuple[float, float]], at: np.ndarray) -> np.ndarray:
        return np.interp(at, [x for x, _ in steps], [y for _, y in steps])

    halves = np.arange(len(sureness)) % 2 == 0
    crossed = np.empty_like(sureness)
    for half in (halves, ~halves):
        crossed[half] = line(isotonic(sureness[~half], right[~half]), sureness[half])
    steps = isotonic(sureness, right)
    loaded = onnx.load(str(model))
    del loaded.metadata_props[:]
    onnx.helper.set_model_props(
        loaded, {**facts, "rima.confidence_curve": ",".join(f"{x:.4f}:{y:.4f}" for x, y in steps)})
    write_atomically(output, loaded.SerializeToString())
    figures = {"outlines": len(sureness), "right": float(right.mean()),
               "error_before": expected_error(sureness, right), "error_after": expected_error(crossed, right)}
    print(f"{figures['outlines']} outlines, {figures['right']:.3f} right (Dice at least {RIGHT}); expected calibration "
          f"error {figures['error_before']:.3f} before, {figures['error_after']:.3f} after (each half by the other's curve)")
    return figures
