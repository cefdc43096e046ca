"""Brings the channels of every activation to like ranges, so that one scale of 8 bits serves all of them.

ReLU, max pooling, nearest upsampling and concatenation pass a channel's factor on unchanged. A channel that is divided by
a factor where it is made, and whose weights are multiplied by it wherever it is read, leaves the network's answer as it
was; its weights have a scale of their own for every output channel, so they lose little.
Source: Nagel, van Baalen, Blankevoort, Welling, "Data-free quantization through weight equalization and bias correction",
ICCV 2019; the factors weigh activations as Xiao et al., "SmoothQuant", ICML 2023, do.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import onnx
from onnx import numpy_helper

# What keeps channels apart and is indifferent to a positive factor.
PASSING = {"Relu", "MaxPool", "Resize"}


def _weights(model: onnx.ModelProto) -> dict[str, onnx.TensorProto]:
    return {entry.name: entry for entry in model.graph.initializer}


def _readers(graph: onnx.GraphProto) -> dict[str, list[onnx.NodeProto]]:
    readers: dict[str, list[onnx.NodeProto]] = {}
    for node in graph.node:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    return readers


def _consumers(
    graph: onnx.GraphProto, readers: dict[str, list[onnx.NodeProto]], widths: dict[str, int], name: str, offset: int
) -> list[tuple[onnx.NodeProto, int]] | None:
    """Every convolution that reads the channels behind `name`, and where they begin in its input; None if others do."""
    found: list[tuple[onnx.NodeProto, int]] = []
    if name in {value.name for value in graph.output}:
        return None
    for node in readers.get(name, []):
        if node.op_type == "Conv":
            found.append((node, offset))
            continue
        if node.op_type in PASSING:
            further, shift = node.output[0], offset
        elif node.op_type == "Concat":
            before = list(node.input)[: list(node.input).index(name)]
            further, shift = node.output[0], offset + sum(widths[part] for part in before)
        else:
            return None
        behind = _consumers(graph, readers, widths, further, shift)
        if behind is None:
            return None
        found += behind
    return found


def channel_widths(model: onnx.ModelProto) -> dict[str, int]:
    """Channels of every value that a convolution or something behind it makes."""
    weights, widths = _weights(model), {}
    for node in model.graph.node:
        if node.op_type == "Conv":
            widths[node.output[0]] = weights[node.input[1]].dims[0]
        elif node.op_type in PASSING and node.input[0] in widths:
            widths[node.output[0]] = widths[node.input[0]]
        elif node.op_type == "Concat":
            widths[node.output[0]] = sum(widths.get(part, 0) for part in node.input)
    return widths


def equalise(model: onnx.ModelProto, tops: dict[str, np.ndarray], strength: float = 0.5) -> int:
    """Divides channels by factors and gives the factors to whoever reads them, in place; returns how many layers changed.

    `tops` has, for every ReLU's result, the top of the range of each channel (1-dimensional), as pictures show it.
    """
    graph, weights = model.graph, _weights(model)
    readers, widths = _readers(graph), channel_widths(model)
    makers = {node.output[0]: node for node in graph.node}
    changed = 0
    for relu in [node for node in graph.node if node.op_type == "Relu" and node.output[0] in tops]:
        conv = makers.get(relu.input[0])
        if conv is None or conv.op_type != "Conv" or len(conv.input) < 3 or len(readers[conv.output[0]]) != 1:
            continue
        consumers = _consumers(graph, readers, widths, relu.output[0], 0)
        if not consumers:
            continue
        top = tops[relu.output[0]]
        alive = top > 1e-6
        if not alive.any():
            continue
        reach = np.zeros_like(top)
        for reader, start in consumers:
            values = numpy_helper.to_array(weights[reader.input[1]])[:, start:start + len(top)]
            reach = np.maximum(reach, np.abs(values).max(axis=(0, 2, 3)))
        factor = np.ones_like(top)
        balanced = alive & (reach > 1e-9)
        factor[balanced] = top[balanced] ** strength / reach[balanced] ** (1 - strength)
        factor /= np.exp(np.log(factor[balanced]).mean()) if balanced.any() else 1.0
        factor = np.clip(factor, 0.02, 50.0).astype(np.float32)
        for name, shape in ((conv.input[1], (-1, 1, 1, 1)), (conv.input[2], (-1,))):
            values = numpy_helper.to_array(weights[name]) / factor.reshape(shape)
            weights[name].CopyFrom(numpy_helper.from_array(values.astype(np.float32), name))
        for reader, start in consumers:
            values = numpy_helper.to_array(weights[reader.input[1]]).copy()
            values[:, start:start + len(top)] *= factor.reshape(1, -1, 1, 1)
            weights[reader.input[1]].CopyFrom(numpy_helper.from_array(values, reader.input[1]))
        tops[relu.output[0]] = top / factor
        changed += 1
    return changed


def channel_tops(model: onnx.ModelProto, inputs: Iterable[np.ndarray], share: float = 0.9999) -> dict[str, np.ndarray]:
    """The range that all but a few of a channel's values stay within, for every ReLU, over all `inputs`."""
    import onnxruntime

    tapped = onnx.ModelProto.FromString(model.SerializeToString())
    names = [node.output[0] for node in tapped.graph.node if node.op_type == "Relu"]
    for name in names:
        tapped.graph.output.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(tapped.SerializeToString(), options, providers=["CPUExecutionProvider"])
    source = session.get_inputs()[0].name
    tops: dict[str, np.ndarray] = {}
    for values in inputs:
        for name, found in zip(names, session.run(names, {source: values}), strict=True):
            flat = found.reshape(found.shape[1], -1)
            top = np.quantile(flat, share, axis=1)
            tops[name] = np.maximum(tops[name], top) if name in tops else top
    return tops
