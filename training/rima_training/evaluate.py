"""Scores of a model file on a folder of pictures with masks, and a contact sheet to look at."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np

from .augment import IGNORE
from .data.pairs import find_pairs
from .metrics import FrameScore, by_group, risk_coverage, score_frame, table
from .predict import find_opening, onnx_predictor


def outline(image: np.ndarray, mask: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    """Draws the edge of a boolean mask into a copy of a picture."""
    image = image.copy()
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(image, contours, -1, colour, 1)
    return image


def write_sheet(path: Path, tiles: list[tuple[str, np.ndarray]], columns: int = 8, side: int = 224) -> None:
    """Pictures in rows, each with its title."""
    cells = []
    for title, image in tiles:
        scale = side / max(image.shape[:2])
        small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        cell = np.zeros((side + 16, side, 3), np.uint8)
        cell[16:16 + small.shape[0], :small.shape[1]] = small
        cv2.putText(cell, title, (2, 12), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (255, 255, 255), 1, cv2.LINE_AA)
        cells.append(cell)
    cells += [np.zeros_like(cells[0])] * (-len(cells) % columns)
    rows = [np.hstack(cells[i:i + columns]) for i in range(0, len(cells), columns)]
    cv2.imwrite(str(path), cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR))


def evaluate_folder(
    model: Path, folder: Path, looks: int = 2, groups: list[str] | None = None, as_json: bool = False,
    sheet: Path | None = None, curve: bool = False, index: Path | None = None, save: Path | None = None,
    title: str = "", pane_least: float = 0.0
) -> list[FrameScore]:
    """Judges every labelled picture below a folder; truth is green and the answer red on the sheet.

    An `index.csv` in the folder with the columns `image` and `video_id` names the groups, where folders do not.
    """
    predict, sides = onnx_predictor(model)
    names = {}
    index = index or folder / "index.csv"
    if index.exists():
        lines = [line.split(",") for line in index.read_text().split("\n") if line]
        names = {line[lines[0].index("image")]: line[lines[0].index("video_id")] for line in lines[1:]}
    scores, tiles = [], []
    for pair in find_pairs(folder):
        group = names.get(pair.picture.name, pair.group)
        if groups and group not in groups:
            continue
        image = pair.image()
        mask = pair.mask(image.shape)
        if 0 < (mask == 255).mean() < pane_least:
            continue
        found = find_opening(predict, sides, image, looks)
        score = score_frame(
            str(pair.picture.relative_to(folder)), group, found.mask, mask == 255, mask != IGNORE, found.confidence)
        scores.append(score)
        if sheet:
            drawn = outline(outline(image, mask == 255, (0, 255, 0)), found.mask, (255, 0, 0))
            tiles.append((score.dice if score.open else -float(score.false_opening), score, drawn))
    if as_json:
        print(json.dumps({"images": [asdict(s) for s in scores], "groups": by_group(scores)}))
    else:
        print(table(by_group(scores)))
    if save:
        command = f"rima-train evaluate {model.name} {folder.name} --looks {looks}"
        if pane_least:
            command += f" --least-share {pane_least:g}"
        if groups:
            command += " --hold-out " + " ".join(groups)
        save.write_text(json.dumps({"title": title, "command": command, "table": table(by_group(scores))}))
    if curve:
        steps = risk_coverage(scores)
        for share in (0.5, 0.7, 0.8, 0.9, 0.95, 1.0):
            kept = steps[max(0, round(share * len(steps)) - 1)]
            print(f"kept {kept[0]:.2f}: mean Dice {kept[1]:.3f}, below 0.75: {kept[2]:.3f}")
    if sheet and tiles:
        tiles.sort(key=lambda tile: tile[0])
        chosen = tiles[:32] + tiles[32::max(1, len(tiles[32:]) // 16)][:16]
        write_sheet(sheet, [(f"{s.dice:.2f} c{s.confidence:.2f} {Path(s.name).stem}", t) for _, s, t in chosen])
    return scores
