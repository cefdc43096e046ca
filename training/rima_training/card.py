"""The model card that stands beside every model file."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from .export import ModelFacts


@dataclass
class Card:
    """What a card says beyond the file's own metadata. Lists become paragraphs, tables are Markdown."""

    purpose: str
    commands: list[str]
    data: list[str]
    figures: list[tuple[str, str]] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)
    work: str = ""


def write_card(path: Path, facts: ModelFacts, card: Card) -> None:
    """Writes the card as Markdown."""
    lines = [
        f"# {facts.name} {facts.version}", "", card.purpose, "", "Research use only, not a medical device.", "",
        "| | |", "| --- | --- |",
        f"| task | {facts.task} |",
        f"| classes | {', '.join(facts.classes)} |",
        f"| input | {facts.width} x {facts.height}, {facts.color_order}, mean {facts.mean}, std {facts.std} |",
        f"| work | {card.work} |",
        f"| licence | {facts.licence} |",
        f"| training data | {facts.training_data} |",
        "", "## Made with", "", "```sh", *card.commands, "```", "", "## Data", "",
        *[f"- {line}" for line in card.data], "",
    ]
    for title, table in card.figures:
        lines += [f"## {title}", "", table, ""]
    if card.limits:
        lines += ["## Limits", "", *[f"- {line}" for line in card.limits], ""]
    Path(path).write_text("\n".join(lines))
