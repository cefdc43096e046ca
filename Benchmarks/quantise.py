"""Quantises an ONNX network to 8 bits (QDQ form) with ONNX Runtime, for the benchmarks.

Activations unsigned with one scale, weights symmetric with one scale per output channel. The calibration input is noise
smoothed to look like a picture unless a folder of .npy inputs is given: enough for speed, not for accuracy.

    python Benchmarks/quantise.py MODEL.onnx MODEL.int8.onnx [--inputs FOLDER]
"""

import argparse
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process


class Inputs(CalibrationDataReader):
    def __init__(self, name, arrays):
        self.rest = iter([{name: a} for a in arrays])

    def get_next(self):
        return next(self.rest, None)


def pictures(shape, count=8):
    """Noise with most of its energy in coarse structure."""
    rng = np.random.default_rng(1)
    _, channels, height, width = shape
    for _ in range(count):
        picture = np.zeros((channels, height, width), np.float32)
        for cell in (64, 16, 4, 1):
            coarse = rng.standard_normal((channels, -(-height // cell), -(-width // cell)), dtype=np.float32)
            picture += np.kron(coarse, np.ones((1, cell, cell), np.float32))[:, :height, :width] * 0.5
        yield picture[None]


def tie_joints(model):
    """Gives all parts of a joint (Concat) and its result one scale, the largest, so that no part is scaled again."""
    weights = {w.name: w for w in model.graph.initializer}
    made = {node.output[0]: node for node in model.graph.node}
    read = {}
    for node in model.graph.node:
        for name in node.input:
            read.setdefault(name, []).append(node)

    def quantised(name):
        """The scale and zero point behind a value that is dequantised, or about to be quantised."""
        if name in made and made[name].op_type == "DequantizeLinear":
            return made[name].input[1:3]
        after = [n for n in read.get(name, []) if n.op_type == "QuantizeLinear"]
        return after[0].input[1:3] if len(after) == 1 else None

    for _ in range(4):  # Joints of joints settle in a few rounds.
        for node in model.graph.node:
            if node.op_type != "Concat":
                continue
            pairs = [quantised(name) for name in [*node.input, *node.output]]
            if any(p is None for p in pairs):
                continue
            zeros = {int(onnx.numpy_helper.to_array(weights[p[1]])) for p in pairs}
            if len(zeros) != 1:
                continue
            largest = max(float(onnx.numpy_helper.to_array(weights[p[0]])) for p in pairs)
            for pair in pairs:
                weights[pair[0]].CopyFrom(onnx.numpy_helper.from_array(np.float32(largest), pair[0]))


def quantise(source, target, arrays=None):
    prepared = str(target) + ".prepared"
    quant_pre_process(str(source), prepared, skip_symbolic_shape=True)
    model = onnx.load(prepared)
    value = model.graph.input[0]
    shape = [d.dim_value or 1 for d in value.type.tensor_type.shape.dim]
    quantize_static(
        prepared, str(target), Inputs(value.name, arrays or pictures(shape)), quant_format=QuantFormat.QDQ,
        per_channel=True, activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
        extra_options=dict(WeightSymmetric=True, ActivationSymmetric=False))
    Path(prepared).unlink()
    result = onnx.load(str(target))
    tie_joints(result)
    del result.metadata_props[:]
    result.metadata_props.extend(onnx.load(str(source)).metadata_props)
    onnx.save(result, str(target))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source")
    parser.add_argument("target")
    parser.add_argument("--inputs", type=Path)
    arguments = parser.parse_args()
    arrays = [np.load(p) for p in sorted(arguments.inputs.glob("*.npy"))] if arguments.inputs else None
    quantise(arguments.source, arguments.target, arrays)
