"""Logits to the original image's size: SAM's two bilinear steps, as one product per axis.

Everything that says which pixels belong to a mask goes through :func:`tiles`, or is compared with
it, so there is one answer.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from sam_widget.errors import PromptError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["INPUT_SIDE", "LOGITS_SIDE", "AxisWeights", "blocks", "tiles"]

INPUT_SIDE = 1024
"""Pixels of the model's square input."""

LOGITS_SIDE = 256
"""Logits along a side of the same square."""

_BLOCK = 4096
"""Output positions of one axis whose weights are held at a time."""

_SMALL_PRODUCT = 1 << 18
"""Multiplications in one matrix product, at most. OpenBLAS spreads larger ones over threads, which
then wait for each other on a busy machine: ten times the time while a model is running. What is
in flight also stays in the processor's cache."""


def tiles(
    logits: NDArray[np.float32],
    size_hw: tuple[int, int],
    resized_hw: tuple[int, int],
    only: tuple[list[int], list[int]] | None = None,
) -> Iterator[tuple[slice, slice, NDArray[np.float32]]]:
    """Upsample logits tile by tile: bilinear to 1024 x 1024, padding cut off, bilinear to the size.

    Parameters
    ----------
    logits : float32 (256, 256)
        From the mask decoder.
    size_hw : (int, int)
        Height and width of the result.
    resized_hw : (int, int)
        Size of the image inside the model's square.
    only : (list of int, list of int), optional
        Rows and columns of the result, ascending: only tiles with some of the rows are made, and
        only these columns of them are meant. All by default.

    Yields
    ------
    rows, columns : slice
        Place of the tile in the result.
    tile : float32 (h, w)
        Upsampled logits. They do not depend on ``only``, not in the last bit.
    """
    height, width = size_hw
    if logits.shape != (LOGITS_SIDE, LOGITS_SIDE):
        side = LOGITS_SIDE
        raise PromptError(f"logits must have shape ({side}, {side}), got {logits.shape}.")
    source = np.ascontiguousarray(logits, dtype=np.float32)
    for columns in blocks(0, width, _BLOCK):
        across = AxisWeights.of(columns.start, columns.stop, width, resized_hw[1])
        wide = np.zeros((LOGITS_SIDE, columns.stop - columns.start), dtype=np.float32)
        for part in across.parts(LOGITS_SIDE):
            if only is None or _meets(only[1], columns.start, part):
                used, weights = across.narrowed(part)
                wide[:, part] = source[:, used] @ weights.T
        for block in blocks(0, height, _BLOCK):
            down = AxisWeights.of(block.start, block.stop, height, resized_hw[0])
            for part in down.parts(wide.shape[1]):
                if only is None or _meets(only[0], block.start, part):
                    used, weights = down.narrowed(part)
                    rows = slice(block.start + part.start, block.start + part.stop)
                    yield rows, columns, weights @ wide[used]


def _meets(wanted: list[int], start: int, part: slice) -> bool:
    """Whether any of the ascending positions lies in a part of a block that begins at ``start``."""
    at = bisect_left(wanted, start + part.start)
    return at < len(wanted) and wanted[at] < start + part.stop


def _taps(
    index: NDArray[np.int64], length: int, source_length: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Half-pixel bilinear: two source indices for each output index, and the second's weight."""
    # float32 throughout, as torch computes it, so that masks agree to the pixel.
    scale = np.float32(source_length / length)
    half = np.float32(0.5)
    position = np.maximum((index.astype(np.float32) + half) * scale - half, np.float32(0))
    lower = np.minimum(position.astype(np.int64), source_length - 1)
    upper = np.minimum(lower + 1, source_length - 1)
    return lower, upper, (position - lower.astype(np.float32)).astype(np.float32)


@dataclass(frozen=True, eq=False)
class AxisWeights:
    """The two bilinear steps along one axis, as one banded matrix.

    Attributes
    ----------
    weights : float32 (n, k)
        Weight of the k logits from ``first[0]`` on, for each of n output positions.
    first, last : int (n,)
        First and last logit that has weight; both never decrease.
    """

    weights: NDArray[np.float32]
    first: NDArray[np.int64]
    last: NDArray[np.int64]

    @staticmethod
    @lru_cache(maxsize=16)
    def of(start: int, stop: int, length: int, cropped: int) -> AxisWeights:
        """Weights of the output positions from ``start`` to ``stop``, of ``length`` in all.

        ``cropped`` pixels of this axis of the 1024 square are image and not padding.
        """
        index = np.arange(start, stop)
        near, far, share = _taps(index, length, cropped)
        first = _taps(near, INPUT_SIDE, LOGITS_SIDE)[0]
        last = _taps(far, INPUT_SIDE, LOGITS_SIDE)[1]
        weights = np.zeros((len(index), last[-1] - first[0] + 1), dtype=np.float32)
        line = np.arange(len(index))
        for square, weight in ((near, 1 - share), (far, share)):
            lower, upper, within = _taps(square, INPUT_SIDE, LOGITS_SIDE)
            weights[line, lower - first[0]] += weight * (1 - within)
            weights[line, upper - first[0]] += weight * within
        return AxisWeights(weights, first, last)

    def parts(self, lines: int) -> Iterator[slice]:
        """Cut the positions into parts whose product with ``lines`` lines stays small."""
        count = len(self.first)
        logits_each = (self.last[-1] - self.first[0] + 1) / count
        size = _BLOCK
        while size > 1 and size * (size * logits_each + 4) * lines > _SMALL_PRODUCT:
            size //= 2
        return blocks(0, count, size)

    def narrowed(self, part: slice) -> tuple[slice, NDArray[np.float32]]:
        """Return the logits that matter to a part, and their weights for it."""
        begin, end = int(self.first[part.start]), int(self.last[part.stop - 1]) + 1
        offset = int(self.first[0])
        return slice(begin, end), self.weights[part, begin - offset : end - offset]


def blocks(start: int, stop: int, size: int) -> Iterator[slice]:
    """Cut a range into slices of at most ``size``."""
    for begin in range(start, stop, size):
        yield slice(begin, min(begin + size, stop))
