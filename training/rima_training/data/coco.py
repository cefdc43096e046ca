"""Label Studio's COCO exports: polygons and run lengths become masks beside the pictures."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import cv2
import numpy as np

from .pairs import DataError


def counts_of(text: str) -> list[int]:
    """The run lengths of a compressed COCO string: base 48, five bits a character, differences from the third on."""
    counts: list[int] = []
    position = 0
    while position < len(text):
        value, shift, more = 0, 0, True
        while more:
            code = ord(text[position]) - 48
            value |= (code & 31) << shift
            more = bool(code & 32)
            position += 1
            shift += 5
            if not more and code & 16:
                value |= -1 << shift
        if len(counts) > 2:
            value += counts[-2]
        counts.append(value)
    return counts


def mask_of(segmentation: list | dict, height: int, width: int) -> np.ndarray:
    """A boolean mask from COCO polygons (x, y pairs) or run lengths (column by column, first run outside)."""
    if isinstance(segmentation, dict):
        counts = segmentation["counts"]
        if isinstance(counts, str):
            counts = counts_of(counts)
        rows, columns = segmentation["size"]
        if (rows, columns) != (height, width) or sum(counts) != rows * columns:
            raise DataError(f"run lengths of {rows}x{columns} do not fit a picture of {height}x{width}")
        values = np.repeat(np.arange(len(counts)) % 2 == 1, counts)
        return values.reshape(columns, rows).T
    mask = np.zeros((height, width), np.uint8)
    for polygon in segmentation:
        points = np.asarray(polygon, np.float64).reshape(-1, 2) - 0.5
        cv2.fillPoly(mask, [np.round(points * 16).astype(np.int32)], 1, shift=4)
    return mask.astype(bool)


def import_coco(
    export: Path, output: Path, opening: str = "opening", group_pattern: str | None = None
) -> tuple[int, list[str]]:
    """Copies the pictures of an export into `output`, one folder per patient, with masks beside them.

    `X.mask.png` holds the category `opening`; `X.labels.png` all categories, numbered from 1 in the order of their
    ids, later ones on top, the opening on top of all. The patient is the first group of `group_pattern` in the file
    name, or the part before the first underscore. Pictures without annotations are copied with an empty mask.
    Returns the number of pictures and the names of the categories.
    """
    export = Path(export)
    file = export / "result.json" if export.is_dir() else export
    try:
        content = json.loads(file.read_text())
        pictures, annotations, categories = content["images"], content["annotations"], content["categories"]
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"{file}: not a COCO export ({error}); choose COCO in Label Studio's export dialog") from error
    categories = sorted(categories, key=lambda category: category["id"])
    number = {category["id"]: k + 1 for k, category in enumerate(categories)}
    names = [category["name"] for category in categories]
    if opening not in names:
        raise DataError(f"{file}: no category named {opening!r}; there are {', '.join(names)}")
    wanted = names.index(opening) + 1
    pattern = re.compile(group_pattern or r"^([^_]+)_")
    for entry in pictures:
        source = find_picture(file.parent, entry["file_name"])
        found = pattern.search(source.name)
        folder = Path(output) / (found.group(1) if found else "unknown")
        folder.mkdir(parents=True, exist_ok=True)
        height, width = entry["height"], entry["width"]
        labels = np.zeros((height, width), np.uint8)
        mine = [a for a in annotations if a["image_id"] == entry["id"]]
        mine.sort(key=lambda a: (number[a["category_id"]] == wanted, number[a["category_id"]]))
        for annotation in mine:
            labels[mask_of(annotation["segmentation"], height, width)] = number[annotation["category_id"]]
        shutil.copyfile(source, folder / source.name)
        cv2.imwrite(str(folder / f"{source.stem}.mask.png"), np.where(labels == wanted, 255, 0).astype(np.uint8))
        cv2.imwrite(str(folder / f"{source.stem}.labels.png"), labels)
    return len(pictures), names


def find_picture(folder: Path, name: str) -> Path:
    """The file of an export's picture; Label Studio writes paths of its own server before the name."""
    for candidate in (folder / name, folder / "images" / Path(name).name, folder / Path(name).name):
        if candidate.is_file():
            return candidate
    raise DataError(f"{folder}: the export names {name}, which is not there; unpack the export's images beside it")
