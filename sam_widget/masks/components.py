"""Islands and holes of masks: measured, taken apart, and removed where they are small."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sam_widget.masks.columns import ColumnRuns, components
from sam_widget.masks.rle import Rle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Islands", "background_parts", "islands_of", "remove_small_regions"]


@dataclass(frozen=True)
class Islands:
    """Sizes of the islands and holes of a mask.

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
    _, areas = components(ColumnRuns.of(rle), diagonal=True)
    _, _, outside, is_hole = background_parts(rle)
    return Islands(tuple(np.sort(areas).tolist()), tuple(np.sort(outside[is_hole]).tolist()))


def background_parts(
    rle: Rle,
) -> tuple[ColumnRuns, NDArray[np.intp], NDArray[np.int64], NDArray[np.bool_]]:
    """Take the background apart, by sides only (4 neighbours).

    Returns
    -------
    background : ColumnRuns
        All of it.
    owner : int (N,)
        Which part each run belongs to.
    areas : int64 (K,)
        Pixels of each part.
    is_hole : bool (K,)
        Whether the mask encloses it on all sides; what reaches the border of the image is no hole.
    """
    background = ColumnRuns.of(rle, inside=False)
    owner, areas = components(background, diagonal=False)
    at_border = (
        (background.columns == 0)
        | (background.columns == rle.width - 1)
        | (background.tops == 0)
        | (background.bottoms == rle.height)
    )
    is_hole = np.ones(len(areas), dtype=np.bool_)
    is_hole[owner[at_border]] = False
    return background, owner, areas, is_hole


def remove_small_regions(masks: Sequence[Rle], min_area: float) -> list[tuple[Rle, bool]]:
    """Fill small holes, then drop small islands, of several masks of one size.

    As ``remove_small_regions`` of the official code does, mode "holes" first.

    Parameters
    ----------
    masks : sequence of Rle
        All of the same height and width.
    min_area : float
        Parts with fewer pixels go. Of a mask that has only such parts the largest stays.

    Returns
    -------
    list of (Rle, bool)
        The clean mask, and whether it differs: an unchanged one is the same object.
    """
    filled = _without_small(masks, min_area, inside=False)
    return [
        (clean, changed or before)
        for (clean, changed), (_, before) in zip(
            _without_small([mask for mask, _ in filled], min_area, inside=True),
            filled,
            strict=True,
        )
    ]


def _without_small(
    masks: Sequence[Rle], min_area: float, *, inside: bool
) -> list[tuple[Rle, bool]]:
    """Drop small parts of masks, or of what they leave out."""
    if not masks:
        return []
    parts = [ColumnRuns.of(mask, inside=inside) for mask in masks]
    # Side by side with a column between them they are one mask, whose parts are found together.
    owner = np.repeat(np.arange(len(parts)), [len(part.columns) for part in parts])
    height, width = masks[0].height, masks[0].width
    together = ColumnRuns(
        height,
        len(parts) * (width + 1),
        np.concatenate([part.columns for part in parts]) + owner * (width + 1),
        np.concatenate([part.tops for part in parts]),
        np.concatenate([part.bottoms for part in parts]),
    )
    few, stands_for = _without_full_columns(together)
    part_of = components(few, diagonal=True)[0][stands_for]
    sizes = np.bincount(part_of, weights=together.bottoms - together.tops)
    small = (sizes < min_area)[part_of]
    edges = np.searchsorted(owner, np.arange(len(parts) + 1))
    cleaned = []
    for number, (mask, runs) in enumerate(zip(masks, parts, strict=True)):
        own = slice(edges[number], edges[number + 1])
        gone = small[own]
        if not gone.any():
            cleaned.append((mask, False))
            continue
        if inside and gone.all():
            largest = part_of[own][np.argmax(sizes[part_of[own]])]
            gone = part_of[own] != largest
        left = runs.select(~gone).to_rle()
        cleaned.append((left if inside else _complement(left), True))
    return cleaned


def _without_full_columns(runs: ColumnRuns) -> tuple[ColumnRuns, NDArray[np.int64]]:
    """Leave out columns that are inside from top to bottom, between two others that are.

    What surrounds an object is mostly such columns, and they connect nothing but their neighbours.

    Returns
    -------
    ColumnRuns
        With the same parts.
    int64 (R,)
        For each run of before, one of these that is in the same part.
    """
    full = runs.bottoms - runs.tops == runs.height
    beside = np.diff(runs.columns) == 1
    between = np.zeros(len(full), dtype=np.bool_)
    between[1:-1] = full[:-2] & full[1:-1] & full[2:] & beside[:-1] & beside[1:]
    columns = runs.columns - np.cumsum(between)
    few = ColumnRuns(runs.height, runs.width, columns, runs.tops, runs.bottoms).select(~between)
    return few, np.cumsum(~between) - 1


def _complement(rle: Rle) -> Rle:
    return Rle(rle.height, rle.width, np.concatenate((np.zeros(1, np.uint32), rle.counts)))
