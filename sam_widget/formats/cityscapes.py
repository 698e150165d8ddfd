"""Cityscapes: ``*_gtFine_instanceIds.png``, a class and a number in each pixel.

Read only. A value of at least 1000 is an instance, class times 1000 and its number; below, it is a
region of a class that is not divided into instances. Unlabelled regions are no objects.

References
----------
.. [1] Cordts et al., "The Cityscapes Dataset for Semantic Urban Scene Understanding", CVPR 2016,
   and the labels of its scripts.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sam_widget.annotations import PALETTE
from sam_widget.formats.reading.budget import Budget
from sam_widget.formats.reading.collector import Collector
from sam_widget.formats.reading.field import Field
from sam_widget.formats.reading.files import read_bounded
from sam_widget.formats.reading.pixels import decode_png
from sam_widget.masks import MAX_PIXELS, Rle

if TYPE_CHECKING:
    import os

    from sam_widget.annotations import ImageAnnotations

__all__ = ["CLASSES", "SUFFIX", "load"]

SUFFIX = "_instanceIds.png"
CLASSES = {
    4: "static", 5: "dynamic", 6: "ground", 7: "road", 8: "sidewalk", 9: "parking",
    10: "rail track", 11: "building", 12: "wall", 13: "fence", 14: "guard rail", 15: "bridge",
    16: "tunnel", 17: "pole", 18: "polegroup", 19: "traffic light", 20: "traffic sign",
    21: "vegetation", 22: "terrain", 23: "sky", 24: "person", 25: "rider", 26: "car", 27: "truck",
    28: "bus", 29: "caravan", 30: "trailer", 31: "train", 32: "motorcycle", 33: "bicycle",
}  # fmt: skip
"""By number; those below are not labelled."""


def load(path: str | os.PathLike[str], *, strict: bool = False) -> ImageAnnotations:
    """Read the objects of one image.

    Parameters
    ----------
    path : path
    strict : bool
        Refuse a picture with numbers that are no class, instead of leaving these regions out.

    Returns
    -------
    ImageAnnotations

    Raises
    ------
    AnnotationError
        If it is no such PNG; with ``strict``, if it has numbers of no class.
    """
    path = Path(path)
    place = Field(None, "", path.name)
    content = read_bounded(path)
    numbers, _ = decode_png(content, place, most_hw=(MAX_PIXELS, MAX_PIXELS))
    budget = Budget(len(content) + 2 * numbers.size)
    collector = Collector(budget, strict=strict)
    for value in np.unique(numbers).tolist():
        kind = value // 1000 if value >= 1000 else value
        if 0 <= value < min(CLASSES):
            continue
        region = Field(value, f"number {value}", path.name)
        if kind not in CLASSES:
            collector.leave_out(region, region.error("is of no class."))
            continue
        rle = Rle.encode(numbers == value)
        budget.keep(region, rle.counts.nbytes)
        collector.add(region, rle, {"label": CLASSES[kind], "color": PALETTE[kind % len(PALETTE)]})
    name = path.name.replace("_gtFine_instanceIds", "_leftImg8bit")
    return collector.finish((numbers.shape[0], numbers.shape[1]), name)
