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
from sam_widget.predictors.mask_tracing import TracedMask, trace
from sam_widget.predictors.upsampling import INPUT_SIDE, LOGITS_SIDE, tiles

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["ModelFrame"]


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

    INPUT: ClassVar[int] = INPUT_SIDE
    LOGITS: ClassVar[int] = LOGITS_SIDE

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
        for rows, columns, tile in tiles(logits, (height, width), self.resized_hw):
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
            for rows, columns, tile in tiles(candidate, (height, width), self.resized_hw):
                np.greater(tile, threshold, out=mask[rows, columns])
        return result

    def trace(
        self,
        logits: NDArray[np.float32],
        size_hw: tuple[int, int] | None = None,
        threshold: float = 0.0,
        offset: float = 1.0,
    ) -> list[TracedMask]:
        """Run lengths, areas and stability scores of several candidates.

        What :meth:`masks` gives, to the pixel, but only pixels near a boundary are computed: the
        sooner done the harder the edges are.

        Parameters
        ----------
        logits : float32 (N, 256, 256)
            From the mask decoder.
        size_hw : (int, int), optional
            Height and width of the masks; the original image's when left out.
        threshold : float
            Logits above it belong to the mask.
        offset : float
            How far the threshold is shifted both ways for the stability score.

        Returns
        -------
        list of TracedMask

        References
        ----------
        .. [1] Kirillov et al., "Segment Anything", ICCV 2023, appendix B: stable masks.
        """
        return trace(logits, self._size(size_hw), self.resized_hw, threshold, offset)

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


def _longest_side(height: int, width: int, target: int) -> tuple[int, int]:
    scale = target / max(height, width)
    # At least one pixel: the official code rounds the short side of a thin line to nothing.
    return max(1, int(height * scale + 0.5)), max(1, int(width * scale + 0.5))
