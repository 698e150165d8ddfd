"""Masks as intervals of pixels, counted down the columns: united, moved, but not decoded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sam_widget.errors import AnnotationError
from sam_widget.runs import join, rle_of, runs_of, strips_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sam_widget.masks import Rle

__all__ = ["from_intervals", "pixels", "placed", "union"]


def pixels(rle: Rle) -> NDArray[np.int64]:
    """Return the pixels inside, ascending, int64 (area,)."""
    first, end = runs_of(rle).T
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
    return rle_of(join(found), height, width)


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
    return from_intervals(np.concatenate([runs_of(one) for one in masks]), height, width)


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
    # Cut at the ends of columns: other pixels come between now.
    strips = strips_of(runs_of(rle), rle.height)
    at = (strips.columns + left) * height + top
    return from_intervals(np.stack([at + strips.tops, at + strips.bottoms], axis=1), height, width)
