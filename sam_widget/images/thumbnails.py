"""Make thumbnails, without decoding more of a file than that takes."""

from __future__ import annotations

import io
import os
import warnings
from pathlib import Path
from typing import Final

from PIL import Image, ImageOps

from sam_widget.images.encoding import Encoded, encode_preview
from sam_widget.images.image import RgbImage, load_image

__all__ = ["THUMBNAIL_SIDE", "encode_thumbnail"]

THUMBNAIL_SIDE: Final = 160
"""Longest side in pixels: twice what the page shows, for sharp screens."""
_QUALITY: Final = 80
_PLAIN_MODES: Final = {"1", "L", "P", "RGB", "YCbCr", "CMYK"}
"""Eight bits, no alpha: what Pillow converts as :func:`~sam_widget.load_image` does."""


def encode_thumbnail(source: object, side: int = THUMBNAIL_SIDE) -> Encoded:
    """Encode a small, upright picture of an image.

    A JPEG file is decoded at a fraction of its size; what is not plain 8-bit goes through
    :func:`~sam_widget.load_image` and looks as it does in the widget.

    Parameters
    ----------
    source : path, bytes, PIL image, array or RgbImage
    side : int
        Longest side of the result in pixels.

    Returns
    -------
    Encoded
        JPEG, a few kilobytes.

    Raises
    ------
    ImageError
        If the image cannot be read.
    """
    if isinstance(source, str | os.PathLike):
        small = _reduced_file(Path(source).expanduser(), side)
        if small is not None:
            return _encoded(small)
    return _encoded(_reduced(load_image(source), side))


def _reduced_file(path: Path, side: int) -> Image.Image | None:
    """Return the upright image; None where only a full look at it can tell how to show it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path) as image:
                if image.mode not in _PLAIN_MODES or "transparency" in image.info:
                    return None
                image.draft("RGB", (2 * side, 2 * side))
                image.thumbnail((side, side), reducing_gap=2.0)
                return ImageOps.exif_transpose(image).convert("RGB")
    except Exception:  # noqa: BLE001 - load_image says what is wrong, in words
        return None


def _reduced(image: RgbImage, side: int) -> Image.Image:
    preview = encode_preview(image, max_side=side)
    return Image.open(io.BytesIO(preview.data)).convert("RGB")


def _encoded(image: Image.Image) -> Encoded:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=_QUALITY)
    return Encoded(file.getvalue(), "image/jpeg", image.width, image.height)
