"""Masks as runs: half-open ranges of pixels in column order, as a run-length code walks them.

Pixel (row r, column c) of a mask of height H has the position c * H + r. A mask is a sorted list of
ranges of positions, so that joining, cutting and labelling cost what its border costs, however many
pixels it has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from sam_widget.masks.rle import Rle

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Combine: TypeAlias = Callable[[NDArray[np.bool_], NDArray[np.bool_]], NDArray[np.bool_]]

__all__ = [
    "Runs",
    "Strips",
    "Window",
    "combine",
    "complement",
    "components",
    "join",
    "rle_of",
    "runs_of",
    "strips_of",
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


def join(ranges: NDArray[np.int64]) -> Runs:
    """Make runs of any ranges, int64 (N, 2), unsorted, overlapping or empty."""
    ranges = ranges[ranges[:, 0] < ranges[:, 1]]
    if not len(ranges):
        return np.zeros((0, 2), np.int64)
    ranges = ranges[np.argsort(ranges[:, 0], kind="stable")]
    starts, ends = ranges[:, 0], np.maximum.accumulate(ranges[:, 1])
    apart = starts[1:] > ends[:-1]
    first = np.concatenate(([True], apart))
    last = np.concatenate((apart, [True]))
    return np.stack([starts[first], ends[last]], axis=1)


def combine(one: Runs, other: Runs, rule: Combine) -> Runs:
    """Combine two masks pixel by pixel.

    Parameters
    ----------
    one, other : Runs
    rule : callable
        Takes two bool arrays and returns one, for example ``np.logical_and``. Where neither mask
        is, it must say False.
    """
    flat_one, flat_other = one.reshape(-1), other.reshape(-1)
    borders = np.union1d(flat_one, flat_other)
    # After an odd number of borders a position is inside.
    in_one = np.searchsorted(flat_one, borders, side="right") % 2 == 1
    in_other = np.searchsorted(flat_other, borders, side="right") % 2 == 1
    inside = rule(in_one, in_other)
    change = np.flatnonzero(np.diff(inside, prepend=False))
    return borders[change].reshape(-1, 2).astype(np.int64, copy=False)


def complement(runs: Runs, pixels: int) -> Runs:
    """Return what is outside, of a mask of so many pixels."""
    ends = np.concatenate(([0], runs.reshape(-1), [pixels])).astype(np.int64).reshape(-1, 2)
    return ends[ends[:, 0] < ends[:, 1]]


@dataclass(frozen=True, eq=False)
class Strips:
    """Runs cut at the ends of columns.

    Attributes
    ----------
    columns, tops, bottoms : int64 (N,)
        Rows ``tops`` to ``bottoms`` (exclusive) of each column, in the order of positions.
    height : int
        Of the mask.
    """

    columns: NDArray[np.int64]
    tops: NDArray[np.int64]
    bottoms: NDArray[np.int64]
    height: int

    def runs(self, chosen: NDArray[np.bool_]) -> Runs:
        """Return the runs of the chosen strips, bool (N,)."""
        first = self.columns[chosen] * self.height
        ranges = np.stack([first + self.tops[chosen], first + self.bottoms[chosen]], axis=1)
        return join(ranges)


def strips_of(runs: Runs, height: int) -> Strips:
    """Cut runs at the ends of columns."""
    starts, ends = runs[:, 0], runs[:, 1]
    first, last = starts // height, (ends - 1) // height
    counts = last - first + 1
    owner = np.repeat(np.arange(len(runs)), counts)
    columns = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts) + first[owner]
    tops = np.maximum(starts[owner] - columns * height, 0)
    bottoms = np.minimum(ends[owner] - columns * height, height)
    return Strips(columns, tops, bottoms, height)


def components(strips: Strips, *, diagonal: bool) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """Label what hangs together.

    Parameters
    ----------
    strips : Strips
    diagonal : bool
        Whether pixels that touch at a corner only hang together (8 neighbours instead of 4).

    Returns
    -------
    labels : int (N,)
        Component of each strip, numbered by the first pixel in column order.
    areas : int64 (K,)
        Pixels of each component.
    """
    reach = 1 if diagonal else 0
    height, count = strips.height, len(strips.columns)
    begin = strips.columns * height
    beside = begin + height  # where the next column begins
    low = np.searchsorted(
        begin + strips.bottoms, beside + np.maximum(strips.tops - reach, 0), side="right"
    )
    high = np.searchsorted(
        begin + strips.tops, beside + np.minimum(strips.bottoms + reach, height), side="left"
    )
    neighbours = np.maximum(high - low, 0)
    one = np.repeat(np.arange(count), neighbours)
    other = np.arange(len(one)) - np.repeat(np.cumsum(neighbours) - neighbours, neighbours)
    roots = _roots(count, one, other + low[one])
    _, labels = np.unique(roots, return_inverse=True)
    areas = np.bincount(labels, weights=strips.bottoms - strips.tops).astype(np.int64)
    return labels, areas


def _roots(count: int, one: NDArray[np.intp], other: NDArray[np.intp]) -> NDArray[np.intp]:
    """Smallest node that each node of a graph is connected to, by hooking and pointer jumping."""
    roots = np.arange(count)
    while len(one):
        first, second = roots[one], roots[other]
        apart = first != second
        one, other = one[apart], other[apart]
        low = np.minimum(first[apart], second[apart])
        high = np.maximum(first[apart], second[apart])
        np.minimum.at(roots, high, low)
        while True:
            jumped = roots[roots]
            if np.array_equal(jumped, roots):
                break
            roots = jumped
    return roots


@dataclass(frozen=True)
class Window:
    """A rectangle of a mask in which pixels are worked on one by one.

    Attributes
    ----------
    left, top, right, bottom : int
        In pixels, right and bottom exclusive, within the mask.
    height : int
        Of the whole mask.
    """

    left: int
    top: int
    right: int
    bottom: int
    height: int

    @classmethod
    def around(cls, runs: Sequence[Runs], margin: int, height: int, width: int) -> Window:
        """Return the smallest window around all these runs, widened by a margin; None has none."""
        strips = [strips_of(one, height) for one in runs if len(one)]
        if not strips:
            return cls(0, 0, 0, 0, height)
        return cls(
            max(0, min(int(one.columns[0]) for one in strips) - margin),
            max(0, min(int(one.tops.min()) for one in strips) - margin),
            min(width, max(int(one.columns[-1]) for one in strips) + 1 + margin),
            min(height, max(int(one.bottoms.max()) for one in strips) + margin),
            height,
        )

    def pixels(self, runs: Runs) -> NDArray[np.bool_]:
        """Return the mask in the window, bool (columns, rows): the order of positions."""
        first, end = self.left * self.height, self.right * self.height
        borders = np.clip(runs.reshape(-1), first, end)
        lengths = np.diff(borders, prepend=first, append=end)
        inside = np.arange(len(lengths)) % 2 == 1
        columns = np.repeat(inside, lengths).reshape(self.right - self.left, self.height)
        return columns[:, self.top : self.bottom]

    def runs(self, pixels: NDArray[np.bool_]) -> Runs:
        """Undo :meth:`pixels`, for a mask that is nowhere but in the window."""
        columns, rows = pixels.shape
        framed = np.zeros((columns, rows + 2), dtype=np.bool_)
        framed[:, 1:-1] = pixels
        column, row = np.divmod(np.flatnonzero(framed[:, 1:] != framed[:, :-1]), rows + 1)
        return join(((column + self.left) * self.height + row + self.top).reshape(-1, 2))

    def labels(self, strips: Strips, values: NDArray[np.intp]) -> NDArray[np.int32]:
        """Paint each strip with its value, int32 (columns, rows); zero where there is none."""
        columns, rows = self.right - self.left, self.bottom - self.top
        tops = np.clip(strips.tops - self.top, 0, rows)
        bottoms = np.clip(strips.bottoms - self.top, 0, rows)
        shown = (strips.columns >= self.left) & (strips.columns < self.right) & (tops < bottoms)
        first = (strips.columns[shown] - self.left) * rows
        steps = np.zeros(columns * rows + 1, np.int32)
        np.add.at(steps, first + tops[shown], values[shown])
        np.subtract.at(steps, first + bottoms[shown], values[shown])
        return np.cumsum(steps[:-1], dtype=np.int32).reshape(columns, rows)
