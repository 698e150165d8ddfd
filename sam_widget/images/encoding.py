"""Encode images for the page: a preview, and tiles of a pyramid, as JPEG or PNG."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from sam_widget.errors import ImageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sam_widget.images.image import RgbImage

__all__ = ["Encoded", "encode_preview", "encode_tile"]

_JPEG_QUALITY = 90
_LOSSLESS_PIXELS = 512 * 512


@dataclass(frozen=True, eq=False)
class Encoded:
    """An image file in memory.

    Attributes
    ----------
    data : bytes
        The file.
    mime : str
        "image/png" or "image/jpeg".
    width, height : int
        Its size in pixels.
    """

    data: bytes = field(repr=False)
    mime: str
    width: int
    height: int


def encode_preview(image: RgbImage, max_side: int = 2048) -> Encoded:
    """Encode the whole image for the page.

    Parameters
    ----------
    image : RgbImage
    max_side : int
        Longest side of the result in pixels; smaller images keep their size.

    Returns
    -------
    Encoded
        PNG up to 512 x 512 pixels, where every pixel may matter, JPEG above.
    """
    height, width = image.height, image.width
    scale = min(1.0, max_side / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    # First by a whole factor, exactly and in bands, to at least twice the size wanted.
    factor = max(1, int(0.5 / scale))
    small = _reduced(image.pixels, factor)
    if small.size != size:
        box = (0, 0, width / factor, height / factor)
        small = small.resize(size, Image.Resampling.BOX, box)
    return _encoded(small, lossless=height * width <= _LOSSLESS_PIXELS)


def encode_tile(image: RgbImage, level: int, column: int, row: int, size: int = 512) -> Encoded:
    """Encode one tile of the image's pyramid, whose level k is 2**k times smaller.

    Parameters
    ----------
    image : RgbImage
    level : int
        0 is full resolution.
    column, row : int
        The tile covers image pixels from ``column * size * 2**level`` and
        ``row * size * 2**level`` on, ``size * 2**level`` each way, cut at the image's border.
    size : int
        Side of a whole tile, 1 to 4096 pixels.

    Returns
    -------
    Encoded
        JPEG.

    Raises
    ------
    ImageError
        If there is no such tile.
    """
    longest = max(image.height, image.width)
    if not 1 <= size <= 4096:
        raise ImageError(f"tile size must be 1 to 4096 pixels, got {size}.")
    if not 0 <= level < longest.bit_length():
        raise ImageError(
            f"level must be 0 to {longest.bit_length() - 1} for an image of {image.width} x "
            f"{image.height} pixels, got {level}."
        )
    span = size << level
    columns, rows = -(-image.width // span), -(-image.height // span)
    if not (0 <= column < columns and 0 <= row < rows):
        raise ImageError(
            f"level {level} has {columns} column(s) and {rows} row(s) of tiles, "
            f"got column {column}, row {row}."
        )
    top, left = row * span, column * span
    part = image.pixels[top : top + span, left : left + span]
    return _encoded(_reduced(part, 1 << level), lossless=False)


def _reduced(pixels: NDArray[np.uint8], factor: int) -> Image.Image:
    """Average blocks of factor x factor pixels, in parts: Pillow holds four bytes for our three."""
    if factor == 1:
        return Image.fromarray(np.ascontiguousarray(pixels))
    height, width = pixels.shape[:2]
    result = Image.new("RGB", (-(-width // factor), -(-height // factor)))
    # Both ways: Pillow takes no rows of more than 89 million pixels.
    across = factor * max(1, (1 << 16) // factor)
    down = factor * max(1, (1 << 22) // (factor * min(width, across)))
    for top in range(0, height, down):
        for left in range(0, width, across):
            part = pixels[top : top + down, left : left + across]
            small = Image.fromarray(np.ascontiguousarray(part)).reduce(factor)
            result.paste(small, (left // factor, top // factor))
    return result


def _encoded(image: Image.Image, *, lossless: bool) -> Encoded:
    file = io.BytesIO()
    if lossless:
        image.save(file, "PNG")
    else:
        # No chroma subsampling: the edges that masks are judged by stay in place.
        image.save(file, "JPEG", quality=_JPEG_QUALITY, subsampling=0)
    mime = "image/png" if lossless else "image/jpeg"
    return Encoded(file.getvalue(), mime, image.width, image.height)
