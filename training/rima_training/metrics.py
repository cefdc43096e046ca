"""How good masks are, frame by frame, patient by patient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# A closed frame counts as wrong when the opening claimed takes more than this share of the picture.
FALSE_OPENING_SHARE = 0.001


@dataclass(frozen=True)
class FrameScore:
    """One picture. `dice` and `iou` are nan where the truth is empty; areas are in pixels."""

    name: str
    group: str
    dice: float
    iou: float
    truth_px: int
    predicted_px: int
    pixels: int
    confidence: float = float("nan")

    @property
    def open(self) -> bool:
        """Whether the truth has an opening."""
        return self.truth_px > 0

    @property
    def false_opening(self) -> bool:
        """Whether an opening is claimed where there is none."""
        return not self.open and self.predicted_px > FALSE_OPENING_SHARE * self.pixels

    @property
    def area_error(self) -> float:
        """Difference of the areas over the true area."""
        return abs(self.predicted_px - self.truth_px) / self.truth_px if self.open else float("nan")


def score_frame(
    name: str, group: str, predicted: np.ndarray, truth: np.ndarray, known: np.ndarray, confidence: float = float("nan")
) -> FrameScore:
    """Compares two boolean masks where `known` is true."""
    predicted = predicted & known
    truth = truth & known
    both = int((predicted & truth).sum())
    claimed, wanted = int(predicted.sum()), int(truth.sum())
    dice = 2 * both / (claimed + wanted) if wanted else float("nan")
    iou = both / (claimed + wanted - both) if wanted else float("nan")
    return FrameScore(name, group, dice, iou, wanted, claimed, predicted.size, confidence)


def summary(scores: list[FrameScore]) -> dict[str, float | int]:
    """The figures of a list of frames. Shares and errors are nan when nothing is there to average."""
    opened = [s for s in scores if s.open]
    closed = [s for s in scores if not s.open]
    dice = np.array([s.dice for s in opened])
    errors = np.array([s.area_error for s in opened])

    def of(values: np.ndarray, function, *arguments) -> float:
        return float(function(values, *arguments)) if len(values) else float("nan")

    return {
        "frames": len(scores),
        "open_frames": len(opened),
        "mean_dice": of(dice, np.mean),
        "median_dice": of(dice, np.median),
        "p05_dice": of(dice, np.percentile, 5),
        "worst_dice": of(dice, np.min),
        "mean_iou": of(np.array([s.iou for s in opened]), np.mean),
        "median_area_error": of(errors, np.median),
        "p95_area_error": of(errors, np.percentile, 95),
        "false_opening_ratio": of(np.array([s.false_opening for s in closed], float), np.mean),
    }


def by_group(scores: list[FrameScore]) -> dict[str, dict[str, float | int]]:
    """A summary for every patient, and one for all under `all`."""
    groups = sorted({s.group for s in scores})
    table = {g: summary([s for s in scores if s.group == g]) for g in groups}
    return {**table, "all": summary(scores)}


def table(summaries: dict[str, dict[str, float | int]]) -> str:
    """The summaries as a Markdown table."""
    columns = [
        ("frames", "{:d}"), ("open_frames", "{:d}"), ("mean_dice", "{:.3f}"), ("median_dice", "{:.3f}"),
        ("p05_dice", "{:.3f}"), ("worst_dice", "{:.3f}"), ("mean_iou", "{:.3f}"), ("median_area_error", "{:.3f}"),
        ("p95_area_error", "{:.3f}"), ("false_opening_ratio", "{:.3f}"),
    ]
    lines = ["| group | " + " | ".join(name.replace("_", " ") for name, _ in columns) + " |",
             "|" + " --- |" * (len(columns) + 1)]
    for group, values in summaries.items():
        lines.append(f"| {group} | " + " | ".join(form.format(values[name]) for name, form in columns) + " |")
    return "\n".join(lines)


def risk_coverage(scores: list[FrameScore], risk: float = 0.75) -> list[tuple[float, float, float]]:
    """For falling confidence: share of frames kept, their mean Dice, and the share of kept frames below `risk`."""
    ranked = sorted((s for s in scores if s.open), key=lambda s: -s.confidence)
    dice = np.array([s.dice for s in ranked])
    return [
        (k / len(dice), float(dice[:k].mean()), float((dice[:k] < risk).mean()))
        for k in range(1, len(dice) + 1)
    ]
