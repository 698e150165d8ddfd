"""The model's frame and the original image's frame, and the only way between them in Python.

The model sees the image with its longest side scaled to 1024 pixels, in the top-left corner of a
1024 x 1024 square whose rest is padding; its logits are 256 x 256 over that same square.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from PIL import Image

from sam_widget.errors import PromptError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray

__all__ = ["MaskStatistics", "ModelFrame"]

_BLOCK = 4096
"""Output positions of one axis whose weights are held at a time."""

_SMALL_PRODUCT = 1 << 18
"""Multiplications in one matrix product, at most. OpenBLAS spreads larger ones over threads, which
then wait for each other on a busy machine: ten times the time while a model is running. What is
in flight also stays in the processor's cache."""


@dataclass(frozen=True, eq=False)
class MaskStatistics:
    """One candidate at full size, with the numbers shown beside it.

    Attributes
    ----------
    mask : bool (h, w)
        Where the logits are above the threshold.
    area : int
        Pixels in ``mask``.
    stability : float
        Pixels above threshold + offset over pixels above threshold - offset, in [0, 1];
        0 when there are none.
    """

    mask: NDArray[np.bool_]
    area: int
    stability: float


@dataclass(frozen=True)
class ModelFrame:
    """Maps between an original image and the model's square.

    Parameters
    ----------
    height, width : int
        Size of the original image in pixels.

    References
    ----------
    .. [1] facebookresearch/segment-anything, ``utils/transforms.py`` and ``modeling/sam.py``:
       the scaling of images, points and masks that the released weights were trained with.
    """

    height: int
    width: int

    INPUT: ClassVar[int] = 1024
    LOGITS: ClassVar[int] = 256

    @property
    def resized_hw(self) -> tuple[int, int]:
        """Size (height, width) of the image inside the model's square, longest side 1024."""
        return _longest_side(self.height, self.width, self.INPUT)

    def points_to_model(self, xy: ArrayLike) -> NDArray[np.float64]:
        """Scale points from the original image to the model's square.

        Parameters
        ----------
        xy : array-like (N, 2)
            (x, y) in original pixels.

        Returns
        -------
        float64 (N, 2)
            (x, y) in pixels of the 1024 x 1024 square. Each axis has its own ratio, because
            the resized sides are whole numbers.
        """
        new_height, new_width = self.resized_hw
        points = np.array(xy, dtype=np.float64).reshape(-1, 2)
        points[:, 0] *= new_width / self.width
        points[:, 1] *= new_height / self.height
        return points

    def boxes_to_model(self, xyxy: ArrayLike) -> NDArray[np.float64]:
        """Scale boxes (N, 4), (x0, y0, x1, y1), like their corners."""
        corners = np.array(xyxy, dtype=np.float64).reshape(-1, 2)
        return self.points_to_model(corners).reshape(-1, 4)

    def upsample(
        self, logits: NDArray[np.float32], size_hw: tuple[int, int] | None = None
    ) -> NDArray[np.float32]:
        """Bring one candidate's logits to the original image.

        Bilinear to 1024 x 1024, padding cut off, bilinear to the size asked for. Both steps are
        linear and separable, so they are applied as one product per axis.

        Parameters
        ----------
        logits : float32 (256, 256)
            From the mask decoder.
        size_hw : (int, int), optional
            Height and width of the result; the original image's when left out.

        Returns
        -------
        float32 (h, w)
        """
        height, width = self._size(size_hw)
        result = np.empty((height, width), dtype=np.float32)
        for rows, columns, tile in self._tiles(logits, height, width):
            result[rows, columns] = tile
        return result

    def masks(
        self,
        logits: NDArray[np.float32],
        size_hw: tuple[int, int] | None = None,
        threshold: float = 0.0,
    ) -> NDArray[np.bool_]:
        """Masks of several candidates, without a full-size float image in between.

        Parameters
        ----------
        logits : float32 (N, 256, 256)
            From the mask decoder.
        size_hw : (int, int), optional
            Height and width of the masks; the original image's when left out.
        threshold : float
            Logits above it belong to the mask.

        Returns
        -------
        bool (N, h, w)
        """
        height, width = self._size(size_hw)
        result = np.empty((len(logits), height, width), dtype=np.bool_)
        for mask, candidate in zip(result, logits, strict=True):
            for rows, columns, tile in self._tiles(candidate, height, width):
                np.greater(tile, threshold, out=mask[rows, columns])
        return result

    def statistics(
        self,
        logits: NDArray[np.float32],
        size_hw: tuple[int, int] | None = None,
        threshold: float = 0.0,
        offset: float = 1.0,
    ) -> MaskStatistics:
        """Mask, area and stability score of one candidate, in one pass.

        Parameters
        ----------
        logits : float32 (256, 256)
            From the mask decoder.
        size_hw : (int, int), optional
            Height and width of the mask; the original image's when left out.
        threshold : float
            Logits above it belong to the mask.
        offset : float
            How far the threshold is shifted both ways for the stability score.

        Returns
        -------
        MaskStatistics

        References
        ----------
        .. [1] Kirillov et al., "Segment Anything", ICCV 2023, appendix B: stable masks.
        """
        height, width = self._size(size_hw)
        mask = np.empty((height, width), dtype=np.bool_)
        area = inner = outer = 0
        for rows, columns, tile in self._tiles(logits, height, width):
            part = np.greater(tile, threshold)
            mask[rows, columns] = part
            area += int(np.count_nonzero(part))
            inner += int(np.count_nonzero(np.greater(tile, threshold + offset, out=part)))
            outer += int(np.count_nonzero(np.greater(tile, threshold - offset, out=part)))
        return MaskStatistics(mask, area, inner / outer if outer else 0.0)

    def logits_from_mask(self, mask: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Turn a mask of the original image into a mask prompt.

        The binary mask is resized to a longest side of 256 and cut at one half; outside it, and in
        the padding, the logit is the same negative number.

        Parameters
        ----------
        mask : bool (H, W)
            Of the original image.

        Returns
        -------
        float32 (1, 256, 256)
            About +6.9 inside and -6.9 outside, the logits of 0.999 and 0.001.

        Raises
        ------
        PromptError
            If the mask is not bool of the original image's shape.

        References
        ----------
        .. [1] Archit et al., "Segment Anything for Microscopy", Nature Methods 2025: masks as
           prompts, by the same values.
        """
        if mask.dtype != np.bool_ or mask.shape != (self.height, self.width):
            raise PromptError(
                f"the mask must be bool of the image's shape ({self.height}, {self.width}), "
                f"got {mask.dtype} of shape {mask.shape}."
            )
        new_height, new_width = _longest_side(self.height, self.width, self.LOGITS)
        grey = Image.fromarray(np.multiply(mask, 255, dtype=np.uint8))
        # Pillow's bilinear averages over the whole footprint when it shrinks, as SAM's resize does.
        small = grey.resize((new_width, new_height), Image.Resampling.BILINEAR)
        inside = math.log((1 - 1e-3) / 1e-3)
        logits = np.full((1, self.LOGITS, self.LOGITS), -inside, dtype=np.float32)
        logits[0, :new_height, :new_width][np.asarray(small) > 127] = inside
        return logits

    def _size(self, size_hw: tuple[int, int] | None) -> tuple[int, int]:
        return (self.height, self.width) if size_hw is None else size_hw

    def _tiles(
        self, logits: NDArray[np.float32], height: int, width: int
    ) -> Iterator[tuple[slice, slice, NDArray[np.float32]]]:
        """Yield upsampled logits tile by tile, with their place in the (height, width) result."""
        side = self.LOGITS
        if logits.shape != (side, side):
            raise PromptError(f"logits must have shape ({side}, {side}), got {logits.shape}.")
        new_height, new_width = self.resized_hw
        source = np.ascontiguousarray(logits, dtype=np.float32)
        for columns in _blocks(0, width, _BLOCK):
            across = _AxisWeights.of(columns, width, new_width)
            wide = np.empty((side, columns.stop - columns.start), dtype=np.float32)
            for part in across.parts(side):
                used, weights = across.narrowed(part)
                wide[:, part] = source[:, used] @ weights.T
            for block in _blocks(0, height, _BLOCK):
                down = _AxisWeights.of(block, height, new_height)
                for part in down.parts(wide.shape[1]):
                    used, weights = down.narrowed(part)
                    rows = slice(block.start + part.start, block.start + part.stop)
                    yield rows, columns, weights @ wide[used]


def _longest_side(height: int, width: int, target: int) -> tuple[int, int]:
    scale = target / max(height, width)
    # At least one pixel: the official code rounds the short side of a thin line to nothing.
    return max(1, int(height * scale + 0.5)), max(1, int(width * scale + 0.5))


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
class _AxisWeights:
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

    @classmethod
    def of(cls, block: slice, length: int, cropped: int) -> _AxisWeights:
        """Weights of the output positions in ``block``, of ``length`` in all.

        ``cropped`` pixels of this axis of the 1024 square are image and not padding.
        """
        index = np.arange(block.start, block.stop)
        near, far, share = _taps(index, length, cropped)
        first = _taps(near, ModelFrame.INPUT, ModelFrame.LOGITS)[0]
        last = _taps(far, ModelFrame.INPUT, ModelFrame.LOGITS)[1]
        weights = np.zeros((len(index), last[-1] - first[0] + 1), dtype=np.float32)
        line = np.arange(len(index))
        for square, weight in ((near, 1 - share), (far, share)):
            lower, upper, within = _taps(square, ModelFrame.INPUT, ModelFrame.LOGITS)
            weights[line, lower - first[0]] += weight * (1 - within)
            weights[line, upper - first[0]] += weight * within
        return cls(weights, first, last)

    def parts(self, lines: int) -> Iterator[slice]:
        """Cut the positions into parts whose product with ``lines`` lines stays small."""
        count = len(self.first)
        logits_each = (self.last[-1] - self.first[0] + 1) / count
        size = _BLOCK
        while size > 1 and size * (size * logits_each + 4) * lines > _SMALL_PRODUCT:
            size //= 2
        return _blocks(0, count, size)

    def narrowed(self, part: slice) -> tuple[slice, NDArray[np.float32]]:
        """Return the logits that matter to a part, and their weights for it."""
        begin, end = int(self.first[part.start]), int(self.last[part.stop - 1]) + 1
        offset = int(self.first[0])
        return slice(begin, end), self.weights[part, begin - offset : end - offset]


def _blocks(start: int, stop: int, size: int) -> Iterator[slice]:
    for begin in range(start, stop, size):
        yield slice(begin, min(begin + size, stop))
