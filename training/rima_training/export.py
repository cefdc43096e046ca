"""ONNX files that say what they are: weights inside, metadata that `rima` reads and insists on."""

from __future__ import annotations

import io
import os
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

OPSET = 17


@dataclass
class ModelFacts:
    """What a model file says about itself. `mean` and `std` are in units of 0...1, in the colour order named.

    With a `crop_side` the file leaves the picture's size open: whole panes come at `width` x `height`, tracked crops
    as squares of `crop_side`.
    """

    task: str
    name: str
    version: str
    width: int
    height: int
    classes: list[str]
    training_data: str
    color_order: str = "rgb"
    mean: tuple[float, float, float] = (0.5, 0.5, 0.5)
    std: tuple[float, float, float] = (0.25, 0.25, 0.25)
    licence: str = "Apache-2.0"
    crop_side: int | None = None
    extra: dict[str, str] = field(default_factory=dict)

    def metadata(self) -> dict[str, str]:
        """The key and value pairs as they stand in the file."""
        return {
            "rima.task": self.task,
            "rima.name": self.name,
            "rima.version": self.version,
            "rima.input_width": str(self.width),
            "rima.input_height": str(self.height),
            "rima.color_order": self.color_order,
            "rima.mean": ",".join(f"{v:g}" for v in self.mean),
            "rima.std": ",".join(f"{v:g}" for v in self.std),
            "rima.classes": ",".join(self.classes),
            "rima.licence": self.licence,
            "rima.training_data": self.training_data,
            **({"rima.crop_width": str(self.crop_side), "rima.crop_height": str(self.crop_side)} if self.crop_side
               else {}),
            **{f"rima.{key}": value for key, value in self.extra.items()},
        }


def fold_batch_normalisation(module: nn.Module) -> nn.Module:
    """Folds every batch normalisation that directly follows a convolution into it, in place."""
    for container in list(module.modules()):
        names = list(container._modules)
        for name, after in zip(names, names[1:]):
            conv, norm = container._modules[name], container._modules[after]
            if isinstance(conv, nn.Conv2d) and type(norm) is nn.BatchNorm2d:
                container._modules[name] = fuse_conv_bn_eval(conv, norm)
                container._modules[after] = nn.Identity()
    return module


def inline_constants(model: onnx.ModelProto) -> None:
    """Turns constants and aliases of weights into plain initialisers, so that only real operators remain."""
    graph = model.graph
    weights = {entry.name: entry for entry in graph.initializer}
    kept = []
    for node in graph.node:
        if node.op_type == "Constant":
            value = node.attribute[0].t
            value.name = node.output[0]
            weights[value.name] = value
            graph.initializer.append(value)
        elif node.op_type == "Identity" and node.input[0] in weights:
            alias = onnx.TensorProto()
            alias.CopyFrom(weights[node.input[0]])
            alias.name = node.output[0]
            weights[alias.name] = alias
            graph.initializer.append(alias)
        else:
            kept.append(node)
    del graph.node[:]
    graph.node.extend(kept)
    used = {name for node in kept for name in node.input}
    final = [entry for entry in graph.initializer if entry.name in used]
    copies = [onnx.TensorProto.FromString(entry.SerializeToString()) for entry in final]
    del graph.initializer[:]
    graph.initializer.extend(copies)


def write_atomically(path: Path, data: bytes) -> None:
    """Writes beside the target and renames, so that a reader sees the old file or the new one."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".part")
    partial.write_bytes(data)
    os.replace(partial, path)


def export_onnx(module: nn.Module, path: Path, facts: ModelFacts, output: str = "logits") -> None:
    """Writes a network with one image in and one tensor out, and checks that ONNX Runtime gives the same numbers."""
    module = fold_batch_normalisation(module.eval().float().to(memory_format=torch.contiguous_format))
    example = torch.randn(1, 3, facts.height, facts.width, generator=torch.Generator().manual_seed(1))
    buffer = io.BytesIO()
    # Sizes are left open by name, so that an engine can be told them before it plans its memory.
    open_sizes = {2: "height", 3: "width"} if facts.crop_side else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module, (example,), buffer, input_names=["image"], output_names=[output], opset_version=OPSET,
            dynamic_axes={"image": open_sizes, output: open_sizes} if open_sizes else None, dynamo=False)
    model = onnx.load_from_string(buffer.getvalue())
    onnx.helper.set_model_props(model, facts.metadata())
    model.producer_name = "rima-training"
    inline_constants(model)
    onnx.checker.check_model(model)
    write_atomically(path, model.SerializeToString())
    with torch.no_grad():
        expected = module(example).numpy()
    found = run_onnx(path, example.numpy())
    worst = float(np.abs(expected - found).max())
    scale = float(np.abs(expected).max()) + 1e-6
    if worst > 1e-3 * scale + 1e-4:
        raise RuntimeError(f"{path}: ONNX Runtime differs from PyTorch by {worst:.4g}; the export is wrong")


def run_onnx(path: Path, images: np.ndarray) -> np.ndarray:
    """One forward pass with ONNX Runtime on the CPU."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: images})[0]


def read_facts(path: Path) -> dict[str, str]:
    """The metadata of a model file."""
    model = onnx.load(str(path), load_external_data=False)
    return {entry.key: entry.value for entry in model.metadata_props}


def fix_size(model: onnx.ModelProto, side: int | None = None) -> None:
    """Binds open picture sizes to `side`, or to what the metadata says of whole panes; in place."""
    facts = {entry.key: entry.value for entry in model.metadata_props}
    sizes = {"height": side or int(facts.get("rima.input_height", 0)),
             "width": side or int(facts.get("rima.input_width", 0))}
    for value in [*model.graph.input, *model.graph.output, *model.graph.value_info]:
        for dimension in value.type.tensor_type.shape.dim:
            if dimension.dim_param in sizes:
                dimension.dim_value = sizes[dimension.dim_param]
    # Inferred sizes were inferred from open ones.
    del model.graph.value_info[:]


def multiply_adds_of(path: Path, side: int | None = None) -> int:
    """Multiply-adds of the convolutions and matrix products of a model file, for whole panes or for a `side`."""
    model = onnx.load(str(path))
    fix_size(model, side)
    model = onnx.shape_inference.infer_shapes(model)
    graph = model.graph
    shapes = {value.name: [d.dim_value for d in value.type.tensor_type.shape.dim]
              for value in [*graph.value_info, *graph.output, *graph.input]}
    weights = {entry.name: list(entry.dims) for entry in graph.initializer}
    # In 8 bits a weight passes through the node that gives it its scale.
    for node in graph.node:
        if node.op_type == "DequantizeLinear" and node.input[0] in weights:
            weights[node.output[0]] = weights[node.input[0]]
    total = 0
    for node in graph.node:
        if node.op_type in ("Conv", "Gemm") and node.input[1] in weights:
            weight, output = weights[node.input[1]], shapes[node.output[0]]
            total += int(np.prod(weight)) * (int(np.prod(output[2:])) if node.op_type == "Conv" else 1)
    return total
