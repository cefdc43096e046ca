"""Training of the larger segmentation networks: one class, many classes, or instances left and right."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import nn

from . import augment
from .data.pack import Pack, require_groups
from .data.pairs import CLASSES, DataError
from .export import OPSET, ModelFacts, export_onnx
from .geometry import crop_view, look
from .losses import class_loss, segmentation_loss
from .metrics import score_frame, summary
from .models.zoo import DetectionOutputs
from .predict import normalise
from .stream import batches, to_tensors
from .trainer import Plan, Trainer, averaged_weights, device_of_choice

LEFT_RIGHT = ("fold_left", "fold_right")
#: What Mask R-CNN finds; the opening among them, since `rima` measures it.
INSTANCES = (*LEFT_RIGHT, "opening")


@dataclass
class ZooData:
    """One pack for training and judging, split by patient."""

    pack: Path
    held_out: set[str] = field(default_factory=set)
    scheme: str = "phantom"
    classes: list[str] = field(default_factory=list)
    strength: float = 0.7
    turning: bool = True

    def open(self) -> tuple[Pack, np.ndarray, np.ndarray]:
        """The pack, the places to train on, and the places to judge."""
        pack = Pack(self.pack)
        require_groups([pack], self.held_out)
        training = pack.indices(exclude=self.held_out)
        judged = pack.indices(only=self.held_out) if self.held_out else training[:: max(1, len(training) // 50)]
        if len(training) == 0:
            raise DataError(f"{self.pack}: every patient is held out; nothing is left to train on")
        return pack, training, judged

    def names(self) -> list[str]:
        """All classes of the label maps, in the order of their numbers."""
        return self.classes or CLASSES[self.scheme]


class PackSampler:
    """Views of a pack's pictures with the faults; the second array is the mask, or the label map where asked."""

    def __init__(self, pack: Pack, where: np.ndarray, side: int, data: ZooData, labels: bool):
        if labels and pack.labels is None:
            raise DataError(f"{pack.folder}: no label maps in this pack; put X.labels.png beside every X.png")
        self.pack, self.where, self.side, self.data, self.labels = pack, where, side, data, labels

    def __call__(self, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        index = int(rng.choice(self.where))
        image, mask = self.pack[index]
        view = crop_view(mask, rng, 0.0, 0.55, 1.05)
        if not self.data.turning:
            view.mirror_x, view.turn = False, float(np.clip(view.turn, -20, 20))
        truth = np.asarray(self.pack.labels[index]) if self.labels else mask
        seen, known = look(image, truth, view, self.side)
        seen, _ = augment.faults(seen, (known > 0).astype(np.uint8) * 255, rng, self.data.strength)
        return np.ascontiguousarray(seen), np.ascontiguousarray(known)


def _resized(pack: Pack, index: int, side: int, labels: bool) -> tuple[np.ndarray, np.ndarray]:
    image, mask = pack[index]
    truth = np.asarray(pack.labels[index]) if labels else mask
    return (cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA),
            cv2.resize(truth, (side, side), interpolation=cv2.INTER_NEAREST))


def _answer(network: nn.Module, image: np.ndarray) -> np.ndarray:
    values = normalise(image[None], np.float32(0.5), np.float32(0.25))
    with torch.inference_mode():
        return network(torch.from_numpy(values).to(device_of_choice())).float()[0].cpu().numpy()


def train_one_class(
    module: nn.Module, data: ZooData, plan: Plan, run: Path, side: int, workers: int = 1, start_from: Path | None = None
) -> dict[str, float]:
    """Opening against everything else."""
    pack, training, judged = data.open()
    if start_from:
        module.load_state_dict(averaged_weights(start_from))

    def loss_of(network: nn.Module, batch: list[torch.Tensor]) -> torch.Tensor:
        values, target, known = to_tensors(*batch, device_of_choice())
        return segmentation_loss(network(values), target, known)

    def validate(network: nn.Module) -> dict[str, float]:
        scores = []
        for index in judged:
            image, mask = _resized(pack, int(index), side, labels=False)
            claimed = _answer(network, image)[0] > 0
            scores.append(score_frame(
                str(index), pack.groups[int(index)], claimed, mask == 255, mask != augment.IGNORE))
        figures = summary(scores)
        return {"mean_dice": figures["mean_dice"], "mean_iou": figures["mean_iou"]}

    sampler = PackSampler(pack, training, side, data, labels=False)
    return Trainer(module, plan, run, loss_of, batches(sampler, plan.batch, plan.seed, workers), validate).train()


def train_classes(
    module: nn.Module, data: ZooData, plan: Plan, run: Path, side: int, workers: int = 1, start_from: Path | None = None
) -> dict[str, float]:
    """All classes of a label map at once; `void` counts nowhere."""
    pack, training, judged = data.open()
    if start_from:
        module.load_state_dict(averaged_weights(start_from))
    names = data.names()
    void = names.index("void") if "void" in names else -1

    def loss_of(network: nn.Module, batch: list[torch.Tensor]) -> torch.Tensor:
        images, labels = batch
        values, _, _ = to_tensors(images, labels, device_of_choice())
        truth = labels.to(device_of_choice()).long()
        return class_loss(network(values), truth.clamp(max=len(names) - 1), (truth != void).float())

    def validate(network: nn.Module) -> dict[str, float]:
        overlap, union = np.zeros(len(names)), np.zeros(len(names))
        for index in judged:
            image, labels = _resized(pack, int(index), side, labels=True)
            claimed, known = _answer(network, image).argmax(0), labels != void
            for k in range(len(names)):
                a, b = (claimed == k) & known, (labels == k) & known
                overlap[k] += (a & b).sum()
                union[k] += (a | b).sum()
        seen = union > 0
        iou = np.divide(overlap, union, out=np.zeros_like(overlap), where=seen)
        figures = {"mean_iou": float(iou[seen].mean())}
        return figures | {f"iou_{name}": float(v) for name, v, s in zip(names, iou, seen, strict=True) if s}

    sampler = PackSampler(pack, training, side, data, labels=True)
    return Trainer(module, plan, run, loss_of, batches(sampler, plan.batch, plan.seed, workers), validate).train()


def instances(labels: np.ndarray, wanted: list[int], least: int = 12) -> dict[str, torch.Tensor] | None:
    """Boxes, classes (from 1) and masks of the wanted label values; None where none is seen."""
    masks, classes, boxes = [], [], []
    for k, value in enumerate(wanted):
        mask = labels == value
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        if mask.sum() >= least and len(rows) > 1 and len(columns) > 1:
            masks.append(mask)
            classes.append(k + 1)
            boxes.append([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1])
    if not masks:
        return None
    return {"boxes": torch.tensor(boxes, dtype=torch.float32), "labels": torch.tensor(classes),
            "masks": torch.from_numpy(np.stack(masks).astype(np.uint8))}


def train_instances(
    module: nn.Module, data: ZooData, plan: Plan, run: Path, side: int, workers: int = 1, start_from: Path | None = None
) -> dict[str, float]:
    """Left, right and opening as instances; judged by the share of frames in which both sides, one or none was found.

    Pictures are never mirrored, since a mirror swaps left and right.
    """
    data.turning = False
    pack, training, judged = data.open()
    if start_from:
        module.load_state_dict(averaged_weights(start_from))
    names = data.names()
    wanted = [names.index(name) for name in INSTANCES]

    def loss_of(network: nn.Module, batch: list[torch.Tensor]) -> torch.Tensor:
        images, labels = batch
        device = device_of_choice()
        pictures, targets = [], []
        for image, label in zip(images, labels, strict=True):
            target = instances(label.numpy(), wanted)
            if target is None:
                target = {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, dtype=torch.int64),
                          "masks": torch.zeros(0, *label.shape, dtype=torch.uint8)}
            pictures.append(image.permute(2, 0, 1).float().div(255).to(device))
            targets.append({k: v.to(device) for k, v in target.items()})
        return sum(network(pictures, targets).values())

    def validate(network: nn.Module) -> dict[str, float]:
        found = []
        for index in judged:
            image, labels = _resized(pack, int(index), side, labels=True)
            truth = instances(labels, wanted[:len(LEFT_RIGHT)])
            if truth is None or len(truth["labels"]) < 2:
                continue
            with torch.inference_mode():
                answer = network([torch.from_numpy(image).permute(2, 0, 1).float().div(255).to(device_of_choice())])[0]
            sure = answer["scores"] > 0.5
            right_ones = 0
            for value, mask in zip(truth["labels"], truth["masks"], strict=True):
                mine = answer["masks"][sure & (answer["labels"] == value.to(answer["labels"].device))][:1, 0] > 0.5
                both = (mine.cpu() & mask.bool()).sum() if len(mine) else torch.tensor(0)
                right_ones += int(len(mine) and both / ((mine.cpu() | mask.bool()).sum() + 1e-6) > 0.5)
            found.append(right_ones)
        counts = np.array(found)
        shares = {f"{name}_found": float((counts == k).mean()) if len(counts) else 0.0
                  for k, name in ((2, "both"), (1, "one"), (0, "none"))}
        return {"mean_found": float(counts.mean()) if len(counts) else 0.0, **shares}

    sampler = PackSampler(pack, training, side, data, labels=True)
    return Trainer(module, plan, run, loss_of, batches(sampler, plan.batch, plan.seed, workers), validate).train()


def export_segmentation(
    module: nn.Module, output: Path, name: str, version: str, side: int, classes: list[str], training_data: str
) -> ModelFacts:
    """Writes a U-Net as a model file with the task `opening`."""
    facts = ModelFacts("opening", name, version, side, side, classes, training_data)
    export_onnx(module, output, facts)
    return facts


def export_instances(module: nn.Module, output: Path, version: str, side: int, training_data: str) -> ModelFacts:
    """Writes a Mask R-CNN, which `rima` runs with ONNX Runtime."""
    import io
    import warnings

    import onnx

    from .export import write_atomically

    facts = ModelFacts("opening", "rima-mask-rcnn", version, side, side, list(INSTANCES), training_data)
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            DetectionOutputs(module.eval().float()), (torch.rand(1, 3, side, side),), buffer, input_names=["image"],
            output_names=["boxes", "labels", "scores", "masks"], opset_version=OPSET, dynamo=False)
    model = onnx.load_from_string(buffer.getvalue())
    onnx.helper.set_model_props(model, {**facts.metadata(), "rima.outputs": "boxes,labels,scores,masks"})
    write_atomically(output, model.SerializeToString())
    return facts
