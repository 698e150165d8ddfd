"""Masks as run lengths, with area and stability, computed only where a boundary runs.

A mask's pixels are bilinear mixes of logits, so a block of pixels whose logits all lie on one side
of a threshold lies on that side as a whole. Only the other blocks, a few in a hundred, are
upsampled; what they give is what ``upsampling.tiles`` gives, to the pixel. Where the edges are so
soft that there are many of them, all pixels are computed: that is quicker then.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from sam_widget.errors import PromptError
from sam_widget.masks import Rle
from sam_widget.predictors.upsampling import AxisWeights, LogitsAxis, blocks, tiles

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Axes = tuple[LogitsAxis, LogitsAxis]

__all__ = ["TracedMask", "trace", "trace_all_pixels"]

_SIDE = 8
"""Pixels along a block's side: as many as one of SAM's logits covers at 2048 pixels."""

_AXIS_BLOCK = 4096
_BATCH = 2048
"""Blocks that are upsampled at a time; they stay in the processor's cache."""

_MANY = 0.15
"""Share of uncertain blocks from which on computing all pixels is quicker: measured at 0.7 and 2.8
megapixels, where 0.12 takes 0.4 to 0.8 of it, and 0.2 takes 1.1 to 3 times as long."""

_ROUNDING = 16 * 2.0**-24
"""Error of an upsampled logit, relative to the largest one it is mixed from: two sums of at most
three products each, in any order, and weights that sum to one but for rounding; twice that, because
two ways of computing it are compared."""


@dataclass(frozen=True, eq=False)
class TracedMask:
    """One candidate, with the numbers shown beside it.

    Attributes
    ----------
    rle : Rle
        Where the logits are above the threshold.
    area : int
        Pixels in ``rle``.
    stability : float
        Pixels above threshold + offset over pixels above threshold - offset, in [0, 1];
        0 when there are none.
    """

    rle: Rle
    area: int
    stability: float


def trace(
    logits: NDArray[np.float32],
    size_hw: tuple[int, int],
    axes: Axes,
    threshold: float = 0.0,
    offset: float = 1.0,
) -> list[TracedMask]:
    """Trace several candidates at the size asked for.

    Parameters
    ----------
    logits : float32 (N, S, S)
        From the mask decoder.
    size_hw : (int, int)
        Height and width of the masks.
    axes : (LogitsAxis, LogitsAxis)
        Of the logits, down and across: ``ModelFrame.axes``.
    threshold : float
        Logits above it belong to the mask.
    offset : float
        How far the threshold is shifted both ways for the stability score.

    Returns
    -------
    list of TracedMask
        Exactly what upsampling every pixel gives.

    References
    ----------
    .. [1] Kirillov et al., "Segment Anything", ICCV 2023, appendix B: stable masks.
    """
    height, width = (axis.logits for axis in axes)
    if logits.ndim != 3 or logits.shape[1:] != (height, width):
        raise PromptError(f"logits must have shape (N, {height}, {width}), got {logits.shape}.")
    levels = (threshold, threshold + offset, threshold - offset)
    return _Tracing(logits, size_hw, axes, levels).finish()


def trace_all_pixels(
    logits: NDArray[np.float32],
    size_hw: tuple[int, int],
    axes: Axes,
    levels: tuple[float, float, float],
) -> TracedMask:
    """Trace one candidate pixel by pixel.

    Parameters
    ----------
    logits : float32 (S, S)
        From the mask decoder.
    size_hw, axes
        As for :func:`trace`.
    levels : (float, float, float)
        The threshold, and it shifted up and down for the stability score.
    """
    mask = np.empty(size_hw, dtype=np.bool_)
    counts = [0, 0, 0]
    for rows, columns, tile in tiles(logits, size_hw, axes):
        mask[rows, columns] = part = np.greater(tile, levels[0])
        counts[0] += int(np.count_nonzero(part))
        for at in (1, 2):
            counts[at] += int(np.count_nonzero(np.greater(tile, levels[at], out=part)))
    return TracedMask(Rle.encode(mask), counts[0], _ratio(counts[1], counts[2]))


def _ratio(inner: int, outer: int) -> float:
    return inner / outer if outer else 0.0


@dataclass(frozen=True, eq=False)
class _Bands:
    """One axis of the masks, cut into bands of ``_SIDE`` positions.

    Attributes
    ----------
    taps : int (n, k)
        The logits that each band is mixed from, ascending by one.
    weights : float32 (n, _SIDE, k)
        Weights of those logits; zero beyond the end of the axis.
    transposed : float32 (n, k, _SIDE)
        The same, in the order that a product from the right likes.
    sizes : int (n,)
        Positions in each band: ``_SIDE``, but fewer in the last.
    """

    taps: NDArray[np.int64]
    weights: NDArray[np.float32]
    transposed: NDArray[np.float32]
    sizes: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.sizes)


@lru_cache(maxsize=16)
def _bands(length: int, axis: LogitsAxis) -> _Bands:
    begins, parts = [], []
    for block in blocks(0, length, _AXIS_BLOCK):
        matrix = AxisWeights.of(block.start, block.stop, length, axis)
        for part in blocks(0, len(matrix.first), _SIDE):
            used, weights = matrix.narrowed(part)
            begins.append(used.start)
            parts.append(weights)
    count = max(own.shape[1] for own in parts)
    first = np.minimum(begins, axis.logits - count)
    weights = np.zeros((len(parts), _SIDE, count), dtype=np.float32)
    for into, offset, own in zip(weights, begins - first, parts, strict=True):
        into[: own.shape[0], offset : offset + own.shape[1]] = own
    sizes = np.array([len(own) for own in parts])
    transposed = np.ascontiguousarray(weights.transpose(0, 2, 1))
    return _Bands(first[:, None] + np.arange(count), weights, transposed, sizes)


def _sliding(extreme: np.ufunc, values: NDArray[np.float32], length: int) -> NDArray[np.float32]:
    """Least or largest of ``length`` neighbours along axis 1, starting at each position."""
    reach = 1  # neighbours that are taken together so far
    while reach < length:
        step = min(reach, length - reach)
        values = extreme(values[:, :-step], values[:, step:])
        reach += step
    return values


class _Tracing:
    """The work on one set of candidates."""

    def __init__(
        self,
        logits: NDArray[np.float32],
        size_hw: tuple[int, int],
        axes: Axes,
        levels: tuple[float, float, float],
    ) -> None:
        self._logits = np.ascontiguousarray(logits, dtype=np.float32)
        self._size_hw = size_hw
        self._axes = axes
        self._levels = levels
        self._down = _bands(size_hw[0], axes[0])
        self._across = _bands(size_hw[1], axes[1])
        self._changes: list[NDArray[np.int64]] = []

        low, high = self._range(np.minimum), self._range(np.maximum)
        margin = np.float32(_ROUNDING) * np.maximum(np.abs(low), np.abs(high))
        # Written so that a NaN makes a block uncertain.
        certain = np.ones(low.shape, dtype=np.bool_)
        for level in levels:
            certain &= (low - margin > level) | (high + margin < level)
        self._soft = certain.mean(axis=(1, 2)) < 1 - _MANY
        # As if they had no pixels: they are traced as a whole.
        certain[self._soft], low[self._soft] = True, -np.inf
        pixels = (self._down.sizes[:, None] * self._across.sizes).reshape(-1)
        filled = [(low > level) & certain for level in levels]
        self._counts = np.stack([blocks.reshape(-1, len(pixels)) @ pixels for blocks in filled])
        # First and last row of every block, for the changes from one block to the next.
        self._tops = np.repeat(filled[0][..., None], _SIDE, axis=3)
        self._bottoms = self._tops.copy()

        for number in range(len(self._logits)):
            uncertain = np.flatnonzero(~certain[number])
            margins = margin[number].reshape(-1)[uncertain]
            doubtful = [
                self._trace_blocks(number, uncertain[batch], margins[batch])
                for batch in blocks(0, len(uncertain), _BATCH)
            ]
            if doubtful:
                self._settle(number, np.concatenate(doubtful))

    def finish(self) -> list[TracedMask]:
        """Put the candidates' parts together."""
        height, width = self._size_hw
        pixels = height * width
        ends = self._all_changes()
        # Every candidate's changes lie in a range of its own.
        edges = np.searchsorted(ends, np.arange(len(self._logits) + 1) * pixels)
        traced = []
        for number, logits in enumerate(self._logits):
            if self._soft[number]:
                arguments = (self._size_hw, self._axes, self._levels)
                traced.append(trace_all_pixels(logits, *arguments))
                continue
            own = ends[edges[number] : edges[number + 1]] - number * pixels
            runs = np.diff(own, prepend=0, append=pixels)
            area, inner, outer = (int(count) for count in self._counts[:, number])
            traced.append(TracedMask(Rle(height, width, runs), area, _ratio(inner, outer)))
        return traced

    def _range(self, extreme: np.ufunc) -> NDArray[np.float32]:
        """Least or largest logit that each block is mixed from, (N, bands down, bands across)."""
        down = _sliding(extreme, self._logits, self._down.weights.shape[2])
        rows = down[:, self._down.taps[:, 0]].transpose(0, 2, 1)
        across = _sliding(extreme, rows, self._across.weights.shape[2])
        return np.ascontiguousarray(across[:, self._across.taps[:, 0]].transpose(0, 2, 1))

    def _trace_blocks(
        self, number: int, where: NDArray[np.int64], margins: NDArray[np.float32]
    ) -> NDArray[np.int64]:
        """Trace blocks, but for those that are returned: there, rounding could decide."""
        values = self._upsampled(number, where)
        margin = margins.max()
        doubts = np.zeros(len(where), dtype=np.bool_)
        insides = []
        for level in self._levels:
            inside, above = values > level - margin, values > level + margin
            if np.count_nonzero(inside) != np.count_nonzero(above):
                # Few pixels are within the largest margin, and fewer within their own block's.
                near = np.flatnonzero(inside ^ above)
                distance = values.reshape(-1)[near] - np.float32(level)
                inside.reshape(-1)[near] = distance > 0
                block = near // (_SIDE * _SIDE)
                doubts[block[np.abs(distance) <= margins[block]]] = True
            insides.append(inside)
        if doubts.any():
            for inside in insides:
                inside[doubts] = False
        self._note(number, where, insides)
        return where[doubts]

    def _upsampled(self, number: int, where: NDArray[np.int64]) -> NDArray[np.float32]:
        """Upsampled logits of a candidate's blocks, (B, 64); -inf beyond the mask's edge."""
        down, across = np.divmod(where, len(self._across))
        line = self._axes[1].logits
        taps = self._down.taps[down, :, None] * line + self._across.taps[across, None, :]
        wide = self._logits[number].reshape(-1)[taps] @ self._across.transposed[across]
        values: NDArray[np.float32] = self._down.weights[down] @ wide
        values[down == len(self._down) - 1, self._down.sizes[-1] :] = -np.inf
        values[across == len(self._across) - 1, :, self._across.sizes[-1] :] = -np.inf
        return values.reshape(len(where), _SIDE * _SIDE)

    def _settle(self, number: int, where: NDArray[np.int64]) -> None:
        """Trace doubtful blocks with what :func:`tiles` gives for their pixels."""
        if not len(where):
            return
        values = self._upsampled(number, where)
        down, across = np.divmod(where, len(self._across))
        steps = np.arange(_SIDE)
        ys = np.repeat(down[:, None] * _SIDE + steps, _SIDE, axis=1)
        xs = np.tile(across[:, None] * _SIDE + steps, _SIDE)
        only = (np.unique(ys).tolist(), np.unique(xs).tolist())
        for rows, columns, tile in tiles(self._logits[number], self._size_hw, self._axes, only):
            here = (ys >= rows.start) & (ys < rows.stop)
            here &= (xs >= columns.start) & (xs < columns.stop)
            values[here] = tile[ys[here] - rows.start, xs[here] - columns.start]
        self._note(number, where, [values > level for level in self._levels])

    def _note(
        self, number: int, where: NDArray[np.int64], insides: list[NDArray[np.bool_]]
    ) -> None:
        """Count blocks' pixels, and keep where the mask begins or ends within them.

        ``insides`` are bool (B, 64): what is above each level.
        """
        for at, inside in enumerate(insides):
            self._counts[at, number] += np.count_nonzero(inside)
        down, across = np.divmod(where, len(self._across))
        mask = insides[0]
        self._tops[number, down, across] = mask[:, :_SIDE]
        rows = mask.reshape(len(where), _SIDE, _SIDE)
        self._bottoms[number, down, across] = rows[
            np.arange(len(where)), self._down.sizes[down] - 1
        ]
        step = np.flatnonzero(mask[:, _SIDE:] ^ mask[:, :-_SIDE])
        block, within = np.divmod(step, _SIDE * (_SIDE - 1))
        row, column = np.divmod(within, _SIDE)
        height, width = self._size_hw
        y = down[block] * _SIDE + row + 1
        changes = (number * width + across[block] * _SIDE + column) * height + y
        # Beyond the lower edge there is no change, only an end.
        self._changes.append(changes[y < height])

    def _all_changes(self) -> NDArray[np.int64]:
        """Where masks change, counting column by column and candidate by candidate, ascending."""
        height, width = self._size_hw
        count, bands = self._tops.shape[:2]
        padded = len(self._across) * _SIDE
        tops = self._tops.reshape(count, bands, padded)
        bottoms = self._bottoms.reshape(count, bands, padded)
        changed = np.zeros((count, bands, padded), dtype=np.bool_)
        np.not_equal(tops[:, 1:], bottoms[:, :-1], out=changed[:, 1:])
        # A column follows the end of the one before; nothing precedes the first, which is outside.
        changed[:, 0] = tops[:, 0]
        changed[:, 0, 1:] ^= bottoms[:, -1, :-1]
        rest, x = np.divmod(np.flatnonzero(changed), padded)
        number, band = np.divmod(rest, bands)
        between = ((number * width + x) * height + band * _SIDE)[x < width]
        changes = np.concatenate([*self._changes, between])
        changes.sort()
        return changes
