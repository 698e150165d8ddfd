"""The picture the lite network sees of an image: its size, and its pixels as an array."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sam_widget.images import RgbImage

__all__ = ["INPUT_MEAN", "INPUT_SCALE", "INPUT_SIDE", "picture_hw", "picture_of"]

INPUT_SIDE = 512
"""Longest side of the picture the network sees, in pixels."""
INPUT_MEAN = 127.0
"""Subtracted from 8-bit RGB, as the backbone was trained."""
INPUT_SCALE = 128.0


def picture_hw(height: int, width: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Size of the picture the network sees of an image.

    Parameters
    ----------
    height, width : int
        Size of the image in pixels.

    Returns
    -------
    size_hw, padded_hw : (int, int)
        With the longest side at 512 pixels, and padded to multiples of 32.
    """
    scale = INPUT_SIDE / max(height, width)
    height, width = (max(1, int(side * scale + 0.5)) for side in (height, width))
    return (height, width), (-(-height // 32) * 32, -(-width // 32) * 32)


def picture_of(rgb: RgbImage) -> NDArray[np.float32]:
    """Return the network's input for an image.

    Returns
    -------
    ndarray
        float32 (1, 3, h, w), from -127/128 to 1: the longest side at 512 pixels, padded right and
        bottom to multiples of 32.
    """
    (height, width), padded_hw = picture_hw(rgb.height, rgb.width)
    picture = Image.fromarray(rgb.pixels).resize(
        (width, height), Image.Resampling.BILINEAR, reducing_gap=3.0
    )
    # The padding is 0, with which the backbone's convolutions pad.
    padded = np.zeros((1, 3, *padded_hw), np.float32)
    padded[0, :, :height, :width] = np.asarray(picture).transpose(2, 0, 1)
    padded[0, :, :height, :width] -= INPUT_MEAN
    padded /= INPUT_SCALE
    return padded
