"""Masks as runs: half-open ranges of pixels in column order, as a run-length code walks them.

Pixel (row r, column c) of a mask of height H has the position c * H + r. A mask is a sorted list of
ranges of positions, so that uniting, cutting and labelling cost what its border costs, however many
pixels it has. Cut at the ends of columns, they are :class:`~sam_widget.masks.columns.ColumnRuns`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from sam_widget.errors import AnnotationError
from sam_widget.masks.rle import Rle

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Combine: TypeAlias = Callable[[NDArray[np.bool_], NDArray[np.bool_]], NDArray[np.bool_]]

__all__ = [
    "Runs",
    "combine",
    "complement",
    "mask_of_ranges",
    "mask_union",
    "masks_of_ranges",
    "merge_ranges",
    "pixel_positions",
    "rle_of",
    "runs_of",
]

Runs: TypeAlias = "NDArray[np.int64]"
"""int64 (N, 2): first position and one past the last of every run, sorted, none touching."""


def runs_of(rle: Rle) -> Runs:
    """Return the runs inside a mask."""
    ends = np.cumsum(rle.counts, dtype=np.int64)
    return ends[: len(ends) // 2 * 2].reshape(-1, 2)


def rle_of(runs: Runs, height: int, width: int) -> Rle:
    """Return the mask of these runs."""
    ends = np.concatenate(([0], runs.reshape(-1), [height * width]))
    return Rle(height, width, np.diff(ends))


def merge_ranges(ranges: NDArray[np.int64]) -> Runs:
    """Sort ranges and merge those that overlap or touch.

    Parameters
    ----------
    ranges : int64 (N, 2)
        In any order, overlapping or empty.
    """
    ranges = ranges[ranges[:, 0] < ranges[:, 1]]
    if not len(ranges):
        return np.zeros((0, 2), np.int64)
    ranges = ranges[np.argsort(ranges[:, 0], kind="stable")]
    starts, ends = ranges[:, 0], np.maximum.accumulate(ranges[:, 1])
    apart = starts[1:] > ends[:-1]
    first = np.concatenate(([True], apart))
    last = np.concatenate((apart, [True]))
    return np.stack([starts[first], ends[last]], axis=1)


def combine(first: Runs, second: Runs, rule: Combine) -> Runs:
    """Combine two masks pixel by pixel.

    Parameters
    ----------
    first, second : Runs
    rule : callable
        Takes two bool arrays and returns one, for example ``np.logical_and``. Where neither mask
        is, it must return False.
    """
    borders_first, borders_second = first.reshape(-1), second.reshape(-1)
    borders = np.union1d(borders_first, borders_second)
    # After an odd number of borders a position is inside.
    in_first = np.searchsorted(borders_first, borders, side="right") % 2 == 1
    in_second = np.searchsorted(borders_second, borders, side="right") % 2 == 1
    inside = rule(in_first, in_second)
    change = np.flatnonzero(np.diff(inside, prepend=False))
    return borders[change].reshape(-1, 2).astype(np.int64, copy=False)


def complement(runs: Runs, pixels: int) -> Runs:
    """Return what is outside, of a mask of so many pixels."""
    ends = np.concatenate(([0], runs.reshape(-1), [pixels])).astype(np.int64).reshape(-1, 2)
    return ends[ends[:, 0] < ends[:, 1]]


def pixel_positions(rle: Rle) -> NDArray[np.int64]:
    """Return the positions of all pixels inside, ascending, int64 (area,)."""
    first, end = runs_of(rle).T
    lengths = end - first
    shift = np.repeat(first - np.cumsum(lengths) + lengths, lengths)
    positions: NDArray[np.int64] = np.arange(int(lengths.sum())) + shift
    return positions


def mask_of_ranges(ranges: NDArray[np.int64], height: int, width: int) -> Rle:
    """Return the mask of all pixels that lie in any of some ranges.

    Parameters
    ----------
    ranges : int64 (N, 2)
        First position, and one past the last; in any order, overlapping or empty.
    height, width : int
        Size of the mask in pixels.

    Returns
    -------
    Rle
    """
    return rle_of(merge_ranges(ranges), height, width)


def masks_of_ranges(
    ranges: Sequence[NDArray[np.int64]], count: int, height: int, width: int
) -> list[Rle]:
    """Return many masks at once, far sooner than with :func:`mask_of_ranges` for each.

    Parameters
    ----------
    ranges : sequence of int64 (N, 2)
        As for :func:`mask_of_ranges`, but each mask's ranges moved on by its number, from 0,
        times height x width + 1.
    count : int
        How many masks.
    height, width : int
        Size of each mask in pixels.

    Returns
    -------
    list of Rle
        One for each; those without a range are empty.
    """
    size = height * width
    runs = merge_ranges(np.concatenate(ranges)) if ranges else np.zeros((0, 2), np.int64)
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


def mask_union(masks: Sequence[Rle]) -> Rle:
    """Return the union of masks of one size; at least one.

    Raises
    ------
    AnnotationError
        If their sizes differ.
    """
    height, width = masks[0].height, masks[0].width
    if any((mask.height, mask.width) != (height, width) for mask in masks):
        raise AnnotationError("masks to unite must have one size.")
    if len(masks) == 1:
        return masks[0]
    return mask_of_ranges(np.concatenate([runs_of(mask) for mask in masks]), height, width)
