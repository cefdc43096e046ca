"""int8 variants: static quantisation with the ranges seen on real and drawn pictures."""

from __future__ import annotations

import contextlib
import io
import tempfile
from pathlib import Path

import cv2
import numpy as np
import onnx

from .data.pack import Pack
from .equalise import channel_tops, equalise
from .export import read_facts, write_atomically
from .geometry import Sides
from .judge import judge_pack
from .metrics import summary
from .predict import normalise, onnx_predictor, sides_of


def calibration_images(pack: Pack, sides: Sides, count: int, seed: int = 1) -> list[np.ndarray]:
    """`count` pictures of a pack: half as whole panes, half as crops around the opening, as the network sees them."""
    from .geometry import crop_view, look

    rng = np.random.default_rng(seed)
    images = []
    for k, index in enumerate(rng.choice(len(pack), min(count, len(pack)), replace=False)):
        image, mask = pack[int(index)]
        if k % 2:
            view = crop_view(mask, rng, 0.0, 0.35, 0.6)
            view.turn = 0.0
            image, _ = look(image, mask, view, sides.crop)
        else:
            image = cv2.resize(image, (sides.whole, sides.whole), interpolation=cv2.INTER_AREA)
        images.append(image)
    return images


def quantise(model: Path, output: Path, calibration: Path, count: int = 100) -> dict[str, float]:
    """Writes `model` with 8-bit weights (symmetric, per channel) and unsigned 8-bit activations.

    The file holds QuantizeLinear and DequantizeLinear pairs, which ONNX Runtime and the native engine both read.
    Channels are brought to like ranges first (`equalise`). Ranges leave out one activation in ten thousand: a single
    outlier would cost all others their resolution.
    The last convolution and the upsampling of its logits stay in floating point: they cost nothing and they place
    the outline. Returns the mean Dice on the calibration pack before and after.
    """
    from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    facts = read_facts(model)
    sides = sides_of(facts)
    mean = np.array([float(v) for v in facts["rima.mean"].split(",")], np.float32)
    std = np.array([float(v) for v in facts["rima.std"].split(",")], np.float32)
    pack = Pack(calibration)
    images = calibration_images(pack, sides, count)
    graph = onnx.load(str(model)).graph
    name = graph.input[0].name
    last_conv = [n.name for n in graph.node if n.op_type == "Conv"][-1]
    after = [n.name for n in graph.node[[n.name for n in graph.node].index(last_conv):]]

    class Reader(CalibrationDataReader):
        """Hands out the pictures one at a time, since panes and crops differ in size."""

        def __init__(self) -> None:
            self.set_range(0, len(images))

        def __len__(self) -> int:
            return len(images)

        def set_range(self, start_index: int, end_index: int) -> None:
            self.left = iter(images[start_index:end_index])

        def get_next(self) -> dict[str, np.ndarray] | None:
            image = next(self.left, None)
            return None if image is None else {name: normalise(image[None], mean, std)}

    with tempfile.TemporaryDirectory() as folder:
        prepared, written = Path(folder) / "prepared.onnx", Path(folder) / "int8.onnx"
        quant_pre_process(str(model), str(prepared), skip_symbolic_shape=True, skip_optimization=True)
        even = onnx.load(str(prepared))
        equalise(even, channel_tops(even, (normalise(image[None], mean, std) for image in images[:40])))
        onnx.save(even, str(prepared))
        # The library prints three lines for every picture.
        with contextlib.redirect_stdout(io.StringIO()):
            quantize_static(
                str(prepared), str(written), Reader(), quant_format=QuantFormat.QDQ, per_channel=True,
                activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
                calibrate_method=CalibrationMethod.Percentile, nodes_to_exclude=after,
                extra_options={"ActivationSymmetric": False, "WeightSymmetric": True, "CalibPercentile": 99.99,
                               "CalibStridedMinMax": 1})
        quantised = onnx.load(str(written))
    del quantised.metadata_props[:]
    onnx.helper.set_model_props(quantised, {**facts, "rima.precision": "int8"})
    write_atomically(output, quantised.SerializeToString())
    chosen = np.arange(len(pack))[:: max(1, len(pack) // 300)]
    figures = {}
    for label, path in (("float", model), ("int8", output)):
        predict, _ = onnx_predictor(path)
        figures[label] = summary(judge_pack(predict, sides.whole, pack, chosen))["mean_dice"]
    print(f"mean Dice float {figures['float']:.4f}, int8 {figures['int8']:.4f}, "
          f"drop {figures['float'] - figures['int8']:.4f}")
    return figures
