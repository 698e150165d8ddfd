"""Read how large the picture of an annotation file is, from its head alone."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from sam_widget.errors import AnnotationError
from sam_widget.masks import MAX_PIXELS

if TYPE_CHECKING:
    import os

__all__ = ["picture_endings", "size_of_picture"]

_ORIENTATION = 0x0112


def picture_endings() -> set[str]:
    """Return the endings of file names that Pillow can open, in lower case."""
    return {ending for ending, kind in Image.registered_extensions().items() if kind in Image.OPEN}


def size_of_picture(
    source: str | os.PathLike[str] | bytes, name: str | None = None
) -> tuple[int, int]:
    """Return (width, height) in pixels, turned as the EXIF data say.

    Parameters
    ----------
    source : path or bytes
        A picture, of which only the head is read.
    name : str, optional
        What errors call it; by default the name of the file.

    Raises
    ------
    AnnotationError
        If it is no picture that can be read, or has too many pixels.
    """
    opened: Any = io.BytesIO(source) if isinstance(source, bytes) else Path(source)
    name = name or ("the picture" if isinstance(source, bytes) else Path(source).name)
    try:
        with Image.open(opened) as image:
            width, height = image.size
            turned = image.getexif().get(_ORIENTATION, 1) in (5, 6, 7, 8)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise AnnotationError(f"{name}: is not an image that can be read: {error}") from error
    if width * height > MAX_PIXELS:
        raise AnnotationError(f"{name}: has more than {MAX_PIXELS} pixels.")
    return (height, width) if turned else (width, height)
