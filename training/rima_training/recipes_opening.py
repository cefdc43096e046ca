"""The shipped opening network: the compact U-Net on drawn larynges and real close-ups."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from .data.pack import Pack
from .export import ModelFacts, export_onnx
from .geometry import Sides
from .judge import judge_pack
from .losses import segmentation_loss, structure_loss
from .metrics import summary
from .mixture import Mixture, Shares
from .models.compact import CompactUNet, load_compact, multiply_adds
from .predict import module_predictor
from .restore import restore_onnx
from .stream import OpeningSampler, batches, to_tensors
from .trainer import Plan, Trainer, averaged_weights

SIDES = Sides(whole=256, crop=160)


@dataclass
class OpeningData:
    """Folders of packs. `judged_*` are looked at while training and never trained on."""

    drawn: list[Path]
    real: Path | None = None
    other: Path | None = None
    judged_drawn: Path | None = None
    held_out: set[str] = field(default_factory=set)
    shares: Shares = field(default_factory=Shares)
    pane_share: float = 0.5
    strength: float = 1.0


def train_opening(
    data: OpeningData, plan: Plan, run: Path, start_from: Path | None = None, sides: Sides = SIDES, workers: int = 1
) -> dict[str, float]:
    """Trains the compact U-Net and returns its last figures."""
    torch.manual_seed(plan.seed)
    module, side = CompactUNet(), sides.whole
    print(f"compact U-Net: {multiply_adds(module, (1, 3, side, side)) / 1e9:.3f} GMAC at {side}x{side}, "
          f"{sum(p.numel() for p in module.parameters()) / 1e6:.2f} M parameters", flush=True)
    real = Pack(data.real) if data.real else None
    mixture = Mixture(
        [Pack(p) for p in data.drawn], real, Pack(data.other) if data.other else None, data.held_out, data.shares,
        pane_share=data.pane_share, strength=data.strength)
    if start_from and start_from.suffix == ".onnx":
        stream = batches(OpeningSampler(mixture, sides), 16, plan.seed, 0)(0)
        pictures = (to_tensors(*next(stream), torch.device("cpu"))[0] for _ in range(6))
        restore_onnx(module, start_from, pictures)
    elif start_from:
        load_compact(module, averaged_weights(start_from))
    judged = Pack(data.judged_drawn) if data.judged_drawn else None
    # Frames of one film are much alike: every fourth tells as much in a quarter of the time.
    left_out = [(pack, pack.indices(only=data.held_out)[::4]) for pack in [*mixture.drawn, *([real] if real else [])]]
    left_out = [(pack, where) for pack, where in left_out if data.held_out and len(where)]

    def loss_of(network: torch.nn.Module, batch: list[torch.Tensor]) -> torch.Tensor:
        device = next(network.parameters()).device
        values, target, known = to_tensors(*batch, device)
        output = network(values)
        return segmentation_loss(output, target, known) + structure_loss(output[1], batch[1].to(device))

    def validate(network: torch.nn.Module) -> dict[str, float]:
        predict = module_predictor(network)
        figures = {}
        if judged:
            found = summary(judge_pack(predict, side, judged))
            figures |= {"drawn_dice": found["mean_dice"], "drawn_p05": found["p05_dice"],
                        "drawn_area_error": found["median_area_error"], "drawn_false": found["false_opening_ratio"]}
        if left_out:
            found = summary([s for pack, where in left_out for s in judge_pack(predict, side, pack, where)])
            figures |= {"real_dice": found["mean_dice"], "real_iou": found["mean_iou"]}
        return figures or {"none": 0.0}

    facts = {"drawn": [str(p) for p in data.drawn], "held_out": sorted(data.held_out), "sides": vars(sides),
             "shares": vars(data.shares), "start_from": str(start_from) if start_from else None}
    trainer = Trainer(
        module, plan, run, loss_of, batches(OpeningSampler(mixture, sides), plan.batch, plan.seed, workers),
        validate, facts)
    return trainer.train()


def export_opening(checkpoint: Path, output: Path, version: str, training_data: str, sides: Sides = SIDES) -> ModelFacts:
    """Writes the averaged weights of a checkpoint as a model file."""
    module = CompactUNet()
    load_compact(module, averaged_weights(checkpoint))
    facts = ModelFacts("opening", "rima-opening-compact", version, sides.whole, sides.whole, ["opening"], training_data,
                       crop_side=sides.crop if sides.crop != sides.whole else None)
    export_onnx(module, output, facts)
    return facts
