"""Logits to the original image's size: one bilinear step or SAM's two, as one product per axis.

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

__all__ = ["AxisWeights", "LogitsAxis", "blocks", "tiles"]

_BLOCK = 4096
"""Output positions of one axis whose weights are held at a time."""

_SMALL_PRODUCT = 1 << 18
"""Multiplications in one matrix product, at most. OpenBLAS spreads larger ones over threads, which
then wait for each other on a busy machine: ten times the time while a model is running. What is
in flight also stays in the processor's cache."""


@dataclass(frozen=True)
class LogitsAxis:
    """One axis of a model's frame: how the image lies in the input, and the logits over it.

    Attributes
    ----------
    logits : int
        Logits along the axis.
    input_side : int
        Pixels of the model's input along it, over which the logits lie.
    image : int
        Pixels of that input that are image; the rest, at the end, is padding.
    direct : bool
        Whether logits are brought to the image in one bilinear step. In two steps they are brought
        to the input, the padding is cut off, and what is left is brought to the image.
    """

    logits: int
    input_side: int
    image: int
    direct: bool


def tiles(
    logits: NDArray[np.float32],
    size_hw: tuple[int, int],
    axes: tuple[LogitsAxis, LogitsAxis],
    only: tuple[list[int], list[int]] | None = None,
) -> Iterator[tuple[slice, slice, NDArray[np.float32]]]:
    """Upsample logits tile by tile, as the model's frame says.

    Parameters
    ----------
    logits : float32 (S, S)
        From the mask decoder.
    size_hw : (int, int)
        Height and width of the result.
    axes : (LogitsAxis, LogitsAxis)
        Of the logits, down and across: ``ModelFrame.axes``.
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
    expected = tuple(axis.logits for axis in axes)
    if logits.shape != expected:
        raise PromptError(f"logits must have shape {expected}, got {logits.shape}.")
    source = np.ascontiguousarray(logits, dtype=np.float32)
    for columns in blocks(0, width, _BLOCK):
        across = AxisWeights.of(columns.start, columns.stop, width, axes[1])
        wide = np.zeros((len(source), columns.stop - columns.start), dtype=np.float32)
        for part in across.parts(len(source)):
            if only is None or _meets(only[1], columns.start, part):
                used, weights = across.narrowed(part)
                wide[:, part] = source[:, used] @ weights.T
        for block in blocks(0, height, _BLOCK):
            down = AxisWeights.of(block.start, block.stop, height, axes[0])
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
    index: NDArray[np.int64], scale: float, count: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Half-pixel bilinear: two source indices for each output index, and the second's weight.

    ``scale`` is how much of the source one output position covers; the source has ``count``.
    """
    # float32 throughout, as torch computes it, so that masks agree to the pixel.
    half = np.float32(0.5)
    position = (index.astype(np.float32) + half) * np.float32(scale) - half
    position = np.maximum(position, np.float32(0))
    lower = np.minimum(position.astype(np.int64), count - 1)
    upper = np.minimum(lower + 1, count - 1)
    return lower, upper, (position - lower.astype(np.float32)).astype(np.float32)


@dataclass(frozen=True, eq=False)
class AxisWeights:
    """The bilinear steps along one axis, as one banded matrix.

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
    def of(start: int, stop: int, length: int, axis: LogitsAxis) -> AxisWeights:
        """Weights of the output positions from ``start`` to ``stop``, of ``length`` in all."""
        index = np.arange(start, stop)
        # Logits, a lower and an upper one, that are mixed by these shares of each.
        mixed: list[tuple[NDArray[np.int64], NDArray[np.float32]]] = []
        if axis.direct:
            scale = axis.logits * axis.image / axis.input_side / length
            lower, upper, share = _taps(index, scale, axis.logits)
            mixed += [(lower, 1 - share), (upper, share)]
        else:
            near, far, share = _taps(index, axis.image / length, axis.image)
            for pixel, weight in ((near, 1 - share), (far, share)):
                lower, upper, within = _taps(pixel, axis.logits / axis.input_side, axis.logits)
                mixed += [(lower, weight * (1 - within)), (upper, weight * within)]
        first, last = mixed[0][0], mixed[-1][0]
        weights = np.zeros((len(index), last[-1] - first[0] + 1), dtype=np.float32)
        line = np.arange(len(index))
        for logit, weight in mixed:
            weights[line, logit - first[0]] += weight
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
