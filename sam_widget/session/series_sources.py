"""What the images of a series are given as: files, bytes, pictures, arrays."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from sam_widget.images import RgbImage, is_url

__all__ = ["common_folder", "is_series", "name_of", "path_of"]


def is_series(source: object) -> bool:
    """Whether this is a list of images, and not one image or a list of numbers."""
    kinds: tuple[Any, ...] = (str, os.PathLike, bytes, Image.Image, np.ndarray, RgbImage)
    return (
        isinstance(source, Sequence)
        and not isinstance(source, str | bytes | bytearray | memoryview)
        and len(source) > 0
        and all(isinstance(image, kinds) for image in source)
    )


def path_of(source: object) -> Path | None:
    """Return the file that an image is read from; None for one in memory."""
    if isinstance(source, RgbImage):
        return source.path
    if not isinstance(source, str | os.PathLike) or (isinstance(source, str) and is_url(source)):
        return None
    return Path(os.fsdecode(source)).expanduser()


def common_folder(sources: Iterable[object]) -> Path | None:
    """Return the innermost folder that holds all images that are files; None if there is none."""
    folders = [path.absolute().parent for path in map(path_of, sources) if path is not None]
    try:
        return Path(os.path.commonpath(folders))
    except ValueError:  # no file, or on several drives
        return None


def name_of(source: object, at: int, root: Path | None) -> str:
    """Return what image ``at`` is called: its file, relative to the folder if it is inside."""
    if not isinstance(source, str | os.PathLike):
        return f"image {at + 1}"
    path = Path(os.fsdecode(source))
    if root is not None and path.is_relative_to(root):
        return path.relative_to(root).as_posix()
    return path.as_posix() if root is not None else path.name
