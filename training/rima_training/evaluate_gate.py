"""Figures of a gate file: precision and recall of `good`, false accepts, source by source."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

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


def evaluate_gate(
    model: Path, drawn: Path | None, real: Path | None, other: Path | None, only: set[str], count: int,
    save: Path | None = None, title: str = ""
) -> dict[str, dict[str, float]]:
    """Judges a gate on fresh samples, half of them spoiled, from each source for itself.

    `only` names the patients of `real` to judge on.
    """
    answer, side = onnx_gate(model)
    sources = {}
    if drawn:
        sources["drawn"] = GateData([drawn], bad_share=0.5, other_share=0.2)
    if real:
        from .data.pack import Pack

        held_out = set(Pack(real).groups) - only if only else set()
        sources["real"] = GateData([], real, other, held_out=held_out, bad_share=0.5, other_share=0.2)
    figures = {}
    for name, data in sources.items():
        sampler = GateSampler(data, side)
        rng = np.random.default_rng(20)
        parts = [sampler(rng) for _ in range(count)]
        images, truth, counts = (np.stack(p) for p in zip(*parts, strict=True))
        figures[name] = gate_figures(answer(images), truth, counts)
    columns = list(next(iter(figures.values())))
    lines = ["| source | " + " | ".join(c.replace("_", " ") for c in columns) + " |",
             "|" + " --- |" * (len(columns) + 1)]
    lines += [f"| {name} | " + " | ".join(f"{row[c]:.3f}" for c in columns) + " |" for name, row in figures.items()]
    print("\n".join(lines))
    if save:
        parts = [f"--{key} {path.name}" for key, path in (("drawn", drawn), ("real", real), ("other", other)) if path]
        command = " ".join(["rima-train evaluate-gate", model.name, *parts, f"--count {count}"])
        save.write_text(json.dumps({"title": title, "command": command, "table": "\n".join(lines)}))
    return figures
