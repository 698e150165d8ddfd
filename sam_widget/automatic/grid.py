"""Lay out what everything mode asks: crops of the image, and a grid of points in each.

References
----------
.. [1] Kirillov et al., "Segment Anything", ICCV 2023, appendix B, "Cropping".
   facebookresearch/segment-anything, ``utils/amg.py``: the same places.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Crop", "asking_order", "crops_of", "layer_grids", "point_grid"]


class Crop(NamedTuple):
    """A part of the image that is encoded on its own, in pixels of the image."""

    x0: int
    y0: int
    x1: int
    y1: int
    layer: int
    """0 is the whole image; layer n has 2**n crops along a side."""

    @property
    def box(self) -> tuple[int, int, int, int]:
        """(x0, y0, x1, y1)."""
        return self[:4]


def point_grid(per_side: int) -> NDArray[np.float64]:
    """Return the centres of equal cells of the unit square, (per_side**2, 2), row by row."""
    half = 1 / (2 * per_side)
    line = np.linspace(half, 1 - half, per_side)
    return np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)


def layer_grids(per_side: int, layers: int, downscale: int) -> list[NDArray[np.float64]]:
    """Return the grid of each layer of crops; sides shrink by ``downscale`` from each to the next.

    A layer in which no point is left has an empty grid.
    """
    sides = [int(per_side / downscale**layer) for layer in range(layers + 1)]
    return [point_grid(side) if side else np.zeros((0, 2)) for side in sides]


def crops_of(
    height: int, width: int, layers: int, overlap_ratio: float, region: Sequence[int] | None = None
) -> list[Crop]:
    """Return the whole image, then 2 x 2 crops, then 4 x 4, and so on.

    Parameters
    ----------
    height, width : int
        Of the image in pixels.
    layers : int
        Layers of crops besides the whole image.
    overlap_ratio : float
        Overlap of neighbours in the first layer, as a share of the shorter side. It is halved
        from layer to layer.
    region : (x0, y0, x1, y1), optional
        Crops divide this part of the image instead of all of it.
    """
    found = [Crop(0, 0, width, height, 0)]
    left, top, right, bottom = region or (0, 0, width, height)
    short = min(right - left, bottom - top)
    for layer in range(1, layers + 1):
        count = 2**layer
        overlap = int(overlap_ratio * short * (2 / count))
        (crop_w, xs), (crop_h, ys) = (
            _cut(length, count, overlap) for length in (right - left, bottom - top)
        )
        for x, y in itertools.product(xs, ys):
            corner = min(left + x + crop_w, right), min(top + y + crop_h, bottom)
            found.append(Crop(left + x, top + y, *corner, layer))
    return found


def asking_order(count: int) -> NDArray[np.int64]:
    """Return an order in which points are asked that takes early ones from everywhere.

    Steps of the golden ratio: each falls into one of the largest gaps that are left.

    Examples
    --------
    >>> asking_order(8).tolist()
    [0, 5, 2, 7, 4, 1, 6, 3]
    """
    step = round(count * (math.sqrt(5) - 1) / 2)
    while count and math.gcd(step, count) != 1:
        step += 1
    return np.arange(count) * step % max(count, 1)


def _cut(length: int, count: int, overlap: int) -> tuple[int, list[int]]:
    """Return length and starts of ``count`` overlapping parts of a line."""
    part = math.ceil((overlap * (count - 1) + length) / count)
    return part, [(part - overlap) * index for index in range(count)]
