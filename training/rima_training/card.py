"""The model card that stands beside every model file."""

from __future__ import annotations

import json
from pathlib import Path

from .data.pairs import DataError
from .export import multiply_adds_of, read_facts

ROWS = [
    ("task", "rima.task"), ("classes", "rima.classes"), ("colour order", "rima.color_order"), ("mean", "rima.mean"),
    ("standard deviation", "rima.std"), ("licence", "rima.licence"), ("training data", "rima.training_data"),
]


def write_card(model: Path, facts: Path, figures: list[Path], output: Path) -> None:
    """Writes the card as Markdown: the file's own metadata, the facts given, and the tables measured.

    `facts` is JSON with `purpose` (text) and `commands`, `data`, `limits` (lists of lines); a table is JSON with
    `title`, `command` and `table`, as `evaluate --save` writes it.
    """
    own = read_facts(model)
    try:
        given = json.loads(facts.read_text())
        tables = [json.loads(path.read_text()) for path in figures]
    except (OSError, ValueError) as error:
        raise DataError(f"{facts}: {error}") from error
    crop = []
    if side := own.get("rima.crop_width"):
        work = multiply_adds_of(model, int(side)) / 1e6
        crop = [f"| input, tracked crop | {side} x {own['rima.crop_height']}, {work:.0f} million multiply-adds |"]
    lines = [
        f"# {own['rima.name']} {own['rima.version']}", "", given["purpose"], "",
        "Research use only, not a medical device.", "", "| | |", "| --- | --- |",
        f"| input, whole pane | {own['rima.input_width']} x {own['rima.input_height']} |",
        f"| work | {multiply_adds_of(model) / 1e6:.0f} million multiply-adds a picture |",
        *crop,
        *[f"| {title} | {own.get(key, '')} |" for title, key in ROWS],
        "", "## Made with", "", "```sh", *given["commands"], "```", "", "## Data", "",
        *[f"- {line}" for line in given["data"]], "", "## Figures", "",
    ]
    for entry in tables:
        lines += [f"### {entry['title']}", "", f"`{entry['command']}`", "", entry["table"], ""]
    if given.get("limits"):
        lines += ["## Limits", "", *[f"- {line}" for line in given["limits"]], ""]
    Path(output).write_text("\n".join(lines))
