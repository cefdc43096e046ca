"""Goes on from a model file: the weights of a shipped network, put back into a network that can be trained."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import torch
from torch import nn

from .data.pairs import DataError


def normalised_convolutions(module: nn.Module) -> list[tuple[str, nn.Conv2d, nn.BatchNorm2d]]:
    """Every convolution that a batch normalisation follows, by name."""
    found = []
    for name, part in module.named_modules():
        if not isinstance(part, nn.Sequential):
            continue
        children = list(part.named_children())
        for (first, conv), (_, norm) in zip(children, children[1:], strict=False):
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                found.append((f"{name}.{first}", conv, norm))
    return found


@torch.no_grad()
def restore_onnx(module: nn.Module, path: Path, pictures: Iterable[torch.Tensor]) -> None:
    """Fills `module` with the weights of a model file that `export_onnx` wrote from the same kind of network.

    Export folds each normalisation into its convolution. Here each gets back the statistics it would have measured
    on `pictures` (batches, normalised, (count, 3, height, width)), and the scale and shift that undo them: the
    network gives the same answers as the file, and its normalisations are fit for training. What a file does not
    hold, a side head that only training uses, keeps its random weights.
    """
    import onnx
    from onnx import numpy_helper

    held = {t.name: torch.from_numpy(numpy_helper.to_array(t).copy()) for t in onnx.load(str(path)).graph.initializer}
    normalised = normalised_convolutions(module)
    folded = {name for name, _, _ in normalised}
    for name, conv in module.named_modules():
        if not isinstance(conv, nn.Conv2d) or f"{name}.weight" not in held:
            continue
        weight = held[f"{name}.weight"]
        if weight.shape != conv.weight.shape:
            raise DataError(f"{path}: {name} is {tuple(weight.shape)} there and {tuple(conv.weight.shape)} here; "
                            "it is another kind of network")
        conv.weight.copy_(weight)
        if name not in folded:
            conv.bias.copy_(held[f"{name}.bias"])
    sums = {}
    hooks = []
    for name, _, norm in normalised:
        if f"{name}.bias" not in held:
            raise DataError(f"{path} has no {name}; it is another kind of network")
        norm.running_mean.zero_()
        norm.running_var.fill_(1.0 - norm.eps)
        norm.weight.fill_(1.0)
        norm.bias.copy_(held[f"{name}.bias"])
        total = sums[name] = [torch.zeros(norm.num_features, dtype=torch.float64) for _ in range(2)] + [0]

        def take(_, inputs, total=total):
            values = inputs[0].double()
            total[0] += values.sum((0, 2, 3)).cpu()
            total[1] += values.square().sum((0, 2, 3)).cpu()
            total[2] += values.numel() // values.shape[1]

        hooks.append(norm.register_forward_pre_hook(take))
    module.eval()
    for batch in pictures:
        module(batch)
    for hook in hooks:
        hook.remove()
    for name, _, norm in normalised:
        first, second, count = sums[name]
        if not count:
            raise DataError("a model file can only be gone on from with pictures to measure its normalisations on")
        mean = (first / count).float()
        variance = (second / count).float().sub(mean.square()).clamp(min=1e-6)
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
        norm.weight.copy_((variance + norm.eps).sqrt())
        norm.bias.add_(mean)
