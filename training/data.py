"""Photos with instance masks: reading the promptable format, and samples at training size.

The format: ``<folder>/<set>/images/*`` and ``<folder>/<set>/masks.jsonl``, one JSON object a
line with ``file``, ``size_wh`` and ``rle_counts`` (COCO compressed RLE strings).
"""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image

from sam_widget.masks.rle import Rle
from training.config import SET_WEIGHTS, Config
from training.parts import parts_of
from training.scenes import draw_scene, paste_objects

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

MIN_CELLS = 12
"""Masks smaller than this on the prediction grid are not trained on."""
MAX_SHARE = 0.9
MAX_MASKS = 40
"""Masks decoded from one image."""


@dataclasses.dataclass(frozen=True)
class Record:
    """One labelled image on disk."""

    path: Path
    size_wh: tuple[int, int]
    rle_counts: tuple[str, ...]

    def image(self) -> NDArray[np.uint8]:
        """Return the picture (H, W, 3)."""
        with Image.open(self.path) as image:
            return np.asarray(image.convert("RGB"))

    def masks(self, which: Sequence[int] | None = None) -> NDArray[np.uint8]:
        """Return masks (N, H, W) of zeros and ones."""
        width, height = self.size_wh
        chosen = range(len(self.rle_counts)) if which is None else which
        masks = np.empty((len(chosen), height, width), np.uint8)
        for mask, i in zip(masks, chosen, strict=True):
            rle = {"size": [height, width], "counts": self.rle_counts[i]}
            mask[:] = Rle.from_coco(rle).decode()
        return masks


def read_set(folder: Path) -> list[Record]:
    """Read one set of the promptable format.

    Raises
    ------
    FileNotFoundError
        If the folder holds no ``masks.jsonl``.
    """
    listing = folder / "masks.jsonl"
    if not listing.is_file():
        raise FileNotFoundError(f"expected {listing}, one JSON object a line; it is not there.")
    records = []
    for line in listing.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        records.append(
            Record(
                folder / entry["file"],
                (int(entry["size_wh"][0]), int(entry["size_wh"][1])),
                tuple(entry["rle_counts"]),
            )
        )
    return [record for record in records if record.rle_counts]


def read_sets(folder: Path, *, without: Sequence[str] = ()) -> dict[str, list[Record]]:
    """Read every set of a folder, by name.

    Raises
    ------
    FileNotFoundError
        If the folder holds no set.
    """
    sets = {
        path.parent.name: read_set(path.parent)
        for path in sorted(folder.glob("*/masks.jsonl"))
        if path.parent.name not in without
    }
    if not sets:
        raise FileNotFoundError(
            f"no set in {folder}: expected folders with images/ and masks.jsonl. "
            "Pass the folder that holds the sets as --data."
        )
    return sets


@dataclasses.dataclass(frozen=True, eq=False)
class Sample:
    """One training image.

    Attributes
    ----------
    image : ndarray
        (H, W, 3) uint8, sides multiples of 32.
    masks : ndarray
        (N, H / 2, W / 2) uint8, zeros and ones on the prediction grid.
    valid_hw : tuple of int
        Grid rows and columns that hold picture; the rest is padding.
    found : int
        The last ``found`` masks are not labels but parts that were found in the picture.
    """

    image: NDArray[np.uint8]
    masks: NDArray[np.uint8]
    valid_hw: tuple[int, int]
    found: int = 0

    @property
    def labelled(self) -> int:
        """How many of the masks, the first ones, are labels."""
        return len(self.masks) - self.found

    def with_found(self, parts: NDArray[np.uint8]) -> Sample:
        """Return the sample with unlabelled parts after its masks."""
        masks = np.concatenate([self.masks, parts])
        return dataclasses.replace(self, masks=masks, found=self.found + len(parts))


class Sampler:
    """Draws training samples; sample ``i`` depends on the seed and ``i`` alone."""

    def __init__(self, sets: dict[str, list[Record]], config: Config) -> None:
        self.sets = sets
        self.config = config
        self.names = sorted(sets)
        weights = np.array([SET_WEIGHTS.get(name, 1.0) for name in self.names])
        self.chances = weights / weights.sum()

    def __call__(self, index: int) -> Sample:
        """Return sample ``index``."""
        rng = np.random.default_rng([self.config.seed, 1, index])
        while True:
            if rng.random() < self.config.drawn:
                image, masks = draw_scene(rng, texture=self._labelled(rng)[0])
            else:
                image, masks = self._labelled(rng)
            if rng.random() < self.config.paste:
                image, masks = paste_objects(rng, image, masks, self._labelled(rng))
            sample = transform(rng, image, masks, int(rng.choice(self.config.sides)))
            if not len(sample.masks):
                continue
            if rng.random() < self.config.parts:
                sample = sample.with_found(parts_of(rng, sample.image, sample.masks))
            return sample

    def _labelled(self, rng: np.random.Generator) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        records = self.sets[self.names[rng.choice(len(self.names), p=self.chances)]]
        record = records[rng.integers(len(records))]
        count = len(record.rle_counts)
        which = rng.permutation(count)[:MAX_MASKS] if count > MAX_MASKS else range(count)
        return record.image(), record.masks(list(which))


def transform(
    rng: np.random.Generator, image: NDArray[np.uint8], masks: NDArray[np.uint8], side: int
) -> Sample:
    """Crop, flip and recolour at random; scale the longest side to ``side``."""
    height, width = image.shape[:2]
    if rng.random() < 0.6:
        share = rng.uniform(0.45, 1.0, 2) if rng.random() < 0.3 else np.full(2, rng.uniform(0.4, 1))
        crop_h, crop_w = max(int(height * share[0]), 32), max(int(width * share[1]), 32)
        top = int(rng.integers(height - crop_h + 1)) if crop_h < height else 0
        left = int(rng.integers(width - crop_w + 1)) if crop_w < width else 0
        before = masks.sum((1, 2), dtype=np.int64)
        image = image[top : top + crop_h, left : left + crop_w]
        masks = masks[:, top : top + crop_h, left : left + crop_w]
        kept = masks.sum((1, 2), dtype=np.int64) > 0.25 * before
        masks = masks[kept]
    if rng.random() < 0.5:
        image, masks = image[:, ::-1], masks[:, :, ::-1]
    if rng.random() < 0.1:
        image, masks = image[::-1], masks[:, ::-1]
    if rng.random() < 0.1:
        image, masks = image.swapaxes(0, 1), masks.swapaxes(1, 2)
    return fit(recolour(rng, image), masks, side)


def fit(image: NDArray[np.uint8], masks: NDArray[np.uint8], side: int) -> Sample:
    """Scale the longest side to ``side``, pad to multiples of 32, put the masks on the grid."""
    height, width = image.shape[:2]
    scale = side / max(height, width)
    new_h, new_w = max(int(height * scale + 0.5), 1), max(int(width * scale + 0.5), 1)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = cv2.resize(np.ascontiguousarray(image), (new_w, new_h), interpolation=method)
    padded = np.full((-(-new_h // 32) * 32, -(-new_w // 32) * 32, 3), 127, np.uint8)
    padded[:new_h, :new_w] = small
    grid = np.zeros((len(masks), padded.shape[0] // 2, padded.shape[1] // 2), np.uint8)
    grid_h, grid_w = (new_h + 1) // 2, (new_w + 1) // 2
    for out, mask in zip(grid, masks, strict=True):
        soft = cv2.resize(
            np.ascontiguousarray(mask) * np.uint8(255), (grid_w, grid_h), interpolation=method
        )
        out[:grid_h, :grid_w] = soft > 127
    areas = grid.sum((1, 2), dtype=np.int64)
    kept = (areas >= MIN_CELLS) & (areas <= MAX_SHARE * grid_h * grid_w)
    return Sample(padded, grid[kept], (grid_h, grid_w))


def recolour(rng: np.random.Generator, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Change brightness, contrast, saturation and channels; sometimes grey, inverted or blurred."""
    pixels = image.astype(np.float32)
    if rng.random() < 0.7:
        grey = pixels.mean(-1, keepdims=True)
        pixels = grey + (pixels - grey) * np.float32(rng.uniform(0.4, 1.5))
        pixels = (pixels - 127) * np.float32(rng.uniform(0.7, 1.35)) + 127
        pixels = pixels * rng.uniform(0.9, 1.1, 3).astype(np.float32)
        pixels += np.float32(rng.uniform(-25, 25))
    chance = rng.random()
    if chance < 0.05:
        pixels = 255 - pixels
    elif chance < 0.13:
        pixels = np.repeat(pixels.mean(-1, keepdims=True), 3, axis=-1)
    elif chance < 0.18:
        pixels = pixels[..., rng.permutation(3)]
    pixels = np.ascontiguousarray(np.clip(pixels, 0, 255).astype(np.uint8))
    if rng.random() < 0.08:
        pixels = cv2.GaussianBlur(pixels, (0, 0), float(rng.uniform(0.5, 1.5)))
    return pixels
