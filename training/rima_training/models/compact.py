"""The compact U-Net that Rima ships: 3x3 convolutions, ReLU, max pooling, nearest upsampling, concatenation."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from ..data.structures import STRUCTURES


@dataclass(frozen=True)
class CompactShape:
    """Widths of a compact U-Net.

    The stem halves the picture, so level 0 stands at half the input's size and every further level halves again.
    All widths are multiples of 16, which is what the native engine's kernels fill completely.
    """

    stem: int = 16
    widths: tuple[int, ...] = (32, 48, 96, 128, 160)
    encoder_depths: tuple[int, ...] = (1, 2, 2, 3, 4)
    decoder_widths: tuple[int, ...] = (16, 48, 64, 128)
    decoder_depths: tuple[int, ...] = (1, 1, 2, 2)
    reduced: tuple[int, ...] = (16, 32, 48, 64)


def convolution(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    """Convolution, batch normalisation and ReLU; the normalisation is folded into the weights on export."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(outputs, momentum=0.05),
        nn.ReLU(inplace=True),
    )


def stack(inputs: int, outputs: int, depth: int) -> nn.Sequential:
    """`depth` 3x3 convolutions in a row."""
    return nn.Sequential(*[convolution(inputs if i == 0 else outputs, outputs) for i in range(depth)])


class CompactUNet(nn.Module):
    """Logits at the input's resolution, one channel per class.

    Most work is spent where the picture is small: what tells the opening from a ventricle or a piriform sinus is
    where it lies, and depth costs nearly nothing at 16x16 and 8x8. The last upsampling is bilinear, so an outline
    at half resolution keeps its subpixel place.
    """

    multiple = 32

    def __init__(self, classes: int = 1, shape: CompactShape = CompactShape(), structures: int = len(STRUCTURES)):
        """`structures` is how many more channels the side head names while training, see `data.structures`."""
        super().__init__()
        self.shape = shape
        self.stem = convolution(3, shape.stem, stride=2)
        inputs = [shape.stem, *shape.widths[:-1]]
        self.encoders = nn.ModuleList(
            stack(i, o, d) for i, o, d in zip(inputs, shape.widths, shape.encoder_depths, strict=True))
        levels = len(shape.decoder_widths)
        below = [*shape.decoder_widths[1:], shape.widths[-1]]
        self.reducers = nn.ModuleList(convolution(below[i], shape.reduced[i], kernel=1) for i in range(levels))
        self.decoders = nn.ModuleList(
            stack(shape.reduced[i] + shape.widths[i], shape.decoder_widths[i], shape.decoder_depths[i])
            for i in range(levels))
        self.head = nn.Conv2d(shape.decoder_widths[0], classes, 1)
        self.side_head = nn.Conv2d(shape.decoder_widths[2], classes + structures, 1)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        for head in (self.head, self.side_head):
            nn.init.normal_(head.weight, std=0.01)
            nn.init.constant_(head.bias, -2.0)

    def forward(self, image: torch.Tensor) -> torch.Tensor | tuple[torch.Tensor, torch.Tensor]:
        """Logits; while training also the coarse logits of the side head, at an eighth of the resolution."""
        value = self.stem(image)
        skips = []
        for level, encoder in enumerate(self.encoders):
            value = encoder(value if level == 0 else functional.max_pool2d(value, 2))
            skips.append(value)
        side = None
        for level in reversed(range(len(self.decoders))):
            value = functional.interpolate(self.reducers[level](value), scale_factor=2, mode="nearest")
            value = self.decoders[level](torch.cat([value, skips[level]], dim=1))
            if level == 2 and self.training:
                side = self.side_head(value)
        logits = functional.interpolate(self.head(value), scale_factor=2, mode="bilinear", align_corners=False)
        return logits if side is None else (logits, side)


def load_compact(module: CompactUNet, weights: dict[str, torch.Tensor]) -> None:
    """Takes over weights; a side head that named fewer structures is begun anew."""
    if weights["side_head.weight"].shape != module.side_head.weight.shape:
        weights = weights | {f"side_head.{name}": value for name, value in module.side_head.state_dict().items()}
    module.load_state_dict(weights)


def multiply_adds(module: nn.Module, shape: tuple[int, ...]) -> int:
    """Multiply-adds of the convolutions and linear layers for one input of `shape` (1, channels, height, width)."""
    total = 0

    def count(layer: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        nonlocal total
        if isinstance(layer, nn.Conv2d):
            per_output = layer.in_channels // layer.groups * layer.kernel_size[0] * layer.kernel_size[1]
        elif isinstance(layer, nn.Linear):
            per_output = layer.in_features
        else:
            return
        total += output.numel() // output.shape[0] * per_output

    handles = [m.register_forward_hook(count) for m in module.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    was_training = module.training
    module.eval()
    with torch.no_grad():
        module(torch.zeros(shape))
    module.train(was_training)
    for handle in handles:
        handle.remove()
    return total
