"""Islands and holes of a mask: what hangs together, what is enclosed, how many pixels each has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sam_widget.masks.rle import Rle
from sam_widget.masks.runs import Strips, complement, components, runs_of, strips_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Islands", "background_parts", "islands_of"]


@dataclass(frozen=True)
class Islands:
    """What a mask consists of.

    Attributes
    ----------
    islands : tuple of int
        Pixels of each part that is connected by sides or corners, smallest first.
    holes : tuple of int
        Pixels of each hole, background that the mask encloses on all sides, smallest first.
    """

    islands: tuple[int, ...]
    holes: tuple[int, ...]


def islands_of(mask: Rle | NDArray[np.bool_]) -> Islands:
    """Count and measure islands and holes.

    Examples
    --------
    >>> mask = np.ones((5, 9), np.bool_)
    >>> mask[:, 4] = mask[2, 2] = False
    >>> islands_of(mask)
    Islands(islands=(19, 20), holes=(1,))
    """
    rle = mask if isinstance(mask, Rle) else Rle.encode(mask)
    _, areas = components(strips_of(runs_of(rle), rle.height), diagonal=True)
    _, _, outside, is_hole = background_parts(rle)
    return Islands(tuple(np.sort(areas).tolist()), tuple(np.sort(outside[is_hole]).tolist()))


def background_parts(
    rle: Rle,
) -> tuple[Strips, NDArray[np.intp], NDArray[np.int64], NDArray[np.bool_]]:
    """Take the background apart, by sides only (4 neighbours).

    Returns
    -------
    strips : Strips
        All of the background.
    owner : int (N,)
        Which part each strip belongs to.
    areas : int64 (K,)
        Pixels of each part.
    is_hole : bool (K,)
        Whether the mask encloses it on all sides; what reaches the border of the image is no hole.
    """
    height, width = rle.height, rle.width
    strips = strips_of(complement(runs_of(rle), height * width), height)
    owner, areas = components(strips, diagonal=False)
    at_border = (
        (strips.columns == 0)
        | (strips.columns == width - 1)
        | (strips.tops == 0)
        | (strips.bottoms == height)
    )
    is_hole = np.ones(len(areas), dtype=np.bool_)
    is_hole[owner[at_border]] = False
    return strips, owner, areas, is_hole
