"""Figures of a gate file: precision and recall of `good`, false accepts, source by source."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np

from .data.pack import Pack
from .export import read_facts
from .predict import normalise
from .recipes_gate import GateData, GateSampler, gate_figures


def onnx_gate(path: Path):
    """A function from pictures (count, side, side, 3) to probabilities (count, 4), and the side."""
    import onnxruntime

    facts = read_facts(path)
    mean = np.array([float(v) for v in facts["rima.mean"].split(",")], np.float32)
    std = np.array([float(v) for v in facts["rima.std"].split(",")], np.float32)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name

    def answer(images: np.ndarray) -> np.ndarray:
        values = normalise(images, mean, std)
        return np.concatenate([session.run(None, {name: values[i:i + 1]})[0] for i in range(len(values))])

    return answer, int(facts["rima.input_width"])


def own_verdicts(pack: Path, side: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The pack's pictures as they are, with the verdicts of whoever drew them; unsure ones are left out."""
    stills = Pack(pack)
    chosen = [i for i in range(len(stills)) if stills.quality[i] in ("good", "bad")]
    images = np.stack([cv2.resize(stills[i][0], (side, side), interpolation=cv2.INTER_AREA) for i in chosen])
    truth = np.array([[stills.quality[i] == "bad", not stills.larynx[i]] for i in chosen], np.int64)
    return images, truth, np.stack([np.ones(len(chosen)), truth[:, 0] == 0], 1).astype(np.float32)


def evaluate_gate(
    model: Path, drawn: Path | None, real: Path | None, other: Path | None, only: set[str], count: int,
    save: Path | None = None, title: str = "", bad_max: float = 0.85, other_max: float = 0.98
) -> dict[str, dict[str, float]]:
    """Judges a gate on fresh samples, half of them spoiled, from each source for itself, and on drawn ones as they are.

    `only` names the patients of `real` to judge on; `bad_max` and `other_max` are what `rima` lets pass at most
    (`gate.poor_picture_max`, `gate.no_larynx_max`).
    """
    answer, side = onnx_gate(model)
    sources, figures = {}, {}
    if drawn:
        sources["drawn, spoiled"] = GateData([drawn], bad_share=0.5, other_share=0.2, own_share=0.0)
        images, truth, counts = own_verdicts(drawn, side)
        figures["drawn, the phantom's own verdict"] = gate_figures(answer(images), truth, counts, bad_max, other_max)
    if real:
        held_out = set(Pack(real).groups) - only if only else set()
        sources["real, spoiled"] = GateData([], real, other, held_out=held_out, bad_share=0.5, other_share=0.2)
    for name, data in sources.items():
        sampler = GateSampler(data, side)
        rng = np.random.default_rng(20)
        parts = [sampler(rng) for _ in range(count)]
        images, truth, counts = (np.stack(p) for p in zip(*parts, strict=True))
        figures[name] = gate_figures(answer(images), truth, counts, bad_max, other_max)
    columns = list(next(iter(figures.values())))
    lines = ["| source | " + " | ".join(c.replace("_", " ") for c in columns) + " |",
             "|" + " --- |" * (len(columns) + 1)]
    lines += [f"| {name} | " + " | ".join(f"{row[c]:.3f}" for c in columns) + " |" for name, row in figures.items()]
    print("\n".join(lines))
    if save:
        parts = [f"--{key} {path.name}" for key, path in (("drawn", drawn), ("real", real), ("other", other)) if path]
        limits = f"--bad-max {bad_max:g} --other-max {other_max:g}"
        command = " ".join(["rima-train evaluate-gate", model.name, *parts, f"--count {count}", limits])
        save.write_text(json.dumps({"title": title, "command": command, "table": "\n".join(lines)}))
    return figures
