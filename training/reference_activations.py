"""Writes the reference activations that SegmentTests compares the native engine with.

Each case is a tiny network, one input and ONNX Runtime's outputs. Needs torch, onnx, onnxruntime and numpy.

    python training/reference_activations.py Tests/SegmentTests/Fixtures

Format of a .cases file, little endian: magic "RIMACASE", u32 version 1, u32 count, then for each case
u32 length + UTF-8 name, u32 length + ONNX bytes, u32 count + float32 input, u32 count + float32 output.
"""

import io
import struct
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import torch
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from torch import nn

OPSET = 17
rng = np.random.default_rng(7)


def weights(*shape, scale=0.5):
    return (rng.standard_normal(shape) * scale).astype(np.float32)


def graph(nodes, shape, constants=None, opset=OPSET):
    """A model with input x of `shape`, output y and the given constants."""
    initializers = [numpy_helper.from_array(np.asarray(v), k) for k, v in (constants or {}).items()]
    model = helper.make_model(
        helper.make_graph(
            nodes,
            "case",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
            initializers,
        ),
        opset_imports=[helper.make_opsetid("", opset)],
        ir_version=8,
    )
    return model


def one(op, shape, constants=None, opset=OPSET, **attributes):
    """A model of one operator, its further inputs being constants in order; None leaves one out."""
    constants = constants or []
    names = ["x"] + ["" if c is None else f"c{i}" for i, c in enumerate(constants)]
    given = {f"c{i}": c for i, c in enumerate(constants) if c is not None}
    return graph([helper.make_node(op, names, ["y"], **attributes)], shape, given, opset)


def ints(*values):
    return np.array(values, np.int64)


def floats(*values):
    return np.array(values, np.float32)


def convolutions():
    def conv(name, ci, co, h, w, k, group=1, bias=True, **attributes):
        constants = [weights(co, ci // group, *k)] + ([weights(co)] if bias else [])
        yield name, one("Conv", [1, ci, h, w], constants, group=group, **attributes)

    yield from conv("conv 1x1", 5, 7, 6, 9, (1, 1))
    yield from conv("conv 1x1 stride 2", 16, 24, 9, 10, (1, 1), strides=[2, 2])
    yield from conv("conv 3x3", 3, 8, 12, 10, (3, 3), pads=[1, 1, 1, 1])
    yield from conv("conv 3x3 without bias, valid", 4, 6, 7, 8, (3, 3), bias=False)
    yield from conv("conv 3x3 wide", 16, 32, 21, 19, (3, 3), pads=[1, 1, 1, 1])
    yield from conv("conv 3x3 many channels", 48, 40, 9, 13, (3, 3), pads=[1, 1, 1, 1])
    yield from conv("conv 3x3 odd channels", 13, 21, 17, 11, (3, 3), pads=[1, 1, 1, 1])
    yield from conv("conv 3x3 stride 2", 8, 16, 15, 14, (3, 3), strides=[2, 2], pads=[1, 1, 1, 1])
    yield from conv("conv 3x3 stride 2 from three", 3, 16, 16, 18, (3, 3), strides=[2, 2], pads=[1, 1, 1, 1])
    yield from conv("conv 7x7 stride 2", 3, 12, 20, 22, (7, 7), strides=[2, 2], pads=[3, 3, 3, 3])
    yield from conv("conv 5x3 asymmetric pads", 6, 9, 10, 11, (5, 3), pads=[2, 0, 1, 2])
    yield from conv("conv dilated", 8, 8, 14, 13, (3, 3), dilations=[2, 3], pads=[2, 3, 2, 3])
    yield from conv("conv same upper", 6, 6, 9, 9, (3, 3), strides=[2, 2], auto_pad="SAME_UPPER")
    yield from conv("conv same lower", 6, 6, 8, 8, (4, 4), strides=[2, 2], auto_pad="SAME_LOWER")
    yield from conv("conv groups", 12, 18, 8, 9, (3, 3), group=3, pads=[1, 1, 1, 1])
    yield from conv("conv depthwise 3x3", 20, 20, 11, 9, (3, 3), group=20, pads=[1, 1, 1, 1])
    yield from conv("conv depthwise 5x5 stride 2", 24, 24, 12, 14, (5, 5), group=24, strides=[2, 2], pads=[2, 2, 2, 2])
    yield from conv("conv depthwise multiplied", 6, 12, 8, 8, (3, 3), group=6, pads=[1, 1, 1, 1])
    yield from conv("conv narrow picture", 16, 16, 3, 2, (3, 3), pads=[1, 1, 1, 1])
    yield from conv("conv to one", 32, 1, 10, 12, (1, 1))
    for name, ci, co, k, group, attributes in [
        ("transposed 2x2 stride 2", 8, 6, (2, 2), 1, dict(strides=[2, 2])),
        ("transposed 4x4 stride 2", 6, 10, (4, 4), 1, dict(strides=[2, 2], pads=[1, 1, 1, 1])),
        ("transposed 3x3 output padding", 5, 4, (3, 3), 1,
         dict(strides=[2, 2], pads=[1, 1, 1, 1], output_padding=[1, 1])),
        ("transposed groups", 8, 4, (3, 3), 2, dict(strides=[2, 1], pads=[0, 1, 0, 1])),
    ]:
        yield name, one("ConvTranspose", [1, ci, 6, 7], [weights(ci, co // group, *k), weights(co)], group=group,
                        **attributes)


def elementwise():
    shape = [1, 6, 5, 7]
    for op, attributes in [
        ("Relu", {}), ("Sigmoid", {}), ("Tanh", {}), ("LeakyRelu", dict(alpha=0.2)), ("HardSwish", {}),
        ("HardSigmoid", dict(alpha=0.3, beta=0.4)), ("Identity", {}),
    ]:
        yield op, one(op, shape, **attributes)
    yield "Clip", one("Clip", shape, [np.float32(-0.5), np.float32(0.75)])
    yield "Clip open", one("Clip", shape, [np.float32(0)])
    yield "Relu6 old", one("Clip", shape, opset=9, min=0.0, max=6.0)
    yield "SiLU", graph(
        [helper.make_node("Sigmoid", ["x"], ["s"]), helper.make_node("Mul", ["x", "s"], ["y"])], shape)
    for op in ["Add", "Sub", "Mul", "Div"]:
        yield f"{op} constant", one(op, shape, [np.abs(weights(1, 6, 1, 1)) + 0.5])
        yield f"{op} two", graph(
            [helper.make_node("Relu", ["x"], ["a"]), helper.make_node("Add", ["a", "c"], ["b"]),
             helper.make_node(op, ["x", "b"], ["y"])], shape, dict(c=floats(1)))
    yield "Mul gate", graph(
        [helper.make_node("GlobalAveragePool", ["x"], ["m"]), helper.make_node("Sigmoid", ["m"], ["s"]),
         helper.make_node("Mul", ["x", "s"], ["y"])], shape)
    yield "Sub from constant", graph([helper.make_node("Sub", ["c", "x"], ["y"])], shape, dict(c=floats(1)))
    yield "BatchNormalization", one(
        "BatchNormalization", shape, [weights(6), weights(6), weights(6), np.abs(weights(6)) + 0.1], epsilon=1e-3)
    yield "conv, normalised, relu", graph(
        [helper.make_node("Conv", ["x", "w"], ["a"], pads=[1, 1, 1, 1]),
         helper.make_node("BatchNormalization", ["a", "s", "b", "m", "v"], ["n"]),
         helper.make_node("Relu", ["n"], ["y"])], [1, 6, 9, 8],
        dict(w=weights(10, 6, 3, 3), s=weights(10), b=weights(10), m=weights(10), v=np.abs(weights(10)) + 0.1))
    yield "residual block", graph(
        [helper.make_node("Conv", ["x", "w1", "b1"], ["a"], pads=[1, 1, 1, 1]), helper.make_node("Relu", ["a"], ["r"]),
         helper.make_node("Conv", ["r", "w2", "b2"], ["c"], pads=[1, 1, 1, 1]),
         helper.make_node("Add", ["c", "x"], ["d"]), helper.make_node("Relu", ["d"], ["y"])], [1, 16, 9, 8],
        dict(w1=weights(16, 16, 3, 3, scale=0.1), b1=weights(16), w2=weights(16, 16, 3, 3, scale=0.1), b2=weights(16)))
    yield "Softmax", one("Softmax", shape, axis=1)
    yield "Softmax last", one("Softmax", shape)


def pooling():
    shape = [1, 18, 9, 11]
    yield "MaxPool 2", one("MaxPool", shape, kernel_shape=[2, 2], strides=[2, 2])
    yield "MaxPool 3 padded", one("MaxPool", shape, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    yield "MaxPool ceil", one("MaxPool", shape, kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1)
    yield "MaxPool dilated", one("MaxPool", shape, kernel_shape=[3, 2], dilations=[2, 1])
    yield "AveragePool 2", one("AveragePool", shape, kernel_shape=[2, 2], strides=[2, 2])
    yield "AveragePool padded", one("AveragePool", shape, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    yield "AveragePool counting", one(
        "AveragePool", shape, kernel_shape=[3, 3], strides=[1, 2], pads=[1, 1, 1, 1], count_include_pad=1)
    yield "GlobalAveragePool", one("GlobalAveragePool", shape)
    yield "ReduceMean plane", one("ReduceMean", shape, axes=[2, 3], keepdims=1)
    yield "ReduceMean channels", one("ReduceMean", shape, axes=[1], keepdims=1)
    yield "ReduceMean new", one("ReduceMean", shape, [ints(2, 3)], opset=18, keepdims=0)


def resizing():
    shape = [1, 5, 6, 8]
    for mode in ["asymmetric", "half_pixel", "align_corners", "pytorch_half_pixel"]:
        for factor in ["2", "0.5", "size"]:
            for kind in ["nearest", "linear"]:
                extra = dict(nearest_mode="floor") if kind == "nearest" and mode == "asymmetric" else {}
                constants = (
                    [None, None, ints(1, 5, 9, 10)] if factor == "size"
                    else [None, floats(1, 1, float(factor), float(factor))])
                yield f"Resize {kind} {mode} {factor}", one(
                    "Resize", shape, constants, mode=kind, coordinate_transformation_mode=mode, **extra)
    yield "Resize four times", one(
        "Resize", [1, 20, 4, 5], [None, floats(1, 1, 4, 4)], mode="linear",
        coordinate_transformation_mode="half_pixel")


def rearranging():
    shape = [1, 8, 6, 4]
    yield "Pad", one("Pad", shape, [ints(0, 0, 1, 2, 0, 0, 3, 0), np.float32(0.5)])
    yield "Pad reflect", one("Pad", shape, [ints(0, 0, 1, 2, 0, 0, 3, 0)], mode="reflect")
    yield "Pad edge", one("Pad", shape, [ints(0, 0, 1, 2, 0, 0, 3, 0)], mode="edge")
    yield "Pad cut", one("Pad", shape, [ints(0, 0, -1, 0, 0, 0, 2, -2)])
    yield "DepthToSpace DCR", one("DepthToSpace", shape, blocksize=2)
    yield "DepthToSpace CRD", one("DepthToSpace", shape, blocksize=2, mode="CRD")
    yield "Reshape", one("Reshape", shape, [ints(1, 4, -1, 8)])
    yield "Flatten", one("Flatten", shape)
    yield "Transpose", one("Transpose", shape, perm=[0, 2, 3, 1])
    yield "Slice", one("Slice", shape, [ints(1, 0), ints(7, 1 << 60), ints(1, 3), ints(2, 1)])
    yield "Slice backwards", one("Slice", shape, [ints(-1), ints(-9), ints(1), ints(-1)])
    yield "Squeeze", graph(
        [helper.make_node("GlobalAveragePool", ["x"], ["m"]), helper.make_node("Squeeze", ["m", "a"], ["s"]),
         helper.make_node("Unsqueeze", ["s", "b"], ["y"])], shape, dict(a=ints(2, 3), b=ints(1)))
    yield "Concat", graph(
        [helper.make_node("Relu", ["x"], ["a"]), helper.make_node("Sigmoid", ["x"], ["b"]),
         helper.make_node("Concat", ["a", "x", "b"], ["y"], axis=1)], [1, 5, 4, 3])
    yield "Concat rows", graph(
        [helper.make_node("Relu", ["x"], ["a"]), helper.make_node("Concat", ["a", "x"], ["y"], axis=2)], shape)
    yield "Concat read twice", graph(
        [helper.make_node("Conv", ["x", "w"], ["a"], pads=[1, 1, 1, 1]), helper.make_node("Relu", ["a"], ["r"]),
         helper.make_node("MaxPool", ["r"], ["p"], kernel_shape=[2, 2], strides=[2, 2]),
         helper.make_node("Resize", ["p", "", "s"], ["u"], mode="nearest"),
         helper.make_node("Concat", ["u", "r"], ["k"], axis=1),
         helper.make_node("Concat", ["k", "r", "x"], ["z"], axis=1),
         helper.make_node("Conv", ["z", "v"], ["y"], pads=[1, 1, 1, 1])], [1, 3, 8, 12],
        dict(w=weights(16, 3, 3, 3), s=floats(1, 1, 2, 2), v=weights(9, 51, 3, 3)))
    yield "Gemm", graph(
        [helper.make_node("Flatten", ["x"], ["f"]), helper.make_node("Gemm", ["f", "w", "b"], ["y"], transB=1)],
        [1, 3, 4, 5], dict(w=weights(7, 60), b=weights(7)))
    yield "Gemm scaled", graph(
        [helper.make_node("Flatten", ["x"], ["f"]),
         helper.make_node("Gemm", ["f", "w", "b"], ["y"], alpha=0.5, beta=2.0)],
        [1, 3, 4, 5], dict(w=weights(60, 4), b=weights(1, 4)))
    yield "MatMul", graph(
        [helper.make_node("Flatten", ["x"], ["f"]), helper.make_node("MatMul", ["f", "w"], ["y"])],
        [1, 3, 4, 5], dict(w=weights(60, 4)))
    yield "shape arithmetic", graph(
        [helper.make_node("Shape", ["x"], ["s"]), helper.make_node("Gather", ["s", "i"], ["n"], axis=0),
         helper.make_node("Unsqueeze", ["n", "z"], ["nu"]),
         helper.make_node("Constant", [], ["rest"], value=numpy_helper.from_array(ints(-1))),
         helper.make_node("Concat", ["nu", "rest"], ["t"], axis=0),
         helper.make_node("Reshape", ["x", "t"], ["y"])], shape, dict(i=np.array(1, np.int64), z=ints(0)))


def quantised():
    def qdq(name, scale, zero):
        return [helper.make_node("QuantizeLinear", [name, scale, zero], [name + "_q"]),
                helper.make_node("DequantizeLinear", [name + "_q", scale, zero], [name + "_d"])]

    constants = dict(s=np.float32(0.02), z=np.uint8(120))
    yield "quantise and back", graph(
        [helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"]),
         helper.make_node("DequantizeLinear", ["q", "s", "z"], ["y"])], [1, 4, 5, 6], constants)
    for name, ci, co, size, group, attributes in [
        ("quantised conv 3x3", 16, 24, (9, 11), 1, dict(pads=[1, 1, 1, 1])),
        ("quantised conv from three", 3, 16, (10, 12), 1, dict(pads=[1, 1, 1, 1], strides=[2, 2])),
        ("quantised conv 1x1", 32, 20, (7, 6), 1, {}),
        ("quantised depthwise", 16, 16, (9, 8), 16, dict(pads=[1, 1, 1, 1])),
    ]:
        k = 1 if "1x1" in name else 3
        scales = (np.abs(weights(co)) * 0.01 + 0.002).astype(np.float32)
        yield name, graph(
            qdq("x", "s", "z")
            + [helper.make_node("DequantizeLinear", ["w", "ws", "wz"], ["wd"], axis=0),
               helper.make_node("DequantizeLinear", ["b", "bs", "bz"], ["bd"], axis=0),
               helper.make_node("Conv", ["x_d", "wd", "bd"], ["a"], group=group, **attributes),
               helper.make_node("Relu", ["a"], ["r"])]
            + qdq("r", "rs", "rz") + [helper.make_node("Identity", ["r_d"], ["y"])],
            [1, ci, *size],
            dict(constants, w=rng.integers(-127, 128, (co, ci // group, k, k)).astype(np.int8), ws=scales,
                 wz=np.zeros(co, np.int8), b=rng.integers(-9000, 9000, co).astype(np.int32),
                 bs=(scales * np.float32(0.02)).astype(np.float32), bz=np.zeros(co, np.int32), rs=np.float32(0.03),
                 rz=np.uint8(0)))


class Block(nn.Sequential):
    def __init__(self, ci, co):
        super().__init__(
            nn.Conv2d(ci, co, 3, padding=1, bias=False), nn.BatchNorm2d(co), nn.ReLU(),
            nn.Conv2d(co, co, 3, padding=1, bias=False), nn.BatchNorm2d(co), nn.ReLU())


class SmallUNet(nn.Module):
    """Three levels, nearest or bilinear going up, one class."""

    def __init__(self, base=6, mode="nearest"):
        super().__init__()
        self.down = nn.ModuleList([Block(3, base), Block(base, base * 2), Block(base * 2, base * 4)])
        self.up = nn.ModuleList([Block(base * 6, base * 2), Block(base * 3, base)])
        self.head = nn.Conv2d(base, 1, 1)
        self.mode = mode

    def forward(self, x):
        corners = {} if self.mode == "nearest" else dict(align_corners=False)
        a = self.down[0](x)
        b = self.down[1](nn.functional.max_pool2d(a, 2))
        c = self.down[2](nn.functional.max_pool2d(b, 2))
        c = nn.functional.interpolate(c, scale_factor=2, mode=self.mode, **corners)
        b = self.up[0](torch.cat([c, b], 1))
        b = nn.functional.interpolate(b, scale_factor=2, mode=self.mode, **corners)
        return self.head(self.up[1](torch.cat([b, a], 1)))


class Inverted(nn.Module):
    """A classifier in the manner of EfficientNet: expansion, depthwise, squeeze and excitation, SiLU."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8), nn.SiLU())
        self.expand = nn.Sequential(nn.Conv2d(8, 24, 1, bias=False), nn.BatchNorm2d(24), nn.SiLU())
        self.depth = nn.Sequential(nn.Conv2d(24, 24, 3, 1, 1, groups=24, bias=False), nn.BatchNorm2d(24), nn.SiLU())
        self.squeeze, self.excite = nn.Conv2d(24, 4, 1), nn.Conv2d(4, 24, 1)
        self.project = nn.Sequential(nn.Conv2d(24, 8, 1, bias=False), nn.BatchNorm2d(8))
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        x = self.stem(x)
        y = self.depth(self.expand(x))
        s = torch.sigmoid(self.excite(nn.functional.silu(self.squeeze(y.mean((2, 3), keepdim=True)))))
        x = x + self.project(y * s)
        return self.head(x.mean((2, 3)))


def settle(net):
    """Random but lively statistics, so that folding is tested."""
    generator = torch.Generator().manual_seed(3)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.2, generator=generator)
            module.running_var.uniform_(0.5, 1.5, generator=generator)
            nn.init.normal_(module.weight, 1, 0.2, generator=generator)
            nn.init.normal_(module.bias, 0, 0.2, generator=generator)
        elif isinstance(module, (nn.Conv2d, nn.Linear)):
            fan = module.weight[0].numel()
            nn.init.normal_(module.weight, 0, fan**-0.5 * 1.4, generator=generator)
    return net.eval()


def describe(model, task, width, height, classes):
    for key, value in dict(
        task=task, name="fixture", version="1", input_width=width, input_height=height, color_order="RGB",
        mean="0.485,0.456,0.406", std="0.229,0.224,0.225", classes=classes, licence="Apache-2.0",
        training_data="none: random weights",
    ).items():
        entry = model.metadata_props.add()
        entry.key, entry.value = f"rima.{key}", str(value)
    return model


def export(net, shape):
    buffer = io.BytesIO()
    torch.onnx.export(net, torch.zeros(shape), buffer, opset_version=OPSET, dynamo=False, input_names=["x"],
                      output_names=["y"], do_constant_folding=True)
    return onnx.load_from_string(buffer.getvalue())


class Noise(CalibrationDataReader):
    """Calibration input: a few fields of noise."""

    def __init__(self, name, shape):
        self.rest = iter([{name: rng.standard_normal(shape).astype(np.float32)} for _ in range(4)])

    def get_next(self):
        return next(self.rest, None)


def quantise(model):
    """The same network in 8 bits, between pairs of QuantizeLinear and DequantizeLinear."""
    with tempfile.TemporaryDirectory() as folder:
        plain, result = Path(folder) / "plain.onnx", Path(folder) / "quantised.onnx"
        onnx.save(model, plain)
        quantize_static(
            plain, result, Noise("x", (1, 3, 32, 48)), quant_format=QuantFormat.QDQ, per_channel=True,
            activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8, extra_options=dict(WeightSymmetric=True))
        return onnx.load(result)


def networks():
    torch.manual_seed(1)
    for mode in ["nearest", "bilinear"]:
        net = settle(SmallUNet(mode=mode))
        yield f"small U-Net, {mode}", describe(export(net, (1, 3, 32, 48)), "opening", 48, 32, "opening")
        if mode == "nearest":
            yield "quantised U-Net", quantise(export(net, (1, 3, 32, 48)))
    yield "small classifier", describe(export(settle(Inverted()), (1, 3, 32, 32)), "gate", 32, 32, "good,bad,other")


def write(path, cases):
    records = []
    for name, model in cases:
        options = ort.SessionOptions()
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
        session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        x = rng.standard_normal(session.get_inputs()[0].shape).astype(np.float32)
        y = session.run(None, {session.get_inputs()[0].name: x})[0].astype(np.float32)
        parts = [name.encode(), model.SerializeToString()]
        record = b"".join(struct.pack("<I", len(part)) + part for part in parts)
        record += b"".join(struct.pack("<I", a.size) + a.astype("<f4").tobytes() for a in (x, y))
        records.append(record)
    path.write_bytes(b"RIMACASE" + struct.pack("<II", 1, len(records)) + b"".join(records))
    print(f"{path}: {len(records)} cases, {path.stat().st_size // 1024} KiB")


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    cases = [c for family in (convolutions, elementwise, pooling, resizing, rearranging, quantised) for c in family()]
    write(folder / "operators.cases", cases)
    write(folder / "networks.cases", networks())


if __name__ == "__main__":
    main()
