"""Gates, large and small, for a few steps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from rima_training.cli import main
from rima_training.export import read_facts, run_onnx
from rima_training.models.compact import multiply_adds
from rima_training.models.gate import CompactGate


def test_the_compact_gate_is_small():
    assert multiply_adds(CompactGate(), (1, 3, 128, 128)) <= 20e6


@pytest.mark.parametrize(("network", "side", "extra"), [
    ("gate-compact", 64, None), ("gate-efficientnet-b0", 64, "timm"), ("gate-densenet121", 64, "timm")])
def test_a_gate_trains_and_answers_in_probabilities(
    network: str, side: int, extra: str | None, pack: Path, tmp_path: Path
):
    if extra:
        pytest.importorskip(extra)
    target = tmp_path / "gate.onnx"
    assert main([
        network, "--run", str(tmp_path / "run"), "--drawn", str(pack), "--other", str(pack), "--side", str(side),
        "--steps", "4", "--batch", "4", "--workers", "0", "--threads", "1", "--judge-count", "16",
        "--export", str(target), "--training-data", "ellipses"]) == 0
    facts = read_facts(target)
    assert facts["rima.task"] == "gate" and facts["rima.classes"] == "good,bad,larynx,other"
    assert facts["rima.activation"] == "softmax"
    answer = run_onnx(target, torch.rand(1, 3, side, side).numpy())
    assert answer.shape == (1, 4)
    assert np.allclose(answer[0, :2].sum(), 1, atol=1e-4) and np.allclose(answer[0, 2:].sum(), 1, atol=1e-4)
    assert main(["evaluate-gate", str(target), "--drawn", str(pack), "--real", str(pack), "--only", "seed1",
                 "--count", "8"]) == 0
