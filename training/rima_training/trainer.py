"""One training loop for all networks: mixed precision, averaged weights, resume, early stop, TensorBoard."""

from __future__ import annotations

import copy
import json
import math
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn


@dataclass
class Plan:
    """How long and how fast to train. Steps count from the start of the run, across all its legs."""

    steps: int = 20000
    batch: int = 16
    rate: float = 2e-3
    weight_decay: float = 1e-4
    warmup: int = 200
    decay: int = 4000
    average: float = 0.998
    clip: float = 5.0
    seed: int = 1
    validate_every: int = 1000
    checkpoint_seconds: float = 120.0
    patience: int = 0
    threads: int = 2
    precision: str = "auto"

    def rate_at(self, step: int) -> float:
        """Linear rise, plateau, half a cosine down over the last `decay` steps."""
        if step < self.warmup:
            return self.rate * (step + 1) / self.warmup
        left = self.steps - step
        if self.decay and left < self.decay:
            return self.rate * 0.5 * (1 - math.cos(math.pi * max(left, 0) / self.decay))
        return self.rate


class Partners:
    """The processes of one run, as `torchrun` starts them; gradients are averaged over all of them.

    One thread each: on a shared machine two processes that meet once a step get far more done than two threads that
    meet in every layer.
    """

    def __init__(self) -> None:
        self.count = int(os.environ.get("WORLD_SIZE", "1"))
        self.rank = int(os.environ.get("RANK", "0"))
        if self.count > 1 and not torch.distributed.is_initialized():
            torch.distributed.init_process_group("gloo")

    def share_gradients(self, module: nn.Module) -> None:
        """Replaces every gradient by the mean over all processes."""
        if self.count == 1:
            return
        gradients = [p.grad for p in module.parameters() if p.grad is not None]
        flat = torch.cat([g.reshape(-1) for g in gradients])
        torch.distributed.all_reduce(flat)
        flat /= self.count
        for gradient, part in zip(gradients, flat.split([g.numel() for g in gradients]), strict=True):
            gradient.copy_(part.view_as(gradient))

    def agree(self, value: bool) -> bool:
        """Whether the first process says so."""
        if self.count == 1:
            return value
        flag = torch.tensor([float(value)])
        torch.distributed.broadcast(flag, 0)
        return bool(flag.item())


def precision_of_choice(device: torch.device) -> str:
    """bf16 where the hardware multiplies in it; on a CPU that does not, it is ten times slower than fp32."""
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported() else "fp16"
    able = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return "bf16" if able else "fp32"


def device_of_choice() -> torch.device:
    """The first GPU where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


class AveragedWeights:
    """An exponential mean of all weights and buffers; faster at first, so that the start is forgotten."""

    def __init__(self, module: nn.Module, decay: float):
        self.module = copy.deepcopy(module).eval().requires_grad_(False)
        self.decay = decay

    @torch.no_grad()
    def update(self, module: nn.Module, step: int) -> None:
        """Takes in the weights of `module` after `step` steps."""
        decay = min(self.decay, (1 + step) / (10 + step))
        for mine, other in zip(self.module.state_dict().values(), module.state_dict().values(), strict=True):
            if mine.dtype.is_floating_point:
                mine.lerp_(other.to(mine.dtype), 1 - decay)
            else:
                mine.copy_(other)


class Trainer:
    """Trains `module` with `loss_of(module, batch)` on batches from `batches(start_step)` in the folder `run`.

    `validate(module)` returns figures, the first of which (the higher, the better) decides about early stop and
    `best.pt`. A run that finds `last.pt` in its folder goes on where it stopped.
    """

    def __init__(
        self, module: nn.Module, plan: Plan, run: Path, loss_of: Callable[[nn.Module, Any], torch.Tensor],
        batches: Callable[[int], Iterator[Any]], validate: Callable[[nn.Module], dict[str, float]] | None = None,
        facts: dict[str, Any] | None = None,
    ):
        torch.set_num_threads(plan.threads)
        self.partners = Partners()
        self.plan = plan
        self.run = Path(run)
        self.run.mkdir(parents=True, exist_ok=True)
        self.device = device_of_choice()
        self.module = module.to(self.device, memory_format=torch.channels_last)
        self.loss_of, self.batches, self.validate = loss_of, batches, validate
        decayed = [p for p in module.parameters() if p.ndim > 1 and p.requires_grad]
        plain = [p for p in module.parameters() if p.ndim <= 1 and p.requires_grad]
        self.optimiser = torch.optim.AdamW(
            [{"params": decayed, "weight_decay": plan.weight_decay}, {"params": plain, "weight_decay": 0.0}],
            lr=plan.rate, betas=(0.9, 0.98))
        self.average = AveragedWeights(self.module, plan.average)
        self.step, self.best, self.stale = 0, -math.inf, 0
        self.facts = facts or {}
        self._resume()
        if self.partners.rank == 0:
            (self.run / "plan.json").write_text(json.dumps({**asdict(plan), **self.facts}, indent=1, default=str))

    def _resume(self) -> None:
        last = self.run / "last.pt"
        if not last.exists():
            return
        state = torch.load(last, map_location=self.device, weights_only=True)
        self.module.load_state_dict(state["module"])
        self.average.module.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.best, self.stale = state["step"], state["best"], state["stale"]

    def save(self, name: str = "last.pt") -> None:
        """Writes the whole state; a kill at any moment leaves the old file or the new one."""
        if self.partners.rank:
            return
        state = {
            "module": self.module.state_dict(), "average": self.average.module.state_dict(),
            "optimiser": self.optimiser.state_dict(), "step": self.step, "best": self.best, "stale": self.stale,
        }
        partial = self.run / (name + ".part")
        torch.save(state, partial)
        os.replace(partial, self.run / name)

    def train(self) -> dict[str, float]:
        """Runs to the planned number of steps, or until nothing has improved for `patience` validations."""
        from torch.utils.tensorboard import SummaryWriter

        first_of_all = self.partners.rank == 0
        board = SummaryWriter(str(self.run / "board")) if first_of_all else None
        torch.manual_seed(self.plan.seed + self.step)
        precision = self.plan.precision if self.plan.precision != "auto" else precision_of_choice(self.device)
        kind = {"bf16": torch.bfloat16, "fp16": torch.float16}.get(precision)
        scaler = torch.amp.GradScaler(self.device.type, enabled=precision == "fp16")
        figures: dict[str, float] = {}
        recent: list[float] = []
        saved = started = time.monotonic()
        first = self.step
        stream = self.batches(self.step) if self.step < self.plan.steps else iter(())
        while self.step < self.plan.steps:
            batch = next(stream)
            for group in self.optimiser.param_groups:
                group["lr"] = self.plan.rate_at(self.step)
            self.module.train()
            with torch.autocast(self.device.type, kind, enabled=kind is not None):
                loss = self.loss_of(self.module, batch)
            self.optimiser.zero_grad(set_to_none=True)
            scaler.scale(loss).backward()
            scaler.unscale_(self.optimiser)
            self.partners.share_gradients(self.module)
            nn.utils.clip_grad_norm_(self.module.parameters(), self.plan.clip)
            scaler.step(self.optimiser)
            scaler.update()
            self.average.update(self.module, self.step)
            recent.append(float(loss.detach()))
            self.step += 1
            if first_of_all and self.step % 100 == 0:
                speed = (self.step - first) / (time.monotonic() - started)
                mean = float(np.mean(recent[-100:]))
                print(f"step {self.step} loss {mean:.4f} rate {self.plan.rate_at(self.step):.2e} "
                      f"{speed:.2f} steps/s", flush=True)
                board.add_scalar("loss", mean, self.step)
            if self.validate and (self.step % self.plan.validate_every == 0 or self.step == self.plan.steps):
                if first_of_all:
                    figures = self._judge(board)
                if self.plan.patience and self.partners.agree(self.stale >= self.plan.patience):
                    print(f"stopped early at step {self.step}", flush=True)
                    break
            if time.monotonic() - saved > self.plan.checkpoint_seconds:
                self.save()
                saved = time.monotonic()
        self.save()
        if board:
            board.close()
        return figures

    def _judge(self, board: Any) -> dict[str, float]:
        figures = self.validate(self.average.module)
        text = " ".join(f"{name} {value:.4f}" for name, value in figures.items())
        print(f"step {self.step} {text}", flush=True)
        with open(self.run / "scores.jsonl", "a") as log:
            log.write(json.dumps({"step": self.step, **figures}) + "\n")
        for name, value in figures.items():
            board.add_scalar(name, value, self.step)
        score = next(iter(figures.values()))
        if score > self.best:
            self.best, self.stale = score, 0
            self.save("best.pt")
        else:
            self.stale += 1
        return figures


def averaged_weights(checkpoint: Path) -> dict[str, torch.Tensor]:
    """The averaged weights of a checkpoint, which is what gets judged and shipped."""
    return torch.load(checkpoint, map_location="cpu", weights_only=True)["average"]


def average_checkpoints(first: Path, second: Path, share: float, output: Path) -> None:
    """Writes the mean of two checkpoints' averaged weights, `share` of it from the second.

    The second must have begun from the first, or both from a third: only then do their weights mean the same. Parts
    whose shapes differ come from the second.
    """
    one, two = averaged_weights(first), averaged_weights(second)
    mixed = {
        name: one[name].lerp(value, share)
        if name in one and one[name].shape == value.shape and value.dtype.is_floating_point else value
        for name, value in two.items()}
    torch.save({"average": mixed}, output)
