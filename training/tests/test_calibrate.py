"""Confidence that means something."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

from rima_training.calibrate import expected_error, isotonic
from rima_training.cli import main
from rima_training.export import read_facts


def test_steps_rise_and_find_a_known_curve():
    rng = np.random.default_rng(4)
    sureness = rng.uniform(0, 1, 4000)
    right = (rng.random(4000) < sureness**3).astype(float)
    steps = isotonic(sureness, right)
    assert all(a[0] < b[0] and a[1] < b[1] for a, b in zip(steps, steps[1:], strict=False))
    found = np.interp([0.3, 0.6, 0.9], [x for x, _ in steps], [y for _, y in steps])
    assert np.abs(found - np.array([0.027, 0.216, 0.729])).max() < 0.06
    assert expected_error(sureness, right) > 0.2


def test_the_curve_goes_into_the_model_file_once(tmp_path: Path):
    rng = np.random.default_rng(1)
    images = []
    for i in range(300):
        sure = float(rng.uniform(0.4, 1))
        good = rng.random() < sure**4
        images.append({"name": str(i), "dice": 0.9 if good else 0.3, "iou": 0.5, "truth_px": 50, "predicted_px": 40,
                       "confidence": sure, "state": "measured", "reasons": []})
    results = tmp_path / "results.json"
    results.write_text(json.dumps({"images": images}))
    graph = helper.make_graph(
        [helper.make_node("Identity", ["image"], ["logits"])], "g",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 8, 8])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, 3, 8, 8])])
    model = tmp_path / "m.onnx"
    onnx.save(helper.make_model(graph), str(model))
    assert main(["calibrate", str(model), str(results)]) == 0
    knots = [tuple(map(float, pair.split(":"))) for pair in read_facts(model)["rima.confidence_curve"].split(",")]
    assert len(knots) > 1 and knots == sorted(knots)
    assert main(["calibrate", str(model), str(results)]) != 0
