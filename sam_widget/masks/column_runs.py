"""Masks as vertical runs: moved, resized and cleaned without a single pixel being unpacked.

A run-length code counts down one column and goes on at the top of the next. Cut at the columns'
ends, it becomes a list of vertical runs, as long as the mask's outline and not its area; so the
work does not grow with the number of pixels, and no index overflows on a large image.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from sam_widget.masks.rle import Rle
from sam_widget.masks.runs import Strips
from sam_widget.masks.runs import components as connected

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["ColumnRuns", "clean_regions", "components"]


@dataclass(frozen=True, eq=False)
class ColumnRuns:
    """A mask as runs that each lie in one column, from left to right and top to bottom.

    Attributes
    ----------
    height, width : int
        Size of the mask in pixels.
    column, top, bottom : int64 (R,)
        Pixels from row ``top`` to before row ``bottom`` of a column are inside.
    """

    height: int
    width: int
    column: NDArray[np.int64] = field(repr=False)
    top: NDArray[np.int64] = field(repr=False)
    bottom: NDArray[np.int64] = field(repr=False)

    @classmethod
    def of(cls, rle: Rle, *, inside: bool = True) -> ColumnRuns:
        """Cut a code into columns; with ``inside=False``, what it leaves out."""
        height = rle.height
        ends = np.cumsum(rle.counts, dtype=np.int64)
        if inside:
            stops = ends[1::2]
            starts = ends[0::2][: len(stops)]
        else:
            stops = ends[0::2]
            starts = np.concatenate((np.zeros(1, dtype=np.int64), ends[1::2]))[: len(stops)]
            starts, stops = starts[stops > starts], stops[stops > starts]
        first, last = starts // height, (stops - 1) // height
        spans = last - first + 1
        if (spans == 1).all():
            base = first * height
            return cls(height, rle.width, first, starts - base, stops - base)
        run = np.repeat(np.arange(len(spans)), spans)
        within = np.arange(len(run)) - np.repeat(np.cumsum(spans) - spans, spans)
        column = first[run] + within
        base = column * height
        top = np.maximum(starts[run] - base, 0)
        bottom = np.minimum(stops[run] - base, height)
        return cls(height, rle.width, column, top, bottom)

    def to_rle(self) -> Rle:
        """Return the run-length code."""
        base = self.column * self.height
        edges = np.empty(2 * len(base) + 1, dtype=np.int64)
        edges[0:-1:2], edges[1::2] = base + self.top, base + self.bottom
        edges[-1] = self.height * self.width
        return Rle(self.height, self.width, np.diff(edges, prepend=0))

    def placed(self, x: int, y: int, height: int, width: int) -> ColumnRuns:
        """Return the mask with its corner at (x, y) of a larger image."""
        return ColumnRuns(height, width, self.column + x, self.top + y, self.bottom + y)

    def resized(self, height: int, width: int) -> ColumnRuns:
        """Return the mask sampled at the centres of a grid of another size."""
        rows = ((np.arange(height) + 0.5) * self.height / height).astype(np.int64)
        columns = ((np.arange(width) + 0.5) * self.width / width).astype(np.int64)
        begin = np.searchsorted(self.column, columns, side="left")
        count = np.searchsorted(self.column, columns, side="right") - begin
        column = np.repeat(np.arange(width), count)
        run = np.arange(len(column)) + np.repeat(begin - (np.cumsum(count) - count), count)
        top = np.searchsorted(rows, self.top[run])
        bottom = np.searchsorted(rows, self.bottom[run])
        seen = bottom > top
        return ColumnRuns(height, width, column[seen], top[seen], bottom[seen])

    def picked(self, which: NDArray[np.bool_]) -> ColumnRuns:
        """Return the mask of some of the runs."""
        return ColumnRuns(
            self.height, self.width, self.column[which], self.top[which], self.bottom[which]
        )


def components(runs: ColumnRuns) -> NDArray[np.int64]:
    """Give each connected part of a mask a number; pixels that meet at a corner are connected.

    Parameters
    ----------
    runs : ColumnRuns

    Returns
    -------
    int64 (R,)
        For each run, that of its part, from 0 on.
    """
    strips = Strips(runs.column, runs.top, runs.bottom, runs.height)
    labels, _ = connected(strips, diagonal=True)
    return labels.astype(np.int64, copy=False)


def clean_regions(masks: Sequence[Rle], min_area: float) -> list[tuple[Rle, bool]]:
    """Fill small holes, then drop small islands, of several masks of one size.

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
    owner = np.repeat(np.arange(len(parts)), [len(one.column) for one in parts])
    height, width = masks[0].height, masks[0].width
    together = ColumnRuns(
        height,
        len(parts) * (width + 1),
        np.concatenate([one.column for one in parts]) + owner * (width + 1),
        np.concatenate([one.top for one in parts]),
        np.concatenate([one.bottom for one in parts]),
    )
    few, stands_for = _without_full_columns(together)
    part_of = components(few)[stands_for]
    sizes = np.bincount(part_of, weights=together.bottom - together.top)
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
        left = runs.picked(~gone).to_rle()
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
    full = runs.bottom - runs.top == runs.height
    beside = np.diff(runs.column) == 1
    between = np.zeros(len(full), dtype=np.bool_)
    between[1:-1] = full[:-2] & full[1:-1] & full[2:] & beside[:-1] & beside[1:]
    column = runs.column - np.cumsum(between)
    few = ColumnRuns(runs.height, runs.width, column, runs.top, runs.bottom).picked(~between)
    return few, np.cumsum(~between) - 1


def _complement(rle: Rle) -> Rle:
    return Rle(rle.height, rle.width, np.concatenate((np.zeros(1, np.uint32), rle.counts)))
