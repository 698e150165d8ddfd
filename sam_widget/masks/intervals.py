"""Masks as intervals of pixels, counted down the columns: united, moved, but not decoded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sam_widget.errors import AnnotationError
from sam_widget.masks.rle import Rle
from sam_widget.masks.runs import join, rle_of, runs_of, strips_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["from_intervals", "pixels", "placed", "union", "united_each"]


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


def united_each(
    found: Sequence[NDArray[np.int64]], count: int, height: int, width: int
) -> list[Rle]:
    """Unite the intervals of many masks at once, far sooner than one after another.

    Parameters
    ----------
    found : sequence of int64 (N, 2)
        As for :func:`from_intervals`, but each mask's intervals moved on by its number, from 0,
        times height x width + 1.
    count : int
        How many masks.
    height, width : int
        Size of each mask in pixels.

    Returns
    -------
    list of Rle
        One for each; those without an interval are empty.
    """
    size = height * width
    runs = join(np.concatenate(found)) if found else np.zeros((0, 2), np.int64)
    numbers = np.arange(count)
    first = np.searchsorted(runs[:, 0], numbers * (size + 1))
    last = np.append(first[1:], len(runs))[:count]
    # Each mask's borders, from 0 to its size: what lies between them are its counts.
    owner = np.repeat(numbers, last - first)
    borders = np.empty(2 * len(runs) + 2 * count, dtype=np.int64)
    at = 2 * np.arange(len(runs)) + 2 * owner + 1
    borders[at] = runs[:, 0] - owner * (size + 1)
    borders[at + 1] = runs[:, 1] - owner * (size + 1)
    start = 2 * (first + numbers)
    stop = 2 * (last + numbers) + 1
    borders[start] = 0
    borders[stop] = size
    counts = np.diff(borders).astype(np.uint32)
    # A mask that reaches the last pixel ends with the run inside.
    stop -= (last > first) & (counts[stop - 1] == 0)
    return [
        Rle.canonical(height, width, counts[begin:end].copy())
        for begin, end in zip(start.tolist(), stop.tolist(), strict=True)
    ]


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
