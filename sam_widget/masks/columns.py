"""Masks as vertical runs: moved, resized and labelled without a single pixel being unpacked.

A run-length code counts down one column and goes on at the top of the next. Cut at the columns'
ends, it becomes a list of vertical runs, as long as the mask's outline and not its area; so the
work does not grow with the number of pixels, and no index overflows on a large image.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from sam_widget.errors import AnnotationError
from sam_widget.masks.rle import Rle
from sam_widget.masks.runs import Runs, complement, merge_ranges, runs_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ColumnRuns", "components", "paste_mask", "resize_mask"]


@dataclass(frozen=True, eq=False)
class ColumnRuns:
    """A mask as runs that each lie in one column, from left to right and top to bottom.

    Attributes
    ----------
    height, width : int
        Size of the mask in pixels.
    columns, tops, bottoms : int64 (N,)
        Pixels from row ``tops`` to before row ``bottoms`` of each column are inside.
    """

    height: int
    width: int
    columns: NDArray[np.int64] = field(repr=False)
    tops: NDArray[np.int64] = field(repr=False)
    bottoms: NDArray[np.int64] = field(repr=False)

    @classmethod
    def of_runs(cls, runs: Runs, height: int, width: int) -> ColumnRuns:
        """Cut runs at the ends of columns."""
        starts, stops = runs.T
        first, last = starts // height, (stops - 1) // height
        spans = last - first + 1
        if (spans == 1).all():
            base = first * height
            return cls(height, width, first, starts - base, stops - base)
        run = np.repeat(np.arange(len(spans)), spans)
        within = np.arange(len(run)) - np.repeat(np.cumsum(spans) - spans, spans)
        columns = first[run] + within
        base = columns * height
        tops = np.maximum(starts[run] - base, 0)
        bottoms = np.minimum(stops[run] - base, height)
        return cls(height, width, columns, tops, bottoms)

    @classmethod
    def of(cls, rle: Rle, *, inside: bool = True) -> ColumnRuns:
        """Cut a mask into columns; with ``inside=False``, what it leaves out."""
        runs = runs_of(rle)
        if not inside:
            runs = complement(runs, rle.height * rle.width)
        return cls.of_runs(runs, rle.height, rle.width)

    def runs(self, chosen: NDArray[np.bool_]) -> Runs:
        """Return the chosen runs, bool (N,), joined where a column leads on to the next."""
        base = self.columns[chosen] * self.height
        ranges = np.stack([base + self.tops[chosen], base + self.bottoms[chosen]], axis=1)
        return merge_ranges(ranges)

    def to_rle(self) -> Rle:
        """Return the run-length code."""
        base = self.columns * self.height
        edges = np.empty(2 * len(base) + 1, dtype=np.int64)
        edges[0:-1:2], edges[1::2] = base + self.tops, base + self.bottoms
        edges[-1] = self.height * self.width
        return Rle(self.height, self.width, np.diff(edges, prepend=0))

    def select(self, chosen: NDArray[np.bool_]) -> ColumnRuns:
        """Return the mask of some of the runs, bool (N,)."""
        parts = (array[chosen] for array in (self.columns, self.tops, self.bottoms))
        return ColumnRuns(self.height, self.width, *parts)


def paste_mask(rle: Rle, left: int, top: int, height: int, width: int) -> Rle:
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
    runs = ColumnRuns.of(rle)
    columns, tops, bottoms = runs.columns + left, runs.tops + top, runs.bottoms + top
    return ColumnRuns(height, width, columns, tops, bottoms).to_rle()


def resize_mask(rle: Rle, height: int, width: int) -> Rle:
    """Sample a mask at the centres of a grid of another size."""
    runs = ColumnRuns.of(rle)
    row_of = ((np.arange(height) + 0.5) * rle.height / height).astype(np.int64)
    column_of = ((np.arange(width) + 0.5) * rle.width / width).astype(np.int64)
    begin = np.searchsorted(runs.columns, column_of, side="left")
    count = np.searchsorted(runs.columns, column_of, side="right") - begin
    columns = np.repeat(np.arange(width), count)
    run = np.arange(len(columns)) + np.repeat(begin - (np.cumsum(count) - count), count)
    tops = np.searchsorted(row_of, runs.tops[run])
    bottoms = np.searchsorted(row_of, runs.bottoms[run])
    seen = bottoms > tops
    return ColumnRuns(height, width, columns[seen], tops[seen], bottoms[seen]).to_rle()


def components(runs: ColumnRuns, *, diagonal: bool) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """Label the connected components of a mask.

    Parameters
    ----------
    runs : ColumnRuns
    diagonal : bool
        Whether pixels that touch only at a corner are connected (8 neighbours instead of 4).

    Returns
    -------
    labels : int (N,)
        Component of each run, numbered by the first pixel in column order.
    areas : int64 (K,)
        Pixels of each component.
    """
    reach = 1 if diagonal else 0
    height, count = runs.height, len(runs.columns)
    begin = runs.columns * height
    beside = begin + height  # where the next column begins
    low = np.searchsorted(
        begin + runs.bottoms, beside + np.maximum(runs.tops - reach, 0), side="right"
    )
    high = np.searchsorted(
        begin + runs.tops, beside + np.minimum(runs.bottoms + reach, height), side="left"
    )
    neighbours = np.maximum(high - low, 0)
    left = np.repeat(np.arange(count), neighbours)
    right = np.arange(len(left)) - np.repeat(np.cumsum(neighbours) - neighbours, neighbours)
    roots = _roots(count, left, right + low[left])
    _, labels = np.unique(roots, return_inverse=True)
    areas = np.bincount(labels, weights=runs.bottoms - runs.tops).astype(np.int64)
    return labels, areas


def _roots(count: int, left: NDArray[np.intp], right: NDArray[np.intp]) -> NDArray[np.intp]:
    """Find the smallest node that each node of a graph is connected to.

    By hooking and pointer jumping; ``left`` and ``right`` are the two ends of each edge.
    """
    roots = np.arange(count)
    while len(left):
        first, second = roots[left], roots[right]
        apart = first != second
        left, right = left[apart], right[apart]
        low = np.minimum(first[apart], second[apart])
        high = np.maximum(first[apart], second[apart])
        np.minimum.at(roots, high, low)
        while True:
            jumped = roots[roots]
            if np.array_equal(jumped, roots):
                break
            roots = jumped
    return roots
