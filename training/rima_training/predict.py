"""A trained opening network at work: one look at the pane, or locate, then look."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch

from .export import read_facts
from .geometry import Sides, View

# Side of the tracked crop over the longer side of the opening found, and its bounds as shares of the pane.
CROP_OVER_OPENING = 2.2
CROP_LEAST, CROP_MOST = 0.35, 0.6

# (count, side, side, 3) uint8 RGB -> (count, side, side) probabilities.
Predictor = Callable[[np.ndarray], np.ndarray]


def sigmoid(values: np.ndarray) -> np.ndarray:
    """The logistic function, safe for large values."""
    return 1.0 / (1.0 + np.exp(-np.clip(values, -40, 40)))


def normalise(images: np.ndarray, mean: np.ndarray, std: np.ndarray) -> np.ndarray:
    """(count, h, w, 3) uint8 to (count, 3, h, w) float32."""
    return np.ascontiguousarray(((images.astype(np.float32) / 255.0 - mean) / std).transpose(0, 3, 1, 2))


def module_predictor(module: torch.nn.Module, mean: float = 0.5, std: float = 0.25, batch: int = 16) -> Predictor:
    """A predictor from a PyTorch network."""

    def predict(images: np.ndarray) -> np.ndarray:
        module.eval()
        parts = []
        with torch.inference_mode():
            for start in range(0, len(images), batch):
                values = normalise(images[start:start + batch], np.float32(mean), np.float32(std))
                tensor = torch.from_numpy(values).to(memory_format=torch.channels_last)
                parts.append(torch.sigmoid(module(tensor).float())[:, 0].numpy())
        return np.concatenate(parts)

    return predict


def onnx_predictor(path: Path, threads: int = 1) -> tuple[Predictor, Sides]:
    """A predictor from a model file, and the sides of its input."""
    import onnxruntime

    facts = read_facts(path)
    mean = np.array([float(v) for v in facts["rima.mean"].split(",")], np.float32)
    std = np.array([float(v) for v in facts["rima.std"].split(",")], np.float32)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name

    def predict(images: np.ndarray) -> np.ndarray:
        values = normalise(images, mean, std)
        return np.stack([sigmoid(session.run(None, {name: values[i:i + 1]})[0][0, 0]) for i in range(len(values))])

    return predict, sides_of(facts)


def sides_of(facts: dict[str, str]) -> Sides:
    """The sides that a model file's metadata names; without one for crops, they are looked at as the pane is."""
    whole = int(facts["rima.input_width"])
    return Sides(whole, int(facts.get("rima.crop_width", whole)))


def largest_region(mask: np.ndarray) -> np.ndarray:
    """The largest connected region of a boolean mask, or the empty mask."""
    count, labels, facts, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    if count < 2:
        return mask
    return labels == 1 + int(np.argmax(facts[1:, cv2.CC_STAT_AREA]))


@dataclass
class Found:
    """A mask at the picture's own size, and how sure the network is of it (0...1)."""

    mask: np.ndarray
    confidence: float
    crop: tuple[float, float, float] | None


def confidence_of(probability: np.ndarray, mask: np.ndarray) -> float:
    """Soft Dice between the probabilities and the mask they give: 1 when all pixels are sure."""
    total = float(probability.sum() + mask.sum())
    if mask.sum() == 0:
        return float(1.0 - probability.max())
    return 2 * float(probability[mask].sum()) / total


def window(image: np.ndarray, view: View, side: int) -> np.ndarray:
    """A square view of a picture; black beyond its edges."""
    shrink = view.side / side
    if shrink > 1.5:
        small = (max(8, round(image.shape[1] / shrink)), max(8, round(image.shape[0] / shrink)))
        scaled = cv2.resize(image, small, interpolation=cv2.INTER_AREA)
        rx, ry = small[0] / image.shape[1], small[1] / image.shape[0]
        matrix = view.matrix(side)
        inner = np.array([[matrix[0, 0] / rx, 0, 0], [0, matrix[1, 1] / ry, 0]])
        inner[0, 2] = side / 2 - 0.5 - inner[0, 0] * (view.center[0] * rx + 0.5 * rx - 0.5)
        inner[1, 2] = side / 2 - 0.5 - inner[1, 1] * (view.center[1] * ry + 0.5 * ry - 0.5)
        return cv2.warpAffine(scaled, inner, (side, side), flags=cv2.INTER_LINEAR)
    return cv2.warpAffine(image, view.matrix(side), (side, side), flags=cv2.INTER_LINEAR)


def unwindow(probability: np.ndarray, view: View, shape: tuple[int, ...]) -> np.ndarray:
    """Probabilities of a view laid back over the picture; 0 where the view did not look."""
    side = probability.shape[0]
    back = cv2.invertAffineTransform(view.matrix(side))
    return cv2.warpAffine(probability, back, (shape[1], shape[0]), flags=cv2.INTER_LINEAR)


def find_opening(
    predict: Predictor, sides: Sides, image: np.ndarray, looks: int = 2, keep: str = "largest"
) -> Found:
    """The opening in one picture. `looks` 1: the whole pane; 2: then again, closer, where it was found."""
    height, width = image.shape[:2]
    view = View((width / 2 - 0.5, height / 2 - 0.5), float(max(height, width)))
    seen = predict(window(image, view, sides.whole)[None])[0]
    probability = unwindow(seen, view, image.shape)
    mask = probability > 0.5
    mask = largest_region(mask) if keep == "largest" else mask
    if looks == 1 or not mask.any():
        return Found(mask, confidence_of(seen, seen > 0.5), None)
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    extent = max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1
    pane = max(height, width)
    crop = float(max(min(max(extent * CROP_OVER_OPENING, CROP_LEAST * pane), CROP_MOST * pane), extent * 1.3))
    crop = min(crop, float(pane))
    center = ((columns[0] + columns[-1]) / 2, (rows[0] + rows[-1]) / 2)
    closer = View(center, crop)
    seen = predict(window(image, closer, sides.crop)[None])[0]
    probability = unwindow(seen, closer, image.shape)
    mask = probability > 0.5
    mask = largest_region(mask) if keep == "largest" else mask
    return Found(mask, confidence_of(seen, seen > 0.5), (*center, crop))
