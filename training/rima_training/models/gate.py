"""The gate that ships: is the picture good, and does it show a larynx?"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from .compact import convolution

# In the order of the outputs: each pair sums to one.
GATE_CLASSES = ["good", "bad", "larynx", "other"]


class CompactGate(nn.Module):
    """Five 3x3 convolutions and two answers, for a picture of 128x128; about 18 million multiply-adds."""

    def __init__(self, widths: tuple[int, ...] = (16, 32, 48, 64, 96), answers: int = 2):
        super().__init__()
        inputs = [3, *widths[:-1]]
        self.features = nn.ModuleList(
            convolution(i, o, stride=2 if level == 0 else 1)
            for level, (i, o) in enumerate(zip(inputs, widths, strict=True)))
        self.last = convolution(widths[-1], widths[-1])
        self.head = nn.Linear(widths[-1], 2 * answers)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Logits (batch, 4) in the order of `GATE_CLASSES`."""
        value = image
        for level, layer in enumerate(self.features):
            value = layer(value if level == 0 else functional.max_pool2d(value, 2))
        return self.head(self.last(value).mean((2, 3)))
