"""Rectangles of a mask in which pixels are worked on: smoothing, and what a cutting line covers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sam_widget.masks.columns import ColumnRuns
from sam_widget.masks.runs import Runs, merge_ranges

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Window"]


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
    def around(cls, runs: Runs, margin: int, height: int, width: int) -> Window:
        """Return the smallest window around a mask, widened by a margin.

        Around an empty mask it is empty.
        """
        if not len(runs):
            return cls(0, 0, 0, 0, height)
        pieces = ColumnRuns.of_runs(runs, height, width)
        return cls(
            max(0, int(pieces.columns[0]) - margin),
            max(0, int(pieces.tops.min()) - margin),
            min(width, int(pieces.columns[-1]) + 1 + margin),
            min(height, int(pieces.bottoms.max()) + margin),
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
        return merge_ranges(((column + self.left) * self.height + row + self.top).reshape(-1, 2))

    def labels(self, runs: ColumnRuns, values: NDArray[np.intp]) -> NDArray[np.int32]:
        """Paint each run with its value, int32 (columns, rows); zero where there is none."""
        columns, rows = self.right - self.left, self.bottom - self.top
        tops = np.clip(runs.tops - self.top, 0, rows)
        bottoms = np.clip(runs.bottoms - self.top, 0, rows)
        inside = (runs.columns >= self.left) & (runs.columns < self.right) & (tops < bottoms)
        first = (runs.columns[inside] - self.left) * rows
        steps = np.zeros(columns * rows + 1, np.int32)
        np.add.at(steps, first + tops[inside], values[inside])
        np.subtract.at(steps, first + bottoms[inside], values[inside])
        return np.cumsum(steps[:-1], dtype=np.int32).reshape(columns, rows)
