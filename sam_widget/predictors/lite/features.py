"""The lite network's view of an image: its shapes, and named arrays for files and back.

An image is encoded by one runtime and may be decoded by the other, so its parts are arrays of NumPy
or tensors of torch: whoever computes takes either (:func:`as_arrays`, ``torch_runner.as_tensors``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from sam_widget.predictors.base import check_arrays
from sam_widget.predictors.lite.picture import picture_hw

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from sam_widget.predictors.frame import ModelFrame

__all__ = [
    "FINE_CHANNELS",
    "GRID_SIDE",
    "MIDDLE_CHANNELS",
    "PIXEL_CHANNELS",
    "WIDTH",
    "Array",
    "EncodedImage",
    "ImageFeatures",
    "as_arrays",
    "converted",
    "nbytes_of",
    "pack",
    "unpack",
]

GRID_SIDE = 256
"""Side of the grid on which masks are predicted: stride 2 of the input."""
WIDTH = 128
"""Width of the tokens and of the coarse features."""
PIXEL_CHANNELS = 24
FINE_CHANNELS = 48
MIDDLE_CHANNELS = 96

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

Array: TypeAlias = Any
"""float32: an ndarray where ONNX Runtime computes, a Tensor where torch does."""


class ImageFeatures(NamedTuple):
    """What the network keeps of an image; h and w are sides of the padded input in pixels."""

    pixels: Array
    """(1, 24, h / 2, w / 2)"""
    fine: Array
    """(1, 48, h / 4, w / 4)"""
    middle: Array
    """(1, 96, h / 8, w / 8)"""
    coarse: Array
    """(1, 128, h / 16, w / 16)"""


class EncodedImage(NamedTuple):
    """Everything that does not depend on the prompt."""

    features: ImageFeatures
    memory: tuple[tuple[Array, Array], ...]
    """For each token layer, the keys and values of the coarse features, split by head."""

    @classmethod
    def of_parts(cls, parts: list[Array]) -> EncodedImage:
        """Return what :attr:`parts` took apart."""
        return cls(ImageFeatures(*parts[:4]), tuple(zip(parts[4::2], parts[5::2], strict=True)))

    @property
    def parts(self) -> list[Array]:
        """The four levels, then keys and values of each token layer."""
        return [*self.features, *(part for pair in self.memory for part in pair)]


def converted(encoded: EncodedImage, convert: Callable[[Array], Array]) -> EncodedImage:
    """Return the same image with every part converted."""
    return EncodedImage.of_parts([convert(part) for part in encoded.parts])


def as_arrays(encoded: EncodedImage) -> EncodedImage:
    """Return the same image in NumPy; tensors on the CPU are not copied."""
    return converted(encoded, _as_array)


def _as_array(part: Array) -> NDArray[np.float32]:
    array: NDArray[np.float32] = part if isinstance(part, np.ndarray) else part.numpy(force=True)
    return array


def nbytes_of(encoded: EncodedImage) -> int:
    """Bytes of all parts of an encoded image."""
    return sum(part.nbytes for part in encoded.parts)


def pack(encoded: EncodedImage) -> dict[str, NDArray[Any]]:
    """Return the features as float32 arrays: levels (1, h, w, C), memories (1, h w, heads, C)."""
    features, memory = as_arrays(encoded)
    arrays = {
        name: level.transpose(0, 2, 3, 1) for name, level in zip(_LEVELS, features, strict=True)
    }
    for index, (keys, values) in enumerate(memory):
        arrays[f"keys_{index}"] = keys.transpose(0, 2, 1, 3)
        arrays[f"values_{index}"] = values.transpose(0, 2, 1, 3)
    return {name: np.ascontiguousarray(array) for name, array in arrays.items()}


def unpack(
    arrays: Mapping[str, NDArray[Any]], frame: ModelFrame, *, channels_last: bool
) -> EncodedImage:
    """Return the features that :func:`pack` took apart, in NumPy.

    They are laid out in memory as what decodes lays them out itself. Only then do the same products
    run on them in the same order, so that the logits are the same to the last bit, and nothing has
    to be put in order at every click.

    Parameters
    ----------
    arrays : mapping of str to ndarray
        From :func:`pack`.
    frame : ModelFrame
        Of the image.
    channels_last : bool
        Whether channels, and the heads' channels, are to be next to each other in memory, as torch
        has them here; contiguous arrays otherwise.

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

    def part(name: str, *order: int) -> NDArray[np.float32]:
        # torch wants memory that may be written to.
        found = np.require(arrays[name], requirements=("C", "W")).transpose(order)
        return found if channels_last else np.ascontiguousarray(found)

    levels = ImageFeatures(*(part(name, 0, 3, 1, 2) for name in _LEVELS))
    memory = tuple(
        (part(f"keys_{index}", 0, 2, 1, 3), part(f"values_{index}", 0, 2, 1, 3))
        for index in range(_LAYERS)
    )
    return EncodedImage(levels, memory)
