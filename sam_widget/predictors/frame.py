"""The model's frame and the original image's frame, and the only way between them in Python.

A model sees an image inside a square of its own, and its logits lie over that square. How large
both are, and how the image lies in the square, is the model's: whoever needs to know asks the frame
of its embedding or of its prediction.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import numpy as np
from PIL import Image

from sam_widget.errors import ModelError, PromptError
from sam_widget.predictors.mask_tracing import TracedMask, trace
from sam_widget.predictors.upsampling import LogitsAxis, tiles
from sam_widget.prompts import MAX_LOGITS_SIDE

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Fit", "ModelFrame", "Upsampling"]

Fit: TypeAlias = Literal["pad", "stretch"]
Upsampling: TypeAlias = Literal["through_input", "direct"]


@dataclass(frozen=True)
class ModelFrame:
    """Maps between an original image and a model's square.

    ``ModelFrame(height, width)`` is SAM's frame [1]_, which SAM-HQ and MobileSAM share.
    ``ModelFrame(height, width, 1008, 288, "stretch", "direct")`` is the one of SAM 3 [2]_.

    Parameters
    ----------
    height, width : int
        Size of the original image in pixels.
    input_side : int
        Side of the model's square input in pixels.
    logits_side : int
        Logits along a side of the same square; at most ``input_side``.
    fit : {"pad", "stretch"}
        How the image lies in the square: scaled until its longest side fits, in the top-left
        corner, the rest being padding; or stretched over all of it.
    upsampling : {"through_input", "direct"}
        How logits are brought to the image, bilinearly: to the size of the input, cut to the image,
        and then to its size; or straight to its size.

    Raises
    ------
    ModelError
        If the sides or words are not as described.

    References
    ----------
    .. [1] facebookresearch/segment-anything, ``utils/transforms.py`` and ``modeling/sam.py``:
       the scaling of images, points and masks that the released weights were trained with.
    .. [2] facebookresearch/sam3 and facebookresearch/sam2, ``utils/transforms.py``.
    """

    height: int
    width: int
    input_side: int = 1024
    logits_side: int = 256
    fit: Fit = "pad"
    upsampling: Upsampling = "through_input"

    def __post_init__(self) -> None:
        if not 1 <= self.logits_side <= min(self.input_side, MAX_LOGITS_SIDE):
            raise ModelError(
                f"expected logits_side from 1 to input_side = {self.input_side}, and at most "
                f"{MAX_LOGITS_SIDE}, got {self.logits_side}."
            )
        for name, words in (("fit", get_args(Fit)), ("upsampling", get_args(Upsampling))):
            value = getattr(self, name)
            if value not in words:
                raise ModelError(f"expected {name} to be one of {', '.join(words)}, got {value!r}.")

    @property
    def resized_hw(self) -> tuple[int, int]:
        """Size (height, width) of the image inside the model's square."""
        return self._fitted(self.input_side)

    @property
    def logits_shape(self) -> tuple[int, int, int]:
        """Shape of one candidate's logits, (1, h, w), with which it is fed back as a prompt."""
        return 1, self.logits_side, self.logits_side

    @property
    def axes(self) -> tuple[LogitsAxis, LogitsAxis]:
        """How logits lie over the image, down and across."""
        direct = self.upsampling == "direct"
        height, width = self.resized_hw
        return (
            LogitsAxis(self.logits_side, self.input_side, height, direct),
            LogitsAxis(self.logits_side, self.input_side, width, direct),
        )

    def points_to_model(self, xy: ArrayLike) -> NDArray[np.float64]:
        """Scale points from the original image to the model's square.

        Parameters
        ----------
        xy : array-like (N, 2)
            (x, y) in original pixels.

        Returns
        -------
        float64 (N, 2)
            (x, y) in pixels of the square. Each axis has its own ratio: an image may be stretched,
            and the sides of one that is not are rounded to whole numbers.
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

    def masks(
        self,
        logits: NDArray[np.float32],
        size_hw: tuple[int, int] | None = None,
        threshold: float = 0.0,
    ) -> NDArray[np.bool_]:
        """Masks of several candidates, without a full-size float image in between.

        Parameters
        ----------
        logits : float32 (N, S, S)
            From the mask decoder; S is ``logits_side``.
        size_hw : (int, int), optional
            Height and width of the masks; the original image's when left out.
        threshold : float
            Logits above it belong to the mask.

        Returns
        -------
        bool (N, h, w)
        """
        height, width = self._size(size_hw)
        axes = self.axes
        result = np.empty((len(logits), height, width), dtype=np.bool_)
        for mask, candidate in zip(result, logits, strict=True):
            for rows, columns, tile in tiles(candidate, (height, width), axes):
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
        logits : float32 (N, S, S)
            From the mask decoder; S is ``logits_side``.
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
        return trace(logits, self._size(size_hw), self.axes, threshold, offset)

    def logits_from_mask(self, mask: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Turn a mask of the original image into a mask prompt.

        The binary mask is fitted into the square of the logits, as the image is into that of the
        input, and cut at one half; outside it, and in the padding, the logit is the same negative
        number.

        Parameters
        ----------
        mask : bool (H, W)
            Of the original image.

        Returns
        -------
        float32 (1, S, S)
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
        new_height, new_width = self._fitted(self.logits_side)
        grey = Image.fromarray(np.multiply(mask, 255, dtype=np.uint8))
        # Pillow's bilinear averages over the whole footprint when it shrinks, as SAM's resize does.
        small = grey.resize((new_width, new_height), Image.Resampling.BILINEAR)
        inside = math.log((1 - 1e-3) / 1e-3)
        logits = np.full(self.logits_shape, -inside, dtype=np.float32)
        logits[0, :new_height, :new_width][np.asarray(small) > 127] = inside
        return logits

    def _size(self, size_hw: tuple[int, int] | None) -> tuple[int, int]:
        return (self.height, self.width) if size_hw is None else size_hw

    def _fitted(self, side: int) -> tuple[int, int]:
        """Size (height, width) of the image inside a square of this side."""
        if self.fit == "stretch":
            return side, side
        scale = side / max(self.height, self.width)
        # At least one pixel: the official code rounds the short side of a thin line to nothing.
        height, width = (max(1, int(each * scale + 0.5)) for each in (self.height, self.width))
        return height, width
