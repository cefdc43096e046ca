"""Gates: is the picture good or bad, and does it show a larynx or something else?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import nn
from torch.nn import functional

from . import augment
from .data.pack import Pack, require_groups
from .export import ModelFacts, export_onnx
from .geometry import View, crop_view, look, pane_view
from .models.compact import multiply_adds
from .models.gate import GATE_CLASSES, CompactGate
from .predict import normalise
from .spoil import mild, spoil
from .stream import batches
from .trainer import Plan, Trainer, averaged_weights, device_of_choice

GOOD, LARYNX = 0, 0


@dataclass
class GateData:
    """Packs. `drawn` packs tell by their rows which stills show no larynx."""

    drawn: list[Path]
    real: Path | None = None
    other: Path | None = None
    judged_drawn: Path | None = None
    held_out: set[str] = field(default_factory=set)
    bad_share: float = 0.4
    other_share: float = 0.25
    # Of bad pictures of a larynx, those that are bad by the phantom's own word.
    own_share: float = 0.25


class GateSampler:
    """A picture, whether it is bad (1), whether it is no larynx (1), and whether the second answer counts.

    What is spoiled beyond seeing does not count for the second answer.
    """

    def __init__(self, data: GateData, side: int):
        self.data, self.side = data, side
        drawn = [Pack(p) for p in data.drawn]
        kept = data.held_out
        require_groups(drawn + [Pack(p) for p in (data.real, data.other) if p], kept)
        self.larynx = [(p, p.indices(exclude=kept, larynx=True, quality="good")) for p in drawn]
        self.ruined = [(p, p.indices(exclude=kept, larynx=True, quality="bad")) for p in drawn]
        self.nothing = [(p, p.indices(exclude=kept, larynx=False, quality="good")) for p in drawn]
        if data.real:
            real = Pack(data.real)
            self.real = (real, real.indices(exclude=data.held_out))
        else:
            self.real = None
        if data.other:
            other = Pack(data.other)
            self.other = (other, other.indices(exclude=data.held_out))
        else:
            self.other = None

    def __call__(self, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        is_other = rng.random() < self.data.other_share
        image, fresh = self._other(rng) if is_other else self._larynx(rng)
        bad = rng.random() < self.data.bad_share
        ruined = [source for source in self.ruined if len(source[1])]
        if bad and not is_other and ruined and rng.random() < self.data.own_share:
            (image, mask), _ = self._pick(ruined, rng)
            image = look(image, mask, pane_view(image.shape, rng, 0.15), self.side)[0]
        elif bad:
            image = mild(image, rng) if rng.random() < 0.4 else image
            image, _ = spoil(image, rng)
        elif fresh or rng.random() < 0.25:
            image = mild(image, rng)
        if rng.random() < 0.2:
            image, _ = augment.cut_field(image, np.zeros(image.shape[:2], np.uint8), rng)
        return (np.ascontiguousarray(image), np.array([bad, is_other], np.int64),
                np.array([True, not bad], np.float32))

    @staticmethod
    def _pick(
        sources: list[tuple[Pack, np.ndarray]], rng: np.random.Generator
    ) -> tuple[tuple[np.ndarray, np.ndarray], str | None]:
        """A picture with its mask, and the scheme of its pack."""
        sizes = np.array([len(where) for _, where in sources], float)
        pack, where = sources[int(rng.choice(len(sources), p=sizes / sizes.sum()))]
        return pack[int(rng.choice(where))], pack.scheme

    def _larynx(self, rng: np.random.Generator) -> tuple[np.ndarray, bool]:
        """A larynx, and whether it is free of faults so far: the phantom draws its own up to where they ruin a picture."""
        drawn = [source for source in self.larynx if len(source[1])]
        if self.real and (not drawn or rng.random() < 0.35):
            (image, mask), _ = self._pick([self.real], rng)
            view = crop_view(mask, rng, 0.6, 0.6, 1.0)
            return look(image, mask, view, self.side, border=cv2.BORDER_REFLECT_101)[0], True
        (image, mask), scheme = self._pick(drawn, rng)
        image, mask = look(image, mask, pane_view(image.shape, rng, 0.15), self.side)
        return self._dress(image, mask, rng), scheme != "phantom"

    def _dress(self, image: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Colours and fine structure of real tissue: what tells a larynx must not be that it looks drawn."""
        sources = [source for source in (self.real, self.other) if source]
        if not sources or rng.random() < 0.4:
            return image
        (tissue, _), _ = self._pick([sources[int(rng.integers(len(sources)))]], rng)
        tissue = augment.tissue_window(tissue, rng)
        if rng.random() < 0.7:
            image = augment.wear_texture(image, mask, tissue, rng)
        if rng.random() < 0.7:
            image = augment.exchange_colour(image, tissue, rng.uniform(0.2, 1.0), rng)
        return image

    def _other(self, rng: np.random.Generator) -> tuple[np.ndarray, bool]:
        nothing = [source for source in self.nothing if len(source[1])]
        choice = rng.random()
        if self.other and (not nothing or choice < 0.5):
            (image, mask), _ = self._pick([self.other], rng)
            side, fresh = image.shape[0] * augment.log_uniform(rng, 0.45, 1.1), True
        elif nothing:
            (image, mask), _ = self._pick(nothing, rng)
            side, fresh = image.shape[0] * augment.log_uniform(rng, 0.8, 1.1), False
        else:
            image, mask = np.full((64, 64, 3), rng.integers(0, 200, 3), np.uint8), np.zeros((64, 64), np.uint8)
            side, fresh = 64.0, True
        view = View(tuple(rng.uniform(0.4, 0.6, 2) * image.shape[0]), side, rng.uniform(-180, 180), 1.0,
                    rng.random() < 0.5)
        image = look(image, mask, view, self.side)[0]
        if rng.random() < 0.3:
            image = augment.exchange_colour(image, self._larynx(rng)[0], rng.uniform(0.3, 1.0), rng)
        return image, fresh


def gate_loss(logits: torch.Tensor, truth: torch.Tensor, counts: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of both answers, with a little label smoothing so that probabilities stay honest."""
    pairs = logits.float().reshape(len(logits), 2, 2)
    loss = functional.cross_entropy(pairs.reshape(-1, 2), truth.reshape(-1), reduction="none", label_smoothing=0.02)
    return (loss.reshape(-1, 2) * counts).sum() / counts.sum()


def gate_figures(
    answers: np.ndarray, truth: np.ndarray, counts: np.ndarray, bad_max: float = 0.5, other_max: float = 0.5
) -> dict[str, float]:
    """Precision and recall of `good`, and how often something else passes as a larynx and a larynx does not.

    `answers` are probabilities (count, 4) in the order of `GATE_CLASSES`; a picture passes whose `bad` and `other` are
    at most `bad_max` and `other_max`.
    """
    says_good, is_good = answers[:, 1] <= bad_max, truth[:, 0] == 0
    seen = counts[:, 1] > 0
    says_larynx, is_larynx = answers[seen, 3] <= other_max, truth[seen, 1] == 0
    return {
        "good_precision": float((says_good & is_good).sum() / max(1, says_good.sum())),
        "good_recall": float((says_good & is_good).sum() / max(1, is_good.sum())),
        "false_accepts": float((says_larynx & ~is_larynx).sum() / max(1, (~is_larynx).sum())),
        "false_rejects": float((~says_larynx & is_larynx).sum() / max(1, is_larynx.sum())),
    }


def judge_gate(
    answer: Callable[[np.ndarray], np.ndarray], sampler: GateSampler, count: int, seed: int
) -> dict[str, float]:
    """Figures on `count` fresh samples; `answer` maps pictures to probabilities."""
    rng = np.random.default_rng(seed)
    images, truth, counts = (np.stack(p) for p in zip(*[sampler(rng) for _ in range(count)], strict=True))
    return gate_figures(np.concatenate([answer(images[i:i + 32]) for i in range(0, count, 32)]), truth, counts)


def train_gate(
    module: nn.Module, data: GateData, judged: GateData, plan: Plan, run: Path, side: int, workers: int = 1,
    start_from: Path | None = None, judge_count: int = 600
) -> dict[str, float]:
    """Trains any network with four logits as a gate."""
    torch.manual_seed(plan.seed)
    if start_from:
        module.load_state_dict(averaged_weights(start_from))
    print(f"{multiply_adds(module, (1, 3, side, side)) / 1e6:.1f} million multiply-adds at {side}x{side}", flush=True)
    judging = GateSampler(judged, side)
    half = np.float32(0.5), np.float32(0.25)

    def loss_of(network: nn.Module, batch: list[torch.Tensor]) -> torch.Tensor:
        images, truth, counts = batch
        device = device_of_choice()
        values = images.to(device).permute(0, 3, 1, 2).float().div(255).sub(0.5).div(0.25)
        logits = network(values.contiguous(memory_format=torch.channels_last))
        return gate_loss(logits, truth.to(device), counts.to(device))

    def validate(network: nn.Module) -> dict[str, float]:
        def answer(images: np.ndarray) -> np.ndarray:
            with torch.inference_mode():
                logits = network(torch.from_numpy(normalise(images, *half)).to(device_of_choice())).float()
            return torch.softmax(logits.reshape(-1, 2), 1).reshape(-1, 4).cpu().numpy()

        figures = judge_gate(answer, judging, judge_count, 77)
        score = min(figures["good_precision"], figures["good_recall"]) - figures["false_accepts"]
        return {"score": score, **figures}

    trainer = Trainer(
        module, plan, run, loss_of, batches(GateSampler(data, side), plan.batch, plan.seed, workers), validate)
    return trainer.train()


def export_gate(module: nn.Module, output: Path, name: str, version: str, training_data: str, side: int) -> ModelFacts:
    """Writes a gate; its output is four probabilities in the order of its classes."""
    class Probabilities(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = module

        def forward(self, image: torch.Tensor) -> torch.Tensor:
            logits = self.inner(image)
            return torch.softmax(logits.reshape(1, 2, 2), 2).reshape(1, 4)

    facts = ModelFacts(
        "gate", name, version, side, side, GATE_CLASSES, training_data, extra={"activation": "softmax"})
    export_onnx(Probabilities(), output, facts, output="probabilities")
    return facts


def compact_gate() -> CompactGate:
    """The gate that ships."""
    return CompactGate()
