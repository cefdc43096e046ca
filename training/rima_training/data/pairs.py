"""Folders of pictures with masks, as `rima phantom --stills`, `rima evaluate` and labelling tools write them."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ..augment import IGNORE

PICTURES = (".png", ".jpg", ".jpeg")
LABELS = (".mask.png", ".labels.png", ".tissues.png")

# Label maps. `vocalfolds`: 3 is the glottal space, and 0 is void, that is, nobody said what it is.
VOCALFOLDS_OPENING = 3
VOCALFOLDS_VOID = 0
CLASSES = {
    "vocalfolds": ["void", "vocal_folds", "other_tissue", "opening", "pathology", "tool", "tube"],
    "phantom": ["other", "opening", "fold_left", "fold_right", "supraglottic_folds", "epiglottis"],
}


class DataError(Exception):
    """Data that cannot be used, with the file and the remedy."""


@dataclass(frozen=True)
class Pair:
    """A picture, the file that labels it, and whom it shows. An absent label file means: no opening.

    `classes` is the label map with all classes, where there is one.
    """

    picture: Path
    label: Path | None
    group: str
    classes: Path | None = None
    larynx: bool = True
    quality: str = "good"

    def image(self) -> np.ndarray:
        """RGB, uint8, shape (height, width, 3)."""
        image = cv2.imread(str(self.picture), cv2.IMREAD_COLOR_RGB)
        if image is None:
            raise DataError(f"{self.picture}: not a readable picture; delete it or write it again")
        return image

    def mask(self, shape: tuple[int, ...]) -> np.ndarray:
        """255 in the opening, 0 outside, IGNORE where the labels are void."""
        if self.label is None:
            return np.zeros(shape[:2], np.uint8)
        values = read_labels(self.label, shape)
        if self.label.name.endswith(".labels.png"):
            mask = np.where(values == VOCALFOLDS_OPENING, 255, 0).astype(np.uint8)
            mask[values == VOCALFOLDS_VOID] = IGNORE
            return mask
        return np.where(values > 127, 255, 0).astype(np.uint8)


def read_labels(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    """A label picture, uint8, checked against the shape of its picture."""
    values = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if values is None:
        raise DataError(f"{path}: not a readable label picture; delete it or write it again")
    if values.ndim == 3:
        values = values[..., 0]
    if values.shape != tuple(shape[:2]):
        raise DataError(f"{path}: {values.shape} does not fit its picture, {tuple(shape[:2])}")
    return values


def still_facts(folder: Path) -> dict[str, tuple[bool, str]]:
    """For every still the phantom drew into a folder: whether it shows a larynx, and its quality.

    From the folder's `truth.csv` with the columns `name`, `larynx` (0 or 1), `quality` (good or bad) and `faults`
    (joined by +, may be absent). A still that is bad only because the edge cuts its opening is `unsure`: the picture is fine.
    """
    table = folder / "truth.csv"
    if not table.exists():
        return {}
    with open(table, newline="") as file:
        return {row["name"]: facts_of(row) for row in csv.DictReader(file) if "name" in row}


def facts_of(row: dict[str, str]) -> tuple[bool, str]:
    """Larynx and quality of one row of `truth.csv`."""
    faults = set(filter(None, row.get("faults", "").split("+")))
    larynx = row.get("larynx", "1") != "0"
    if row.get("quality", "good") == "good" or faults == {"no_larynx"} or (not larynx and "faults" not in row):
        return larynx, "good"
    return larynx, "unsure" if faults and faults <= {"cut_by_edge", "no_larynx"} else "bad"


def find_pairs(folder: Path, group: str | None = None, labelled: bool = True) -> list[Pair]:
    """All pictures below a folder that have a `.mask.png` or a `.labels.png` beside them, in the order of names.

    The group (a patient, a phantom seed) is the first folder below `folder`, or `group`, or the folder's own name.
    With `labelled` false every picture counts and shows no opening.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder")
    pairs = []
    facts: dict[Path, dict[str, tuple[bool, str]]] = {}
    for picture in sorted(folder.rglob("*")):
        name = picture.name
        if picture.suffix.lower() not in PICTURES or name.endswith(LABELS):
            continue
        relative = picture.relative_to(folder).parts
        who = group or (relative[0] if len(relative) > 1 else folder.name)
        labels = [picture.with_name(picture.stem + end) for end in (".mask.png", ".labels.png")]
        found = next((label for label in labels if label.exists()), None)
        if found or not labelled:
            if picture.parent not in facts:
                facts[picture.parent] = still_facts(picture.parent)
            shown, quality = facts[picture.parent].get(picture.stem, (labelled, "good"))
            maps = [labels[1], picture.with_name(picture.stem + ".tissues.png")]
            classes = next((path for path in maps if path.exists()), None)
            pairs.append(Pair(picture, found if labelled else None, who, classes, shown, quality))
    if not pairs:
        raise DataError(f"{folder}: no pictures with .mask.png or .labels.png beside them")
    return pairs
