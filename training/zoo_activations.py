"""Writes the kit's larger networks with random weights, one input each and ONNX Runtime's answer, for ZooTests.

    python training/zoo_activations.py OUTPUT.cases

The format is that of reference_activations.py. Needs the kit with its extra `zoo`.
"""

import struct
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from torch import nn

from rima_training.export import run_onnx
from rima_training.models import zoo
from rima_training.recipes_gate import export_gate
from rima_training.recipes_zoo import export_segmentation


def settled(network: nn.Module, side: int) -> nn.Module:
    """Gives normalisation layers statistics, so that a deep random network keeps its numbers in range."""
    network.train()
    with torch.no_grad():
        for _ in range(2):
            network(torch.randn(2, 3, side, side))
    return network.eval()


def networks():
    def segmentation(build):
        def export(path, side):
            export_segmentation(settled(build(), 64), path, "zoo", "0", side, ["opening"], "none: random weights")
        return export

    def gate(build):
        def export(path, side):
            export_gate(settled(build(), 64), path, "zoo", "0", "none: random weights", side)
        return export

    return [
        ("U-Net ResNet-18", segmentation(zoo.unet_resnet18), 128),
        ("UNet++ EfficientNet-B4", segmentation(zoo.unetplusplus_efficientnet_b4), 64),
        ("EfficientNet-B0", gate(zoo.gate_efficientnet_b0), 96),
        ("DenseNet-121", gate(zoo.gate_densenet121), 96),
    ]


def main():
    torch.set_num_threads(1)
    torch.manual_seed(5)
    rng = np.random.default_rng(5)
    records = []
    with tempfile.TemporaryDirectory() as folder:
        for name, export, side in networks():
            path = Path(folder) / "network.onnx"
            export(path, side)
            image = rng.standard_normal((1, 3, side, side)).astype(np.float32)
            answer = run_onnx(path, image).astype(np.float32)
            for part in (name.encode(), path.read_bytes()):
                records.append(struct.pack("<I", len(part)) + part)
            for values in (image, answer):
                records.append(struct.pack("<I", values.size) + values.tobytes())
    Path(sys.argv[1]).write_bytes(b"RIMACASE" + struct.pack("<II", 1, len(networks())) + b"".join(records))


if __name__ == "__main__":
    main()
