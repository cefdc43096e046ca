"""Writes networks that are a rule of colours: small and quick, for tests of everything but accuracy.

    python training/rule_networks.py Tests/DaemonTests/Fixtures

`dark.onnx` takes every dark place for the opening. `levels.onnx` also names the folds: what is not red, and not dark.
"""

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIDE = 128


def write(path: Path, name: str, classes: str, weight: np.ndarray, bias: list[float]) -> None:
    """One convolution, `weight` (classes, 3, side, side)."""
    side = weight.shape[-1]
    graph = helper.make_graph(
        [helper.make_node("Conv", ["image", "weight", "bias"], ["logits"], kernel_shape=[side, side],
                          pads=[side // 2] * 4)],
        name.split("-")[0],
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, len(weight), SIDE, SIDE])],
        [numpy_helper.from_array(weight.astype(np.float32), "weight"),
         numpy_helper.from_array(np.array(bias, np.float32), "bias")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    card = {
        "task": "opening", "name": name, "version": "1", "input_width": SIDE, "input_height": SIDE,
        "color_order": "RGB", "mean": "0,0,0", "std": "1,1,1", "classes": classes, "licence": "Apache-2.0",
        "training_data": "none: a rule",
    }
    for key, value in card.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = f"rima.{key}", str(value)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def main(folder: Path) -> None:
    # logit = 30 * (0.2 - mean brightness of 3x3 pixels)
    write(folder / "dark.onnx", "dark-places", "opening", np.full((1, 3, 3, 3), -30.0 / 27.0), [6.0])
    # other: 40 * (red - green - 0.15); opening: 40 * (0.3 - brightness); the folds are what is neither.
    other, opening, folds = [40, -40, 0], [-40 / 3, -40 / 3, -40 / 3], [0, 0, 0]
    weight = np.array([other, opening, folds], float).reshape(3, 3, 1, 1)
    write(folder / "levels.onnx", "dark-places-and-folds", "other,opening,vocal_folds", weight, [-6.0, 12.0, 0.0])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
