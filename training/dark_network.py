"""Writes a network that takes every dark place for the opening: small and quick, for tests of everything but accuracy.

    python training/dark_network.py Tests/DaemonTests/Fixtures/dark.onnx
"""

import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIDE = 128


def main(path: str) -> None:
    # logit = 30 * (0.2 - mean brightness of 3x3 pixels)
    weight = np.full((1, 3, 3, 3), -30.0 / 27.0, dtype=np.float32)
    bias = np.array([6.0], dtype=np.float32)
    graph = helper.make_graph(
        [helper.make_node("Conv", ["image", "weight", "bias"], ["logits"], kernel_shape=[3, 3], pads=[1, 1, 1, 1])],
        "dark",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, 1, SIDE, SIDE])],
        [numpy_helper.from_array(weight, "weight"), numpy_helper.from_array(bias, "bias")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    card = {
        "task": "opening", "name": "dark-places", "version": "1", "input_width": SIDE, "input_height": SIDE,
        "color_order": "RGB", "mean": "0,0,0", "std": "1,1,1", "classes": "opening", "licence": "Apache-2.0",
        "training_data": "none: a rule",
    }
    for key, value in card.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = f"rima.{key}", str(value)
    onnx.checker.check_model(model)
    onnx.save(model, path)


if __name__ == "__main__":
    main(sys.argv[1])
