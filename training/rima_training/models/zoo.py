"""Larger networks from well-kept libraries; needs the extra `zoo`. All start from random weights."""

from __future__ import annotations

import torch
from torch import nn

from ..data.pairs import DataError


def _library(name: str):
    import importlib

    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise DataError(f"this network needs the package {name}; install rima-training[zoo]") from error


def unet_resnet18(classes: int = 1) -> nn.Module:
    """The U-Net with a ResNet-18 encoder of the CLE work that Rima grew from."""
    return _library("segmentation_models_pytorch").Unet("resnet18", encoder_weights=None, classes=classes)


def unetplusplus_efficientnet_b4(classes: int = 1) -> nn.Module:
    """UNet++ with an EfficientNet-B4 encoder."""
    return _library("segmentation_models_pytorch").UnetPlusPlus(
        "efficientnet-b4", encoder_weights=None, classes=classes)


def gate_efficientnet_b0() -> nn.Module:
    """EfficientNet-B0 with the four answers of a gate."""
    return _library("timm").create_model("efficientnet_b0", pretrained=False, num_classes=4)


def gate_densenet121() -> nn.Module:
    """DenseNet-121 with the four answers of a gate."""
    return _library("timm").create_model("densenet121", pretrained=False, num_classes=4)


def mask_rcnn(classes: int = 3, side: int = 512) -> nn.Module:
    """Mask R-CNN on ResNet-50 with a feature pyramid; class 0 is the background."""
    detection = _library("torchvision.models.detection")
    return detection.maskrcnn_resnet50_fpn(
        weights=None, weights_backbone=None, num_classes=classes + 1, min_size=side, max_size=side,
        image_mean=[0.5] * 3, image_std=[0.25] * 3, box_detections_per_img=10)


class DetectionOutputs(nn.Module):
    """Mask R-CNN with plain tensors in and out, for the export: boxes, labels, scores and masks of one picture."""

    def __init__(self, detector: nn.Module):
        super().__init__()
        self.detector = detector

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """`image` is (1, 3, height, width), normalised as the metadata say."""
        found = self.detector([image[0] * 0.25 + 0.5])[0]
        return found["boxes"], found["labels"], found["scores"], found["masks"]
