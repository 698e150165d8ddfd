"""Masks as intervals of pixels, counted down the columns: united, moved, but not decoded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sam_widget.errors import AnnotationError
from sam_widget.masks import Rle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["from_intervals", "intervals", "pixels", "placed", "union"]


def intervals(rle: Rle) -> NDArray[np.int64]:
    """Return the pixels inside as int64 (N, 2): of each run the first, and one after the last."""
    ends = np.cumsum(rle.counts, dtype=np.int64)
    return ends[: len(ends) // 2 * 2].reshape(-1, 2)


def pixels(rle: Rle) -> NDArray[np.int64]:
    """Return the pixels inside, ascending, int64 (area,)."""
    first, end = intervals(rle).T
    lengths = end - first
    shift = np.repeat(first - np.cumsum(lengths) + lengths, lengths)
    found: NDArray[np.int64] = np.arange(int(lengths.sum())) + shift
    return found


def from_intervals(found: NDArray[np.int64], height: int, width: int) -> Rle:
    """Unite intervals of pixels.

    Parameters
    ----------
    found : int64 (N, 2)
        First pixel, and the one after the last; in any order, overlapping or empty.
    height, width : int
        Size of the mask in pixels.

    Returns
    -------
    Rle
    """
    found = found[found[:, 0] < found[:, 1]]
    places = found.ravel()
    order = np.argsort(places, kind="stable")
    depth = np.cumsum(np.tile([1, -1], len(found))[order])
    places = places[order]
    # What happens at one place counts together.
    settled = np.ones(len(places), dtype=np.bool_)
    settled[:-1] = places[1:] != places[:-1]
    places, covered = places[settled], depth[settled] > 0
    changes = places[np.diff(covered, prepend=False)]
    return Rle(height, width, np.diff(np.concatenate(([0], changes, [height * width]))))


def union(masks: Sequence[Rle]) -> Rle:
    """Unite masks of one size, at least one.

    Raises
    ------
    AnnotationError
        If their sizes differ.
    """
    height, width = masks[0].height, masks[0].width
    if any((one.height, one.width) != (height, width) for one in masks):
        raise AnnotationError("masks to unite must have one size.")
    if len(masks) == 1:
        return masks[0]
    return from_intervals(np.concatenate([intervals(one) for one in masks]), height, width)


def placed(rle: Rle, left: int, top: int, height: int, width: int) -> Rle:
    """Put a mask into a larger one.

    Parameters
    ----------
    rle : Rle
    left, top : int
        Where its corner comes to lie.
    height, width : int
        Size of the larger mask in pixels.

    Raises
    ------
    AnnotationError
        If it does not fit.
    """
    if left < 0 or top < 0 or left + rle.width > width or top + rle.height > height:
        raise AnnotationError(
            f"a mask of {rle.width} x {rle.height} pixels at ({left}, {top}) does not fit into "
            f"one of {width} x {height}."
        )
    first, end = intervals(rle).T
    # A run that goes on in the next column is cut there: other pixels come between now.
    from_column, to_column = first // rle.height, (end - 1) // rle.height
    pieces = to_column - from_column + 1
    run = np.repeat(np.arange(len(first)), pieces)
    column = np.arange(int(pieces.sum())) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    column += from_column[run]
    begin = np.maximum(first[run] - column * rle.height, 0)
    stop = np.minimum(end[run] - column * rle.height, rle.height)
    at = (column + left) * height + top
    return from_intervals(np.stack([at + begin, at + stop], axis=1), height, width)
