"""Every larger network trains for two steps and exports; needs the extra `zoo`."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from rima_training.cli import main
from rima_training.export import read_facts


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pack with label maps: opening, left fold, right fold."""
    folder, target = tmp_path_factory.mktemp("maps"), tmp_path_factory.mktemp("pack")
    rng = np.random.default_rng(6)
    for who in ("p1", "p2"):
        (folder / who).mkdir()
        for i in range(3):
            labels = np.zeros((64, 64), np.uint8)
            x = int(rng.integers(26, 38))
            labels[20:50, x - 12:x - 5], labels[20:50, x + 5:x + 12], labels[20:50, x - 4:x + 4] = 2, 3, 1
            image = np.array([[180, 130, 120], [40, 20, 20], [230, 210, 200], [220, 205, 190]], np.uint8)[labels]
            cv2.imwrite(str(folder / who / f"{i}.png"), image)
            cv2.imwrite(str(folder / who / f"{i}.mask.png"), (labels == 1).astype(np.uint8) * 255)
            cv2.imwrite(str(folder / who / f"{i}.labels.png"), labels)
    assert main(["pack", str(folder), "--output", str(target), "--side", "64"]) == 0
    return target


@pytest.mark.parametrize(("network", "needs"), [
    ("unet-resnet18", "segmentation_models_pytorch"), ("multiclass", "segmentation_models_pytorch"),
    ("unetpp-effnetb4", "segmentation_models_pytorch"), ("maskrcnn", "torchvision")])
def test_a_network_trains_and_exports(network: str, needs: str, labelled: Path, tmp_path: Path):
    pytest.importorskip(needs)
    target = tmp_path / "model.onnx"
    assert main([
        network, "--run", str(tmp_path / "run"), "--pack", str(labelled), "--hold-out", "p2", "--side", "64",
        "--steps", "2", "--batch", "2", "--workers", "0", "--threads", "1", "--precision", "fp32",
        "--export", str(target), "--training-data", "rectangles"]) == 0
    facts = read_facts(target)
    assert facts["rima.task"] == "opening" and facts["rima.input_width"] == "64"
    assert facts["rima.classes"].split(",")[0] in ("opening", "other", "fold_left")
