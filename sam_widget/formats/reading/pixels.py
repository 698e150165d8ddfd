"""Decode PNG files and small masks that others wrote, checked before they are unpacked."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from sam_widget.errors import AnnotationError
from sam_widget.masks import MAX_PIXELS, Rle, paste_mask

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sam_widget.formats.reading.field import Field

__all__ = ["decode_png", "mask_at"]

_MOST_PER_BYTE = 1032 * 8
"""Pixels of one bit in a byte of a PNG: the best that its compression can do."""
_OF_SEVERAL = ("LA", "RGB", "RGBA")
"""Modes of several channels."""
_MODES = ("1", "L", "P", "I;16", "I;16B", "I")


def decode_png(
    content: bytes, field: Field, *, most_hw: tuple[int, int], text: str = ""
) -> tuple[NDArray[Any], str | None]:
    """Unpack a PNG of one channel, which may be a palette's numbers, or a grey one of several.

    Parameters
    ----------
    content : bytes
    field : Field
        Where it stands, for errors.
    most_hw : (int, int)
        Height and width that it may have at most; checked before it is unpacked.
    text : str
        Name of a text inside it to be returned as well.

    Returns
    -------
    pixels : bool, uint8 or int (H, W)
    text : str or None

    Raises
    ------
    AnnotationError
        If it is no such PNG, too large, or damaged.
    """
    try:
        with warnings.catch_warnings():
            # Its size is checked here, in our own terms.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
                width, height = image.size
                if height > most_hw[0] or width > most_hw[1] or width * height > MAX_PIXELS:
                    field.fail(
                        f"has {width} x {height} pixels; at most {most_hw[1]} x {most_hw[0]}, and "
                        f"{MAX_PIXELS} in all, are expected."
                    )
                if width * height > len(content) * _MOST_PER_BYTE:
                    field.fail(f"is cut short: {width} x {height} pixels need more bytes.")
                if image.mode not in _MODES and image.mode not in _OF_SEVERAL:
                    field.fail(f"must be a PNG of one channel, not of mode {image.mode}.")
                pixels = np.array(image)
                if image.mode in _OF_SEVERAL:
                    pixels = _grey(pixels, field)
                found = image.info.get(text)
                return pixels, found if isinstance(found, str) else None
    except (OSError, SyntaxError, ValueError, MemoryError, Image.DecompressionBombError) as error:
        if isinstance(error, AnnotationError):
            raise
        field.fail(f"is not a PNG that can be read: {error}")


def mask_at(pixels: NDArray[np.bool_], left: int, top: int, size: tuple[int, int]) -> Rle | None:
    """Return a small mask as one of the image of (height, width) ``size``, cut off at its border.

    None if it lies outside.
    """
    rows, columns = size[0] - top, size[1] - left
    inside = pixels[max(-top, 0) : max(rows, 0), max(-left, 0) : max(columns, 0)]
    if not inside.size:
        return None
    return paste_mask(Rle.encode(inside), max(left, 0), max(top, 0), *size)


def _grey(pixels: NDArray[Any], field: Field) -> NDArray[Any]:
    """Return the one channel that all colours repeat; opacity is not looked at."""
    colors = pixels[..., : 3 if pixels.shape[-1] > 2 else 1]
    if (colors != colors[..., :1]).any():
        field.fail(
            "is a picture in colours. A label image has numbers: one channel of 8 or 16 bits, or a "
            "palette; masks are black and white."
        )
    return np.ascontiguousarray(colors[..., 0])
