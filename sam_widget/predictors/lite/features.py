"""The lite network's view of an image as named arrays, and back.

The tensors come back as what decodes lays them out in memory. Only then do the same products run
on them in the same order, so that the logits are the same to the last bit, and nothing has to be
put in order at every click.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from sam_widget.predictors.base import check_arrays
from sam_widget.predictors.lite.network import EncodedImage
from sam_widget.predictors.lite.pyramid import (
    FINE_CHANNELS,
    INPUT_SIDE,
    MIDDLE_CHANNELS,
    PIXEL_CHANNELS,
    WIDTH,
    ImageFeatures,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sam_widget.predictors.frame import ModelFrame

__all__ = ["nbytes_of", "pack", "picture_hw", "unpack"]

_LEVELS = {
    "pixels": (PIXEL_CHANNELS, 2),
    "fine": (FINE_CHANNELS, 4),
    "middle": (MIDDLE_CHANNELS, 8),
    "coarse": (WIDTH, 16),
}
"""Name of each level of the pyramid, its channels and its stride."""
_LAYERS = 3
_HEADS = 4
"""Of the token layers, each of which remembers keys and values of the image."""


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


def nbytes_of(encoded: EncodedImage) -> int:
    """Bytes of all tensors of an encoded image."""
    tensors = [*encoded.features, *(part for pair in encoded.memory for part in pair)]
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


def pack(encoded: EncodedImage) -> dict[str, NDArray[Any]]:
    """Return the features as float32 arrays: levels (1, h, w, C), memories (1, h w, heads, C)."""
    arrays = {
        name: level.permute(0, 2, 3, 1)
        for name, level in zip(_LEVELS, encoded.features, strict=True)
    }
    for index, (keys, values) in enumerate(encoded.memory):
        arrays[f"keys_{index}"] = keys.transpose(1, 2)
        arrays[f"values_{index}"] = values.transpose(1, 2)
    return {name: tensor.cpu().contiguous().numpy() for name, tensor in arrays.items()}


def unpack(
    arrays: Mapping[str, NDArray[Any]],
    frame: ModelFrame,
    device: str,
    *,
    channels_last: bool = True,
) -> EncodedImage:
    """Return the features that :func:`pack` took apart.

    Parameters
    ----------
    arrays : mapping of str to ndarray
        From :func:`pack`.
    frame : ModelFrame
        Of the image.
    device : str
        Where the tensors are to be.
    channels_last : bool
        Whether what decodes has channels, and the heads' channels, next to each other in memory,
        as torch here; contiguous tensors otherwise.

    Raises
    ------
    ModelError
        If names, shapes or types are not those of this network for an image of this size.
    """
    _, (height, width) = picture_hw(frame.height, frame.width)
    shapes: dict[str, tuple[int, ...]] = {
        name: (1, height // stride, width // stride, channels)
        for name, (channels, stride) in _LEVELS.items()
    }
    split = (1, (height // 16) * (width // 16), _HEADS, WIDTH // _HEADS)
    for index in range(_LAYERS):
        shapes |= {f"keys_{index}": split, f"values_{index}": split}
    check_arrays(arrays, shapes, "lite")

    def tensor(name: str, *order: int) -> torch.Tensor:
        # torch wants memory that may be written to.
        array = np.require(arrays[name], requirements=("C", "W"))
        found = torch.from_numpy(array).to(device).permute(*order)
        return found if channels_last else found.contiguous()

    levels = ImageFeatures(*(tensor(name, 0, 3, 1, 2) for name in _LEVELS))
    memory = tuple(
        (tensor(f"keys_{index}", 0, 2, 1, 3), tensor(f"values_{index}", 0, 2, 1, 3))
        for index in range(_LAYERS)
    )
    return EncodedImage(levels, memory)
