"""Many pictures of one size in flat files, mapped into memory: reading one costs nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from .pairs import DataError, Pair, read_labels


class Pack:
    """`images` is (count, side, side, 3) uint8 RGB, `masks` (count, side, side) uint8, `groups` one name each.

    `labels` is (count, side, side) uint8 with all classes, where every picture has a label map; else None. `scheme`
    says whose numbers they are, if the pack was told.
    """

    def __init__(self, folder: Path):
        folder = Path(folder)
        index = folder / "index.json"
        if not index.exists():
            raise DataError(f"{folder}: no pack here; make one with `rima-train pack`")
        self.folder = folder
        facts = json.loads(index.read_text())
        self.groups: list[str] = facts["groups"]
        self.larynx: list[bool] = facts.get("larynx") or [True] * len(self.groups)
        self.quality: list[str] = facts.get("quality") or ["good"] * len(self.groups)
        self.scheme: str | None = facts.get("scheme")
        self.images = np.load(folder / "images.npy", mmap_mode="r")
        self.masks = np.load(folder / "masks.npy", mmap_mode="r")
        labels = folder / "labels.npy"
        self.labels = np.load(labels, mmap_mode="r") if labels.exists() else None
        for name in ("images", "masks", "labels"):
            file = getattr(self, name)
            if file is not None and len(file) != len(self.groups):
                raise DataError(f"{folder / name}.npy: {len(file)} pictures, but index.json names {len(self.groups)}; "
                                "make the pack again")

    def __len__(self) -> int:
        return len(self.groups)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        return np.asarray(self.images[index]), np.asarray(self.masks[index])

    def indices(
        self, exclude: set[str] = frozenset(), only: set[str] | None = None, larynx: bool | None = None,
        quality: str | None = None
    ) -> np.ndarray:
        """Places of the pictures of some groups, of those with a larynx or without, and of one quality."""
        return np.array([
            i for i, g in enumerate(self.groups)
            if g not in exclude and (only is None or g in only) and (larynx is None or self.larynx[i] == larynx)
            and (quality is None or self.quality[i] == quality)
        ], dtype=np.int64)


def require_groups(packs: list[Pack], held_out: set[str]) -> None:
    """Refuses a held-out patient that no pack knows: a misspelled one would be trained on without a word."""
    known = {group for pack in packs for group in pack.groups}
    if missing := held_out - known:
        raise DataError(f"no such patient: {', '.join(sorted(missing))}; there are {', '.join(sorted(known))}")


def _clear(folder: Path) -> None:
    """Takes away an earlier pack: its index first, so that no half of it is ever taken for whole."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("index.json", "images.npy", "masks.npy", "labels.npy"):
        (folder / name).unlink(missing_ok=True)


def square(image: np.ndarray, mask: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Padded to a square with black, then scaled to `side`; the picture stays in the middle."""
    height, width = image.shape[:2]
    longest = max(height, width)
    top, left = (longest - height) // 2, (longest - width) // 2
    if height != width:
        image = cv2.copyMakeBorder(
            image, top, longest - height - top, left, longest - width - left, cv2.BORDER_CONSTANT, value=(0, 0, 0))
        mask = cv2.copyMakeBorder(
            mask, top, longest - height - top, left, longest - width - left, cv2.BORDER_CONSTANT, value=0)
    if longest != side:
        how = cv2.INTER_AREA if longest > side else cv2.INTER_LINEAR
        image = cv2.resize(image, (side, side), interpolation=how)
        mask = cv2.resize(mask, (side, side), interpolation=cv2.INTER_NEAREST)
    return image, mask


def write_pack(pairs: list[Pair], folder: Path, side: int, scheme: str | None = None) -> Pack:
    """Reads all pairs once and writes them as one pack; `scheme` says whose numbers the label maps hold."""
    folder = Path(folder)
    _clear(folder)
    images = np.lib.format.open_memmap(folder / "images.npy", "w+", np.uint8, (len(pairs), side, side, 3))
    masks = np.lib.format.open_memmap(folder / "masks.npy", "w+", np.uint8, (len(pairs), side, side))
    classes = None
    if all(pair.classes for pair in pairs):
        classes = np.lib.format.open_memmap(folder / "labels.npy", "w+", np.uint8, (len(pairs), side, side))
    for i, pair in enumerate(pairs):
        image = pair.image()
        images[i], masks[i] = square(image, pair.mask(image.shape), side)
        if classes is not None:
            classes[i] = square(image, read_labels(pair.classes, image.shape), side)[1]
    for file in (images, masks, classes):
        if file is not None:
            file.flush()
    (folder / "index.json").write_text(json.dumps({
        "side": side, "scheme": scheme, "groups": [p.group for p in pairs], "larynx": [p.larynx for p in pairs],
        "quality": [p.quality for p in pairs]}))
    return Pack(folder)


# One picture of a hand that makes them up, by seed, number, side and the hand's own shares: picture, mask, label map,
# and whether a larynx is there.
Hand = Callable[..., tuple[np.ndarray, np.ndarray, np.ndarray, bool]]


def made_pack(hand: Hand, folder: Path, count: int, seed: int, side: int, **shares: float) -> Pack:
    """`count` pictures of a seed, made up one by one, as one pack; its group is named after hand and seed."""
    cv2.setNumThreads(1)
    folder = Path(folder)
    _clear(folder)
    images = np.lib.format.open_memmap(folder / "images.npy", "w+", np.uint8, (count, side, side, 3))
    masks = np.lib.format.open_memmap(folder / "masks.npy", "w+", np.uint8, (count, side, side))
    labels = np.lib.format.open_memmap(folder / "labels.npy", "w+", np.uint8, (count, side, side))
    larynx = []
    for index in tqdm(range(count), desc=str(folder), disable=None):
        images[index], masks[index], labels[index], seen = hand(seed, index, side, **shares)
        larynx.append(seen)
    for file in (images, masks, labels):
        file.flush()
    (folder / "index.json").write_text(json.dumps({
        "side": side, "scheme": "sketch", "groups": [f"{hand.__name__}{seed}"] * count, "larynx": larynx,
        "quality": ["good"] * count}))
    return Pack(folder)


def join_packs(parts: list[Pack], folder: Path) -> Pack:
    """Several packs of one side as one."""
    folder = Path(folder)
    _clear(folder)
    names = ["images", "masks"] + (["labels"] if all(p.labels is not None for p in parts) else [])
    count, side = sum(len(p) for p in parts), parts[0].images.shape[1]
    for name in names:
        shape = (count, *getattr(parts[0], name).shape[1:])
        file = np.lib.format.open_memmap(folder / f"{name}.npy", "w+", np.uint8, shape)
        start = 0
        for part in parts:
            file[start:start + len(part)] = getattr(part, name)
            start += len(part)
        file.flush()
    facts = {key: [v for p in parts for v in getattr(p, key)] for key in ("groups", "larynx", "quality")}
    schemes = {p.scheme for p in parts}
    facts["scheme"] = schemes.pop() if len(schemes) == 1 else None
    (folder / "index.json").write_text(json.dumps({"side": side, **facts}))
    return Pack(folder)
